"""Skeletons of motion capture: Xsens MVN, Rokoko, OptiTrack Motive, CMU, Motorica, the Biped of 3ds Max, and files that
name joints as anatomy does.
"""

from __future__ import annotations

from tokendance_core.rigs.families.family import Family

_HEAD = {"neck": ("neck", "neck1"), "head": ("head",)}

XSENS = Family(
    name="xsens mvn",
    title="Xsens MVN",
    joints={
        "pelvis": ("pelvis",),
        **_HEAD,
        "collar": ("shoulder",),
        "shoulder": ("upperarm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("upperleg",),
        "knee": ("lowerleg",),
        "ankle": ("foot",),
        "foot": ("toe",),
    },
    spine=("l5", "l3", "t12", "t8"),
    marks=("t8",),
)

ROKOKO = Family(
    name="rokoko",
    title="Rokoko",
    joints={
        "pelvis": ("hips",),
        **_HEAD,
        "collar": ("shoulder",),
        "shoulder": ("arm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("shin",),
        "ankle": ("foot",),
        "foot": ("toe",),
    },
    spine=("spine", "spine1", "spine2", "spine3", "spine4"),
)

OPTITRACK = Family(
    name="optitrack",
    title="OptiTrack",
    joints={
        "pelvis": ("hip",),
        **_HEAD,
        "collar": ("shoulder",),
        "shoulder": ("uarm",),
        "elbow": ("farm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("shin",),
        "ankle": ("foot",),
        "foot": ("toe",),
    },
    spine=("ab", "spine2", "spine3", "spine4", "chest"),
    marks=("uarm",),
)

CMU = Family(
    name="cmu",
    title="CMU",
    joints={
        "pelvis": ("hips",),
        **_HEAD,
        "collar": ("shoulder",),
        "shoulder": ("arm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("upleg",),
        "knee": ("leg",),
        "ankle": ("foot",),
        "foot": ("toebase",),
    },
    spine=("lowerback", "spine", "spine1"),
    marks=("hipjoint", "lowerback"),
)

ANATOMICAL = Family(
    name="anatomical",
    title="anatomical",
    joints={
        "pelvis": ("hips", "pelvis"),
        **_HEAD,
        "collar": ("collar", "clavicle"),
        "shoulder": ("shoulder",),
        "elbow": ("elbow",),
        "wrist": ("wrist",),
        "hip": ("hip",),
        "knee": ("knee",),
        "ankle": ("ankle",),
        "foot": ("toe", "toes"),
    },
    spine=("spine", "spine1", "spine2", "spine3", "chest", "chest2", "chest3", "chest4"),
    marks=("elbow", "knee"),
)
"""Each bone by the joint that it begins at: LeftHip, LeftKnee, LeftAnkle, LeftShoulder, LeftElbow, LeftWrist (Xsens BVH
files).
"""

MOTION_CAPTURE = Family(
    name="motion capture",
    title="motion capture",
    prefix=r"(?:mixamorig\d*_?)?",
    joints={
        "pelvis": ("hips", "hip", "pelvis"),
        "spine1": ("spine", "abdomen"),
        "spine2": ("spine1", "abdomen2"),
        "spine3": ("spine2", "chest"),
        "neck": ("neck",),
        "head": ("head",),
        "hip": ("upleg", "thigh"),
        "knee": ("leg", "shin"),
        "ankle": ("foot",),
        "foot": ("toebase", "toe"),
        "collar": ("shoulder", "collar"),
        "shoulder": ("arm", "shldr"),
        "elbow": ("forearm",),
        "wrist": ("hand",),
    },
)
"""Mixamo, MotionBuilder, Motorica, CMU and Daz names, each spine bone for one joint: a file's motion stays on the joint
that has it.
"""

BIPED = Family(
    name="3ds max biped",
    title="3ds Max Biped",
    prefix=r"(?:ValveBiped[._ ])?Bip\d*[ _]",
    joints={
        "pelvis": ("pelvis",),
        "neck": ("neck", "neck1", "neck2"),
        "head": ("head", "head1"),
        "collar": ("clavicle",),
        "shoulder": ("upperarm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("calf",),
        "ankle": ("foot",),
        "foot": ("toe0",),
    },
    spine=("spine", "spine1", "spine2", "spine3", "spine4"),
    twist={
        "shoulder": ("upperarmtwist", "uparmtwist", "uparmtwist1", "upperarmtwist1"),
        "elbow": ("forearmtwist", "foretwist", "foretwist1", "forearmtwist1"),
        "hip": ("thightwist", "thightwist1"),
        "knee": ("calftwist", "calftwist1"),
    },
)
"""3ds Max's Biped, and Valve's, which the Source engine uses."""
