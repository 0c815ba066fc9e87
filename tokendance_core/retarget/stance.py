"""How a character stands at rest: which way is up and front, what looks wrong, and what turns it into our T-pose.

Limbs of a resting body differ from ours by pose (T, A, arms down): they are aligned exactly. Spine, collars and the
pitch of the feet differ by build: they stay as they are modelled, unless the body does not stand upright.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np

from tokendance_core.errors import RigError
from tokendance_core.motion import rotation
from tokendance_core.motion.rotation import unit
from tokendance_core.motion.skeleton import INDEX, JOINTS, OFFSETS, SIDES, T_POSE, UP

LEG_LENGTH = sum(float(np.linalg.norm(OFFSETS[INDEX[f"left_{joint}"]])) for joint in ("knee", "ankle"))
"""Hip to ankle of our own skeleton in metres."""

TOPS = ("head", "neck", "spine3")
"""Joints that may end the trunk; a rig needs one of them."""

Places = Mapping[str, np.ndarray]
"""Joint -> (3,) where it rests."""

_SNAP_FRONT = np.cos(np.radians(8.0))
_UPRIGHT = np.cos(np.radians(12.0))
"""A body that stands this near to the world's up is upright, however its armature object is turned."""
_NEXT_AXIS, _LYING = np.cos(np.radians(45.0)), np.cos(np.radians(65.0))
"""From the first angle on another axis may be nearer to a leaning body than its up; beyond the second it lies."""

_LEANS, _TWISTED, _ASTRIDE = 7.5, 15.0, 15.0
"""More degrees than these are no stand: of trunk, hips or shoulders that lean, of a chest that is turned against the
hips, and of one leg against the mirror image of the other."""
_FURTHEST_TURN_OUT, _PITCHES_DIFFER = np.radians(60.0), np.radians(10.0)
"""Resting feet that are turned out or pitched further than this do not rest by their build."""

# joint of a limb, the joints that it may point at, and the joint whose alignment it starts from
_LIMBS = (
    ("hip", ("knee",), "pelvis"),
    ("knee", ("ankle",), "hip"),
    ("shoulder", ("elbow", "wrist"), "spine3"),
    ("elbow", ("wrist",), "shoulder"),
    ("wrist", (), "elbow"),
    ("hand", (), "wrist"),
)
# joint of the trunk -> part of the way from the pelvis' alignment to the chest's
_TRUNK = {"pelvis": 0.0, "spine1": 1 / 3, "spine2": 2 / 3}
_TRUNK |= dict.fromkeys(("spine3", "neck", "head", "left_collar", "right_collar"), 1.0)


# --- which way it faces -----------------------------------------------------------------------------------------------


def body_axes(heads: Places, world: np.ndarray | None = None) -> np.ndarray:
    """(3, 3) columns: the character's left, up and front, from where its joints rest; ``world`` (4, 4): the armature
    object's matrix.

    Blender's usual Z up, front -Y gives (x, y, z) -> (x, -z, y); files from Y-up programs keep their own axes in
    armature space. Raises RigError when the hips lie in one place.
    """
    hips, ankles = (np.mean([heads[f"{side}_{joint}"] for side in SIDES], axis=0) for joint in ("hip", "ankle"))
    top = _top(heads)
    up = _upward(unit(unit(hips - ankles) + unit(top - hips)), np.eye(4) if world is None else world)
    left = _across(heads, "hip")
    if np.linalg.norm(left - up * (left @ up)) < 1e-6 * np.linalg.norm(top - ankles):
        raise RigError(
            "The left and the right hip lie in the same place, so the character has no front.",
            hint="Map the thighs of both sides.",
        )
    left = _level(left, up)
    if _has_shoulders(heads):
        left = unit(left + _level(_across(heads, "shoulder"), up))
    axis = _nearest_axis(left)
    left = _level(axis if left @ axis > _SNAP_FRONT else left, up)  # modelled bodies are not quite symmetric
    return np.stack((left, up, np.cross(left, up)), -1)


