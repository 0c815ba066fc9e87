"""How Blender poses an armature: where bones are, given how some of them turn.

Follows Blender's ``BKE_bone_parent_transform`` for bone relations (inherit rotation, local location) and for Copy
Transforms; uniform scales of the pose are kept. Other constraints are left to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.types import Rig, RigAnimation


@dataclass(frozen=True, eq=False)
class Posture:
    """Bones in armature space, by bone index: ``turns`` (T or 1, 3, 3) are their orientations, ``heads`` (T or 1, 3)
    their positions, ``scales`` their uniform scales.
    """

    turns: dict[int, np.ndarray]
    heads: dict[int, np.ndarray]
    scales: dict[int, float]


def resting(rig: Rig, turned: Iterable[int], moved: Iterable[int]) -> np.ndarray:
    """(B, 4, 4) channels without the rotation of bones that will be ``turned`` and without the location of these and
    of those that will be ``moved``; all else stays as it is posed, scale included.
    """
    basis = np.array(rig.basis, np.float64)
    turned = list(turned)
    for bone in turned:
        basis[bone, :3, :3] = np.eye(3) * _uniform_scale(basis[bone])
    basis[[*turned, *moved], :3, 3] = 0.0
    return basis


def ancestors(rig: Rig, bone: int) -> Iterator[int]:
    """The bone's parent, its parent, and so on."""
    while (bone := int(rig.parents[bone])) >= 0:
        yield bone


def _uniform_scale(matrix: np.ndarray) -> float:
    return float(np.cbrt(np.abs(np.linalg.det(matrix[:3, :3]))))


def needed(rig: Rig, bones: Iterable[int]) -> list[int]:
    """The bones and all bones that they descend from or follow, each after those it depends on."""
    order: dict[int, None] = {}
    begun: set[int] = set()
    waiting = list(bones)
    while waiting:
        bone = waiting[-1]
        above = [
            other for other in (int(rig.parents[bone]), int(rig.follows[bone])) if other >= 0 and other not in begun
        ]
        if bone in begun or not above:
            # All that it depends on is in the list, or waits below it in a ring of followers.
            order[waiting.pop()] = None
        else:
            waiting += above
        begun.add(bone)
    return list(order)


def _in_parent(rig: Rig, bone: int) -> np.ndarray:
    """(3, 3): the bone's orientation at rest as its parent sees it."""
    turn: np.ndarray = np.linalg.inv(rig.rest[rig.parents[bone], :3, :3]) @ rig.rest[bone, :3, :3]
    return turn


def carried(rig: Rig, bone: int, posture: Posture) -> np.ndarray:
    """(T or 1, 3, 3): the bone's orientation before its own channels turn it."""
    parent = int(rig.parents[bone])
    if parent < 0 or not rig.inherits_rotation[bone]:
        return rig.rest[None, bone, :3, :3]
    turn: np.ndarray = posture.turns[parent] @ _in_parent(rig, bone)
    return turn


def location_axes(rig: Rig, bone: int, posture: Posture) -> np.ndarray:
    """(T or 1, 3, 3): columns are the axes of the bone's location channel, in armature space."""
    parent = int(rig.parents[bone])
    if parent < 0:
        return rig.rest[None, bone, :3, :3] if rig.local_location[bone] else np.eye(3)[None]
    turned: np.ndarray = posture.turns[parent] * posture.scales[parent]
    return turned @ _in_parent(rig, bone) if rig.local_location[bone] else turned


def pose(rig: Rig, wanted: Iterable[int], turns: Mapping[int, np.ndarray], basis: np.ndarray) -> Posture:
    """Where the ``wanted`` bones and all that they depend on are, when those in ``turns`` have these orientations
    (T, 3, 3).

    ``basis`` (B, 4, 4): the channels that turn the other bones and move all of them.
    """
    posture = Posture({}, {}, {})
    for bone in needed(rig, wanted):
        source, parent = int(rig.follows[bone]), int(rig.parents[bone])
        if source >= 0 and source in posture.turns:
            posture.turns[bone], posture.heads[bone] = posture.turns[source], posture.heads[source]
            posture.scales[bone] = posture.scales[source]
            continue
        scale = _uniform_scale(basis[bone])
        before = carried(rig, bone, posture)
        posture.turns[bone] = turns[bone] if bone in turns else before @ (basis[bone, :3, :3] / scale)
        posture.scales[bone] = scale * (posture.scales[parent] if parent >= 0 else 1.0)
        posture.heads[bone] = unmoved_head(rig, bone, posture) + location_axes(rig, bone, posture) @ basis[bone, :3, 3]
    return posture


def unmoved_head(rig: Rig, bone: int, posture: Posture) -> np.ndarray:
    """(T or 1, 3): where the bone begins without a location of its own."""
    parent = int(rig.parents[bone])
    if parent < 0:
        return rig.heads[None, bone]
    arm = np.linalg.inv(rig.rest[parent, :3, :3]) @ (rig.heads[bone] - rig.heads[parent])
    head: np.ndarray = posture.heads[parent] + posture.scales[parent] * (posture.turns[parent] @ arm)
    return head


def location_channel(rig: Rig, bone: int, posture: Posture, move: np.ndarray) -> np.ndarray:
    """(T, 3) displacement in armature space -> (T, 3) the bone's location channel that makes it."""
    channel: np.ndarray = np.linalg.solve(location_axes(rig, bone, posture), move[..., None])[..., 0]
    return channel


def predicted_heads(rig: Rig, animation: RigAnimation, frames: list[int]) -> dict[str, np.ndarray]:
    """Keyed bone -> (N, 3) where it begins on these ``frames``, armature space, if nothing but the keys moves it."""
    basis, index = np.array(rig.basis, np.float64), {name: i for i, name in enumerate(rig.names)}
    found = {bone: np.empty((len(frames), 3)) for bone in animation.bones}
    matrices = rotation.matrix_from_quaternion(animation.quaternions[frames])
    for row, frame in enumerate(frames):
        for column, bone in enumerate(animation.bones):
            basis[index[bone], :3, :3] = matrices[row, column] * _uniform_scale(rig.basis[index[bone]])
            basis[index[bone], :3, 3] = 0.0
        for bone, path in animation.locations.items():
            basis[index[bone], :3, 3] = path[frame]
        posture = pose(rig, [index[bone] for bone in animation.bones], {}, basis)
        for bone, places in found.items():
            places[row] = posture.heads[index[bone]][0]
    return found
