"""Daz figures. The spine and the legs both descend from ``hip``; ``pelvis`` below it carries the legs alone, so that
``hip`` is the pelvis.

Also Character Creator and iClone by Reallusion: spine and legs descend from ``CC_Base_Hip``; ``CC_Base_Pelvis`` carries
the legs alone.
"""

from __future__ import annotations

from tokendance_core.rigs.families.family import Family

_CENTRE = {"pelvis": ("hip",), "head": ("head",)}

DAZ_GENESIS_8 = Family(
    name="daz genesis 3 and 8",
    title="Daz Genesis 3 and 8",
    joints={
        **_CENTRE,
        "neck": ("necklower", "neckupper"),
        "collar": ("collar",),
        "shoulder": ("shldrbend",),
        "elbow": ("forearmbend",),
        "wrist": ("hand",),
        "hip": ("thighbend",),
        "knee": ("shin",),
        "ankle": ("foot",),
        "foot": ("toe",),
    },
    spine=("abdomenlower", "abdomenupper", "chestlower", "chestupper"),
    marks=("thighbend", "shldrbend"),
    twist={"shoulder": ("shldrtwist",), "elbow": ("forearmtwist",), "hip": ("thightwist",)},
)

DAZ_GENESIS_9 = Family(
    name="daz genesis 9",
    title="Daz Genesis 9",
    joints={
        **_CENTRE,
        "neck": ("neck1", "neck2"),
        "collar": ("shoulder",),
        "shoulder": ("upperarm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("shin",),
        "ankle": ("foot",),
        "foot": ("toes",),
    },
    spine=("spine1", "spine2", "spine3", "spine4"),
    marks=("metatarsal", "toes", "thightwist1"),
    twist={
        "shoulder": ("upperarmtwist1", "upperarmtwist2"),
        "elbow": ("forearmtwist1", "forearmtwist2"),
        "hip": ("thightwist1", "thightwist2"),
    },
)

DAZ = Family(
    name="daz",
    title="Daz",
    joints={
        **_CENTRE,
        "neck": ("neck",),
        "collar": ("collar",),
        "shoulder": ("shldr",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("shin",),
        "ankle": ("foot",),
        "foot": ("toe",),
    },
    spine=("abdomen", "abdomen2", "chest"),
    marks=("shldr",),
)
"""Generation 4, Genesis and Genesis 2, and motion capture files made for them."""

CHARACTER_CREATOR = Family(
    name="character creator",
    title="Character Creator",
    prefix=r"CC_Base_",
    joints={
        "pelvis": ("hip",),
        "neck": ("necktwist01", "necktwist02"),
        "head": ("head",),
        "collar": ("clavicle",),
        "shoulder": ("upperarm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("calf",),
        "ankle": ("foot",),
        "foot": ("toebase",),
    },
    spine=("waist", "spine01", "spine02"),
    twist={
        "shoulder": ("upperarmtwist01", "upperarmtwist02"),
        "elbow": ("forearmtwist01", "forearmtwist02"),
        "hip": ("thightwist01", "thightwist02"),
        "knee": ("calftwist01", "calftwist02"),
    },
)