def _upward(body: np.ndarray, world: np.ndarray) -> np.ndarray:
    """(3,) up in armature space for a body that stands along the unit vector ``body``: an axis of the armature, because
    modelled bodies lean; the world's up where the body stands along it and not along an axis.
    """
    axis = _nearest_axis(body)
    above: np.ndarray = unit(np.linalg.pinv(world[:3, :3])[:, 2])
    if body @ above > _UPRIGHT > body @ axis:
        return above
    worlds_axis = _nearest_axis(above)
    return worlds_axis if body @ axis < _NEXT_AXIS and body @ worlds_axis > _LYING else axis


def _nearest_axis(direction: np.ndarray) -> np.ndarray:
    """(3,) the coordinate axis, or its opposite, that is nearest to a direction."""
    axis = np.zeros(3)
    axis[np.abs(direction).argmax()] = np.sign(direction[np.abs(direction).argmax()])
    return axis


def _top(places: Places) -> np.ndarray:
    return next(places[joint] for joint in TOPS if joint in places)


def _trunk(places: Places) -> np.ndarray:
    """(3,) from between the hips to where the trunk ends."""
    line: np.ndarray = _top(places) - np.mean([places[f"{side}_hip"] for side in SIDES], axis=0)
    return line


def _ours(joints: Iterable[str]) -> dict[str, np.ndarray]:
    """The same joints of our T-pose."""
    return {joint: T_POSE[INDEX[joint]] for joint in joints if joint in INDEX}


def _across(places: Places, joint: str) -> np.ndarray:
    """(3,) from the right to the left one of a pair of joints."""
    line: np.ndarray = places[f"left_{joint}"] - places[f"right_{joint}"]
    return line


