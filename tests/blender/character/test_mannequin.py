"""The mannequin stands where the core's skeleton stands, has one closed skin, and bends without tearing."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
import pytest
from mathutils import Quaternion

from blender_addon.armature import rig
from tokendance_core import JOINTS, mannequin_body


@pytest.fixture
def mannequin(scene) -> bpy.types.Object:
    scene.cursor.location = (1.0, 2.0, 0.5)
    assert bpy.ops.tokendance.add_mannequin() == {"FINISHED"}
    return bpy.context.view_layer.objects.active


def body_of(mannequin: bpy.types.Object) -> bpy.types.Object:
    return mannequin.children[0]


def vertices_of(body: bpy.types.Object) -> np.ndarray:
    """(V, 3) world positions as posed."""
    posed = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
    flat = np.empty(3 * len(posed.data.vertices), np.float32)
    posed.data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3) @ np.array(posed.matrix_world)[:3, :3].T + np.array(posed.matrix_world.translation)


def test_stands_at_the_cursor_facing_the_front_view(mannequin):
    heads = np.array([mannequin.matrix_world @ mannequin.data.bones[joint].head_local for joint in JOINTS])
    np.testing.assert_allclose(heads - (1, 2, 0.5), mannequin_body().heads[:, [0, 2, 1]] * (1, -1, 1), atol=1e-5)
    vertices = vertices_of(body_of(mannequin))
    assert vertices[:, 2].min() == pytest.approx(0.5, abs=0.002)
    assert vertices[:, 2].max() == pytest.approx(2.24, abs=0.02)
    feet = vertices[vertices[:, 2] < 0.55] - (1, 2, 0.5)
    assert -feet[:, 1].min() > 2 * feet[:, 1].max()


def test_is_recognised_as_smpl(mannequin):
    rig_, rig_map = rig.recognise(mannequin)
    assert {joint: rig_map.bones[joint] for joint in JOINTS} == {joint: joint for joint in JOINTS}
    assert set(rig_.names) == set(JOINTS)


def test_is_selected_and_active(mannequin):
    assert bpy.context.selected_objects == [mannequin]


def test_skin_is_closed_smooth_and_faces_outward(mannequin):
    mesh = bmesh.new()
    mesh.from_mesh(body_of(mannequin).data)
    assert all(edge.is_manifold for edge in mesh.edges)
    assert mesh.calc_volume(signed=True) == pytest.approx(0.056, abs=0.01)
    assert min(face.calc_area() for face in mesh.faces) > 0
    mesh.free()
    assert all(polygon.use_smooth for polygon in body_of(mannequin).data.polygons)


def test_every_colour_is_worn(mannequin):
    mesh = body_of(mannequin).data
    indices = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", indices)
    assert set(indices) == set(range(len(mannequin_body().materials)))
    assert (indices == 0).mean() > 0.5


def test_weights_add_up_and_stay_local(mannequin):
    body = body_of(mannequin)
    names = [group.name for group in body.vertex_groups]
    assert names == list(JOINTS)
    for vertex in list(body.data.vertices)[::50]:
        weights = {names[group.group]: group.weight for group in vertex.groups}
        assert sum(weights.values()) == pytest.approx(1, abs=0.005)
        assert len(weights) <= 4


def test_head_moves_with_the_head_alone(mannequin):
    rest = vertices_of(body_of(mannequin))
    skull = rest[:, 2] > 2.1
    for joint in ("left_collar", "right_shoulder"):
        mannequin.pose.bones[joint].rotation_quaternion = Quaternion((1, 1, 0), 0.8)
    np.testing.assert_allclose(vertices_of(body_of(mannequin))[skull], rest[skull], atol=1e-4)


BENDS = [
    ("left_elbow", (0, 0, 1)),
    ("right_knee", (1, 0, 0)),
    ("left_hip", (1, 0, 0)),
    ("right_shoulder", (0, 0, 1)),
    ("spine2", (1, 0, 0)),
]


@pytest.mark.parametrize(("joint", "axis"), BENDS)
@pytest.mark.parametrize("degrees", [-100, 100])
def test_bent_joints_do_not_tear(mannequin, joint, axis, degrees):
    body = body_of(mannequin)
    edges = np.array([edge.vertices[:] for edge in body.data.edges])
    rest = vertices_of(body)
    mannequin.pose.bones[joint].rotation_quaternion = Quaternion(axis, np.radians(degrees))
    bent = vertices_of(body)
    lengths = [np.linalg.norm(shape[edges[:, 0]] - shape[edges[:, 1]], axis=-1) for shape in (rest, bent)]
    long_enough = lengths[0] > 0.004
    assert (lengths[1] / lengths[0])[long_enough].max() < 4
    assert np.abs(bent - rest).max() > 0.1


def test_not_offered_in_edit_mode(mannequin):
    bpy.ops.object.mode_set(mode="EDIT")
    assert not bpy.ops.tokendance.add_mannequin.poll()
    bpy.ops.object.mode_set(mode="OBJECT")


def test_hidden_collection_is_no_obstacle(scene):
    hidden = bpy.data.collections.new("Hidden")
    scene.collection.children.link(hidden)
    layer = bpy.context.view_layer.layer_collection.children["Hidden"]
    bpy.context.view_layer.active_layer_collection = layer
    layer.exclude = True
    assert bpy.ops.tokendance.add_mannequin() == {"FINISHED"}
    assert bpy.context.view_layer.objects.active.visible_get()
