"""Character files as people save them: in any mode, with several who could dance, with somebody else selected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from blender_addon.headless import batch, cli
from tests.blender.character import casting
from tests.blender.character.casting import armature, lamp, mesh, point_at
from tests.blender.takes import test_takes
from tokendance_core import RigError

worker = test_takes.worker


def in_mode(item: bpy.types.Object, mode: str) -> None:
    point_at(item)
    bpy.ops.object.mode_set(mode=mode)


def two_in_edit_mode() -> None:
    rig, prop = armature("Rig"), lamp()
    point_at(prop, rig)
    bpy.ops.object.mode_set(mode="EDIT")


def elsewhere_in_edit_mode() -> None:
    """Another scene was worked on in edit mode when this one was looked at."""
    armature("Rig")
    other, first = bpy.data.scenes.new("Other"), bpy.context.window.scene
    bpy.context.window.scene = other
    with bpy.context.temp_override(scene=other, view_layer=other.view_layers[0]):
        prop = bpy.data.objects.new("Prop", bpy.data.armatures.new("Prop"))
        other.collection.objects.link(prop)
        other.view_layers[0].objects.active = prop
        bpy.ops.object.mode_set(mode="EDIT")
    bpy.context.window.scene = first


def both_are_bodies() -> None:
    for name in ("Anna", "Bert"):
        mesh(f"{name}'s Body", armature(name))


SAVED: dict[str, tuple[Callable[[], object], str]] = {
    **{
        f"armature, {mode}": (lambda mode=mode: in_mode(armature("Rig"), mode), "Rig, the active armature")
        for mode in ("OBJECT", "EDIT", "POSE")
    },
    **{
        f"mesh, {mode}": (
            lambda mode=mode: in_mode(mesh("Body", armature("Rig")), mode),
            "Rig, the armature of the active mesh Body",
        )
        for mode in ("EDIT", "SCULPT", "WEIGHT_PAINT", "VERTEX_PAINT", "TEXTURE_PAINT")
    },
    "two in edit mode": (two_in_edit_mode, "Rig, the selected armature"),
    "another scene in edit mode": (elsewhere_in_edit_mode, "Rig, the only character of the scene"),
    "a prop is active": (
        lambda: (armature("Rig"), point_at(lamp())),
        "Rig, the only character of the scene",
    ),
    "a camera's rig without a mesh is there too": (
        lambda: (mesh("Body", armature("Rig")), armature("Anna")),
        "Rig, the only character that moves a visible mesh",
    ),
}


@pytest.fixture
def saved(scene, tmp_path) -> Callable[[str], Path]:
    def save(case: str) -> Path:
        SAVED[case][0]()
        path = tmp_path / "hero.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
        return path

    return save


@pytest.mark.parametrize("case", SAVED)
def test_a_character_dances_however_its_file_was_saved(saved, worker, tone, tmp_path, capsys, case):
    path = saved(case)
    assert cli.main(["generate", str(tone), "--character", str(path), "-o", str(tmp_path / "out.blend")]) == 0
    assert f"Dancer: {SAVED[case][1]}" in capsys.readouterr().out
    assert bpy.data.objects["Rig"].animation_data.action is not None


@pytest.mark.parametrize("mode", ["EDIT", "SCULPT"])
def test_the_file_that_is_open_dances_in_any_mode(scene, worker, tone, tmp_path, mode):
    rig = armature("Rig")
    in_mode(rig if mode == "EDIT" else mesh("Body", rig), mode)
    assert cli.main(["generate", str(tone), "-o", str(tmp_path / "out.blend")]) == 0
    assert bpy.data.objects["Rig"].animation_data.action is not None


def test_of_two_that_could_dance_one_has_to_be_named(scene, worker, tone, tmp_path, capsys):
    both_are_bodies()
    path = tmp_path / "two.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    words = ["generate", str(tone), "--character", str(path), "-o", str(tmp_path / "out.blend")]
    assert cli.main(words) == RigError.exit_code
    assert "“Anna” and “Bert” could dance. Name one of them as the armature." in capsys.readouterr().err
    assert cli.main([*words, "--armature", "Bert"]) == 0
    assert cli.main([*words, "--armature", "Bert's Body"]) == RigError.exit_code
    assert "belongs to the armature “Bert”: name that" in capsys.readouterr().err


def test_what_an_importer_selects_nobody_has_pointed_at(scene, tmp_path):
    both_are_bodies()
    path = tmp_path / "two.glb"
    bpy.ops.export_scene.gltf(filepath=str(path))
    with pytest.raises(RigError, match="“Anna” and “Bert” could dance"):
        batch.prepare(batch.Job(song=tmp_path / "a.wav", name="a", character=path))
    assert bpy.context.view_layer.objects.active is None
    assert not bpy.context.view_layer.objects.selected


def test_a_batch_reports_who_danced_and_why(saved, worker, tone, tmp_path):
    job = batch.Job(song=tone, name="one", character=saved("mesh, SCULPT"))
    (result,) = batch.run([job], tmp_path / "out", [".blend"], resume=False, stop_on_error=False, tell=lambda _: None)
    assert (result.status, result.dancer) == ("done", "Rig, the armature of the active mesh Body")


def test_the_help_tells_the_order(capsys):
    cli.main(["generate", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "the character of the panel, else that of the active object" in said
    assert "two that could dance are refused" in said


def test_a_linked_instance_in_the_open_file_is_refused(scene, worker, tone, tmp_path, capsys):
    casting.instance_of(casting.linked_collection(casting.saved_character(tmp_path)))
    assert cli.main(["generate", str(tone), "-o", str(tmp_path / "out.blend")]) == RigError.exit_code
    assert "as an instance, which cannot be animated. Make a library override" in capsys.readouterr().err
    assert not [item for item in bpy.data.objects if item.name.startswith("Mannequin")]
