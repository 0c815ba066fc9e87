"""Skinned characters in code: an adult, one with big feet, one on high heels, and a chibi, all of round parts."""

from __future__ import annotations

from typing import NamedTuple

import bpy
import numpy as np

from tests.blender.rig_builder import build as build_armature
from tests.unit.rig_poses import Z_UP, character
from tokendance_core.motion.skeleton import INDEX, SIDES

SIDES_OF_A_TUBE, RINGS = 12, 7


class Build(NamedTuple):
    """Proportions by joint, and measures in metres: half ``width`` and ``depth`` of the trunk, radii of limbs and head;
    how far toes reach before the ankle, how high the heels are.
    """

    proportions: dict[str, float]
    width: float
    depth: float
    limb: float
    head: float
    toes: float = 0.22
    heel: float = 0.0


KINDS = {
    "adult": Build({}, 0.16, 0.11, 0.045, 0.11),
    "big feet": Build({}, 0.16, 0.11, 0.045, 0.11, toes=0.42),
    "high heels": Build({"foot": 1.6}, 0.15, 0.10, 0.04, 0.11, toes=0.30, heel=0.07),
    "chibi": Build(
        {"knee": 0.55, "ankle": 0.55, "elbow": 0.6, "wrist": 0.55, "shoulder": 0.9, "spine1": 0.9, "hand": 0.7},
        0.20,
        0.16,
        0.05,
        0.26,
        toes=0.20,
    ),
}


class Part(NamedTuple):
    """Closed surface: vertices (V, 3) in our axes, faces, and the joint whose bone moves each vertex."""

    points: np.ndarray
    faces: list[tuple[int, ...]]
    joints: list[str]


def tube(
    start: np.ndarray, end: np.ndarray, wide: np.ndarray, deep: np.ndarray, joints: list[tuple[float, str]]
) -> Part:
    """A rounded rod with half axes ``wide`` and ``deep`` (3,); ``joints``: from which part of the way on which joint
    moves it.
    """
    levels = np.concatenate(([0.0], np.linspace(0.06, 0.94, RINGS), [1.0]))
    sizes = np.concatenate(([0.02], [0.75, *[1.0] * (RINGS - 2), 0.75], [0.02]))
    angle = np.arange(SIDES_OF_A_TUBE) * 2 * np.pi / SIDES_OF_A_TUBE
    ring = np.cos(angle)[:, None] * wide + np.sin(angle)[:, None] * deep
    points = np.concatenate(
        [start + level * (end - start) + size * ring for level, size in zip(levels, sizes, strict=True)]
    )
    count, faces = SIDES_OF_A_TUBE, []
    for row in range(len(levels) - 1):
        for i in range(count):
            j = (i + 1) % count
            faces.append((row * count + i, row * count + j, (row + 1) * count + j, (row + 1) * count + i))
    faces += [tuple(range(count))[::-1], tuple(range(count * (len(levels) - 1), count * len(levels)))]
    if np.cross(wide, deep) @ (end - start) < 0:
        faces = [face[::-1] for face in faces]
    owners = [[joint for part, joint in joints if level >= part][-1] for level in levels for _ in range(count)]
    return Part(points, faces, owners)


