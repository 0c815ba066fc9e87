"""IK controls that follow the FK dance, so that an animator can switch a limb to IK without a jump."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.retarget import posing
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import Rig, RigMap

# joint of a pole control -> the joints of its limb
_LIMBS = {"knee": ("hip", "knee", "ankle"), "elbow": ("shoulder", "elbow", "wrist")}
_BENT = 0.05  # part of the limb's length by which its middle must stand out to define where the pole belongs


def controls(rig: Rig, rig_map: RigMap, rest: RestPose, *, every_limb: bool = True) -> dict[int, str]:
    """Bone -> joint of the IK controls that the rig has, of limbs that are mapped; else only of those whose end is such
    a control itself.
    """
    index = {name: i for i, name in enumerate(rig.names)}
    return {
        index[bone]: joint
        for joint, bone in rig_map.ik.items()
        if bone in index
        and set(_asked(joint)) <= set(rest.bones)
        and (every_limb or rest.bones[_asked(joint)[-1]] in rest.hung)
        and index[bone] not in rest.bones.values()
    }


def _asked(joint: str) -> tuple[str, ...]:
    """The joints that an IK control depends on: its own, or for a pole the three of the limb."""
    side, name = joint.split("_")
    return tuple(f"{side}_{part}" for part in _LIMBS.get(name, (name,)))


def channels(
    rig: Rig, rest: RestPose, posture: Posture, moves: Mapping[int, np.ndarray], control: int, joint: str
) -> tuple[np.ndarray | None, np.ndarray]:
    """Turn (T, 3, 3), None for a pole, and location channel (T, 3) of an IK control.

    ``posture``: the dance in place; ``moves``: bone -> (T, 3) armature units by which it is moved, along with all its
    descendants.
    """
    bones = [rest.bones[part] for part in _asked(joint)]
    heads = [posture.heads[bone] + posing.displacement(rig, moves, bone, rest.hung) for bone in bones]
    if len(bones) == 3:
        place = _pole_of_own_chain if bones[-1] in rest.hung else _pole
        turn, wanted = None, place(rig, posture, bones, heads, control)
    else:
        across = rig.rest[bones[0], :3, :3].T @ rig.rest[control, :3, :3]
        turn = posing.carried(rig, control, posture).swapaxes(-1, -2) @ posture.turns[bones[0]] @ across
        wanted = heads[0] + _arm(rig, posture, bones[0], rig.heads[control] - rig.heads[bones[0]])
    return turn, posing.location_to(rig, control, posture, wanted, moves, rest.hung)


def _arm(rig: Rig, posture: Posture, bone: int, arm: np.ndarray) -> np.ndarray:
    """(T, 3): a vector (3,) of the rest pose that is fixed to a bone."""
    turned: np.ndarray = posture.scales[bone] * (posture.turns[bone] @ (rig.rest[bone, :3, :3].T @ arm))
    return turned


def _pole_of_own_chain(
    rig: Rig, posture: Posture, bones: list[int], heads: list[np.ndarray], control: int
) -> np.ndarray:
    """(T, 3) where the pole belongs when inverse kinematics act on the limb's own bones, not on a chain beside them.

    There Blender turns the limb about the line from start to end until an axis that is fixed to the upper bone points
    at the pole (``IK_QJacobianSolver::ConstrainPoleVector``): a pole in that direction changes nothing.
    """
    begin, middle, end = (rig.heads[bone] for bone in bones)
    normal = np.cross(end - begin, rig.heads[control] - begin)
    axis = _arm(rig, posture, bones[0], np.cross(normal, middle - begin))
    line = rotation.unit(heads[2] - heads[0], 1e-9)
    along = ((heads[1] - heads[0]) * line).sum(-1, keepdims=True)
    out = rotation.unit(axis - (axis * line).sum(-1, keepdims=True) * line, 1e-9)
    distance = float(np.linalg.norm(rig.heads[control] - middle)) * posture.scales[bones[0]]
    place: np.ndarray = heads[0] + along * line + distance * out
    return place


def _pole(rig: Rig, posture: Posture, bones: list[int], heads: list[np.ndarray], control: int) -> np.ndarray:
    """(T, 3) where the pole belongs: as far from the knee as at rest, in the direction in which the knee points; fixed
    to the thigh while the leg is straight. Likewise for arms.
    """
    start, middle, end = heads
    fixed = _arm(rig, posture, bones[0], rig.heads[control] - rig.heads[bones[1]])
    distance = np.linalg.norm(fixed, axis=-1, keepdims=True)
    line = end - start
    length = np.maximum(np.linalg.norm(line, axis=-1, keepdims=True), 1e-9)
    out = middle - start - ((middle - start) * line).sum(-1, keepdims=True) / length**2 * line
    bent = np.linalg.norm(out, axis=-1, keepdims=True)
    sure = np.clip(bent / (_BENT * length), 0.0, 1.0)
    direction = sure * out / np.maximum(bent, 1e-9) + (1 - sure) * fixed / np.maximum(distance, 1e-9)
    place: np.ndarray = middle + distance * rotation.unit(direction, 1e-9)
    return place
