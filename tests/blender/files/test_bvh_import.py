"""Blender's own importer, with its default settings, shows our BVH files upright, in metres and in motion."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="blender-"))
bpy = pytest.importorskip("bpy")

from tokendance_core.files import clip as clip_file  # noqa: E402
from tokendance_core.motion import kinematics, rotation  # noqa: E402
from tokendance_core.motion.skeleton import INDEX, JOINTS  # noqa: E402
from tokendance_core.types import MotionClip  # noqa: E402


def _any_dance(frames: int = 40) -> MotionClip:
    """Random poses, far beyond what a body can do, travelling; the pelvis turns several times round."""
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(frames, 24, 3)) * 0.9
    vectors[:, 0] = [0, 1, 0] * np.linspace(0, 9, frames)[:, None]
    root = np.array([0.3, 0.94, 0.5]) + np.linspace(0, 1, frames)[:, None] * [2.0, 0.2, -1.0]
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(vectors))
    return MotionClip(rot6d.astype(np.float32), root.astype(np.float32))


@pytest.fixture
def armature(tmp_path: Path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module="io_anim_bvh")
    clip = _any_dance()
    clip_file.save(clip, tmp_path / "dance.bvh")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Blender's importer does not close the file
        assert bpy.ops.import_anim.bvh(filepath=str(tmp_path / "dance.bvh")) == {"FINISHED"}
    return bpy.context.object, clip


def test_every_joint_is_where_our_kinematics_puts_it(armature) -> None:
    thing, clip = armature
    ours = kinematics.joint_positions(clip)
    for frame in (0, 1, 13, 39):
        bpy.context.scene.frame_set(frame + 1)
        posed = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
        theirs = np.array([(posed.matrix_world @ posed.pose.bones[name].matrix).translation for name in JOINTS])
        x, y, z = ours[frame].T
        np.testing.assert_allclose(theirs, np.stack((x, -z, y), -1), atol=1e-3)


def test_rest_pose_is_upright_and_life_size(armature) -> None:
    thing, _ = armature
    heads = {bone.name: np.array(thing.matrix_world @ bone.head_local) for bone in thing.data.bones}
    assert set(heads) == set(INDEX)
    assert (heads["head"] - heads["left_foot"])[2] == pytest.approx(1.53, abs=0.02)
    assert heads["left_wrist"][0] > 0.5 > -0.5 > heads["right_wrist"][0]
    assert heads["left_foot"][1] < heads["left_ankle"][1], "toes point to -Y, Blender's front"
