"""Which bone is the pelvis: the lowest one that carries both thighs and the trunk, whatever its name says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tokendance_core.rigs.anatomy import Tree, both
from tokendance_core.types import Rig

_AT_THE_HIPS, _CALLED_PELVIS = 0.25, 0.6
"""Distance from the middle of the hips, in lengths of the leg or trunk, up to which a bone can be the pelvis: any bone,
and one that is called so.
"""


@dataclass(frozen=True, eq=False)
class Pelvis:
    """The pelvis, -1 for none, and ``along``: bones of the trunk that turn as it does."""

    bone: int
    along: tuple[int, ...] = ()


def find(rig: Rig, tree: Tree, bones: Mapping[str, int], chest: int, *, waist_is_split: bool, is_guess: bool) -> Pelvis:
    """The pelvis of a body whose thighs are mapped and whose trunk leads up to the bone ``chest``.

    ``waist_is_split``: legs and trunk are known to turn on siblings, of which the one with the legs is the pelvis;
    ``is_guess``: no name says which bone is the pelvis, so that hips above the carrier of the legs may be it.
    """
    named = bones.get("pelvis", -1)
    thighs = [bones[joint] for joint in both("hip")]
    hips = np.mean(rig.heads[thighs], axis=0)
    shins = [bones[joint] for joint in both("knee") if joint in bones]
    size = max(
        2 * float(np.linalg.norm(np.mean(rig.heads[shins], axis=0) - hips)) if shins else 0.0,
        float(np.linalg.norm(rig.heads[chest] - hips)),
    )

    def is_at_hips(bone: int) -> bool:
        farthest = (_CALLED_PELVIS if bone == named else _AT_THE_HIPS) * size
        return bone >= 0 and float(np.linalg.norm(rig.heads[bone] - hips)) < farthest

    legs, carrier = tree.common(thighs), tree.common([*thighs, chest])
    if waist_is_split and named in tree.lineage(legs):
        return Pelvis(named)
    if not is_at_hips(carrier):
        trunk = [bone for bone in tree.lineage(chest) if bone not in tree.lineage(carrier)]
        carries = [bone for bone in (named, legs, *trunk[-1:]) if is_at_hips(bone)]
        return Pelvis(next((bone for bone in carries if bone not in tree.lineage(carrier)), named))
    above = tree.lineage(carrier)
    top = named if named in above and is_at_hips(named) else carrier
    if (named < 0 or is_guess) and len(above) > 1 and is_at_hips(above[1]):
        top = above[1]
    along = [bone for bone in above[: above.index(top)] if not rig.driven[bone]]
    if named in tree.lineage(chest) and named not in above and not rig.driven[named]:
        along.append(named)
    return Pelvis(top, tuple(along))
