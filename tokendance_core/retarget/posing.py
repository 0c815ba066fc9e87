"""How Blender poses an armature: where bones are, given how some of them turn.

Follows Blender's ``BKE_bone_parent_transform`` for bone relations (inherit rotation, local location) and for Copy
Transforms; uniform scales of the pose are kept. Other constraints are left to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.types import Rig, RigAnimation

_APART = 1e-4  # of the size of the posed skeleton


@dataclass(frozen=True, eq=False)
class Posture:
    """Bones in armature space, by bone index: ``turns`` (T or 1, 3, 3) are their orientations, ``heads`` (T or 1, 3)
    their positions, ``scales`` their uniform scales.
    """

    turns: dict[int, np.ndarray]
    heads: dict[int, np.ndarray]
    scales: dict[int, float]


def resting(rig: Rig, turned: Iterable[int], *, stay: bool = False) -> np.ndarray:
    """(B, 4, 4) channels without what an earlier dance left in the bones that will be ``turned``: their rotation, and
    unless they ``stay`` as they are posed their location and scale.
    """
    basis = np.array(rig.basis, np.float64)
    for bone in turned:
        basis[bone, :3, :3] = np.eye(3) * (uniform_scale(basis[bone]) if stay else 1.0)
        basis[bone, :3, 3] *= stay
    return basis


def rests_in_pose(rig: Rig) -> bool:
    """Whether bones rest at the places of their parents that are not posed there: some files keep places in the pose
    alone.
    """
    children = np.flatnonzero(rig.parents >= 0)
    posture = pose(rig, range(len(rig.names)), {}, np.asarray(rig.basis, np.float64))
    posed = np.array([posture.heads[bone][0] for bone in range(len(rig.names))]).reshape(-1, 3)
    apart = [np.linalg.norm(heads[children] - heads[rig.parents[children]], axis=-1) for heads in (rig.heads, posed)]
    size = float(np.ptp(posed, axis=0).max()) if len(posed) else 0.0
    return bool(size > 0 and np.sum((apart[0] < _APART * size) & (apart[1] > _APART * size)) > len(children) / 2)


def as_posed(rig: Rig) -> Rig:
    """The rig as if it rested as it is posed: to recognise it, not to key it."""
    posture = pose(rig, range(len(rig.names)), {}, np.asarray(rig.basis, np.float64))
    rest = np.tile(np.eye(4), (len(rig.names), 1, 1))
    for bone in range(len(rig.names)):
        rest[bone, :3, :3], rest[bone, :3, 3] = posture.turns[bone][0], posture.heads[bone][0]
    lengths = rig.lengths * [posture.scales[bone] for bone in range(len(rig.names))]
    return replace(rig, rest=rest, lengths=lengths, basis=np.tile(np.eye(4), (len(rig.names), 1, 1)))


def ancestors(rig: Rig, bone: int) -> Iterator[int]:
    """The bone's parent, its parent, and so on."""
    while (bone := int(rig.parents[bone])) >= 0:
        yield bone


def uniform_scale(matrix: np.ndarray) -> float:
    """The scale of channels (4, 4), as one number; of several (T, 4, 4), among which it does not change, too."""
    turned = matrix.reshape(-1, 4, 4)[0, :3, :3]
    return float(np.cbrt(np.abs(np.linalg.det(turned))))


@dataclass(frozen=True, eq=False)
class Hung:
    """Where a bone is kept by its location: on the bone ``carrier``, at ``arm`` (3,) in its axes, armature units."""

    carrier: int
    arm: np.ndarray


def carriers(rig: Rig, bone: int) -> Iterator[int]:
    """The bone that it follows or its parent, and so on: what carries it along, the nearest first."""
    seen = {bone}
    while (bone := int(rig.follows[bone]) if rig.follows[bone] >= 0 else int(rig.parents[bone])) >= 0:
        if bone in seen:
            return
        seen.add(bone)
        yield bone


def needed(rig: Rig, bones: Iterable[int], hung: Mapping[int, Hung] = MappingProxyType({})) -> list[int]:
    """The bones and all bones that they descend from, follow or are ``hung`` on, each after those it depends on."""
    order: dict[int, None] = {}
    begun: set[int] = set()
    waiting = list(bones)
    while waiting:
        bone = waiting[-1]
        depends = (int(rig.parents[bone]), int(rig.follows[bone]), hung[bone].carrier if bone in hung else -1)
        above = [other for other in depends if other >= 0 and other not in begun]
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


