"""Reallusion's Character Creator and iClone. Spine and legs hang on ``CC_Base_Hip``; ``CC_Base_Pelvis`` carries the legs alone."""

from __future__ import annotations

from tokendance_core.rigs.family import Family

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
