"""What the panel says of the last generation: only where it is true, and as long as it is.

The button is pressed as in a window; the timer's events are made by hand.
"""

from __future__ import annotations

from types import FunctionType, SimpleNamespace

import bpy
import pytest

from blender_addon import compat, session
from blender_addon.dance import generation
from blender_addon.dance.operators import GenerateDance
from blender_addon.dance.outcome import Outcome, Situation
from blender_addon.options import Order, Placement
from blender_addon.takes import store as takes
from tests.blender.dance.test_generate import needs_sound
from tests.blender.takes import test_takes
from tokendance_core import GenerateSettings, SettingError

mannequin, worker = test_takes.mannequin, test_takes.worker

TIMER = SimpleNamespace(type="TIMER", value="NOTHING")
DONE = "The dance is on the character"


class Pressed:
    """*Generate Dance* after its button was pressed; ``send`` is what Blender does with an event."""

    def __init__(self, tone, seed: int = 0, **options: object) -> None:
        self.reports: list[str] = []
        methods = {name: value for name, value in vars(GenerateDance).items() if isinstance(value, FunctionType)}
        made = generation.begin(bpy.context, Order(song=str(tone), settings=GenerateSettings(seed=seed), **options))
        state = {"_generation": made, "_delivery": None, "report": lambda _, _kind, text: self.reports.append(text)}
        self.button = type("Button", (), methods | state)()
        session.current().generation, session.current().outcome = made, None

    def send(self, event: object = TIMER) -> set[str]:
        return self.button.modal(bpy.context, event)

    def to_the_end(self) -> None:
        while session.current().generation is not None:
            self.send()


def said() -> str:
    """What the panel says of the last generation now."""
    outcome = session.current().outcome
    return outcome.message if outcome is not None and outcome.holds(Situation.here(bpy.context)) else ""


@pytest.fixture(autouse=True)
def nothing_remembered():
    yield
    session.current().end_generation(None)


@pytest.fixture
def danced(mannequin, worker, tone) -> bpy.types.Object:
    Pressed(tone).to_the_end()
    assert said() == DONE
    return mannequin


def saved_under_a_name(tmp_path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))


STILL_TRUE = {
    "saved": lambda tmp_path: saved_under_a_name(tmp_path),
    "renamed take": lambda _: setattr(bpy.data.actions[0], "name", "Mine"),
    "renamed character": lambda _: setattr(bpy.data.objects["Mannequin"], "name", "Hero"),
    "renamed scene": lambda _: setattr(bpy.context.scene, "name", "Stage"),
    "updated take": lambda _: bpy.ops.tokendance.finish_take(mirror=True),
    "pushed take": lambda _: bpy.ops.tokendance.push_take(),
    "other frame": lambda _: bpy.context.scene.frame_set(20),
    "song chosen": lambda _: setattr(bpy.context.scene.tokendance, "strip", "none"),
}


@pytest.mark.parametrize("change", STILL_TRUE)
def test_what_is_still_true_is_still_said(danced, tmp_path, change):
    STILL_TRUE[change](tmp_path)
    assert said() == DONE


def another_character() -> None:
    bpy.ops.tokendance.add_mannequin()
    bpy.context.scene.tokendance.character = bpy.context.active_object


def tested_the_map() -> None:
    bpy.ops.tokendance.test_map()


def nothing_danced() -> None:
    bpy.data.objects["Mannequin"].animation_data.action = None


NOT_TRUE_ANY_MORE = {
    "new file": lambda: bpy.ops.wm.read_homefile(use_empty=True),
    "another scene": lambda: setattr(bpy.context.window, "scene", bpy.data.scenes.new("Other")),
    "tested map": tested_the_map,
    "another character": another_character,
    "no action": nothing_danced,
    "deleted take": lambda: bpy.ops.tokendance.delete_take(),
    "deleted character": lambda: bpy.data.objects.remove(bpy.data.objects["Mannequin"]),
}