def pose(
    rig: Rig,
    wanted: Iterable[int],
    turns: Mapping[int, np.ndarray],
    basis: np.ndarray | Sequence[np.ndarray],
    hung: Mapping[int, Hung] = MappingProxyType({}),
) -> Posture:
    """Where the ``wanted`` bones and all that they depend on are, when those in ``turns`` have these orientations
    (T, 3, 3) and those in ``hung`` are kept where they hang.

    ``basis`` (B, 4, 4): the channels that turn the other bones and move all of them; (T, 4, 4) of a bone whose
    channels change.
    """
    posture = Posture({}, {}, {})
    for bone in needed(rig, wanted, hung):
        source, parent = int(rig.follows[bone]), int(rig.parents[bone])
        if source >= 0 and source in posture.turns:
            posture.turns[bone], posture.heads[bone] = posture.turns[source], posture.heads[source]
            posture.scales[bone] = posture.scales[source]
            continue
        scale = uniform_scale(basis[bone])
        before = carried(rig, bone, posture)
        posture.turns[bone] = turns[bone] if bone in turns else before @ (basis[bone][..., :3, :3] / scale)
        posture.scales[bone] = scale * (posture.scales[parent] if parent >= 0 else 1.0)
        if bone in hung:
            posture.heads[bone] = _on_carrier(posture, hung[bone])
        else:
            moved = location_axes(rig, bone, posture) @ basis[bone][..., :3, 3, None]
            posture.heads[bone] = unmoved_head(rig, bone, posture) + moved[..., 0]
    return posture


def _on_carrier(posture: Posture, hung: Hung) -> np.ndarray:
    """(T or 1, 3): where a bone is that hangs on another one."""
    arm = posture.scales[hung.carrier] * (posture.turns[hung.carrier] @ hung.arm)
    head: np.ndarray = posture.heads[hung.carrier] + arm
    return head


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


def displacement(
    rig: Rig, moves: Mapping[int, np.ndarray], bone: int, hung: Mapping[int, Hung] = MappingProxyType({})
) -> np.ndarray:
    """(T, 3) or (3,): how far ``moves``, bone -> (T, 3) armature units, carry a bone along that descends from those
    bones or is ``hung`` on them.
    """
    above = set(needed(rig, [bone], hung))
    return sum((move for mover, move in moves.items() if mover in above), np.zeros(3))


def location_to(
    rig: Rig,
    bone: int,
    posture: Posture,
    place: np.ndarray,
    moves: Mapping[int, np.ndarray],
    hung: Mapping[int, Hung] = MappingProxyType({}),
) -> np.ndarray:
    """(T, 3): the location channel that puts a bone at a ``place`` (T, 3) while ``moves`` carry its parent along."""
    parent = int(rig.parents[bone])
    carried = displacement(rig, moves, parent, hung) if parent >= 0 else np.zeros(3)
    return location_channel(rig, bone, posture, place - unmoved_head(rig, bone, posture) - carried)


def posed_heads(rig: Rig, basis: Sequence[np.ndarray], bones: Sequence[str]) -> dict[str, np.ndarray]:
    """Bone -> (T or 1, 3) where it begins, armature space; ``basis`` as in ``pose``."""
    index = {name: i for i, name in enumerate(rig.names)}
    posture = pose(rig, [index[bone] for bone in bones], {}, basis)
    return {bone: posture.heads[index[bone]] for bone in bones}


def predicted_heads(rig: Rig, animation: RigAnimation, frames: list[int]) -> dict[str, np.ndarray]:
    """Keyed bone -> (N, 3) where it begins on these ``frames``, armature space, if nothing but the keys moves it."""
    basis, index = list(np.array(rig.basis, np.float64)), {name: i for i, name in enumerate(rig.names)}
    matrices = rotation.matrix_from_quaternion(animation.quaternions[frames])
    for column, bone in enumerate(animation.bones):
        channels = np.tile(np.eye(4), (len(frames), 1, 1))
        channels[:, :3, :3] = matrices[:, column] * animation.scales.get(bone, 1.0)
        basis[index[bone]] = channels
    for bone, path in animation.locations.items():
        basis[index[bone]] = np.array(np.broadcast_to(basis[index[bone]], (len(frames), 4, 4)))
        basis[index[bone]][:, :3, 3] = path[frames]
    found = posed_heads(rig, basis, animation.bones)
    return {bone: np.broadcast_to(places, (len(frames), 3)) for bone, places in found.items()}