def _level(line: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(3,) the unit vector over the floor that is nearest to a line."""
    level: np.ndarray = unit(line - up * (line @ up))
    return level


def _has_shoulders(places: Places) -> bool:
    return all(f"{side}_shoulder" in places for side in SIDES) and bool(np.any(_across(places, "shoulder")))


def leg_length(heads: Places) -> float:
    """Mean hip-knee-ankle length of resting joints; raises RigError when a thigh or shin has no length."""
    lengths = []
    for side in SIDES:
        for above, below in pairwise(f"{side}_{joint}" for joint in ("hip", "knee", "ankle")):
            lengths.append(float(np.linalg.norm(heads[below] - heads[above])))
            if not lengths[-1] > 0:
                raise RigError(
                    f"{above} and {below} lie in the same place at rest.",
                    hint=f"Map {above} and {below} to the two ends of a bone.",
                )
    return sum(lengths) / 2


# --- what looks wrong -------------------------------------------------------------------------------------------------


def fault(points: Places) -> str:
    """What is most wrong with a resting body, joints in our axes, that ought to stand upright; empty if nothing is."""
    worst, what = max((degrees / usual, f"{what} by {degrees:.0f} degrees") for what, degrees, usual in _looks(points))
    return what if worst > 1 else ""


def _looks(points: Places) -> Iterator[tuple[str, float, float]]:
    """What might be wrong, by how many degrees, and how many are usual."""
    hips, trunk = _across(points, "hip"), _trunk(points)
    yield "the trunk leans", _degrees(trunk, _trunk(_ours(points))), _LEANS
    yield "the hips are tilted", 90.0 - _degrees(hips, UP, line=True), _LEANS
    if _has_shoulders(points):
        shoulders = _across(points, "shoulder")
        yield "the shoulders are tilted", 90.0 - _degrees(shoulders, UP, line=True), _LEANS
        yield "the chest is turned against the hips", _degrees(_level(hips, UP), _level(shoulders, UP)), _TWISTED
    frame = _frame(hips, trunk)
    left, right = ((points[f"{side}_ankle"] - points[f"{side}_hip"]) @ frame for side in SIDES)
    yield "the legs are apart", _degrees(left, right * [-1, 1, 1]), _ASTRIDE


def _degrees(a: np.ndarray, b: np.ndarray, *, line: bool = False) -> float:
    """Between two vectors (3,), or where only their ``line`` counts at most 90."""
    cosine = float(unit(a) @ unit(b))
    return float(np.degrees(np.arccos(np.clip(abs(cosine) if line else cosine, -1.0, 1.0))))


# --- what turns it into our T-pose ------------------------------------------------------------------------------------


def alignment(points: Places, tips: Places, *, upright: bool) -> np.ndarray:
    """(24, 3, 3) turns from the rest pose to our T-pose; ``points``: where joints rest in our axes, ``tips``: where
    toes end that have no bone; ``upright``: whether the trunk rests as it is modelled.
    """
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    if not upright:
        _set_trunk_upright(turns, points)
    for side in SIDES:
        for joint, ends, start in _LIMBS:
            name = f"{side}_{joint}"
            turns[INDEX[name]] = turns[INDEX[start if start in INDEX else f"{side}_{start}"]]
            end = next((f"{side}_{end}" for end in ends if f"{side}_{end}" in points), None)
            if name in points and end and np.linalg.norm(points[end] - points[name]) > 0:
                resting = turns[INDEX[name]] @ (points[end] - points[name])
                turns[INDEX[name]] = (
                    rotation.shortest_arc(resting, T_POSE[INDEX[end]] - T_POSE[INDEX[name]]) @ turns[INDEX[name]]
                )
    _align_feet(turns, points, {**points, **tips}, upright=upright)
    return turns


def _set_trunk_upright(turns: np.ndarray, points: Places) -> None:
    """Turn the lines across hips and shoulders to the left, and the trunk up."""
    ends = np.stack(
        [
            _frame(_across(_ours(points), joint), _trunk(_ours(points)))
            @ _frame(_across(points, joint), _trunk(points)).T
            for joint in ("hip", "shoulder" if _has_shoulders(points) else "hip")
        ]
    )
    q = rotation.quaternion_from_matrix(ends)
    parts = np.array(list(_TRUNK.values()))
    between = rotation.slerp(np.tile(q[0], (len(parts), 1)), np.tile(q[1], (len(parts), 1)), parts)
    turns[[INDEX[joint] for joint in _TRUNK]] = rotation.matrix_from_quaternion(between)


def _frame(left: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(3, 3) columns left, up and front, with exactly this direction of ``left``."""
    left = unit(left)
    up = unit(up - left * (left @ up))
    return np.stack((left, up, np.cross(left, up)), -1)


def _align_feet(turns: np.ndarray, points: Places, toes: Places, *, upright: bool) -> None:
    """Turn resting feet to the front; where the body does not rest upright and the feet are pitched differently, down
    as ours as well.
    """
    feet = [turns[INDEX["pelvis"]] @ (toes[f"{side}_foot"] - points[f"{side}_ankle"]) for side in SIDES]
    pitches = [np.arctan2(foot[1], np.hypot(foot[0], foot[2])) for foot in feet]
    stand = upright or (abs(pitches[0] - pitches[1]) < _PITCHES_DIFFER and all(map(_points_ahead, feet)))
    for side, foot in zip(SIDES, feet, strict=True):
        ankle, toe = INDEX[f"{side}_ankle"], INDEX[f"{side}_foot"]
        turn = _turned_in(foot) if stand else rotation.shortest_arc(foot, T_POSE[toe] - T_POSE[ankle])
        turns[[ankle, toe]] = turn @ turns[INDEX["pelvis"]]


def _heading(foot: np.ndarray) -> float:
    return float(np.arctan2(foot[0], foot[2])) if np.hypot(foot[0], foot[2]) > 1e-9 else 0.0


def _points_ahead(foot: np.ndarray) -> bool:
    return bool(abs(_heading(foot)) < _FURTHEST_TURN_OUT)


def _turned_in(foot: np.ndarray) -> np.ndarray:
    """(3, 3): the turn about up that lets a resting foot, a vector (3,) from ankle to toe, point to the front as ours
    does.
    """
    return rotation.heading_matrix(-_heading(foot) if _points_ahead(foot) else 0.0)
