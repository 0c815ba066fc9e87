"""The mannequin in Blender: armature, skinned mesh and materials, at the 3D cursor, facing -Y."""

from __future__ import annotations

from functools import cache

import bmesh
import bpy
import numpy as np
from mathutils import Vector

from tokendance_core import JOINTS, PARENTS

from ...compat import node_tree
from ...interface.scene_guard import editing
from .shape import ACCENTS, MATERIALS, PARTS, STEP
from .surface import skin
from .weights import joint_positions, skin_weights

_BLENDER_FROM_CORE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Change of basis: Y up facing +Z to Z up facing -Y; the dancer's left stays +X."""

# joint whose bone points at another joint than its only child, or further on where the chain ends
_TAILS = {"pelvis": "spine1", "spine3": "neck"}
_TIPS = {"head": (0.0, 0.18, 0.0), "left_foot": (0.0, 0.0, 0.06), "right_foot": (0.0, 0.0, 0.06)}
_TIPS |= {"left_hand": (0.08, 0.0, 0.0), "right_hand": (-0.08, 0.0, 0.0)}


def add(context: bpy.types.Context, name: str = "Mannequin") -> bpy.types.Object:
    """Add the mannequin to the active collection and return its armature object; call it in object mode."""
    collection = _visible_collection(context)
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    armature.location = context.scene.cursor.location
    collection.objects.link(armature)
    with editing(context, armature) as bones:
        _add_bones(bones)
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    armature.data.display_type = "STICK"
    body = _body(f"{armature.name} Body")
    body.parent = armature
    collection.objects.link(body)
    modifier = body.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    return armature


def _visible_collection(context: bpy.types.Context) -> bpy.types.Collection:
    """The active collection, or the scene's own where the active one is hidden: bones cannot be edited out of sight."""
    layer = context.view_layer.active_layer_collection
    return layer.collection if layer.is_visible and not layer.exclude else context.scene.collection


def _add_bones(bones: bpy.types.ArmatureEditBones) -> None:
    heads = joint_positions()
    child = {JOINTS[parent]: JOINTS[joint] for joint, parent in enumerate(PARENTS) if parent >= 0} | _TAILS
    for index, joint in enumerate(JOINTS):
        bone = bones.new(joint)
        head = heads[index]
        tail = head + _TIPS[joint] if joint in _TIPS else heads[JOINTS.index(child[joint])]
        bone.head, bone.tail = (Vector(_BLENDER_FROM_CORE @ point) for point in (head, tail))
        upright = abs(bone.vector.normalized().z) > 0.7
        bone.align_roll(Vector((0, -1, 0)) if upright else Vector((0, 0, 1)))
        if PARENTS[index] >= 0:
            bone.parent = bones[JOINTS[PARENTS[index]]]
            bone.use_connect = bone.parent.tail == bone.head


def _body(name: str) -> bpy.types.Object:
    """The skinned mesh object, not yet linked, with one vertex group per joint."""
    vertices, faces, materials, weights = _skinned_surface()
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata((vertices @ _BLENDER_FROM_CORE.T).tolist(), [], faces)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    for material in MATERIALS:
        mesh.materials.append(_material(*material))
    mesh.polygons.foreach_set("material_index", materials)
    mesh.update()
    body = bpy.data.objects.new(name, mesh)
    for joint, column in zip(JOINTS, weights.T, strict=True):
        group = body.vertex_groups.new(name=joint)
        for index in np.flatnonzero(column > 1e-3).tolist():
            group.add((index,), column[index], "REPLACE")
    return body


@cache
def _skinned_surface() -> tuple[np.ndarray, list[list[int]], np.ndarray, np.ndarray]:
    """Vertices, faces, material of each face and weights of the body: the same for every mannequin, made once a
    session.
    """
    vertices, faces, materials = _cut_accents(*skin(PARTS, STEP))
    return vertices, faces, materials, skin_weights(vertices)


def _cut_accents(vertices: np.ndarray, quads: np.ndarray) -> tuple[np.ndarray, list[list[int]], np.ndarray]:
    """Cut the skin along the borders of the accents, so that colours meet in clean lines; material index per face."""
    mesh = bpy.data.meshes.new("TokenDance skin")
    mesh.from_pydata(vertices.tolist(), [], quads.tolist())
    work = bmesh.new()
    work.from_mesh(mesh)
    bpy.data.meshes.remove(mesh)
    for accent in ACCENTS:
        near = np.flatnonzero(accent.holds(_centres(work), 2 * STEP))
        work.faces.ensure_lookup_table()
        faces = [work.faces[index] for index in near]
        geometry = [
            *faces,
            *{edge for face in faces for edge in face.edges},
            *{corner for face in faces for corner in face.verts},
        ]
        for point, normal in accent.borders():
            geometry = bmesh.ops.bisect_plane(work, geom=geometry, plane_co=point, plane_no=normal, dist=STEP / 50)[
                "geom"
            ]
    centres = _centres(work)
    materials = np.zeros(len(centres), np.int32)
    for accent in ACCENTS:
        materials[accent.holds(centres)] = accent.material
    cut = np.array([vertex.co[:] for vertex in work.verts])
    faces = [[corner.index for corner in face.verts] for face in work.faces]
    work.free()
    return cut, faces, materials


def _centres(work: bmesh.types.BMesh) -> np.ndarray:
    return np.array([face.calc_center_median()[:] for face in work.faces])


def _material(name: str, colour: tuple[float, float, float], roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*colour, 1.0)
    material.roughness = roughness
    shader = node_tree(material).nodes.get("Principled BSDF")
    if shader is not None:
        shader.inputs["Base Color"].default_value = (*colour, 1.0)
        shader.inputs["Roughness"].default_value = roughness
    return material
