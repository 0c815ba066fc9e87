"""The song: opened or dropped, listened to, marked on the timeline, and followed by the takes that were made for it."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from types import FunctionType, SimpleNamespace

import bpy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon import compat, session
from blender_addon.compat import StripTiming
from blender_addon.song import facts as song_facts
from blender_addon.song import operators as song_operators
from blender_addon.song import passage as passages
from blender_addon.song.passage import Passage, Playing
from blender_addon.takes import retiming
from blender_addon.takes import store as takes
from tests.blender.curves import curves
from tests.blender.dance.test_generate import fingerprint, needs_sound
from tests.blender.song.mixdown import click_track
from tests.blender.song.test_strip import trim
from tests.blender.stand_in import known_dance
from tests.blender.takes import test_takes
from tests.blender.takes.test_takes import SECONDS, keys
from tokendance_core import AudioError, Done, ListenRequest, Ready, SettingError, SongFacts, SongPart, save_clip

generate, mannequin, worker = test_takes.generate, test_takes.mannequin, test_takes.worker

RATES = [(24, 1.0), (25, 1.0), (30, 1.0), (30, 1.001)]
BEATS = [0.26, 0.75, 1.24, 1.76, 2.25, 2.74, 3.26, 3.75]
FACTS = SongFacts(path="", seconds=4.0, bpm=120.0, beats=tuple(BEATS))


@pytest.fixture(autouse=True)
def forgotten():
    session.current().close()
    yield
    session.current().close()


@pytest.fixture
def ears(worker) -> list[list[str]]:
    """What the worker was asked to listen to; ``worker.heard`` is what it answers."""
    asked = []
    worker.heard = FACTS

    def answer(part: SongPart) -> SongFacts | Ready:
        if isinstance(worker.heard, Exception):
            raise worker.heard
        if not isinstance(worker.heard, SongFacts):
            return worker.heard
        end = part.start + (part.duration or math.inf)
        beats = tuple(beat - part.start for beat in worker.heard.beats if part.start <= beat < end)
        return replace(worker.heard, beats=beats)

    worker.ask = lambda request: asked.append(request) or worker.task(answer=lambda: answer(request.part))
    return asked


@pytest.fixture
def strip(scene, tone):
    """Four seconds at 30 frames a second, from frame 10 on."""
    return compat.strips(scene).new_sound("song", str(tone), 1, 10)


def known(strip) -> tuple[object, ...]:
    """By what the session knows a song."""
    return song_facts.state(strip.id_data, strip)


def move(strip, frames: int) -> None:
    name = "content_start" if hasattr(strip, "content_start") else "frame_start"
    setattr(strip, name, getattr(strip, name) + frames)


def set_rate(scene, fps: int, base: float) -> float:
    scene.render.fps, scene.render.fps_base = fps, base
    return fps / base


# --- opening a song ---------------------------------------------------------------------------------------------------


@needs_sound
def test_a_song_is_opened_by_its_path_or_dropped_by_folder_and_name(scene, tone):
    scene.frame_start = 20
    ways = [
        {"filepath": str(tone)},
        {"directory": str(tone.parent), "files": [{"name": tone.name}]},
        {"filepath": os.path.join(str(tone.parent), ".", tone.name)},
    ]
    for way in ways:
        assert bpy.ops.tokendance.use_song(**way) == {"FINISHED"}
        (found,) = compat.existing_strips(scene)
        assert compat.strip_timing(found).left == 20
        assert scene.tokendance.strip == found.name
        assert scene.sync_mode == "AUDIO_SYNC"


@needs_sound
def test_paths_relative_to_the_file_are_understood_without_a_complaint(scene, tone, tmp_path, worker):
    """From 4.5 on Blender warns of "//" in a property that does not say that it knows what that is."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
    bpy.ops.tokendance.use_song(filepath=f"//{tone.name}")
    bpy.ops.tokendance.generate(filepath=f"//{tone.name}")
    assert len(list(compat.existing_strips(bpy.context.scene))) == 1


@needs_sound
def test_another_song_becomes_the_chosen_one(scene, tone, tmp_path):
    other = tmp_path / "other.wav"
    other.write_bytes(tone.read_bytes())
    bpy.ops.tokendance.use_song(filepath=str(tone))
    bpy.ops.tokendance.use_song(filepath=str(other), frame_start=50)
    assert scene.tokendance.strip == "other"
    assert sorted(compat.strip_timing(found).left for found in compat.existing_strips(scene)) == [1, 50]
    bpy.ops.tokendance.use_song(filepath=str(tone))
    assert scene.tokendance.strip != "other"
    assert len(list(compat.existing_strips(scene))) == 2


