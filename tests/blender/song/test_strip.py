"""Which part of a song a strip lets be heard, and strips that are added."""

from __future__ import annotations

import bpy
import pytest

from blender_addon import compat
from blender_addon.song import passage as passages
from blender_addon.song.passage import Passage
from blender_addon.song.strip import Choice, choose
from tokendance_core import AudioError

pytestmark = pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender has no sound")


def trim(strip, before: float, after: float) -> None:
    pattern = "{}_handle_offset" if hasattr(strip, "left_handle_offset") else "frame_offset_{}"
    names = map(pattern.format, ("left", "right") if hasattr(strip, "left_handle_offset") else ("start", "end"))
    for name, value in zip(names, (before, after), strict=True):
        setattr(strip, name, value)


@pytest.fixture
def strip(scene, tone):
    """Four seconds from frame 10 to 130."""
    return compat.strips(scene).new_sound("song", str(tone), 1, 10)


@pytest.mark.parametrize(
    ("before", "after", "frame", "start", "duration"),
    [
        (0, 0, 10, 0.0, None),
        (15, 0, 25, 0.5, None),
        (0, 30, 10, 0.0, 3.0),
        (15, 30, 25, 0.5, 2.5),
        (-20, 0, 10, 0.0, None),
        (-20, 30, 10, 0.0, 3.0),
        (15, -60, 25, 0.5, None),
    ],
)
def test_passage_is_what_is_heard(strip, tone, before, after, frame, start, duration):
    trim(strip, before, after)
    heard = passages.passage(strip, 30.0)
    assert (heard.song, heard.frame) == (str(tone), frame)
    assert heard.start == pytest.approx(start)
    assert heard.duration == (None if duration is None else pytest.approx(duration))


def test_split_strip_is_heard_from_the_cut(strip, scene):
    rest = strip.split(frame=70, split_method="HARD")
    heard = passages.passage(rest, 30.0)
    assert heard.frame == 70
    assert heard.start == pytest.approx(2.0)
    assert heard.duration is None
    assert passages.passage(strip, 30.0).duration == pytest.approx(2.0)


def test_lost_file_is_told(strip, tone):
    tone.unlink()
    with pytest.raises(AudioError, match="not on disk"):
        passages.passage(strip, 30.0)


def test_strip_is_found_by_name_and_by_file(strip, scene, tone):
    assert choose(scene, "song").strip == strip
    assert choose(scene, song=str(tone)).strip == strip
    assert choose(scene).strip == strip
    assert choose(scene, song=str(tone.with_name("other.wav"))) == Choice()
    assert "no sound strip" in choose(scene, "other").problem


def test_new_strip_takes_a_free_channel(strip, scene, tone):
    added = passages.add(bpy.context, Passage(str(tone), 40), 30.0)
    assert added.channel == 2
    timing = compat.strip_timing(added)
    assert timing.left == 40
    assert timing.right == pytest.approx(160, abs=1)


def test_unreadable_file_makes_no_strip(scene, tmp_path):
    path = tmp_path / "noise.mp3"
    path.write_bytes(b"no sound at all" * 50)
    assert passages.add(bpy.context, Passage(str(path), 1), 30.0) is None
    assert list(compat.existing_strips(scene)) == []
    assert len(bpy.data.sounds) == 0


def test_sequencer_shows_the_scene_of_the_strip(scene, tone):
    passages.add(bpy.context, Passage(str(tone), 1), 30.0)
    assert getattr(bpy.context.workspace, "sequencer_scene", scene) == scene
