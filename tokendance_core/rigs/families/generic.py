"""Plain English names, and game characters with short chains."""

from __future__ import annotations

from tokendance_core.rigs.families.family import Family

KAYKIT = Family(
    name="kaykit",
    title="KayKit",
    joints={
        "pelvis": ("hips",),
        "head": ("head",),
        "shoulder": ("upperarm",),
        "elbow": ("lowerarm",),
        "wrist": ("wrist",),
        "hip": ("upperleg",),
        "knee": ("lowerleg",),
        "ankle": ("foot",),
        "foot": ("toes",),
    },
    spine=("spine", "chest"),
    marks=("wrist",),
)

GENERIC = Family(
    name="generic",
    title="usual English",
    joints={
        "pelvis": ("pelvis", "hips", "hip", "waist", "spinebase"),
        "neck": ("neck", "neck1", "neck01", "neck2", "neck02", "neck3", "neck03"),
        "head": ("head", "skull"),
        "collar": ("clavicle", "collar", "collarbone", "clav", "shoulder"),
        "shoulder": ("upperarm", "uparm", "armupper", "upperarm1", "upperarm01", "bicep", "arm", "shoulder"),
        "elbow": ("forearm", "lowerarm", "loarm", "armlower", "lowerarm1", "lowerarm01", "elbow", "farm"),
        "wrist": ("wrist", "hand", "palm"),
        "hip": ("thigh", "upperleg", "upleg", "legupper", "thigh1", "upperleg01", "hip", "leg"),
        "knee": ("shin", "calf", "lowerleg", "loleg", "leglower", "shin1", "lowerleg01", "knee", "leg"),
        "ankle": ("ankle", "foot"),
        "foot": ("toe", "toes", "toebase", "ball", "toe0", "toe1", "toe01", "foot"),
    },
    spine=(
        *(
            "abdomen",
            "lowerback",
            "waist",
            "torso",
            "lowerspine",
            "spinelower",
            "belly",
            "stomach",
            "midspine",
            "spinemiddle",
            "back",
        ),
        *(
            "spine",
            "spine0",
            "spine00",
            *(f"spine{number}" for number in range(1, 10)),
            *(f"spine0{number}" for number in range(1, 10)),
        ),
        *(f"spine00{number}" for number in range(1, 10)),
        *(
            "upperspine",
            "spineupper",
            "ribs",
            "ribcage",
            "chest",
            "chest1",
            "chest2",
            "chest01",
            "chest02",
            "upperchest",
        ),
    ),
    twist={
        "shoulder": ("upperarmtwist", "uparmtwist", "upperarmtwist1", "upperarmtwist01", "upperarmroll"),
        "elbow": ("forearmtwist", "lowerarmtwist", "forearmtwist1", "forearmtwist01", "forearmroll"),
        "hip": ("thightwist", "upperlegtwist", "thightwist1", "thightwist01", "thighroll"),
        "knee": ("shintwist", "calftwist", "lowerlegtwist", "calftwist1", "calftwist01"),
    },
)
