"""Rigs that must not be taken for a humanoid, or that are broken: name -> rig."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.rig_zoo.animals import ANIMALS
from tests.rig_zoo.builder import build, rig_of
from tests.rig_zoo.characters import CHARACTERS
from tokendance_core.types import Rig

_DOG = """
root @ 0 0 0
 pelvis @ 0 0.5 -0.35
  spine1 @ 0 0.52 -0.15
   spine2 @ 0 0.53 0.05
    spine3 @ 0 0.52 0.25
     neck @ 0 0.58 0.38
      head @ 0 0.7 0.48
     [l|r]_scapula @ 0.05 0.5 0.28
      [l|r]_front_upper @ 0.08 0.4 0.3
       [l|r]_front_lower @ 0.08 0.25 0.27
        [l|r]_front_paw @ 0.08 0.08 0.28
         [l|r]_front_toe @ 0.08 0.02 0.32
  [l|r]_rear_upper @ 0.08 0.48 -0.35
   [l|r]_rear_lower @ 0.08 0.28 -0.3
    [l|r]_rear_hock @ 0.08 0.15 -0.4
     [l|r]_rear_paw @ 0.08 0.03 -0.37
  tail1 @ 0 0.52 -0.45
   tail2 @ 0 0.5 -0.6
    tail3 @ 0 0.48 -0.75
"""
_WOLF = """
Hips @ 0 0.5 -0.35
 Spine @ 0 0.52 -0.1
  Spine1 @ 0 0.52 0.2
   Neck @ 0 0.58 0.38
    Head @ 0 0.7 0.48
   [Left|Right]Shoulder @ 0.05 0.5 0.28
    [Left|Right]Arm @ 0.08 0.4 0.3
     [Left|Right]ForeArm @ 0.08 0.25 0.27
      [Left|Right]Hand @ 0.08 0.08 0.28
 [Left|Right]UpLeg @ 0.08 0.48 -0.35
  [Left|Right]Leg @ 0.08 0.28 -0.3
   [Left|Right]Foot @ 0.08 0.15 -0.4
    [Left|Right]ToeBase @ 0.08 0.03 -0.37
"""
_CHAIR = """
seat @ 0 0.45 0
 back @ 0 0.5 -0.2
  back_top @ 0 0.9 -0.22
 leg_front.[L|R] @ 0.2 0.45 0.2
 leg_back.[L|R] @ 0.2 0.45 -0.2
 armrest.[L|R] @ 0.22 0.65 0
"""
_HAND = "wrist @ 0 0 0\n palm @ 0.03 0 0\n  *fingers {}#1 thumb index middle ring pinky\n"
_FACE = """
head @ 0 0 0
 jaw @ 0 -0.02 0.04
  chin @ 0 -0.06 0.09
  lip_lower.[L|R] @ 0.01 -0.03 0.09
 brow.[L|R] @ 0.02 0.09 0.09
  brow_mid.[L|R] @ 0.035 0.095 0.085
   brow_out.[L|R] @ 0.05 0.085 0.07
 cheek.[L|R] @ 0.04 0.01 0.07
 eye.[L|R] @ 0.03 0.06 0.08
  lid_upper.[L|R] @ 0.03 0.07 0.095
  lid_lower.[L|R] @ 0.03 0.05 0.095
"""
_ROPE = "\n".join(" " * n + f"rope.{n:03} @ 0 {n * 0.1:.1f} 0" for n in range(12))

_MIXAMO = CHARACTERS["mixamo without prefix"].bones
_SECOND_ARM = """     LeftArm.001 @ 0.17 1.25 -0.03
      LeftForeArm.001 @ 0.45 1.25 -0.03
       LeftHand.001 @ 0.70 1.25 -0.03
"""


def _second_left_arm(names: str) -> str:
    """Mixamo's skeleton with a second left arm below the first one."""
    return _MIXAMO.replace("    [Left|Right]Shoulder", names + "    [Left|Right]Shoulder", 1)


def _without(bone: str) -> str:
    """Mixamo's skeleton without a bone; what hung on it hangs on its parent."""
    return "\n".join(line for line in _MIXAMO.splitlines() if not line.strip().startswith(f"{bone} @"))


def _with_knee_at_hip() -> Rig:
    rig = rig_of(CHARACTERS["mixamo"])
    rest = rig.rest.copy()
    rest[rig.names.index("mixamorig:LeftLeg"), :3, 3] = rig.heads[rig.names.index("mixamorig:LeftUpLeg")]
    return Rig.plain(rig.names, rig.parents, rest, rig.world)


def _crowd() -> Rig:
    """Two characters in one armature, told apart by their namespaces alone."""
    one = rig_of(CHARACTERS["mixamo without prefix"])
    names = tuple(f"{who}:{name}" for who in ("anna", "bob") for name in one.names)
    shift = np.where(one.parents >= 0, one.parents + len(one.names), -1)
    rest = np.concatenate((one.rest, one.rest))
    rest[len(one.names) :, 0, 3] += 2
    return Rig.plain(names, np.concatenate((one.parents, shift)), rest, one.world)


OTHERS: dict[str, Callable[[], Rig]] = {
    "no bones": lambda: Rig.plain((), np.zeros(0, int), np.zeros((0, 4, 4))),
    "dog": partial(build, _DOG),
    "wolf with a person's names": partial(build, _WOLF),
    **{name: partial(build, bones) for name, bones in ANIMALS.items()},
    "chair": partial(build, _CHAIR),
    "hand": partial(build, _HAND),
    "face": partial(build, _FACE),
    "rope": partial(build, _ROPE),
    "door": partial(build, "door @ 0 0 0\n handle @ 0.5 1 0\n"),
    "two left arms": partial(build, _second_left_arm(_SECOND_ARM)),
    "two left arms, spelled otherwise": partial(
        build, _second_left_arm(_SECOND_ARM.replace("Left", "left_").replace(".001", ""))
    ),
    "two characters": _crowd,
    "knee gone": partial(build, _without("[Left|Right]Leg")),
    "knee at the hip": _with_knee_at_hip,
}