@pytest.mark.parametrize("way", ["missing", "unreadable", "folder", "nothing"])
def test_what_is_no_song_leaves_the_scene_as_it_was(scene, tmp_path, way):
    (tmp_path / "unreadable.mp3").write_bytes(b"no sound at all" * 50)
    paths = {"missing": "missing.wav", "unreadable": "unreadable.mp3", "folder": ""}
    before = fingerprint(scene), scene.tokendance.strip
    with pytest.raises(RuntimeError, match=r"no file|cannot be played"):
        bpy.ops.tokendance.use_song(**({} if way == "nothing" else {"filepath": str(tmp_path / paths[way])}))
    assert (fingerprint(scene), scene.tokendance.strip) == before


# --- hearing it -------------------------------------------------------------------------------------------------------


@needs_sound
def test_a_song_is_listened_to_once_until_its_file_changes(scene, strip, tone, ears, worker):
    assert session.current().songs.look_up(known(strip)) is None
    for _ in range(2):
        assert bpy.ops.tokendance.listen() == {"FINISHED"}
    assert [replace(asked, samples="") for asked in ears] == [ListenRequest(song=str(tone))]
    assert session.current().songs.look_up(known(strip)) == FACTS
    os.utime(tone, (1, 1))
    worker.heard = replace(FACTS, seconds=9.0, bpm=0.0, beats=())
    bpy.ops.tokendance.listen()
    assert len(ears) == 2
    assert session.current().songs.look_up(known(strip)).seconds == 9.0


@needs_sound
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (AudioError("The song is silent.", hint="Use a song with sound."), "silent. Use a song"),
        (Ready(), "cannot be understood"),
        (Done(path="dance.npz", frames=1, seconds=0.1, fps=30.0), "cannot be understood"),
    ],
)
def test_a_song_that_cannot_be_heard_is_told(scene, strip, tone, ears, worker, answer, message):
    worker.heard = answer
    for operator in (bpy.ops.tokendance.listen, bpy.ops.tokendance.add_beat_markers):
        with pytest.raises(RuntimeError, match=message):
            operator()
    assert not session.current().songs.is_fresh(song_facts.question(scene, strip))
    assert len(scene.timeline_markers) == 0


@needs_sound
def test_listening_beside_the_user_s_work(scene, strip, tone, ears, worker):
    song_facts.ask(bpy.context, scene)
    song_facts.ask(bpy.context, scene)
    assert session.current().songs.is_asked(known(strip))
    session.current().ticker.tick()
    assert len(ears) == 1
    assert not session.current().songs.is_asked(known(strip))
    assert session.current().songs.look_up(known(strip)).bpm == 120.0
    os.utime(tone, (1, 1))
    worker.heard = AudioError("The song is silent.", hint="Use another.")
    song_facts.ask(bpy.context, scene)
    session.current().ticker.tick()
    assert "silent" in session.current().songs.why_unknown(known(strip))
    worker.heard = replace(FACTS, bpm=90.0, beats=())
    song_facts.ask(bpy.context, scene)
    session.current().ticker.tick()
    assert session.current().songs.why_unknown(known(strip)) == ""


@needs_sound
def test_of_a_long_file_only_what_its_strip_plays_is_listened_to(scene, tmp_path, ears, worker):
    path = click_track(tmp_path / "set.wav", 1500.0, [0.5 * number for number in range(2990)])
    strip = compat.strips(scene).new_sound("set", str(path), 1, 1)
    compat.trim(strip, 1 + 30 * 600, 1 + 30 * 630)
    worker.heard = replace(FACTS, beats=tuple(0.5 * number for number in range(2990)))
    bpy.ops.tokendance.add_beat_markers()
    (asked,) = ears
    assert (asked.part.start, asked.part.duration) == (600.0, 30.0)
    assert len(scene.timeline_markers) == 60
    assert all(18_001 <= marker.frame <= 18_901 for marker in scene.timeline_markers)


def test_without_a_song_the_buttons_say_so(scene, worker):
    for operator in (bpy.ops.tokendance.listen, bpy.ops.tokendance.add_beat_markers):
        with pytest.raises(RuntimeError, match="No song was chosen"):
            operator()
    with pytest.raises(RuntimeError, match="no beat markers"):
        bpy.ops.tokendance.remove_beat_markers()
    with pytest.raises(RuntimeError, match="no takes"):
        bpy.ops.tokendance.resync()


