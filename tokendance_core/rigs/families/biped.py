"""3ds Max's Biped, and Valve's, which the Source engine uses."""

from __future__ import annotations

from tokendance_core.rigs.family import Family

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
