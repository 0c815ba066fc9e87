"""Mixamo and its relatives: ``LeftShoulder`` is the collar bone, ``LeftArm`` the upper arm, ``LeftLeg`` the shin."""

from __future__ import annotations

from dataclasses import replace

from tokendance_core.rigs.families.family import Family

MIXAMO = Family(
    name="mixamo",
    title="Mixamo",
    prefix=r"(?:mixamorig\d*[:_]?|Character\d+_)",
    joints={
        "pelvis": ("hips",),
        "neck": ("neck", "neck1", "neck2"),
        "head": ("head",),
        "collar": ("shoulder",),
        "shoulder": ("arm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("upleg",),
        "knee": ("leg",),
        "ankle": ("foot",),
        "foot": ("toebase", "toe", "toes"),
    },
    spine=("spine", "spine1", "spine2", "spine3", "spine4"),
    twist={
        "shoulder": ("armtwist", "armroll", "armtwist1", "armroll1"),
        "elbow": ("forearmtwist", "forearmroll", "forearmtwist1", "forearmroll1"),
        "hip": ("uplegtwist", "uplegroll", "uplegtwist1", "uplegroll1"),
        "knee": ("legtwist", "legroll", "legtwist1", "legroll1"),
    },
)
"""Bones with Mixamo's prefix behind a namespace or not; Unity-Chan's ``Character1_`` bones are named alike."""

MIXAMO_BARE = replace(MIXAMO, prefix="")

READY_PLAYER_ME = replace(
    MIXAMO,
    name="ready player me",
    title="Ready Player Me",
    prefix="",
    marks=("eye",),
    spine=("spine", "spine1", "spine2"),
)
"""Mixamo's names without prefix, and eyes."""

MOTION_BUILDER = replace(
    MIXAMO,
    name="motionbuilder",
    title="MotionBuilder",
    prefix="",
    marks=("armroll", "forearmroll", "uplegroll", "legroll", "reference"),
    spine=("spine", *(f"spine{number}" for number in range(1, 10))),
    joints={**MIXAMO.joints, "neck": ("neck", *(f"neck{number}" for number in range(1, 10)))},
)
"""HumanIK: a Reference above the hips, roll bones in the limbs."""
