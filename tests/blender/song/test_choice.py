"""Which strip is danced to: the one that is heard, never silently one of two."""

from __future__ import annotations

import itertools
from pathlib import Path

import bpy
import pytest

from blender_addon import compat
from blender_addon.armature.recipe import Recipe
from blender_addon.dance import delivery
from blender_addon.options import Order
from blender_addon.runtime.worker import no_progress
from blender_addon.song.strip import Choice, choose, sound_strips
from blender_addon.takes import retiming
from blender_addon.takes import store as takes
from tests.blender.song.test_song import move
from tests.blender.takes import test_takes
from tests.blender.takes.test_takes import keys

pytestmark = pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender has no sound")

generate, mannequin, worker = test_takes.generate, test_takes.mannequin, test_takes.worker


def add(scene: bpy.types.Scene, name: str, song: Path, channel: int, frame: int = 10) -> bpy.types.SoundStrip:
    strip = compat.strips(scene).new_sound(name, str(song), channel, frame)
    strip.select = False
    return strip


def put_into_meta(scene: bpy.types.Scene, strip: bpy.types.Strip, name: str, channel: int) -> bpy.types.MetaStrip:
    meta = compat.strips(scene).new_meta(name, channel, 1)
    meta.select = False
    strip.move_to_meta(meta)
    compat.trim(meta, 1, 300)
    return meta


SILENT = {
    "strip": lambda scene, strip: setattr(strip, "mute", True),
    "channel": lambda scene, strip: setattr(scene.sequence_editor.channels[strip.channel], "mute", True),
    "volume": lambda scene, strip: setattr(strip, "volume", 0.0),
    "meta": lambda scene, strip: setattr(put_into_meta(scene, strip, "meta", 9), "mute", True),
    "meta channel": lambda scene, strip: setattr(
        put_into_meta(scene, strip, "meta", 9).channels[strip.channel], "mute", True
    ),
    "meta's channel": lambda scene, strip: setattr(
        scene.sequence_editor.channels[put_into_meta(scene, strip, "meta", 9).channel], "mute", True
    ),
    "outer meta": lambda scene, strip: setattr(
        put_into_meta(scene, put_into_meta(scene, strip, "inner", 8), "outer", 9), "mute", True
    ),
    "outside": lambda scene, strip: compat.trim(put_into_meta(scene, strip, "meta", 9), 500, 600),
}


@pytest.mark.parametrize("way", SILENT)
@pytest.mark.parametrize("asked", ["song", "name", "nothing"])
def test_what_is_heard_comes_before_what_is_not(scene, tone, way, asked):
    first, second = add(scene, "first", tone, 1), add(scene, "second", tone, 2, 40)
    SILENT[way](scene, first)
    given = {"song": {"song": str(tone)}, "name": {"name": "first"}, "nothing": {}}[asked]
    found = choose(scene, **given)
    assert found.strip == second
    assert "“second”" in found.reason
    assert not found.problem


@pytest.mark.parametrize("way", SILENT)
def test_the_only_strip_of_a_song_is_danced_to_though_it_is_silent_and_that_is_told(scene, tone, way):
    strip = add(scene, "first", tone, 1)
    SILENT[way](scene, strip)
    for given in ({}, {"name": "first"}, {"song": str(tone)}):
        found = choose(scene, **given)
        assert found.strip == strip
        assert "although it" in found.reason


def test_between_two_that_are_heard_nobody_chooses_but_the_user(scene, tone, tmp_path):
    other = tmp_path / "other.wav"
    other.write_bytes(tone.read_bytes())
    strips = [add(scene, "first", tone, 1), add(scene, "second", tone, 2, 40), add(scene, "third", other, 3)]
    assert choose(scene).strip is None
    assert "“first”" in choose(scene, song=str(tone)).problem
    assert choose(scene, song=str(other)).strip == strips[2]
    for strip in strips[:2]:
        strip.select = True
        assert choose(scene).strip == choose(scene, song=str(tone)).strip == strip
        assert "selected" in choose(scene).reason
        strip.select = False
    assert choose(scene, "second").strip == strips[1]
    with pytest.raises(RuntimeError, match="none was chosen"):
        bpy.ops.tokendance.generate(filepath=str(tone))
    assert len(sound_strips(scene)) == 3


@pytest.mark.parametrize(("strip", "meta"), list(itertools.product([True, False], repeat=2)))
def test_a_meta_strip_that_is_selected_selects_what_lies_in_it(scene, tone, strip, meta):
    inner, other = add(scene, "inner", tone, 1), add(scene, "other", tone, 2)
    around = put_into_meta(scene, inner, "meta", 5)
    inner.select, around.select = strip, meta
    assert choose(scene).strip == (inner if strip or meta else None)
    other.select = True
    assert choose(scene).strip == (None if strip or meta else other)


def test_a_volume_that_is_animated_may_be_heard(scene, tone):
    strip = add(scene, "first", tone, 1)
    strip.volume = 0.0
    strip.keyframe_insert("volume", frame=10)
    assert sound_strips(scene)[0].silent == ""


def test_nothing_and_what_is_missing_are_told(scene, tone):
    assert choose(scene).problem == "No song was chosen."
    assert choose(scene, song=str(tone)) == Choice()
    assert "no sound strip named “gone”" in choose(scene, "gone").problem
    for name in ("a", "b"):
        add(scene, name, tone, 1 if name == "a" else 2).mute = True
    assert "none of them is heard" in choose(scene).problem


