"""BVH, glTF and FBX written and read by Blender itself: every joint comes back to its place, on its frame.

Each exporter is called with what it needs for that and nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from tokendance_core import JOINTS

FIRST = 7
"""Frame on which the dance begins: not the first of the scene, so that a shift would be seen."""

CENTIMETRES = Matrix.Rotation(np.pi / 2, 4, "X") @ Matrix.Scale(0.01, 4)
"""World matrix of an armature as FBX files bring it along: centimetres, Y up."""


def heads(armature: bpy.types.Object, frame: int) -> np.ndarray:
    """(24, 3) world positions of the joints' bones in metres."""
    bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([posed.matrix_world @ posed.pose.bones[joint].head for joint in JOINTS])


def stands_in(world: Matrix, armature: bpy.types.Object) -> None:
    """Give the armature ``world`` as its own matrix without moving anything that is seen."""
    for item in (armature, *armature.children):
        item.data.transform(world.inverted())
    armature.matrix_world = world


def export_bvh(path: Path, armature: bpy.types.Object) -> None:
    bpy.ops.export_anim.bvh(filepath=str(path), global_scale=armature.scale.x)


def import_bvh(path: Path, armature_is_y_up: bool) -> None:
    axes = {} if armature_is_y_up else {"axis_forward": "Y", "axis_up": "Z"}
    bpy.ops.import_anim.bvh(filepath=str(path), **axes)


def export_gltf(path: Path, armature: bpy.types.Object) -> None:
    bpy.ops.export_scene.gltf(filepath=str(path), export_animation_mode="SCENE")


def import_gltf(path: Path, armature_is_y_up: bool) -> None:
    bpy.ops.import_scene.gltf(filepath=str(path))


def export_fbx(path: Path, armature: bpy.types.Object) -> None:
    bpy.ops.export_scene.fbx(
        filepath=str(path),
        add_leaf_bones=False,
        bake_anim_use_all_actions=False,
        bake_anim_use_nla_strips=False,
        bake_anim_simplify_factor=0.0,
    )


def import_fbx(path: Path, armature_is_y_up: bool) -> None:
    bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)


def import_fbx_natively(path: Path, armature_is_y_up: bool) -> None:
    if "fbx_import" not in dir(bpy.ops.wm):
        pytest.skip("this Blender has only the importer written in Python")
    bpy.ops.wm.fbx_import(filepath=str(path), anim_offset=0.0)


FORMATS = {
    "bvh": ("dance.bvh", export_bvh, import_bvh),
    "gltf": ("dance.glb", export_gltf, import_gltf),
    "fbx": ("dance.fbx", export_fbx, import_fbx),
    "fbx, new importer": ("dance.fbx", export_fbx, import_fbx_natively),
}


@pytest.fixture
def dancer(scene, stand_in, tone) -> Callable[[Matrix, int], bpy.types.Object]:
    """``dancer(world, fps)``: a mannequin with that world matrix and two dances, the second one active."""

    def make(world: Matrix, fps: int) -> bpy.types.Object:
        stand_in()
        scene.render.fps = fps
        bpy.ops.tokendance.add_mannequin()
        armature = bpy.context.view_layer.objects.active
        stands_in(world, armature)
        for frame in (3 * FIRST, FIRST):
            bpy.ops.tokendance.generate(filepath=str(tone), frame_start=frame, fit_frame_range=True, add_strip=False)
        return armature

    return make


@pytest.mark.parametrize("fps", [24, 30])
@pytest.mark.parametrize("world", [Matrix(), CENTIMETRES], ids=["metres", "centimetres"])
@pytest.mark.parametrize("kind", FORMATS)
def test_joints_come_back_to_their_places(dancer, tmp_path, kind, world, fps):
    name, export, import_ = FORMATS[kind]
    armature = dancer(world, fps)
    frames = (FIRST, FIRST + 1, FIRST + fps, FIRST + 3 * fps)
    before = [heads(armature, frame) for frame in frames]
    with warnings.catch_warnings():
        # Some of Blender's exporters and importers leave files open, and some use numpy in a way that newer ones
        # discourage.
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        export(tmp_path / name, armature)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.scene.render.fps = fps
        import_(tmp_path / name, world != Matrix())
    (returned,) = (item for item in bpy.context.scene.objects if item.type == "ARMATURE")
    assert {bone.name for bone in returned.data.bones} == set(JOINTS)
    for frame, expected in zip(frames, before, strict=True):
        np.testing.assert_allclose(heads(returned, frame), expected, atol=1e-3)
    assert np.ptp(before, axis=0).max() > 0.5, "the dance must move for this to mean anything"