@pytest.mark.parametrize("change", NOT_TRUE_ANY_MORE)
def test_what_is_not_true_any_more_is_not_said(danced, change):
    NOT_TRUE_ANY_MORE[change]()
    assert said() == ""


def test_the_same_file_opened_again_is_another_file(danced, tmp_path):
    saved_under_a_name(tmp_path)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    assert said() == ""


def test_it_is_said_of_the_take_that_was_made_and_of_no_other(danced, tone):
    (first,) = takes.of(danced)
    Pressed(tone, seed=5).to_the_end()
    second = takes.active(danced)
    compat.use_action(danced, first)
    assert said() == ""
    compat.use_action(danced, second)
    assert said() == DONE


def test_undo_takes_it_back_and_redo_brings_it_back(mannequin, worker, tone):
    bpy.ops.ed.undo_push(message="before")
    Pressed(tone).to_the_end()
    bpy.ops.ed.undo_push(message="after")
    assert said() == DONE
    bpy.ops.ed.undo()
    assert said() == ""
    bpy.ops.ed.redo()
    assert said() == DONE


def test_a_take_on_an_nla_track_is_on_the_character(mannequin, worker, tone):
    Pressed(tone, placement=Placement(push_to_nla=True)).to_the_end()
    assert said() == DONE
    mannequin.animation_data.nla_tracks[0].mute = True
    assert said() == ""


def failing(tone) -> Pressed:
    """A generation whose worker gives up."""
    pressed = Pressed(tone)

    def give_up() -> bool:
        raise SettingError("The song is silent.", hint="Use another.")

    session.current().generation.poll = give_up
    return pressed


@needs_sound
def test_an_error_belongs_to_its_song_character_scene_and_file(danced, worker, tone, scene):
    other = compat.strips(scene).new_sound("other", str(tone.with_name("other.wav")), 2, 10)
    scene.tokendance.strip = next(strip.name for strip in compat.existing_strips(scene) if strip != other)
    failing(tone).to_the_end()
    assert said() == "The song is silent."
    chosen, scene.tokendance.strip = scene.tokendance.strip, other.name
    assert said() == ""
    scene.tokendance.strip = chosen
    assert said() == "The song is silent."
    another_character()
    assert said() == ""
    scene.tokendance.character = danced
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    assert said() == ""
    bpy.context.window.scene = scene
    assert said() == "The song is silent."
    bpy.ops.wm.read_homefile(use_empty=True)
    assert said() == ""


def test_a_generation_that_ends_while_another_scene_is_shown_is_told_in_its_own(mannequin, worker, tone, scene):
    pressed = Pressed(tone)
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    pressed.to_the_end()
    assert said() == ""
    bpy.context.window.scene = scene
    assert said() == DONE


def test_a_generation_that_ends_while_another_take_is_looked_at_is_told(danced, worker, tone):
    first = takes.active(danced)
    Pressed(tone, seed=3).to_the_end()
    pressed = failing(tone)
    compat.use_action(danced, first)
    pressed.to_the_end()
    assert said() == "The song is silent."


def test_an_error_of_a_character_that_is_gone_is_told_where_it_was(mannequin, worker, tone):
    pressed = Pressed(tone)
    bpy.data.objects.remove(mannequin)
    pressed.to_the_end()
    assert "is gone" in said()


def test_a_file_that_is_opened_meanwhile_says_nothing_of_the_former_one(mannequin, worker, tone):
    pressed = Pressed(tone)
    bpy.ops.wm.read_homefile(use_empty=True)
    pressed.button.cancel(bpy.context)
    assert session.current().outcome.status == "cancelled"
    assert said() == ""


def test_a_fault_of_ours_is_told_and_can_be_reported(mannequin, worker, tone):
    pressed = Pressed(tone)
    session.current().generation.poll = lambda: 1 / 0
    pressed.to_the_end()
    assert said().startswith("The add-on failed: ZeroDivisionError")
    assert "ZeroDivisionError" in session.current().outcome.details


def test_an_outcome_of_nothing_is_never_told(scene):
    assert not Outcome("failed", "What happened.").holds(Situation.here(bpy.context))
