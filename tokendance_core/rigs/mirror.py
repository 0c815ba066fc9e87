"""The plane of symmetry of a body, found from bone heads alone, and which bone is the mirror image of which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokendance_core.rigs.anatomy import Tree
from tokendance_core.types import Rig

_NEAR = 0.02
"""Distance, in parts of the size, up to which a bone counts as the mirror image of another, or as lying on the plane.
"""

_PLANES = 40


@dataclass(frozen=True, eq=False)
class Mirror:
    """``normal`` (3,) of the plane and a ``point`` (3,) on it, armature units, as is the ``size`` of the skeleton.

    ``partner`` (B,): the mirror image of each bone, itself for a bone on the plane, -1 for none.
    """

    normal: np.ndarray
    point: np.ndarray
    partner: np.ndarray
    size: float

    def side(self, place: np.ndarray) -> float:
        """Signed distance from the plane."""
        return float((place - self.point) @ self.normal)


def _subtree(tree: Tree) -> list[list[int]]:
    """Bones of each bone's subtree, itself first."""
    below: list[list[int]] = [[bone] for bone in range(len(tree.parents))]
    for bone in reversed(range(len(tree.parents))):
        if tree.parents[bone] >= 0:
            below[tree.parents[bone]] += below[bone]
    return below


def _planes(heads: np.ndarray, tree: Tree, size: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Normals and points of planes halfway between siblings of like reach, the farthest reaching first."""
    below = _subtree(tree)
    far = [
        below[bone][int(np.linalg.norm(heads[below[bone]] - heads[bone], axis=1).argmax())]
        for bone in range(len(heads))
    ]
    reach = np.linalg.norm(heads[far] - heads, axis=1)
    found = []
    for family in (*tree.children, [bone for bone, parent in enumerate(tree.parents) if parent < 0]):
        strongest = sorted(family, key=lambda bone: -reach[bone])[:8]
        for a, b in ((a, b) for i, a in enumerate(strongest) for b in strongest[i + 1 :]):
            # Clavicles may begin at the same place: then their ends define the plane.
            for start, end in ((a, b), (far[a], far[b])):
                apart = heads[start] - heads[end]
                if np.linalg.norm(apart) > _NEAR * size and abs(reach[a] - reach[b]) < 0.1 * size:
                    found.append((reach[a] + reach[b], apart / np.linalg.norm(apart), (heads[start] + heads[end]) / 2))
    found.sort(key=lambda plane: -plane[0])
    return [(normal, point) for _, normal, point in found[:_PLANES]]


def _images(heads: np.ndarray, normal: np.ndarray, point: np.ndarray, size: float) -> tuple[np.ndarray, float]:
    """(B,) nearest bone to each bone's mirror image, -1 when too far; and how much of the body is mirrored."""
    off = (heads - point) @ normal
    images = heads - 2 * off[:, None] * normal
    apart = np.linalg.norm(images[:, None] - heads[None], axis=-1)
    nearest = apart.argmin(1)
    near = apart[np.arange(len(heads)), nearest] < _NEAR * size
    gain = np.where(near, np.abs(off), -0.5 * np.abs(off)).sum()
    return np.where(near, nearest, -1), float(gain)


def _paired(heads: np.ndarray, tree: Tree, mirror: Mirror) -> np.ndarray:
    """(B,) partners that agree with the hierarchy: children of partners are partners, wherever the images allow."""
    partner = np.full(len(heads), -2)
    tolerance = 2 * _NEAR * mirror.size

    def match(group: list[int], others: list[int]) -> None:
        left = list(others)
        for bone in group:
            image = heads[bone] - 2 * mirror.side(heads[bone]) * mirror.normal
            options = [other for other in left if np.linalg.norm(heads[other] - image) < tolerance]
            if not options:
                partner[bone] = -1
                continue
            best = min(options, key=lambda other: _unlike(heads, below, bone, other, mirror))
            left.remove(best)
            partner[bone] = best

    below = _subtree(tree)
    match(
        [bone for bone, parent in enumerate(tree.parents) if parent < 0],
        [b for b, p in enumerate(tree.parents) if p < 0],
    )
    for bone in range(len(heads)):
        other = partner[bone]
        group = tree.children[bone]
        match(group, tree.children[other] if other >= 0 else [])
    return partner


def _unlike(heads: np.ndarray, below: list[list[int]], bone: int, other: int, mirror: Mirror) -> tuple[int, float, int]:
    """How much two subtrees differ from mirror images of each other; smaller is more alike."""
    mine, theirs = heads[below[bone]], heads[below[other]]
    images = mine - 2 * ((mine - mirror.point) @ mirror.normal)[:, None] * mirror.normal
    apart = np.linalg.norm(images[:, None] - theirs[None], axis=-1).min(1)
    return (
        int((apart > 2 * _NEAR * mirror.size).sum()) + abs(len(mine) - len(theirs)),
        float(apart.sum()),
        abs(bone - other),
    )


def find(rig: Rig, tree: Tree) -> Mirror | None:
    """The plane of symmetry of a rig; None when nothing is mirrored."""
    heads = rig.heads
    size = float(np.linalg.norm(np.ptp(heads, axis=0)))
    planes = _planes(heads, tree, size) if size > 0 else []
    if not planes:
        return None
    images = [_images(heads, normal, point, size) for normal, point in planes]
    best = int(np.argmax([gain for _, gain in images]))
    if images[best][1] <= 0:
        return None
    found = Mirror(*planes[best], images[best][0], size)
    return Mirror(found.normal, found.point, _paired(heads, tree, found), size)
