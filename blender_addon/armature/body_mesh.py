"""The shape of a character's body, read from the meshes that its armature moves."""

from __future__ import annotations

from typing import cast

import bpy
import numpy as np

from tokendance_core import BodyShape, Rig, RigMap, Skin, fit_body

_MOST = 40_000
"""Vertices that are read of a character: a second at most. Of more, every second, third … tells its shape as well."""

_SOLID = ("TEXTURED", "SOLID")
"""How a mesh is displayed that people see as a body; cages are drawn as wires or bounds."""


def read(armature: bpy.types.Object, rig: Rig, rig_map: RigMap) -> BodyShape | None:
    """The body at rest, with the shapes that are mixed into it now; None where no visible mesh hangs on a bone that
    dances. RigError for maps that do not fit.
    """
    meshes = _meshes(armature)
    step = -(-sum(len(_data(mesh).vertices) for mesh in meshes) // _MOST)
    skins = [_skin(armature, rig, mesh, step) for mesh in meshes]
    if not skins:
        return None
    first = np.cumsum([0, *(len(skin.points) for skin in skins)])
    return fit_body(
        rig,
        rig_map,
        Skin(
            np.concatenate([skin.points for skin in skins]),
            np.concatenate([skin.vertices + start for skin, start in zip(skins, first, strict=False)]),
            np.concatenate([skin.bones for skin in skins]),
            np.concatenate([skin.weights for skin in skins]),
        ),
    )


def _meshes(armature: bpy.types.Object) -> list[bpy.types.Object]:
    """The visible meshes that the armature deforms, or carries by one of its bones."""
    return [
        item
        for item in bpy.context.scene.objects
        if item.type == "MESH"
        and _data(item).vertices
        and item.display_type in _SOLID
        and item.visible_get()
        and (deforms(armature, item) or _carries(armature, item))
    ]


def _data(item: bpy.types.Object) -> bpy.types.Mesh:
    return cast("bpy.types.Mesh", item.data)


def deforms(armature: bpy.types.Object, mesh: bpy.types.Object) -> bool:
    """Whether the armature bends a mesh, by a modifier or as its parent."""
    by_modifier = any(
        isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object == armature and modifier.show_viewport
        for modifier in mesh.modifiers
    )
    return by_modifier or (mesh.parent == armature and mesh.parent_type == "ARMATURE")


def _carries(armature: bpy.types.Object, mesh: bpy.types.Object) -> bool:
    return mesh.parent == armature and mesh.parent_type == "BONE" and mesh.parent_bone in armature.data.bones


def _skin(armature: bpy.types.Object, rig: Rig, mesh: bpy.types.Object, step: int) -> Skin:
    """Every ``step``-th vertex of a mesh."""
    index = {name: bone for bone, name in enumerate(rig.names)}
    matrix = armature.matrix_world.inverted_safe() @ mesh.matrix_world
    points = _mixed(_data(mesh))[::step]
    if deforms(armature, mesh):
        vertices, bones, weights = _weights(mesh, index, step)
    else:
        bone = armature.pose.bones[mesh.parent_bone]
        matrix = bone.bone.matrix_local @ bone.matrix.inverted_safe() @ matrix
        vertices = np.arange(len(points))
        bones, weights = np.full(len(points), index[bone.name]), np.ones(len(points))
    turn = np.array(matrix, np.float64)
    return Skin(points @ turn[:3, :3].T + turn[:3, 3], vertices, bones, weights)


def _mixed(mesh: bpy.types.Mesh) -> np.ndarray:
    """(V, 3) the vertices, shape keys mixed as they are now."""
    points = _read(mesh.vertices)
    keys = mesh.shape_keys
    if keys is None or not keys.use_relative:
        return points
    points = _read(keys.reference_key.data)
    for key in keys.key_blocks:
        if key.value and not key.mute and key != keys.reference_key:
            points += key.value * (_read(key.data) - _read(key.relative_key.data))
    return points


def _read(vertices: bpy.types.bpy_prop_collection) -> np.ndarray:
    """(V, 3) positions."""
    found = np.empty(3 * len(vertices), np.float32)
    vertices.foreach_get("co", found)
    return found.reshape(-1, 3).astype(np.float64)


def _weights(mesh: bpy.types.Object, index: dict[str, int], step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place among every ``step``-th vertex, bone and weight of every weight that a bone has."""
    bones = {group.index: index[group.name] for group in mesh.vertex_groups if group.name in index}
    vertices = _data(mesh).vertices
    found = [
        (place, bones[element.group], element.weight)
        for place, vertex in enumerate(range(0, len(vertices), step))
        for element in vertices[vertex].groups
        if element.group in bones
    ]
    table = np.array(found, np.float64).reshape(-1, 3)
    return table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2]
