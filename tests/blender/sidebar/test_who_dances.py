"""The panel says before the click who would dance and why, or what to do where nobody can."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import pytest

from blender_addon import compat
from blender_addon.sidebar import character_panel, panels, takes_panel
from blender_addon.takes import store as takes
from tests.blender.character import casting
from tests.blender.character.casting import armature, instance, mesh, point_at
from tests.blender.dance.test_generate import needs_sound
from tests.blender.sidebar.test_panels import drawn, settle
from tests.blender.takes import test_takes

worker, generate, mannequin = test_takes.worker, test_takes.generate, test_takes.mannequin


def two_and_a_click() -> None:
    male, female = armature("Male"), armature("Female")
    mesh("His Body", male)
    point_at(mesh("Her Body", female))


def two_and_no_click() -> None:
    for name in ("Male", "Female"):
        mesh(f"{name} Body", armature(name))


def hidden() -> None:
    casting.hide(armature("Rig"), "eye")


DANCE: dict[str, tuple[Callable[[], object], str]] = {
    "nobody": (lambda: None, "There is no character: a mannequin will be added"),
    "one": (lambda: armature("Rig"), "Rig, the only character of the scene"),
    "two, one clicked": (two_and_a_click, "Female, the armature of the active mesh Her Body"),
}
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "two": (two_and_no_click, "“Female” and “Male” could dance. Click one of them, or pick it in Character."),
    "hidden": (hidden, "“Rig” cannot be seen. Show the character, or pick it in Character."),
    "instance": (
        lambda: instance(armature("Rig")),
        "“Hero” shows the character “Rig” as an instance, which cannot be animated. "
        "Make it real (Object > Apply > Make Instances Real, with Parent and Keep Hierarchy).",
    ),
}


def text_of(panel: type) -> str:
    """All that a panel says, however its lines are broken."""
    return " ".join(drawn(panel).texts)


def with_song(tone) -> None:
    compat.strips(bpy.context.scene).new_sound("song", str(tone), 1, 1)


@needs_sound
@pytest.mark.parametrize("case", DANCE)
def test_who_would_dance_is_said_before_the_click(scene, worker, tone, case):
    prepare, reason = DANCE[case]
    prepare()
    with_song(tone)
    settle()
    assert reason in text_of(character_panel.CharacterPanel)
    assert drawn(panels.GeneratePanel).operators["tokendance.generate"]
    bpy.ops.tokendance.generate()
    (dancer,) = (item for item in bpy.context.scene.objects if item.animation_data and item.animation_data.action)
    assert dancer.name == reason.split(",")[0] or case == "nobody"


@needs_sound
@pytest.mark.parametrize("case", REFUSED)
def test_where_nobody_can_dance_the_way_out_is_said_and_nothing_is_added(scene, worker, tone, case):
    prepare, said = REFUSED[case]
    prepare()
    with_song(tone)
    settle()
    for panel in (character_panel.CharacterPanel, panels.GeneratePanel):
        assert said in text_of(panel)
    assert not drawn(panels.GeneratePanel).operators["tokendance.generate"]
    before = len(bpy.data.objects)
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.tokendance.generate()
    assert said in str(caught.value)
    assert len(bpy.data.objects) == before


@needs_sound
def test_clicking_anything_of_the_only_character_keeps_its_takes_listed(mannequin, generate):
    generate(variations=2)
    for item in (mannequin, mannequin.children[0], casting.empty(), None):
        point_at(item)
        settle()
        seen = drawn(takes_panel.TakesPanel)
        assert seen.lists
        assert "tokendance.delete_take" in seen.operators
        assert len(takes.of(mannequin)) == 2
