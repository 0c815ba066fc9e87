"""One press of *Generate Dance* beside the user's work: what may change meanwhile, and dances that arrive all or not at
all.
"""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon import compat
from blender_addon.armature.recipe import Recipe
from blender_addon.dance import delivery, generation
from blender_addon.dance.delivery import Delivery
from blender_addon.dance.generation import Generation
from blender_addon.options import Order, Placement
from blender_addon.takes import store as takes
from tests.blender.dance.test_generate import fingerprint, needs_sound
from tests.blender.takes import test_takes
from tests.blender.takes.test_takes import keys
from tokendance_core import Cancelled, GenerateSettings, RigError, SettingError

mannequin, worker = test_takes.mannequin, test_takes.worker


@pytest.fixture
def song_strip(scene, tone):
    return compat.strips(scene).new_sound("song", str(tone), 1, 10)


def begun(tone, seed: int = 0, **options: object) -> Generation:
    return generation.begin(bpy.context, Order(song=str(tone), settings=GenerateSettings(seed=seed), **options))


@pytest.mark.parametrize("gone", ["deleted", "a mesh", "renamed"])
def test_a_character_that_is_gone_is_told_and_the_scene_is_left_alone(mannequin, worker, tone, scene, gone):
    made = begun(tone, variations=2)
    assert made.poll()
    if gone == "deleted":
        bpy.data.objects.remove(mannequin)
    elif gone == "a mesh":
        mannequin.name = "Someone"
        scene.collection.objects.link(bpy.data.objects.new("Mannequin", bpy.data.meshes.new("Mannequin")))
    else:
        mannequin.name = "Someone"
    before = fingerprint(scene)
    with pytest.raises(RigError) as caught:
        delivery.put(bpy.context, made)
    assert caught.value.hint
    assert fingerprint(scene) == before


@pytest.mark.parametrize("mode", ["EDIT", "POSE"])
def test_a_mode_that_was_entered_meanwhile_comes_back(mannequin, worker, tone, mode):
    made = begun(tone)
    assert made.poll()
    bpy.ops.object.mode_set(mode=mode)
    delivery.put(bpy.context, made)
    assert mannequin.mode == mode
    bpy.ops.object.mode_set(mode="OBJECT")
    assert takes.active(mannequin) is not None


def test_a_scene_that_is_gone_is_told(mannequin, worker, tone, scene):
    made = begun(tone)
    assert made.poll()
    other = bpy.data.scenes.new("Other")
    bpy.context.window.scene = other
    bpy.data.scenes.remove(scene)
    before = fingerprint(other)
    with pytest.raises(SettingError, match="scene “Scene” is gone"):
        delivery.put(bpy.context, made)
    assert fingerprint(other) == before


def test_the_dance_goes_where_it_was_asked_for_though_other_things_changed(mannequin, worker, tone, scene):
    made = begun(tone, frame_start=5)
    assert made.poll()
    mannequin.data.name = "Bones"
    bpy.ops.tokendance.add_mannequin()
    other_scene = bpy.data.scenes.new("Other")
    bpy.context.window.scene = other_scene
    delivery.put(bpy.context, made)
    assert bpy.context.scene == other_scene
    assert not list(compat.existing_strips(other_scene))
    assert keys(mannequin).popitem()[1][0, 0] == 5
    assert [item.name for item in scene.objects if item.animation_data and item.animation_data.action] == ["Mannequin"]


@needs_sound
def test_the_dance_follows_a_strip_that_was_moved_meanwhile(mannequin, worker, song_strip, tone):
    made = begun(tone)
    assert made.poll()
    name = "content_start" if hasattr(song_strip, "content_start") else "frame_start"
    setattr(song_strip, name, getattr(song_strip, name) + 25)
    delivery.put(bpy.context, made)
    assert keys(mannequin).popitem()[1][0, 0] == 35
    assert Recipe.of(takes.active(mannequin)).frame == 35


def test_undo_while_it_is_made_does_no_harm(mannequin, worker, tone, scene):
    bpy.ops.ed.undo_push(message="before")
    scene.frame_end = 77
    bpy.ops.ed.undo_push(message="after")
    made = begun(tone)
    bpy.ops.ed.undo()
    assert made.poll()
    delivery.put(bpy.context, made)
    assert takes.active(bpy.data.objects["Mannequin"]) is not None


def test_a_generation_tells_how_far_it_is_and_can_be_cancelled(scene, stand_in, tone):
    stand_in("slow")
    bpy.ops.tokendance.add_mannequin()
    before = fingerprint(scene)
    made, told = begun(tone, variations=2), []

    def progress(stage: str, fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.13:
            made.cancel()

    with pytest.raises(Cancelled):
        made.wait(progress)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] < 1
    assert fingerprint(scene) == before


