"""What a posed body looks like in the world, measured on the vertices that Blender evaluates, by bone names alone."""

from __future__ import annotations

from typing import NamedTuple

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from tokendance_core.types import RigMap

SIDES = ("left", "right")
_BEYOND_ELBOW = 0.3  # of a forearm; nearer to the elbow it touches the upper arm anyway


class Skinned(NamedTuple):
    """The meshes of a character as one: ``parts`` name -> (V,) bool, ``faces`` lists of vertices."""

    meshes: list[bpy.types.Object]
    parts: dict[str, np.ndarray]
    faces: list[tuple[int, ...]]


def _below(armature: bpy.types.Object, *bones: str | None) -> set[str]:
    found = [armature.data.bones[bone] for bone in bones if bone]
    return {bone.name for bone in found} | {below.name for bone in found for below in bone.children_recursive}


def _bones(armature: bpy.types.Object, rig_map: RigMap) -> dict[str, set[str]]:
    """Part -> the bones that move it."""
    found, mapped = {}, rig_map.bones
    for side in SIDES:
        found[f"{side} foot"] = _below(armature, mapped[f"{side}_ankle"])
        found[f"{side} arm"] = _below(armature, mapped.get(f"{side}_shoulder"))
        found[f"{side} hand"] = _below(armature, mapped.get(f"{side}_wrist"))
        found[f"{side} forearm"] = _below(armature, mapped.get(f"{side}_elbow")) - found[f"{side} hand"]
    return found


def skinned(armature: bpy.types.Object, rig_map: RigMap) -> Skinned:
    """The visible meshes that the armature moves."""
    meshes = [
        item
        for item in bpy.context.scene.objects
        if item.type == "MESH" and item.visible_get() and (item.find_armature() == armature)
    ]
    bones, parts, faces = _bones(armature, rig_map), {}, []
    start, columns = 0, {name: [] for name in bones}
    for mesh in meshes:
        names = {group.index: group.name for group in mesh.vertex_groups}
        for vertex in mesh.data.vertices:
            weights = {names[element.group]: element.weight for element in vertex.groups}
            total = sum(weights.values()) or 1.0
            for part, owners in bones.items():
                columns[part].append(sum(weight for name, weight in weights.items() if name in owners) / total > 0.5)
        faces += [tuple(start + vertex for vertex in face.vertices) for face in mesh.data.polygons]
        start += len(mesh.data.vertices)
    parts = {part: np.array(column, bool) for part, column in columns.items()}
    return Skinned(meshes, parts, faces)


def vertices(body: Skinned, frame: int | None = None) -> np.ndarray:
    """(V, 3) where they are in the world, as Blender evaluates them."""
    if frame is not None:
        bpy.context.scene.frame_set(frame)
    graph, found = bpy.context.evaluated_depsgraph_get(), []
    for mesh in body.meshes:
        shown = mesh.evaluated_get(graph)
        points = np.empty(3 * len(shown.data.vertices), np.float32)
        shown.data.vertices.foreach_get("co", points)
        matrix = np.array(shown.matrix_world)
        found.append(points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(found)


def sole_heights(body: Skinned, frames: list[int]) -> np.ndarray:
    """(T, 2) height in the world of the lowest vertex of the left and the right foot."""
    return np.array(
        [[points[body.parts[f"{side} foot"], 2].min() for side in SIDES] for points in map_frames(body, frames)]
    )


def map_frames(body: Skinned, frames: list[int]):
    for frame in frames:
        yield vertices(body, frame)


def arms_inside(body: Skinned, elbows: dict[str, np.ndarray], frames: list[int], depth: float) -> np.ndarray:
    """(T, 2) share of the vertices of each forearm and hand that are deeper than ``depth`` inside the body, upper arms
    apart; ``elbows``: side -> (T, 2, 3) elbow and wrist in the world.
    """
    lower = np.any([body.parts[f"{side} {part}"] for side in SIDES for part in ("forearm", "hand")], axis=0)
    rest = [face for face in body.faces if not lower[list(face)].any()]
    arms = body.parts["left arm"] | body.parts["right arm"]
    counts = [not arms[list(face)].any() for face in rest]
    shares = np.zeros((len(frames), 2))
    for row, points in enumerate(map_frames(body, frames)):
        tree = BVHTree.FromPolygons([tuple(point) for point in points.tolist()], rest)
        for column, side in enumerate(SIDES):
            elbow, wrist = elbows[side][row]
            own = np.flatnonzero(body.parts[f"{side} forearm"] | body.parts[f"{side} hand"])
            along = (points[own] - elbow) @ (wrist - elbow) / ((wrist - elbow) @ (wrist - elbow))
            own = own[along > _BEYOND_ELBOW]
            shares[row, column] = np.mean([_depth(tree, points[vertex], counts) > depth for vertex in own])
    return shares


def _depth(tree: BVHTree, point: np.ndarray, counts: list[bool]) -> float:
    """How far inside the surface a point is; zero or less outside, and where the nearest face does not count."""
    place, normal, face, distance = tree.find_nearest(Vector(point))
    return distance if counts[face] and (Vector(point) - place).dot(normal) < 0 else 0.0


def joints(armature: bpy.types.Object, names: list[str], frames: list[int]) -> np.ndarray:
    """(T, N, 3) where these bones begin in the world."""
    found = np.empty((len(frames), len(names), 3))
    for row, frame in enumerate(frames):
        bpy.context.scene.frame_set(frame)
        shown = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        for column, name in enumerate(names):
            found[row, column] = (shown.matrix_world @ shown.pose.bones[name].matrix).translation
    return found