# --- beats on the timeline --------------------------------------------------------------------------------------------


@needs_sound
@pytest.mark.parametrize(("fps", "base"), RATES)
@pytest.mark.parametrize(
    ("before", "after", "moved", "every"), [(0, 0, 0, 1), (20, 0, 0, 1), (13, 31, 47, 2), (-20, 0, -5, 3)]
)
def test_markers_are_on_the_beats_that_are_heard(scene, strip, ears, fps, base, before, after, moved, every):
    rate = set_rate(scene, fps, base)
    trim(strip, before, after)
    move(strip, moved)
    bpy.ops.tokendance.add_beat_markers(every=every)
    timing = compat.strip_timing(strip)
    played = [timing.left - timing.skipped + beat * rate for beat in BEATS]
    heard = [frame for frame in played if timing.left <= frame < timing.right]
    found = [(marker.name, marker.frame) for marker in scene.timeline_markers]
    assert [name for name, _ in found] == [f"beat {number + 1}" for number in range(0, len(heard), every)]
    np.testing.assert_allclose([frame for _, frame in found], heard[::every], atol=0.51)
    assert heard


@needs_sound
def test_markers_of_the_user_stay_and_ours_are_not_doubled(scene, strip, ears):
    own = ("chorus", "beat", "beat it", "beat drop 2", "downbeat 3")
    for number, name in enumerate(own):
        scene.timeline_markers.new(name, frame=number)
    bpy.ops.tokendance.add_beat_markers()
    bpy.ops.tokendance.add_beat_markers()
    assert len(scene.timeline_markers) == len(own) + len(BEATS)
    bpy.ops.tokendance.add_beat_markers(every=4)
    assert len(scene.timeline_markers) == len(own) + 2
    bpy.ops.tokendance.remove_beat_markers()
    assert [marker.name for marker in scene.timeline_markers] == list(own)


@needs_sound
def test_the_button_says_how_many_markers_there_will_be_before_it_adds_any(scene, strip, ears):
    kind, shown = song_operators.AddBeatMarkers, []
    methods = {name: value for name, value in vars(kind).items() if isinstance(value, FunctionType)}
    layout = SimpleNamespace(prop=lambda *_: None, label=lambda text, translate: shown.append(text))
    state = {"every": 1, "layout": layout, "properties": SimpleNamespace(is_property_set=lambda name: False)}
    button = type("Button", (), methods | state)()
    manager = SimpleNamespace(invoke_props_dialog=lambda operator, **_: {"RUNNING_MODAL"})
    context = SimpleNamespace(scene=scene, window_manager=manager, preferences=bpy.context.preferences)
    assert button.invoke(context, None) == {"RUNNING_MODAL"}
    for button.every in (1, 4):
        button.draw(context)
        assert len(scene.timeline_markers) == 0
    for every, told in zip((1, 4), shown, strict=True):
        bpy.ops.tokendance.add_beat_markers(every=every)
        assert told == f"{len(scene.timeline_markers)} markers will be added"
        bpy.ops.tokendance.remove_beat_markers()


@needs_sound
def test_the_file_browser_shows_the_frame_that_the_song_will_start_on(scene):
    scene.frame_start = 12
    kind = song_operators.UseSong
    methods = {name: value for name, value in vars(kind).items() if isinstance(value, FunctionType)}
    state = {"filepath": "", "files": (), "properties": SimpleNamespace(is_property_set=lambda name: False)}
    button = type("Button", (), methods | state)()
    manager = SimpleNamespace(fileselect_add=lambda operator: None)
    assert button.invoke(SimpleNamespace(scene=scene, window_manager=manager), None) == {"RUNNING_MODAL"}
    assert button.frame_start == 12


@needs_sound
def test_a_song_without_a_beat_gets_no_markers_and_keeps_the_old_ones(scene, strip, ears, worker):
    scene.timeline_markers.new("beat 1", frame=5)
    worker.heard = replace(FACTS, bpm=0.0, beats=())
    with pytest.raises(RuntimeError, match="No beat was found"):
        bpy.ops.tokendance.add_beat_markers()
    assert len(scene.timeline_markers) == 1


# --- which part is danced ---------------------------------------------------------------------------------------------

_PASSAGES = st.builds(
    Passage,
    st.just("song.wav"),
    st.integers(-500, 500),
    st.floats(0, 100),
    st.none() | st.floats(0.1, 300),
    st.floats(0.25, 4),
)


