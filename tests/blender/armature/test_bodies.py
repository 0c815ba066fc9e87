"""Skinned bodies that dance, measured on the vertices that Blender shows: soles against the floor, arms against the
trunk.
"""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from blender_addon.armature import body_mesh, placement, rig
from blender_addon.armature.recipe import Recipe
from blender_addon.options import Placement
from tests.blender import bodies, body_measures
from tests.unit import dancers
from tokendance_core import MotionClip
from tokendance_core.motion import edits
from tokendance_core.motion.kinematics import joint_positions
from tokendance_core.motion.skeleton import FEET, FLAT, SIDES

pytestmark = pytest.mark.usefixtures("scene")

FRAMES = list(range(1, 121, 4))
DEEP = 0.01  # metres


def on_tiptoe() -> MotionClip:
    """Steps on the spot; heels go up and down at 0.5 Hz, the ankles roll to both sides."""
    clip = dancers.stepping(120)
    wave = np.sin(np.pi * np.arange(120) / 30)
    for side, sign in zip(SIDES, (1, -1), strict=True):
        clip = edits.bend(clip, f"{side}_ankle", "X", 0.5 * np.maximum(wave, -0.3))
        clip = edits.bend(clip, f"{side}_ankle", "Z", 0.15 * sign * wave)
    lowest = (joint_positions(clip)[:, list(FEET), 1] - FLAT).min(1)
    return replace(clip, root=(clip.root - lowest[:, None] * np.array([0, 1, 0])).astype(np.float32))


def arms_about_the_body() -> MotionClip:
    """Arms that hang, cross before the chest, rest on the hips and go behind the back, once around in four seconds."""
    clip = dancers.bobbing(120)
    phase = 2 * np.pi * np.arange(120) / 120
    for side, sign in zip(SIDES, (1, -1), strict=True):
        clip = edits.bend(clip, f"{side}_elbow", "Y", -sign * (1.1 + 0.9 * np.sin(phase)))
        clip = edits.bend(clip, f"{side}_elbow", "Z", np.full(120, -sign * 0.6))
        clip = edits.bend(clip, f"{side}_shoulder", "Y", -sign * 0.6 * np.sin(phase))
        clip = edits.bend(clip, f"{side}_shoulder", "Z", -sign * (1.3 + 0.15 * np.cos(phase)))
    return clip


def dance(kind: str, clip: MotionClip, **options: float) -> tuple[bpy.types.Object, body_measures.Skinned]:
    armature = bodies.build(kind)
    placement.place(
        bpy.context,
        Placement(**options),
        clip,
        armature,
        name="d",
        made=Recipe(kind="file", source="", frame=1, fps=30),
    )
    return armature, body_measures.skinned(armature, rig.mapped(armature))


@pytest.mark.parametrize("lock", [0.0, 1.0])
@pytest.mark.parametrize("kind", bodies.KINDS)
def test_soles_neither_sink_in_nor_float(kind: str, lock: float) -> None:
    _, body = dance(kind, on_tiptoe(), foot_lock=lock)
    heights = body_measures.sole_heights(body, FRAMES)
    assert heights.min() > -0.005
    assert np.median(heights.min(1)) < 0.005
    assert heights.min(1).max() < 0.02


@pytest.mark.parametrize("kind", ["adult", "chibi"])
def test_forearms_and_hands_stay_out_of_the_body(kind: str) -> None:
    inside = []
    for spacing in (0.0, 1.0):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        armature, body = dance(kind, arms_about_the_body(), arm_spacing=spacing)
        ends = {side: body_measures.joints(armature, [f"{side}_elbow", f"{side}_wrist"], FRAMES) for side in SIDES}
        shares = body_measures.arms_inside(body, ends, FRAMES, DEEP)
        inside.append(float((shares > 0.02).any(1).mean()))
    assert inside[0] > 0.3, inside
    assert inside[1] < 0.05, inside


def shape(armature: bpy.types.Object):
    read, rig_map = rig.recognise(armature)
    return body_mesh.read(armature, read, rig_map)


