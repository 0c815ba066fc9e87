"""What a posed rig shows, held against what the dancer did: measured in the world, in none of the transfer's own terms.

The only thing taken from the rest pose is the direction over the floor in which the character faces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tokendance_core.motion.contacts import clearance
from tokendance_core.motion.kinematics import forward_kinematics
from tokendance_core.motion.rotation import matrix_from_6d, unit
from tokendance_core.motion.skeleton import INDEX, JOINTS, SIDES, T_POSE, joint_above
from tokendance_core.types import MotionClip, Rig, RigMap

LINES: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "hip line": ((("right_hip",), ("left_hip",)),),
    "shoulder line": ((("right_shoulder",), ("left_shoulder",)),),
    "trunk": ((("left_hip", "right_hip"), ("head",)),),
    "feet": tuple(((f"{side}_ankle",), (f"{side}_foot",)) for side in SIDES),
    "limbs": tuple(
        ((f"{side}_{start}",), (f"{side}_{end}",))
        for side in SIDES
        for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
    ),
}
"""Measure in degrees -> lines whose directions are compared, each between the means of some joints."""

UNITS = dict.fromkeys(LINES, "degrees") | {"stretch": "%", "floor": "% of the height"}
"""Every measure -> its unit."""

_SNAP, _SQUARE = np.cos(np.radians(8.0)), 1e-6
_SHORT = 0.03
"""Part of the height: what lies nearer than that has no length to be compared with."""


@dataclass(frozen=True)
class Miss:
    """How far off the dancer: at worst and on average, in the measure's unit, and the bone and the sample at worst."""

    worst: float
    mean: float
    bone: str
    sample: int


def measure(
    rig: Rig,
    rig_map: RigMap,
    clip: MotionClip,
    posed: Mapping[str, np.ndarray],
    heads: np.ndarray | None = None,
) -> dict[str, Miss]:
    """Measure -> how far the rig is off; without those whose joints have no bone.

    ``posed``: bone -> (T, 4, 4) armature-space matrices as Blender evaluates them, for the T frames of ``clip``.
    "feet" compares ankle to toe, which differ by build. "stretch": distances between joints against the rest pose.
    "floor": how far the lower foot joint strays from the height of the dancer's, but for a constant. ``heads`` (B, 3):
    where bones rest, if not where they are modelled.
    """
    world = np.asarray(rig.world, np.float64)
    heads = rig.heads if heads is None else heads
    resting = {joint: _point(world, heads[rig.names.index(bone)]) for joint, bone in rig_map.bones.items()}
    shown = {joint: _point(world, posed[bone][:, :3, 3]) for joint, bone in rig_map.bones.items() if bone in posed}
    if "head" not in shown and "neck" in shown:
        resting["head"], shown["head"] = resting["neck"], shown["neck"]
    positions, _ = forward_kinematics(matrix_from_6d(clip.rot6d.astype(np.float64)), clip.root.astype(np.float64))
    up = _up(world, resting)
    danced = positions @ _facing(world, resting, up).T
    dancer = {joint: danced[:, INDEX[joint]] for joint in JOINTS}
    height = float(np.ptp([place @ up for place in resting.values()]))
    found = {
        name: _angles(rig_map, lines, dancer, shown)
        for name, lines in LINES.items()
        if all(joint in shown for start, end in lines[:1] for joint in (*start, *end))
    }
    found["stretch"] = _stretch(rig_map, resting, shown, height)
    found["floor"] = _floor(rig_map, resting, shown, clearance(positions), up, height)
    return found


def _point(world: np.ndarray, places: np.ndarray) -> np.ndarray:
    moved: np.ndarray = places @ world[:3, :3].T + world[:3, 3]
    return moved


def _up(world: np.ndarray, resting: Mapping[str, np.ndarray]) -> np.ndarray:
    """(3,) the armature's axis that is the world's up; where it stands askew, the one that is nearest to the body."""
    axes = _axes(world)
    above: np.ndarray = axes[axes[:, 2].argmax()]
    if above[2] > _SNAP:
        return above
    ankles = np.mean([resting[f"{side}_ankle"] for side in SIDES], axis=0)
    up: np.ndarray = axes[(axes @ (resting["head"] - ankles)).argmax()]
    return up