@given(_PASSAGES, st.integers(-500, 500), st.integers(0, 500), st.sampled_from([24.0, 30.0, 30 / 1.001, 60.0]))
def test_what_is_heard_inside_a_range_is_the_same_part_of_the_song(heard, first, length, fps):
    last, rate = first + length, heard.speed / fps
    end = math.inf if heard.duration is None else heard.frame + heard.duration / rate
    try:
        inside = heard.within(first, last, fps)
    except SettingError:
        assert heard.frame > last or end <= max(first, heard.frame) + 1e-6
        return
    assert inside.frame == max(first, heard.frame)
    assert first <= inside.frame <= last
    assert inside.start - heard.start == pytest.approx((inside.frame - heard.frame) * rate, abs=1e-6)
    assert inside.duration > 0
    assert inside.frame + inside.duration / rate == pytest.approx(min(end, last + 1), rel=1e-6, abs=1e-3)
    assert (inside.song, inside.speed) == (heard.song, heard.speed)
    again = inside.within(first, last, fps)
    assert (again.frame, again.start) == (inside.frame, inside.start)
    assert again.duration == pytest.approx(inside.duration)


@given(
    _PASSAGES, st.integers(-300, 300), st.floats(-200, 200), st.integers(-300, 300), st.sampled_from([24.0, 30.0, 60.0])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_passage_follows_its_strip_frame_by_frame(monkeypatch, heard, left, skipped, moved, fps):
    def followed(timing: StripTiming) -> Passage:
        plays = Playing(timing.left - timing.skipped, heard.speed, timing.left, timing.right, timing.right)
        monkeypatch.setattr(passages, "how_it_plays", lambda strip, fps: plays)
        return passages.follow(None, heard, fps)

    here, there = (
        followed(StripTiming(left, left + 900, skipped, 0)),
        followed(StripTiming(left + moved, left + moved + 9, skipped, 7)),
    )
    assert there.frame - here.frame == pytest.approx(moved, abs=1)
    assert here.frame == pytest.approx(left - skipped + heard.start / heard.speed * fps, abs=0.51)
    assert (here.start, here.duration, here.speed) == (heard.start, heard.duration, heard.speed)


@needs_sound
@pytest.mark.parametrize(
    ("first", "last", "start", "duration", "frame"),
    [(40, 99, 1.0, 2.0, 40), (1, 69, 0.0, 2.0, 10), (65, 500, 55 / 30, 4 - 55 / 30, 65)],
)
def test_only_what_is_heard_in_the_scene_s_range_is_asked_for(
    scene, stand_in, strip, first, last, start, duration, frame
):
    call = stand_in()
    scene.frame_start, scene.frame_end = first, last
    trim(strip, 0, 1)  # a strip to the end of its song has no end that is known
    bpy.ops.tokendance.generate(in_range=True)
    told = json.loads(call.read_text(encoding="utf-8"))
    part = told["part"]
    assert (part["start"], part["duration"]) == (pytest.approx(start), pytest.approx(duration, abs=0.04))
    dancer = next(item for item in scene.objects if item.type == "ARMATURE")
    assert curves(dancer)[0].keyframe_points[0].co.x == frame


@needs_sound
def test_a_range_without_the_song_is_told(scene, strip, worker):
    scene.frame_start, scene.frame_end = 1, 9
    with pytest.raises(RuntimeError, match="not heard inside the scene"):
        bpy.ops.tokendance.generate(in_range=True)
    assert worker.asked == []


@needs_sound
@pytest.mark.parametrize(("fps", "base"), RATES)
@pytest.mark.parametrize(("start", "duration", "frame"), [(1.0, 2.0, 10), (1.5, 0.0, 1), (0.0, 2.5, 33)])
def test_a_part_of_a_song_gets_a_strip_that_plays_that_part(
    scene, mannequin, generate, worker, fps, base, start, duration, frame
):
    rate = set_rate(scene, fps, base)
    generate(start=start, duration=duration, frame_start=frame)
    (strip,) = compat.existing_strips(scene)
    timing = compat.strip_timing(strip)
    assert timing.left == frame
    assert timing.left - timing.skipped == frame - round(start * rate)
    assert timing.right == pytest.approx(frame + (duration or 4 - start) * rate, abs=1)
    assert (worker.asked[0].part.start, worker.asked[0].part.duration) == (start, duration)
    assert keys(mannequin).popitem()[1][0, 0] == frame
    assert not retiming.is_off(scene, takes.active(mannequin))
    tolerance = 1e-3 if hasattr(strip, "sound_offset") else 0.51 / rate
    assert passages.passage(strip, rate).start == pytest.approx(start, abs=tolerance + 1.01 / rate)
    assert passages.how_it_plays(strip, rate).frame_of(start, rate) == pytest.approx(frame, abs=tolerance * rate)


# --- takes follow their song ------------------------------------------------------------------------------------------


def seconds_of_song(armature, strip, rate: float) -> np.ndarray:
    """(T,) seconds of the song at which the keys of a take are."""
    timing = compat.strip_timing(strip)
    return (next(iter(keys(armature).values()))[:, 0] - (timing.left - timing.skipped)) / rate


@needs_sound
def test_a_take_in_sync_is_left_alone(scene, mannequin, generate, strip):
    generate()
    before = keys(mannequin)
    trim(strip, 20, 10)
    assert not retiming.is_off(scene, takes.active(mannequin))
    assert retiming.follow_strips(scene, mannequin) == 0
    bpy.ops.tokendance.resync()
    for name, values in keys(mannequin).items():
        np.testing.assert_array_equal(values, before[name])


@needs_sound
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-300, 300), st.sampled_from(RATES)), min_size=1, max_size=3))
def test_takes_follow_the_strip_and_the_frame_rate_and_come_back(scene, mannequin, generate, strip, steps):
    rate = set_rate(scene, 30, 1.0)
    if takes.active(mannequin) is None:
        generate(variations=2)
    before, then = keys(mannequin), seconds_of_song(mannequin, strip, rate)
    for offset, (fps, base) in steps:
        move(strip, offset)
        rate = set_rate(scene, fps, base)
        bpy.ops.tokendance.resync()
        assert not any(retiming.is_off(scene, take) for take in takes.of(mannequin))
        np.testing.assert_allclose(seconds_of_song(mannequin, strip, rate), then, atol=0.51 / rate)
        assert retiming.follow_strips(scene, mannequin) == 0
    move(strip, -sum(offset for offset, _ in steps))
    set_rate(scene, 30, 1.0)
    retiming.follow_strips(scene, mannequin)
    for name, values in keys(mannequin).items():
        np.testing.assert_allclose(values, before[name], atol=2e-3)


