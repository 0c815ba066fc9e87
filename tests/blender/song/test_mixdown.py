"""Where the add-on puts a second of the song is where Blender's mixdown plays it, whatever was done to the strip."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blender_addon import compat
from blender_addon.interface.timeline import scene_fps
from blender_addon.song import passage as passages
from blender_addon.song.strip import Placed, sound_strips
from tests.blender.song.mixdown import RATE, click_track, heard_clicks, speed_up
from tests.blender.song.test_strip import trim
from tokendance_core import SettingError

pytestmark = pytest.mark.skipif(not compat.decodes_sound(), reason="this Blender mixes no sound")

SECONDS = 12.0
CLICKS = [0.3 + 0.7 * number for number in range(16)]
RATES = [(24, 1.0), (25, 1.0), (30, 1.0), (24, 1.001), (30, 1.001), (60, 1.001), (50, 1.0)]


@pytest.fixture(scope="module")
def fine_clicks(tmp_path_factory) -> Path:
    """At a rate that the stretching of time without another pitch needs."""
    return click_track(tmp_path_factory.mktemp("clicks") / "fine.wav", SECONDS, CLICKS, 48_000)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory) -> Path:
    return click_track(tmp_path_factory.mktemp("clicks") / "clicks.wav", SECONDS, CLICKS)


def told(strip: bpy.types.SoundStrip, fps: float) -> tuple[passages.Passage, np.ndarray]:
    """The passage, and the frames at which the add-on has the clicks that are heard in it."""
    passage = passages.passage(strip, fps)
    end = math.inf if passage.duration is None else passage.start + passage.duration
    heard = np.array([click for click in CLICKS if passage.start <= click < end])
    return passage, passage.frame + (heard - passage.start) / passage.speed * fps


def compare(
    scene: bpy.types.Scene, strip: bpy.types.SoundStrip, folder: Path, tolerance: float, rate: int = RATE
) -> None:
    """Every click where it is told, but for those within a frame and a half of an end or before the scene begins."""
    fps = scene_fps(scene)
    passage, expected = told(strip, fps)
    window = next(one for one in sound_strips(scene) if one.strip == strip)
    found = heard_clicks(scene, 0, max(window.right, 1) + 20, folder, rate)

    def surely(frames: np.ndarray) -> np.ndarray:
        first, last = max(passage.frame, 0) + 1.5, window.right - 1.5
        return frames[(frames > first) & (frames < last)]

    for frame in surely(expected):
        assert np.abs(found - frame).min(initial=99) <= tolerance, (frame, found, expected)
    for frame in surely(found):
        assert np.abs(expected - frame).min(initial=99) <= tolerance, (frame, found, expected)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(
    rates=st.tuples(st.sampled_from(RATES), st.sampled_from(RATES)),
    start=st.integers(-60, 90),
    trimmed=st.tuples(st.integers(-20, 90), st.integers(-20, 90)),
    content=st.tuples(st.integers(0, 40), st.integers(0, 40)),
    slip=st.sampled_from([0.0, 0.0, 0.25, -0.25, 0.1234, -1.31, 2.02]),
    meta=st.none() | st.tuples(st.integers(-20, 60), st.integers(100, 300), st.integers(-30, 30)),
    nested=st.booleans(),
)
def test_clicks_are_where_the_mixdown_has_them(
    scene, clicks, tmp_path, rates, start, trimmed, content, slip, meta, nested
):
    scene.sequence_editor_clear()
    (scene.render.fps, scene.render.fps_base), now = rates
    strip = compat.strips(scene).new_sound("song", str(clicks), 1, start)
    trim(strip, *trimmed)
    # Before 5.2 Blender mixes trimmed content another way every time, and then where a strip begins before its content.
    if hasattr(strip, "content_trim_start") and trimmed[0] >= 0:
        strip.content_trim_start, strip.content_trim_end = content
    if hasattr(strip, "sound_offset"):
        strip.sound_offset = slip
    around = []
    if meta is not None:
        left, right, moved = meta
        for channel in (5, 6) if nested else (5,):
            around.append(compat.strips(scene).new_meta(f"meta {channel}", channel, 1))
            (around[-2] if len(around) > 1 else strip).move_to_meta(around[-1])
        for one in around:
            compat.trim(one, left, right)
        compat.move(around[-1], moved)
    if not around:  # in a meta strip, Blender rounds what a change of the rate leaves in another way
        scene.render.fps, scene.render.fps_base = now
    window = sound_strips(scene)[0]
    if window.silent or window.left >= window.right:
        with pytest.raises(SettingError, match="Nothing of the song is heard"):
            passages.passage(strip, scene_fps(scene))
    elif plays_anything(window):
        compare(scene, strip, tmp_path, 0.1)


def plays_anything(window: Placed) -> bool:
    """Whether more than a few frames of the song are heard."""
    plays = passages.playing(window, scene_fps(window.strip.id_data))
    return min(plays.last, plays.end) > plays.first + 3


@pytest.mark.parametrize("percent", [50, 80, 103.5, 150, 200])
@pytest.mark.parametrize("trimmed", [(0, 0), (37, 20)])
def test_a_strip_of_another_speed_plays_where_it_is_told(scene, fine_clicks, tmp_path, percent, trimmed):
    strip = compat.strips(scene).new_sound("song", str(fine_clicks), 1, 10)
    speed_up(scene, strip, percent)
    trim(strip, *trimmed)
    compare(scene, strip, tmp_path, 0.3, 48_000)
    assert passages.passage(strip, 30.0).speed == pytest.approx(percent / 100, rel=0.003)


def test_a_key_that_changes_no_speed_changes_nothing(scene, fine_clicks, tmp_path):
    strip = compat.strips(scene).new_sound("song", str(fine_clicks), 1, 10)
    speed_up(scene, strip, 110)
    before = passages.passage(strip, 30.0)
    strip.retiming_keys.add(timeline_frame=150)
    after = passages.passage(strip, 30.0)
    assert (after.frame, after.start) == (before.frame, pytest.approx(before.start, abs=1e-3))
    assert after.speed == pytest.approx(before.speed, rel=1e-4)
    compare(scene, strip, tmp_path, 0.3, 48_000)


@pytest.mark.parametrize("heard", ["first", "second"])
def test_a_strip_of_two_speeds_is_danced_where_one_is_heard(scene, fine_clicks, tmp_path, heard):
    strip = compat.strips(scene).new_sound("song", str(fine_clicks), 1, 10)
    speed_up(scene, strip, 120)
    strip.retiming_keys.add(timeline_frame=130)
    strip.retiming_keys[1].timeline_frame = 170
    keys = compat.retiming(strip)
    with pytest.raises(SettingError, match="changes its speed while it is heard"):
        passages.passage(strip, 30.0)
    left, right = (10, 168) if heard == "first" else (172, round(keys[-1]))
    compat.trim(strip, left, right)
    before = [(one.name, one.frame_start, one.frame_end) for one in bpy.data.scenes]
    compare(scene, strip, tmp_path, 0.3, 48_000)
    slow, fast = 1.2 * 120 / 160, 1.2 * (keys[-1] - 130) / (keys[-1] - 170)
    assert passages.passage(strip, 30.0).speed == pytest.approx(slow if heard == "first" else fast, rel=0.01)
    assert [(one.name, one.frame_start, one.frame_end) for one in bpy.data.scenes] == before
    assert len(bpy.data.sounds) == 1