def test_hidden_meshes_and_cages_do_not_count() -> None:
    armature = bodies.build("adult")
    tips = [shape(armature).soles["left"].toes[:, 1].min()]
    hidden = bpy.data.objects["Hidden"]
    hidden.hide_set(False)
    hidden.display_type = "WIRE"
    tips.append(shape(armature).soles["left"].toes[:, 1].min())
    hidden.display_type = "TEXTURED"
    tips.append(shape(armature).soles["left"].toes[:, 1].min())
    assert tips[0] == pytest.approx(-0.22, abs=1e-4)
    assert tips[1] == tips[0]
    assert tips[2] < -0.6


def test_a_character_without_a_skin_has_no_shape() -> None:
    armature = bodies.build("adult")
    for item in [item for item in bpy.data.objects if item.type == "MESH"]:
        item.hide_set(True)
    assert shape(armature) is None
    bpy.data.objects["Body"].hide_set(False)
    bpy.data.objects["Body"].modifiers[0].show_viewport = False
    assert shape(armature) is None


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_a_shape_is_in_the_armature_s_own_space(scale: float) -> None:
    armature = bodies.build("adult")
    before = shape(armature)
    armature.matrix_world = Matrix.Rotation(1.0, 4, "Z") @ Matrix.Scale(scale, 4) @ Matrix.Translation((3, 1, 2))
    bpy.data.objects["Body"].matrix_world = armature.matrix_world
    bpy.context.view_layer.update()
    after = shape(armature)
    for a, b in zip(before.capsules, after.capsules, strict=True):
        np.testing.assert_allclose(b.ends, a.ends, atol=1e-4)
        assert b.radius == pytest.approx(a.radius, abs=1e-4)
    for extreme in (np.min, np.max):  # of points that lie level any may be taken
        ends = [extreme(found.soles["right"].toes, 0)[:2] for found in (before, after)]
        np.testing.assert_allclose(ends[1], ends[0], atol=1e-4)


def test_shapes_that_are_mixed_in_count() -> None:
    armature = bodies.build("adult")
    shoes = bpy.data.objects["Shoes"]
    shoes.shape_key_add(name="Basis")
    longer = shoes.shape_key_add(name="Longer")
    for point in longer.data:
        point.co.y -= 0.1 * (point.co.y < -0.2)
    longer.value = 0.5
    assert shape(armature).soles["left"].toes[:, 1].min() == pytest.approx(-0.27, abs=1e-4)


def test_parts_that_hang_on_a_bone_count_where_they_rest(scene: bpy.types.Scene) -> None:
    armature = bodies.build("adult")
    before = shape(armature)
    shoes = bpy.data.objects["Shoes"]
    bpy.data.objects["Body"].hide_set(True)
    for side in SIDES:
        part = shoes.copy()
        part.data = shoes.data.copy()
        scene.collection.objects.link(part)
        part.parent, part.parent_type, part.parent_bone = armature, "BONE", f"{side}_ankle"
        part.vertex_groups.clear()
        bpy.context.view_layer.update()
        part.matrix_world = Matrix.Identity(4)
    shoes.hide_set(True)
    armature.pose.bones["left_hip"].rotation_mode = "XYZ"
    armature.pose.bones["left_hip"].rotation_euler = (0.5, 0.2, 0)
    bpy.context.view_layer.update()
    found = shape(armature).soles["left"]
    assert found.toes[:, 1].min() == pytest.approx(before.soles["left"].toes[:, 1].min(), abs=1e-3)


def test_of_very_many_vertices_some_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    armature = bodies.build("chibi")
    whole = shape(armature)
    monkeypatch.setattr(body_mesh, "_MOST", 500)
    some = shape(armature)
    radii = [{capsule.joint: capsule.radius for capsule in found.capsules} for found in (whole, some)]
    for joint in ("left_elbow", "right_hip"):
        assert radii[1][joint] == pytest.approx(radii[0][joint], rel=0.2)