@needs_sound
def test_a_part_of_a_song_follows_too(scene, mannequin, generate):
    generate(start=1.0, duration=2.0, frame_start=40)
    (strip,) = compat.existing_strips(scene)
    then = seconds_of_song(mannequin, strip, 30)
    assert then[0] == pytest.approx(1.0)
    move(strip, 17)
    rate = set_rate(scene, 25, 1.0)
    assert retiming.is_off(scene, takes.active(mannequin))
    bpy.ops.tokendance.resync()
    np.testing.assert_allclose(seconds_of_song(mannequin, strip, rate), then, atol=0.51 / rate)


@needs_sound
def test_takes_on_the_nla_follow_with_their_strips(scene, mannequin, generate, strip):
    generate()
    bpy.ops.tokendance.push_take()
    move(strip, 30)
    bpy.ops.tokendance.resync()
    (laid,) = mannequin.animation_data.nla_tracks[0].strips
    assert (laid.frame_start, laid.frame_end) == (40, 40 + 30 * SECONDS - 1)
    assert laid.scale == pytest.approx(1)
    assert takes.frame_range(laid.action) == (40, 40 + 30 * SECONDS - 1)


@needs_sound
def test_a_song_that_is_gone_is_told_and_others_are_followed(scene, mannequin, generate, strip, tone, tmp_path):
    generate()
    first, before = takes.active(mannequin), keys(mannequin)
    compat.strips(scene).remove(strip)
    assert not retiming.is_off(scene, first)
    with pytest.raises(RuntimeError, match="No strip plays the song of"):
        bpy.ops.tokendance.resync()
    other = tmp_path / "other.wav"
    other.write_bytes(tone.read_bytes())
    bpy.ops.tokendance.generate(filepath=str(other))
    move(next(compat.existing_strips(scene)), 9)
    assert retiming.follow_strips(scene, mannequin) == 1
    compat.use_action(mannequin, first)
    for name, values in keys(mannequin).items():
        np.testing.assert_array_equal(values, before[name])


@needs_sound
def test_a_motion_file_has_no_song_to_follow(scene, mannequin, strip, tmp_path):
    save_clip(known_dance(1.0), tmp_path / "dance.npz")
    bpy.ops.tokendance.apply_motion(filepath=str(tmp_path / "dance.npz"))
    move(strip, 9)
    assert not retiming.is_off(scene, takes.active(mannequin))
    assert retiming.follow_strips(scene, mannequin) == 0
