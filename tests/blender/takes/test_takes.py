"""Takes of a character: made, danced, starred, compared, fitted anew, deleted, remembered."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from blender_addon import compat, session
from blender_addon.armature import recipe as recipes
from blender_addon.armature.recipe import Recipe
from blender_addon.song import passage as passages
from blender_addon.takes import retiming
from blender_addon.takes import store as takes
from tests.blender.curves import curves
from tests.blender.dance.test_generate import heads, needs_sound
from tests.blender.stand_in import danced, known_dance
from tokendance_core import DanceRequest, MotionClip

SECONDS = 2.0


class AtOnce:
    """Takes the place of the worker: what is asked for is there at once; remembers what that was."""

    is_warm = True
    warnings: tuple[str, ...] = ()
    log = staticmethod(lambda lines: "")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[DanceRequest] = []
        self.cancelled = 0

    def ask(self, request: DanceRequest) -> SimpleNamespace:
        self.asked.append(request)
        return self.task(clip=lambda: unfinished(request))

    def task(self, **more: object) -> SimpleNamespace:
        known = {"stage": "", "fraction": 0.0, "warnings": lambda: self.warnings}
        task = SimpleNamespace(poll=lambda: True, cancel=self._cancel, worker=self, **known, **more)
        task.wait = lambda on_progress=None: task
        return task

    def _cancel(self) -> None:
        self.cancelled += 1


def unfinished(request: DanceRequest) -> MotionClip:
    """A motion as the network leaves it; each seed walks further."""
    clip = known_dance(request.part.duration or SECONDS)
    root = clip.root * np.array([1 + 0.2 * request.settings.seed, 1, 1], np.float32)
    info = {"danced": danced(request), "finished": False, "last_beat": clip.seconds - 0.5}
    return dataclasses.replace(clip, root=root, info=info)


@pytest.fixture
def worker(monkeypatch, tmp_path) -> AtOnce:
    made = AtOnce(tmp_path)
    monkeypatch.setenv("TOKENDANCE_PYTHON", sys.executable)
    monkeypatch.setattr(session.current().worker, "start", lambda *_: made)
    return made


@pytest.fixture
def mannequin(scene, worker) -> bpy.types.Object:
    """The active character."""
    bpy.ops.tokendance.add_mannequin()
    return bpy.context.active_object


@pytest.fixture
def generate(tone) -> Callable[..., None]:
    """*Generate Dance*, as a script calls it."""

    def run(**options: object) -> None:
        assert bpy.ops.tokendance.generate(filepath=str(tone), **options) == {"FINISHED"}

    return run


def keys(armature: bpy.types.Object) -> dict[tuple[str, int], np.ndarray]:
    """Every key of what an armature dances."""
    return {
        (curve.data_path, curve.array_index): np.array([tuple(point.co) for point in curve.keyframe_points])
        for curve in curves(armature)
    }


def assert_same(found: dict, expected: dict, tolerance: float = 1e-5) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=tolerance, err_msg=str(name))


def differ(first: dict, second: dict) -> bool:
    return any(
        first[name].shape != second[name].shape or np.abs(first[name] - second[name]).max() > 1e-3 for name in first
    )


def seeds(armature: bpy.types.Object) -> list[int]:
    return [Recipe.of(take).settings.seed for take in takes.of(armature)]


def test_variations_are_takes_with_seeds_counted_up_and_the_first_is_danced(mannequin, generate, worker):
    generate(seed=7, variations=3, genre="pop")
    assert [request.settings.seed for request in worker.asked] == [7, 8, 9]
    assert sorted(seeds(mannequin)) == [7, 8, 9]
    assert Recipe.of(takes.active(mannequin)).settings.seed == 7
    assert all(take.use_fake_user for take in takes.of(mannequin))
    generate(seed=1)
    assert sorted(seeds(mannequin)) == [1, 7, 8, 9]
    assert Recipe.of(takes.active(mannequin)).settings.seed == 1


def test_variations_are_undone_in_one_step(mannequin, generate):
    bpy.ops.ed.undo_push(message="before")
    generate(variations=3)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    again = bpy.data.objects["Mannequin"]
    assert takes.of(again) == []
    assert takes.active(again) is None
    assert not list(compat.existing_strips(bpy.context.scene))


def test_the_list_shows_the_danced_take_and_dances_the_one_that_is_clicked(mannequin, generate):
    settings = bpy.context.scene.tokendance
    assert settings.take_index == -1
    generate(variations=3)
    for take in takes.of(mannequin):
        settings.take_index = bpy.data.actions.find(take.name)
        assert takes.active(mannequin) == take
        assert settings.take_index == bpy.data.actions.find(take.name)
        assert len(keys(mannequin)) > 50
    danced = takes.active(mannequin)
    foreign = bpy.data.actions.new("By hand")
    for index in (bpy.data.actions.find(foreign.name), 99, -5):
        settings.take_index = index
        assert takes.active(mannequin) == danced


def test_a_take_is_danced_by_its_name(mannequin, generate):
    generate(variations=2, seed=3)
    waiting = next(take for take in takes.of(mannequin) if take != takes.active(mannequin))
    before = heads(mannequin, 50)
    bpy.ops.tokendance.activate_take(take=waiting.name)
    assert takes.active(mannequin) == waiting
    assert np.abs(heads(mannequin, 50) - before).max() > 0.05
    bpy.data.actions.new("By hand")
    for name in ("Nobody", "By hand"):
        with pytest.raises(RuntimeError, match=f"no take named “{name}”"):
            bpy.ops.tokendance.activate_take(take=name)
    assert takes.active(mannequin) == waiting


def test_without_a_character_or_a_take_the_buttons_say_so(scene, worker):
    for name in ("delete_take", "push_take", "finish_take", "recall_settings", "fit_frame_range", "compare_takes"):
        with pytest.raises(RuntimeError, match="Choose a character first"):
            getattr(bpy.ops.tokendance, name)()
    with pytest.raises(RuntimeError, match="Choose a character first"):
        bpy.ops.tokendance.activate_take(take="x")
    bpy.ops.tokendance.add_mannequin()
    bpy.context.active_object.animation_data_create().action = bpy.data.actions.new("By hand")
    for name in ("delete_take", "push_take", "finish_take", "recall_settings", "fit_frame_range"):
        with pytest.raises(RuntimeError, match="Choose a take in the list first"):
            getattr(bpy.ops.tokendance, name)()
    with pytest.raises(RuntimeError, match="Star a take first"):
        bpy.ops.tokendance.compare_takes()


@pytest.mark.parametrize("danced", [0, 1, 2])
def test_after_deleting_a_neighbour_is_danced(mannequin, generate, danced):
    generate(variations=3)
    order = [take.name for take in takes.of(mannequin)]
    bpy.ops.tokendance.activate_take(take=order[danced])
    bpy.ops.tokendance.delete_take()
    left = [name for name in order if name != order[danced]]
    assert [take.name for take in takes.of(mannequin)] == left
    assert takes.active(mannequin).name == left[min(danced, 1)]
    bpy.ops.tokendance.delete_take()
    bpy.ops.tokendance.delete_take()
    assert takes.of(mannequin) == []
    assert mannequin.animation_data.action is None


def test_a_take_that_is_pushed_still_plays_from_its_strip(mannequin, generate):
    generate(frame_start=11)
    take, before = takes.active(mannequin), heads(mannequin, 30)
    bpy.ops.tokendance.push_take()
    (track,) = mannequin.animation_data.nla_tracks
    assert (mannequin.animation_data.action, track.name, track.strips[0].action) == (None, take.name, take)
    assert track.strips[0].frame_start == 11
    np.testing.assert_allclose(heads(mannequin, 30), before, atol=1e-5)
    assert takes.of(mannequin) == [take]


# --- takes that are not danced ----------------------------------------------------------------------------------------


@pytest.fixture
def two(mannequin, generate) -> tuple[bpy.types.Action, bpy.types.Action]:
    """The danced take and another one."""
    generate(seed=3, variations=2)
    danced = takes.active(mannequin)
    return danced, next(take for take in takes.of(mannequin) if take != danced)


def test_another_take_is_deleted_while_one_is_danced(mannequin, two):
    danced, other = two
    assert bpy.ops.tokendance.delete_take(take=other.name) == {"FINISHED"}
    assert (takes.active(mannequin), takes.of(mannequin)) == (danced, [danced])


def test_another_take_is_pushed_while_one_is_danced(mannequin, two):
    danced, other = two
    poses = keys(mannequin)
    bpy.ops.tokendance.push_take(take=other.name)
    assert takes.active(mannequin) == danced
    assert (takes.tracks(mannequin, other), takes.tracks(mannequin, danced)) == ([other.name], [])
    assert_same(keys(mannequin), poses, 0)
    bpy.ops.tokendance.push_take(take=other.name)
    assert len(mannequin.animation_data.nla_tracks) == 1


def test_another_take_is_updated_while_one_is_danced(mannequin, two):
    danced, other = two
    name = other.name
    bpy.ops.tokendance.finish_take(take=name, mirror=True)
    assert takes.active(mannequin) == danced
    assert Recipe.of(bpy.data.actions[name]).fitting.mirror
    assert not Recipe.of(danced).fitting.mirror


def test_a_take_on_the_nla_is_updated_and_deleted_there(mannequin, two):
    danced, other = two
    bpy.ops.tokendance.push_take()
    name = danced.name
    bpy.ops.tokendance.finish_take(mirror=True)
    assert (mannequin.animation_data.action, takes.tracks(mannequin, bpy.data.actions[name])) == (None, [name])
    bpy.ops.tokendance.delete_take(take=name)
    assert not mannequin.animation_data.nla_tracks
    assert takes.of(mannequin) == [other]


@pytest.mark.parametrize("operator", ["delete_take", "push_take", "finish_take", "recall_settings", "fit_frame_range"])
def test_a_take_that_is_none_is_told(mannequin, two, operator):
    bpy.data.actions.new("By hand")
    for name in ("Nobody", "By hand"):
        with pytest.raises(RuntimeError, match=f"has no take named “{name}”"):
            getattr(bpy.ops.tokendance, operator)(take=name)
    mannequin.animation_data.action = None
    with pytest.raises(RuntimeError, match="Choose a take in the list first"):
        getattr(bpy.ops.tokendance, operator)()


def test_an_appended_take_is_danced_by_another_character_and_finished_anew(mannequin, generate, tmp_path):
    generate(seed=4, genre="salsa")
    expected, name = keys(mannequin), takes.active(mannequin).name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    with bpy.data.libraries.load(str(tmp_path / "library.blend")) as (_, target):
        target.actions = [name]
    bpy.ops.tokendance.add_mannequin()
    other = bpy.context.active_object
    assert takes.of(other) == []
    (appended,) = takes.of_others(other)
    assert bpy.ops.tokendance.adopt_take(take=appended.name) == {"FINISHED"}
    made = takes.active(other)
    assert (Recipe.of(made).settings.seed, Recipe.of(made).settings.genre) == (4, "salsa")
    assert_same(keys(other), expected, 1e-4)
    bpy.ops.tokendance.finish_take(mirror=True)
    assert differ(keys(other), expected)
    assert appended in list(bpy.data.actions)
    with pytest.raises(RuntimeError, match="no take named “Nobody”"):
        bpy.ops.tokendance.adopt_take(take="Nobody")


MADE = {
    "genre": "salsa",
    "seed": 7,
    "steps": 1,
    "energy": 0.5,
    "temperature": 0.7,
    "foot_lock": 0.25,
    "arm_spacing": 0.5,
    "root_motion": "in_place",
    "travel": 2.0,
    "turn": 30.0,
    "aside": 0.5,
    "ahead": -0.5,
    "floor": 0.1,
    "mirror": True,
    "key_ik": True,
    "smoothing": 3.0,
    "stage": 0.0,
}


def test_settings_of_a_take_come_back(mannequin, generate):
    generate(**MADE)
    settings = bpy.context.scene.tokendance
    settings.seed, settings.quality, settings.variations = 99, "final", 5
    bpy.ops.tokendance.recall_settings()
    found = {name: getattr(settings, name) for name in MADE if name != "steps"}
    assert found == pytest.approx({name: value for name, value in MADE.items() if name != "steps"}, abs=1e-6)
    assert (found["mirror"], settings.quality, settings.variations) == (True, "draft", 5)


def test_settings_that_mean_nothing_here_are_left_out(mannequin, generate):
    generate(seed=3)
    recipe = takes.active(mannequin)[recipes.KEY]
    recipe["genre"], recipe["root_motion"] = "polka", "on wings"
    settings = bpy.context.scene.tokendance
    settings.genre = "jazz"
    assert bpy.ops.tokendance.recall_settings() == {"FINISHED"}
    assert (settings.genre, settings.root_motion, settings.seed) == ("jazz", "hips", 3)


@pytest.mark.parametrize(
    "chosen",
    [
        {"mirror": True},
        {"root_motion": "in_place"},
        {"foot_lock": 0.0},
        {"smoothing": 4.0},
        {"stage": 0.5},
        {"travel": 2.0, "floor": 0.5, "arm_spacing": 0.0},
        {"turn": 90.0, "aside": 1.0, "ahead": 0.5},
    ],
)
def test_an_updated_take_is_the_one_that_would_be_generated(mannequin, generate, chosen):
    generate(seed=2, frame_start=5, **chosen)
    expected = keys(mannequin)
    generate(seed=2, frame_start=5)
    take, before = takes.active(mannequin), keys(mannequin)
    take.tokendance_take.starred = True
    name, motion = take.name, bytes(take.tokendance_take.motion)
    assert bpy.ops.tokendance.finish_take(**chosen) == {"FINISHED"}
    made = takes.active(mannequin)
    assert_same(keys(mannequin), expected)
    assert differ(before, expected)
    assert (made.name, made.tokendance_take.starred, bytes(made.tokendance_take.motion)) == (name, True, motion)
    assert {item: getattr(Recipe.of(made).fitting, item) for item in chosen} == chosen
    assert len(takes.of(mannequin)) == 2
    bpy.ops.tokendance.finish_take()
    assert_same(keys(mannequin), before)
    assert len(takes.of(mannequin)) == 2


def test_an_updated_take_stays_in_the_strips_that_play_it(mannequin, generate):
    generate()
    take = takes.active(mannequin)
    bpy.ops.tokendance.push_take()
    bpy.ops.tokendance.activate_take(take=take.name)
    bpy.ops.tokendance.finish_take(root_motion="in_place")
    made = takes.active(mannequin)
    (strip,) = mannequin.animation_data.nla_tracks[0].strips
    assert strip.action == made
    expected = heads(mannequin, 25)
    mannequin.animation_data.action = None
    np.testing.assert_allclose(heads(mannequin, 25), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("damage", "message"), [(lambda kept: b"", "does not hold its motion"), (lambda kept: kept[:-9], "is damaged")]
)
def test_without_its_motion_a_take_is_left_alone(mannequin, generate, damage, message):
    generate()
    take, before = takes.active(mannequin), keys(mannequin)
    take.tokendance_take.motion = damage(bytes(take.tokendance_take.motion))
    with pytest.raises(RuntimeError, match=f"(?s){message}.*[Gg]enerate"):
        bpy.ops.tokendance.finish_take(mirror=True)
    assert takes.active(mannequin) == take
    assert len(bpy.data.actions) == 1
    assert_same(keys(mannequin), before, 0)


def test_a_failure_while_fitting_leaves_the_take_alone(mannequin, generate, monkeypatch):
    generate()
    take, before = takes.active(mannequin), keys(mannequin)
    monkeypatch.setattr(compat.CurveWriter, "assign", lambda self: (_ for _ in ()).throw(ValueError("no room")))
    with pytest.raises(RuntimeError, match="no room"):
        bpy.ops.tokendance.finish_take(mirror=True)
    assert takes.active(mannequin) == take
    assert len(bpy.data.actions) == 1
    assert_same(keys(mannequin), before, 0)


@needs_sound
def test_a_take_that_is_updated_at_another_frame_rate_is_in_sync(mannequin, generate, scene):
    generate()
    scene.render.fps = 60
    bpy.ops.tokendance.finish_take()
    take = takes.active(mannequin)
    length = takes.frame_range(take)
    assert length == (1, pytest.approx(2 * 30 * SECONDS, abs=2))
    assert not retiming.is_off(scene, take)
    bpy.ops.tokendance.resync()
    assert takes.frame_range(take) == length


@needs_sound
def test_a_take_that_followed_a_faster_strip_stays_as_fast_when_it_is_updated(mannequin, generate, monkeypatch):
    generate()
    plain = passages.how_it_plays
    monkeypatch.setattr(passages, "how_it_plays", lambda *given: dataclasses.replace(plain(*given), speed=2.0))
    bpy.ops.tokendance.resync()
    length = takes.frame_range(takes.active(mannequin))
    assert length[1] == pytest.approx(30 * SECONDS / 2, abs=2)
    bpy.ops.tokendance.finish_take(mirror=True)
    assert takes.frame_range(takes.active(mannequin)) == pytest.approx(length, abs=1)


def tweaked(armature: bpy.types.Object) -> None:
    """Push the danced take, then tweak its strip."""
    bpy.ops.tokendance.push_take()
    data = armature.animation_data
    data.nla_tracks.active = data.nla_tracks[0]
    data.nla_tracks[0].strips[0].select = True
    data.use_tweak_mode = True


def test_while_a_strip_is_tweaked_nothing_can_be_changed(mannequin, generate):
    generate(variations=2)
    other = next(take for take in takes.of(mannequin) if take != takes.active(mannequin))
    tweaked(mannequin)
    danced = mannequin.animation_data.action
    for name in ("delete_take", "push_take", "finish_take", "recall_settings", "compare_takes"):
        with pytest.raises(RuntimeError, match="NLA strip is being tweaked"):
            getattr(bpy.ops.tokendance, name)()
    with pytest.raises(RuntimeError, match="NLA strip is being tweaked"):
        bpy.ops.tokendance.activate_take(take=other.name)
    bpy.context.scene.tokendance.take_index = bpy.data.actions.find(other.name)
    assert mannequin.animation_data.action == danced
    assert len(takes.of(mannequin)) == 2


def test_generating_while_a_strip_is_tweaked_is_refused_in_a_sentence_before_anything_starts(
    mannequin, generate, worker, tone
):
    generate()
    tweaked(mannequin)
    worker.asked.clear()
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.tokendance.generate(filepath=str(tone))
    assert "tweak" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert worker.asked == []


def test_linked_characters_say_what_to_do(mannequin, generate, tmp_path):
    generate()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, target):
        target.objects = ["Mannequin"]
    bpy.context.scene.collection.objects.link(target.objects[0])
    bpy.context.scene.tokendance.character = target.objects[0]
    assert takes.active(target.objects[0]) is not None
    for name in ("delete_take", "finish_take"):
        with pytest.raises(RuntimeError, match="linked from another file: make a library override"):
            getattr(bpy.ops.tokendance, name)()


def test_copies_of_a_character_share_its_takes_and_others_do_not(mannequin, generate, scene):
    generate()
    copy = mannequin.copy()
    scene.collection.objects.link(copy)
    assert takes.of(copy) == takes.of(mannequin)
    before = heads(copy, 25)
    bpy.ops.tokendance.finish_take(root_motion="in_place")
    assert takes.active(copy) == takes.active(mannequin)
    np.testing.assert_allclose(heads(copy, 25), heads(mannequin, 25), atol=1e-5)
    assert np.abs(heads(copy, 25) - before).max() > 0.05
    bpy.ops.tokendance.add_mannequin()
    other = bpy.context.active_object
    assert takes.of(other) == []
    generate(armature=other.name)
    assert not set(takes.of(other)) & set(takes.of(mannequin))


def test_takes_survive_saving_and_loading(mannequin, generate, tmp_path):
    generate(seed=4, variations=2, mirror=True)
    for take in takes.of(mannequin):
        take.tokendance_take.starred = Recipe.of(take).settings.seed == 5
    kept = {take.name: takes.motion(take) for take in takes.of(mannequin)}
    recipe = Recipe.of(takes.active(mannequin))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    again = bpy.data.objects["Mannequin"]
    assert {take.name for take in takes.of(again)} == kept.keys()
    assert Recipe.of(takes.active(again)) == recipe
    for take in takes.of(again):
        np.testing.assert_array_equal(takes.motion(take).rot6d, kept[take.name].rot6d)
        assert takes.motion(take).info == kept[take.name].info
        assert take.tokendance_take.starred == (Recipe.of(take).settings.seed == 5)
    before = keys(again)
    bpy.ops.tokendance.finish_take(mirror=True)
    assert_same(keys(again), before)


def starred_takes(armature: bpy.types.Object) -> list[bpy.types.Action]:
    for take in takes.of(armature):
        take.tokendance_take.starred = True
    return takes.of(armature)


@pytest.mark.parametrize(
    ("now", "used"), [(0, [1, 2]), (5, [0]), (3, [4, 6]), (2**31 - 1, [0]), (2**31 - 2, [2**31 - 1, 0])]
)
def test_the_dice_throw_a_seed_without_a_take(mannequin, generate, now, used):
    generate(variations=len(used))
    for take, seed in zip(takes.of(mannequin), used, strict=True):
        take[recipes.KEY]["seed"] = seed
    settings = bpy.context.scene.tokendance
    settings.seed = now
    bpy.ops.tokendance.new_seed()
    assert settings.seed != now
    assert settings.seed not in used


def test_the_scene_can_begin_and_end_with_the_take(mannequin, generate, scene):
    scene.frame_start, scene.frame_end = 1, 20
    generate(frame_start=9)
    bpy.ops.tokendance.fit_frame_range()
    assert (
        (scene.frame_start, scene.frame_end) == takes.frame_range(takes.active(mannequin)) == (9, 9 + 30 * SECONDS - 1)
    )
