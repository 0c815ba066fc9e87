"""Skeletons whose bones do not hang together as a body does, each with a map by hand that is right, or nearly so."""

from __future__ import annotations

from dataclasses import replace

from tests.rig_zoo.builder import Specimen

_ARM = """
[Left|Right]Collar @ clavicle
 [Left|Right]Arm @ shoulder
  [Left|Right]Fore @ elbow
   [Left|Right]Hand @ wrist
"""
_LEG = """
[Left|Right]Thigh @ hip
 [Left|Right]Shin @ knee
  [Left|Right]Foot @ ankle
   [Left|Right]Toe @ ball
"""
_TRUNK = """
Chest @ chest
 Neck @ nape
  Head @ head
"""
_LIMBS = """
head Head; neck Neck; spine3 Chest; collar [Left|Right]Collar; shoulder [Left|Right]Arm; elbow [Left|Right]Fore;
wrist [Left|Right]Hand; hip [Left|Right]Thigh; knee [Left|Right]Shin; ankle [Left|Right]Foot; foot [Left|Right]Toe
"""


def _under(depth: int, *texts: str) -> str:
    """Bones of several texts, all of them that much further down the hierarchy."""
    return "".join(" " * depth + line + "\n" for text in texts for line in text.strip("\n").splitlines())


def _body(depth: int) -> str:
    """The chest, and the arms below it."""
    return _under(depth, _TRUNK) + _under(depth + 1, _ARM)


def _specimen(bones: str, joints: str, **kind: str) -> Specimen:
    return Specimen("by hand", bones, f"{joints}; {_LIMBS}", **kind)


_IK_FEET = (
    """
Bone @ floor
 [Left|Right]Foot @ ankle
  [Left|Right]Toe @ ball
 [Left|Right]Pole @ 0.09 0.5 0.6
 Body @ 0 0.9 0
  Hips @ pelvis
   Abdomen @ spine 0.3
"""
    + _body(4)
    + """
  [Left|Right]Thigh @ hip
   [Left|Right]Shin @ knee
"""
)
_BESIDE = "Waist @ 0 1.0 0.02\nHub @ 0 0.93 0\n Spine @ spine 0.2\n" + _body(2) + _under(1, _LEG)

HIERARCHIES: dict[str, Specimen] = {
    "IK feet": _specimen(_IK_FEET, "root Bone; pelvis Body; spine1 Abdomen", ik="knee [Left|Right]Pole"),
    "IK feet, hips beside": _specimen(_IK_FEET, "root Bone; pelvis Hips; spine1 Abdomen", ik="knee [Left|Right]Pole"),
    "IK feet on a master": _specimen(
        "Root @ floor\n Hips @ pelvis\n  Spine @ spine 0.2\n"
        + _body(3)
        + "  [Left|Right]Thigh @ hip\n   [Left|Right]Shin @ knee\n"
        + " Master @ floor\n  [Left|Right]Roll @ heel\n   [Left|Right]Foot @ ankle\n    [Left|Right]Toe @ ball\n",
        "root Root; pelvis Hips; spine1 Spine",
    ),
    "thighs below the spine": _specimen(
        "Pelvis @ pelvis\n Spine @ spine 0.2\n  Spine1 @ spine 0.5\n" + _body(3) + _under(2, _LEG),
        "pelvis Pelvis; spine1 Spine; spine2 Spine1",
    ),
    "two roots": _specimen("Pelvis @ pelvis\n" + _under(1, _LEG) + _body(0), "pelvis Pelvis"),
    "three roots": _specimen("Pelvis @ pelvis\n" + _body(0) + _LEG, "pelvis Pelvis"),
    "root of the trunk apart": _specimen(
        "Root @ floor\n Pelvis @ pelvis\n" + _under(2, _LEG) + _body(1), "root Root; pelvis Pelvis"
    ),
    "waist beside": _specimen(_BESIDE, "pelvis Waist; spine1 Spine"),
    "waist beside, on a root": _specimen(
        "Root @ floor\n" + _under(1, _BESIDE), "root Root; pelvis Waist; spine1 Spine"
    ),
    "hips above": _specimen(
        "Hips @ 0 0.91 0\n Spine @ spine 0.1\n  Spine1 @ spine 0.4\n" + _body(3) + _under(2, _LEG),
        "pelvis Spine; spine1 Spine1",
    ),
    "hips above, mapped": _specimen(
        "Hips @ 0 0.91 0\n Spine @ spine 0.1\n  Spine1 @ spine 0.4\n" + _body(3) + _under(2, _LEG),
        "pelvis Hips; spine1 Spine; spine2 Spine1",
    ),
    "pelvis below the chest": _specimen(
        "Spine @ spine 0.4\n" + _body(1) + " Pelvis @ pelvis\n" + _under(2, _LEG), "pelvis Pelvis; spine1 Spine"
    ),
    "head and hands apart": _specimen(
        "Root @ floor\n Pelvis @ pelvis\n  Spine @ spine 0.3\n   Chest @ chest\n    Neck @ nape\n"
        + "    [Left|Right]Collar @ clavicle\n     [Left|Right]Arm @ shoulder\n      [Left|Right]Fore @ elbow\n"
        + _under(2, _LEG)
        + " Head @ head\n [Left|Right]Hand @ wrist\n",
        "root Root; pelvis Pelvis; spine1 Spine",
    ),
}
"""Name -> skeleton with the map that a user, or the recognition, would give it."""

HIERARCHIES["thighs below the spine, in centimetres"] = replace(HIERARCHIES["thighs below the spine"], unit=100.0)
