"""A take alone as a file: its own keys, its own character, and a scene that is as before."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.headless import exchange
from blender_addon.takes import store as takes
from tests.blender.dance.test_generate import fingerprint, heads
from tests.blender.takes import test_takes

generate, mannequin, worker = test_takes.generate, test_takes.mannequin, test_takes.worker


@pytest.fixture
def several(mannequin, generate, scene) -> bpy.types.Object:
    """A character with three takes, and another object that nobody asked for."""
    other = bpy.data.objects.new("Prop", bpy.data.meshes.new("Prop"))
    scene.collection.objects.link(other)
    generate(variations=3, root_motion="in_place")
    scene.frame_set(9)
    return mannequin


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".bvh"])
def test_a_take_that_is_not_danced_is_written_alone(several, scene, tmp_path, suffix):
    wanted = next(take for take in takes.of(several) if take != takes.active(several))
    before, danced = fingerprint(scene), takes.active(several)
    path = tmp_path / f"take{suffix}"
    assert bpy.ops.tokendance.export_take(filepath=str(path), take=wanted.name) == {"FINISHED"}
    assert fingerprint(scene) == before
    assert takes.active(several) == danced
    bpy.ops.tokendance.activate_take(take=wanted.name)
    expected = [heads(several, frame) for frame in (1, 30)]
    if suffix == ".bvh":  # Blender's reader leaves the file open
        assert "Frames: 60" in path.read_text()
        return
    exchange.empty_file()
    bpy.context.scene.render.fps = 30
    exchange.READERS[suffix](path)
    (again,) = (item for item in bpy.data.objects if item.type == "ARMATURE")
    assert "Prop" not in bpy.data.objects
    assert len([action for action in bpy.data.actions if action.users > action.use_fake_user]) == 1
    shift = round(again.animation_data.action.frame_range[0]) - 1
    np.testing.assert_allclose([heads(again, frame + shift) for frame in (1, 30)], expected, atol=1e-3)


def test_the_name_says_the_kind_or_the_kind_is_added(several, tmp_path):
    bpy.ops.tokendance.export_take(filepath=str(tmp_path / "one"), kind=".bvh")
    bpy.ops.tokendance.export_take(filepath=str(tmp_path / "two.glb"), kind=".bvh")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".bvh", ".glb")) == ["one.bvh", "two.glb"]


def test_what_cannot_be_written_says_so_and_changes_nothing(several, scene, tmp_path):
    before = fingerprint(scene)
    with pytest.raises(RuntimeError, match="Choose one of the character"):
        bpy.ops.tokendance.export_take(filepath=str(tmp_path / "a.fbx"), take="Nobody")
    with pytest.raises(RuntimeError):
        bpy.ops.tokendance.export_take(filepath=str(tmp_path / "missing" / "folder" / "a.fbx"))
    assert fingerprint(scene) == before