def _parts(made: Build, places: dict[str, np.ndarray]) -> list[Part]:
    left, up, front = np.eye(3)
    wide, deep = made.width * left, made.depth * front
    trunk = [(0.0, "pelvis"), (0.3, "spine1"), (0.5, "spine2"), (0.7, "spine3")]
    parts = [
        tube(places["pelvis"] - 0.1 * up, places["neck"], wide, deep, trunk),
        tube(places["head"] - 0.02 * up, places["head"] + 2 * made.head * up, made.head * left, made.head * front,
             [(0.0, "head")]),
    ]  # fmt: skip
    for side in SIDES:
        at = {
            joint: places[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist", "hand", "hip", "knee", "ankle")
        }
        thick = made.limb
        for start, end, size in (("shoulder", "elbow", 1.0), ("elbow", "wrist", 0.8)):
            parts.append(tube(at[start], at[end], size * thick * up, size * thick * front, [(0.0, f"{side}_{start}")]))
        parts.append(tube(at["wrist"], at["hand"] + (at["hand"] - at["wrist"]), 0.5 * thick * up, 0.9 * thick * front,
                          [(0.0, f"{side}_wrist")]))  # fmt: skip
        for start, end, size in (("hip", "knee", 1.5), ("knee", "ankle", 1.1)):
            parts.append(
                tube(at[start], at[end], size * thick * left, size * thick * front, [(0.0, f"{side}_{start}")])
            )
        parts += _foot(made, side, at["ankle"], places[f"{side}_foot"])
    return parts


def _foot(made: Build, side: str, ankle: np.ndarray, toe: np.ndarray) -> list[Part]:
    """Boxes 9 cm wide: a heel, the foot up to its ball, which rests at the height of the toes' bone, and the toes."""
    half, top = 0.045, 0.05

    def box(back: float, low_back: float, ahead: float, low_ahead: float, joint: str) -> Part:
        corners = [
            np.array([ankle[0] + aside, toe[1] + level, ankle[2] + along])
            for along, low in ((back, low_back), (ahead, low_ahead))
            for aside, level in ((-half, low), (half, low), (half, low + top), (-half, low + top))
        ]
        faces = [(0, 1, 2, 3), (7, 6, 5, 4), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0)]
        return Part(np.array(corners), faces, [joint] * 8)

    ball = toe[2] - ankle[2]
    return [
        box(-0.06, 0.0, -0.02, 0.0, f"{side}_ankle"),
        box(-0.02, made.heel, ball, 0.0, f"{side}_ankle"),
        box(ball, 0.0, made.toes, 0.0, f"{side}_foot"),
    ]


def build(kind: str) -> bpy.types.Object:
    """The armature of a character whose limbs are one mesh with a modifier, whose feet another one, its child; and a
    third one that is hidden, with feet three times as long.
    """
    made = KINDS[kind]
    proportions = np.ones(24)
    for joint, factor in made.proportions.items():
        for name in (joint, *(f"{side}_{joint}" for side in SIDES)):
            if name in INDEX:
                proportions[INDEX[name]] = factor
    rig = character(3, proportions=proportions)
    heads = rig.heads - [0, 0, float(rig.heads[rig.names.index("left_foot"), 2])]
    rest = rig.rest.copy()
    rest[:, :3, 3] = heads
    rig = type(rig).plain(rig.names, rig.parents, rest)
    armature = build_armature(rig, kind)
    places = {name: heads[bone] @ Z_UP for bone, name in enumerate(rig.names)}
    parts = _parts(made, places)
    feet = [part for part in parts if part.joints[0].endswith(("ankle", "foot"))]
    limbs = [part for part in parts if not part.joints[0].endswith(("ankle", "foot"))]
    body = mesh("Body", limbs)
    body.modifiers.new("Armature", "ARMATURE").object = armature
    shoes = mesh("Shoes", feet)
    shoes.parent, shoes.parent_type = armature, "ARMATURE"
    wrong = mesh("Hidden", _foot(made._replace(toes=3 * made.toes), "left", places["left_ankle"], places["left_foot"]))
    wrong.parent, wrong.parent_type = armature, "ARMATURE"
    wrong.hide_set(True)
    bpy.context.view_layer.update()
    return armature


def mesh(name: str, parts: list[Part]) -> bpy.types.Object:
    """A mesh object of these parts, a vertex group for each joint."""
    start, points, faces, joints = 0, [], [], []
    for part in parts:
        points += (part.points @ Z_UP.T).tolist()
        faces += [tuple(start + vertex for vertex in face) for face in part.faces]
        joints += part.joints
        start += len(part.points)
    data = bpy.data.meshes.new(name)
    data.from_pydata(points, [], faces)
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    for joint in sorted(set(joints)):
        made.vertex_groups.new(name=joint).add([i for i, owner in enumerate(joints) if owner == joint], 1.0, "REPLACE")
    return made
