"""IK controls that follow the FK dance, so that an animator can switch a limb to IK without a jump."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tokendance_core.retarget import posing
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import Rig, RigMap

# pole of a joint -> the joints of its limb
_LIMBS = {"knee": ("hip", "knee", "ankle"), "elbow": ("shoulder", "elbow", "wrist")}
_BENT = 0.05  # part of the limb's length by which its middle must stand out to say where it points


def controls(rig: Rig, rig_map: RigMap, rest: RestPose) -> dict[int, str]:
    """Bone -> joint of the IK controls that the rig has, where the joint's limb is mapped."""
    index = {name: i for i, name in enumerate(rig.names)}
    return {
        index[bone]: joint
        for joint, bone in rig_map.ik.items()
        if bone in index and set(_asked(joint)) <= set(rest.bones)
    }


def _asked(joint: str) -> tuple[str, ...]:
    side, name = joint.split("_")
    return tuple(f"{side}_{part}" for part in _LIMBS.get(name, (name,)))


def channels(
    rig: Rig, rest: RestPose, posture: Posture, moves: Mapping[int, np.ndarray], control: int, joint: str
) -> tuple[np.ndarray | None, np.ndarray]:
    """Turn (T, 3, 3), None for a pole, and location channel (T, 3) of an IK control.

    ``posture``: the dance in place; ``moves`` bone -> (T, 3) armature units by which it is moved, with all that hangs
    on it.
    """
    bones = [rest.bones[part] for part in _asked(joint)]
    heads = [posture.heads[bone] + _moved(rig, moves, bone) for bone in bones]
    wanted = heads[0] + _arm(rig, posture, bones[0], rig.heads[control] - rig.heads[bones[0]])
    turn = None
    if len(bones) == 3:
        wanted = _pole(rig, posture, bones, heads, control)
    else:
        across = rig.rest[bones[0], :3, :3].T @ rig.rest[control, :3, :3]
        turn = posing.carried(rig, control, posture).swapaxes(-1, -2) @ posture.turns[bones[0]] @ across
    unmoved = posing.unmoved_head(rig, control, posture) + _moved(rig, moves, control)
    return turn, posing.location_channel(rig, control, posture, wanted - unmoved)


def _moved(rig: Rig, moves: Mapping[int, np.ndarray], bone: int) -> np.ndarray:
    """(T, 3): how far the moves of the bones that it hangs on carry a bone along."""
    above = set(posing.needed(rig, [bone]))
    return sum((move for mover, move in moves.items() if mover in above), np.zeros(3))


def _arm(rig: Rig, posture: Posture, bone: int, arm: np.ndarray) -> np.ndarray:
    """(T, 3): a vector (3,) of the rest pose that is fixed to a bone."""
    return posture.scales[bone] * (posture.turns[bone] @ (rig.rest[bone, :3, :3].T @ arm))


def _pole(rig: Rig, posture: Posture, bones: list[int], heads: list[np.ndarray], control: int) -> np.ndarray:
    """(T, 3) where the pole belongs: as far from the knee as it rests, out of the bend; fixed to the thigh while the
    leg is straight.
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
    return middle + distance * direction / np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-9)