def _axes(world: np.ndarray) -> np.ndarray:
    """(6, 3) the directions of the armature's axes in the world, and their opposites."""
    axes: np.ndarray = unit(np.concatenate((world[:3, :3].T, -world[:3, :3].T)))
    return axes


def _facing(world: np.ndarray, resting: Mapping[str, np.ndarray], up: np.ndarray) -> np.ndarray:
    """(3, 3) columns left, up and front of the character in the world, by its resting hips and shoulders."""
    left = sum(
        unit(resting[f"left_{joint}"] - resting[f"right_{joint}"])
        for joint in ("hip", "shoulder")
        if f"left_{joint}" in resting
    )
    left = unit(left - up * (left @ up))
    axes = _axes(world)
    nearest = axes[(axes @ left).argmax()]
    if nearest @ left > _SNAP and abs(nearest @ up) < _SQUARE:
        left = nearest  # modelled bodies are not quite symmetric
    return np.stack((left, up, np.cross(left, up)), -1)


def _line(places: Mapping[str, np.ndarray], ends: tuple[tuple[str, ...], tuple[str, ...]]) -> np.ndarray:
    start, end = (np.mean([places[joint] for joint in joints], axis=0) for joints in ends)
    line: np.ndarray = end - start
    return line


def _angles(
    rig_map: RigMap,
    lines: Iterable[tuple[tuple[str, ...], tuple[str, ...]]],
    dancer: Mapping[str, np.ndarray],
    shown: Mapping[str, np.ndarray],
) -> Miss:
    """Degrees between the dancer's lines and the rig's."""
    found = {}
    for start, end in lines:
        if all(joint in shown for joint in (*start, *end)):
            a, b = _line(dancer, (start, end)), _line(shown, (start, end))
            sine = np.linalg.norm(np.cross(a, b), axis=-1)
            found[rig_map.bones.get(start[0], "")] = np.degrees(np.arctan2(sine, (a * b).sum(-1)))
    return _worst(found)


def _stretch(
    rig_map: RigMap, resting: Mapping[str, np.ndarray], shown: Mapping[str, np.ndarray], height: float
) -> Miss:
    """Percent by which joints are further from or nearer to the joint above than at rest."""
    found = {}
    for joint in shown:
        above = joint_above(joint, shown)
        if above is not None:
            rest = max(float(np.linalg.norm(resting[joint] - resting[above])), _SHORT * height)
            now = np.linalg.norm(shown[joint] - shown[above], axis=-1)
            found[rig_map.bones.get(joint, "")] = 100 * np.abs(np.maximum(now, _SHORT * height) / rest - 1)
    return _worst(found)


def _floor(
    rig_map: RigMap,
    resting: Mapping[str, np.ndarray],
    shown: Mapping[str, np.ndarray],
    wanted: np.ndarray,
    up: np.ndarray,
    height: float,
) -> Miss:
    """Percent of the height by which the lower of the feet's joints strays from where the dancer's lower foot would put
    it, ``wanted`` (T,) metres off the floor. A constant is left out: a leaning rest pose tells nothing of the soles.
    """
    feet = [f"{side}_{joint}" for side in SIDES for joint in ("ankle", "foot") if f"{side}_{joint}" in shown]
    over = np.array([(shown[joint] - resting[joint]) @ up for joint in feet])
    strays = over.min(0) - wanted * _legs(resting) / _legs(dict(zip(JOINTS, T_POSE, strict=True)))
    strays = 100 * np.abs(strays - np.median(strays)) / height
    lowest = feet[int(over[:, strays.argmax()].argmin())]
    return _worst({rig_map.bones[lowest]: strays})


def _legs(places: Mapping[str, np.ndarray]) -> float:
    """Hip to ankle along both legs."""
    parts = [f"{side}_{joint}" for side in SIDES for joint in ("knee", "ankle")]
    return sum(float(np.linalg.norm(places[part] - places[str(joint_above(part, places))])) for part in parts)


def _worst(found: Mapping[str, np.ndarray]) -> Miss:
    bone = max(found, key=lambda name: float(found[name].max()))
    values = found[bone]
    mean = float(np.mean([np.mean(one) for one in found.values()]))
    return Miss(float(values.max()), mean, bone, int(values.argmax()))