# --- what follows from it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_a_song_in_a_meta_strip_is_danced_from_where_it_plays_and_not_added_again(
    scene, tone, mannequin, worker, nested
):
    strip = add(scene, "song", tone, 1, 50)
    meta = put_into_meta(scene, strip, "meta", 5)
    if nested:
        put_into_meta(scene, meta, "outer", 6)
    bpy.ops.tokendance.generate(filepath=str(tone))
    assert next(iter(keys(mannequin).values()))[0, 0] == 50
    assert len(sound_strips(scene)) == 1
    assert len(bpy.data.sounds) == 1
    assert bpy.ops.tokendance.use_song(filepath=str(tone)) == {"FINISHED"}
    assert len(sound_strips(scene)) == 1


def test_what_a_meta_strip_cuts_off_is_not_danced(scene, tone, mannequin, worker):
    meta = put_into_meta(scene, add(scene, "song", tone, 1, 50), "meta", 5)
    compat.trim(meta, 65, 140)
    bpy.ops.tokendance.generate()
    part = worker.asked[-1].part
    assert (part.start, part.duration) == (pytest.approx(0.5), pytest.approx(2.5))
    assert next(iter(keys(mannequin).values()))[0, 0] == 65


@pytest.mark.parametrize("slip", [0.25, -0.25, 1.0, 0.111, -0.9])
def test_takes_follow_the_sound_in_its_strip(scene, tone, mannequin, generate, slip):
    strip = add(scene, "song", tone, 1)
    if not hasattr(strip, "sound_offset"):
        pytest.skip("this Blender cannot slip sounds")
    generate()
    take, before = takes.active(mannequin), keys(mannequin)
    strip.sound_offset = slip
    assert retiming.is_off(scene, take)
    bpy.ops.tokendance.resync()
    assert not retiming.is_off(scene, take)
    for name, values in keys(mannequin).items():
        assert values[:, 0] - before[name][:, 0] == pytest.approx(30 * slip, abs=1e-3)
    assert Recipe.of(take).frame == pytest.approx(10 + 30 * slip)
    strip.sound_offset = 0.0
    bpy.ops.tokendance.resync()
    for name, values in keys(mannequin).items():
        assert values == pytest.approx(before[name], abs=2e-3)


@pytest.mark.parametrize("slip", [0.25, -0.25, 0.111])
def test_a_dance_begins_with_the_sound_in_its_strip(scene, tone, mannequin, worker, slip):
    strip = add(scene, "song", tone, 1)
    if not hasattr(strip, "sound_offset"):
        pytest.skip("this Blender cannot slip sounds")
    strip.sound_offset = slip
    bpy.ops.tokendance.generate()
    frame, start = next(iter(keys(mannequin).values()))[0, 0], worker.asked[-1].part.start
    assert frame == pytest.approx(10 + 30 * slip + 30 * start, abs=1e-3)
    assert frame >= 10
    assert 0 < start < 1 / 30 if slip > 0 else start == pytest.approx(-slip)
    assert not retiming.is_off(scene, takes.active(mannequin))


def test_takes_follow_the_strip_that_is_heard(scene, tone, mannequin, generate):
    first = add(scene, "first", tone, 1)
    generate()
    add(scene, "second", tone, 2, 60)
    take = takes.active(mannequin)
    assert not retiming.is_off(scene, take)
    first.mute = True
    assert retiming.is_off(scene, take)
    bpy.ops.tokendance.resync()
    assert Recipe.of(take).frame == 60
    assert Recipe.of(take).strip == "second"


def test_a_strip_that_plays_another_song_by_now_is_not_followed(scene, tone, tmp_path, mannequin, generate):
    other = tmp_path / "other.wav"
    other.write_bytes(tone.read_bytes())
    strip = add(scene, "song", tone, 1)
    generate()
    strip.sound = bpy.data.sounds.load(str(other))
    move(strip, 30)
    assert not retiming.is_off(scene, takes.active(mannequin))
    with pytest.raises(RuntimeError, match="No strip plays the song"):
        bpy.ops.tokendance.resync()


# --- the scene's clock ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [(100, 200), (100, 50), (90, 100)])
def test_a_scene_that_is_stretched_in_time_is_told(scene, tone, mannequin, generate, worker, old, new):
    add(scene, "song", tone, 1)
    generate()
    asked, before = len(worker.asked), keys(mannequin)
    scene.render.frame_map_old, scene.render.frame_map_new = old, new
    for operator in (bpy.ops.tokendance.generate, bpy.ops.tokendance.resync):
        with pytest.raises(RuntimeError, match=f"stretched in time \\({old} to {new}\\)"):
            operator()
    assert len(worker.asked) == asked
    for name, values in keys(mannequin).items():
        assert (values == before[name]).all()
    scene.render.frame_map_old = scene.render.frame_map_new = 200
    assert bpy.ops.tokendance.generate() == {"FINISHED"}


def test_the_preview_range_is_the_range_while_it_is_on(scene, tone, mannequin, worker):
    add(scene, "song", tone, 1)
    scene.frame_start, scene.frame_end = 1, 250
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 40, 109
    bpy.ops.tokendance.generate(in_range=True)
    part = worker.asked[-1].part
    assert (part.start, part.duration) == (pytest.approx(1.0), pytest.approx(70 / 30))
    assert next(iter(keys(mannequin).values()))[0, 0] == 40
    scene.use_preview_range = False
    bpy.ops.tokendance.generate(in_range=True)
    assert worker.asked[-1].part.start == 0


def test_what_is_missing_of_a_song_is_told_once_with_its_dances(scene, tone, mannequin, worker):
    told = "song.wav breaks off at 3.0 s of 9.0 s: the file is cut short."
    worker.warnings = (told,)
    add(scene, "song", tone, 1)
    _, messages = delivery.generate(bpy.context, Order(variations=2), no_progress)
    assert messages.count(told) == 1