def test_several_dances_are_counted(mannequin, worker, tone):
    made = begun(tone, variations=3)
    made._asking.wait()
    waiting = [made._tasks[1], made._tasks[2]]
    for task in waiting:
        task.poll = lambda: False
    assert not made.poll()
    assert made.place_in_line == (2, 3)
    waiting[0].fraction = 0.5
    danced = generation.DECODING + (1 - generation.DECODING) * 0.5
    assert made.fraction == pytest.approx((1 - made.writing) * danced)
    assert made.remaining_seconds >= 0
    made.cancel()
    assert worker.cancelled == 3


# --- one dance at a step ----------------------------------------------------------------------------------------------


def delivered(made: Generation) -> Delivery:
    assert made.poll()
    return Delivery(made)


def place_one(delivery_: Delivery) -> bool:
    """Steps until one more dance is in the file; whether it was the last."""
    before, is_last = len(bpy.data.actions), False
    while len(bpy.data.actions) == before:
        is_last = delivery_.step(bpy.context)
    return is_last


def test_dances_are_placed_one_by_one_and_the_first_seed_comes_last(mannequin, worker, tone):
    delivery_ = delivered(begun(tone, variations=3, seed=5))
    seeds = []
    for last in (False, False, True):
        assert place_one(delivery_) is last
        seeds.append(Recipe.of(takes.active(mannequin)).settings.seed)
    assert seeds == [7, 6, 5]


def test_no_step_places_more_than_one_dance(scene, worker, tone):
    delivery_, counts = delivered(begun(tone, variations=3)), [0]
    while not delivery_.step(bpy.context):
        counts.append(len(bpy.data.actions))
    assert set(np.diff(counts)) == {0, 1}


@pytest.mark.parametrize("variations", [1, 3])
@pytest.mark.parametrize("passes", [1, 8])
def test_writing_keys_is_a_part_of_the_work_that_moves(scene, worker, tone, variations, passes):
    """Whoever waits for the keys sees the bar move, and no end before the end."""
    made = generation.begin(
        bpy.context, Order(song=str(tone), settings=GenerateSettings(steps=passes), variations=variations)
    )
    delivery_ = delivered(made)
    told = [made.fraction]
    assert made.stage == "Writing keys"
    assert 0.5 < made.fraction < 0.9
    while not delivery_.step(bpy.context):
        told.append(made.fraction)
        assert made.remaining_seconds > 0
    assert np.diff(told).min() > 0.01
    assert max(told) < made.fraction == pytest.approx(1.0)


def test_a_stop_while_keys_are_written_leaves_nothing(scene, worker, tone):
    before, told = fingerprint(scene), []

    def progress(stage: str, fraction: float) -> None:
        told.append(stage)
        if told.count("Writing keys") > 2:
            raise Cancelled("Stopped.")

    made = begun(tone, variations=3)
    made.wait(progress)
    with pytest.raises(Cancelled):
        delivery.put(bpy.context, made, progress)
    assert fingerprint(scene) == before


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_what_was_placed_is_taken_back(scene, worker, tone, steps):
    """A mannequin and a strip that came with the first dance go with it; what the user made in between stays."""
    before = fingerprint(scene)
    delivery_ = delivered(begun(tone, variations=3))
    for _ in range(steps):
        delivery_.step(bpy.context)
    mine = bpy.data.objects.new("Mine", None)
    scene.collection.objects.link(mine)
    delivery_.take_back()
    assert scene.objects["Mine"] == mine
    bpy.data.objects.remove(mine)
    assert fingerprint(scene) == before


def test_a_failure_halfway_takes_everything_back(mannequin, worker, tone, scene, monkeypatch):
    delivery.put(bpy.context, begun_and_made(tone, seed=1, action_name="Mine"))
    before, poses = fingerprint(scene), keys(mannequin)
    delivery_ = delivered(begun(tone, variations=3, seed=2))
    place_one(delivery_)
    monkeypatch.setattr(takes, "remember", lambda *_: (_ for _ in ()).throw(ValueError("no room")))
    with pytest.raises(ValueError, match="no room"):
        place_one(delivery_)
    assert fingerprint(scene) == before
    assert takes.active(mannequin).name == "Mine"
    np.testing.assert_equal(keys(mannequin), poses)


def test_a_character_deleted_halfway_ends_it_without_a_trace(mannequin, worker, tone, scene):
    delivery_ = delivered(begun(tone, variations=2))
    place_one(delivery_)
    bpy.data.objects.remove(mannequin)
    with pytest.raises(RigError, match="is gone"):
        place_one(delivery_)
    assert not bpy.data.actions
    assert not list(compat.existing_strips(scene))


def test_replacing_with_variations_removes_the_former_dance_alone(mannequin, worker, tone):
    for seed, variations in ((1, 1), (2, 3)):
        made = begun_and_made(tone, seed=seed, variations=variations, placement=Placement(replace=True))
        delivery.put(bpy.context, made)
    assert sorted(Recipe.of(take).settings.seed for take in takes.of(mannequin)) == [2, 3, 4]
    assert Recipe.of(takes.active(mannequin)).settings.seed == 2


def begun_and_made(tone, **options: object) -> Generation:
    made = begun(tone, **options)
    assert made.poll()
    return made
