"""VRM avatars: VRoid's bone names and the names of VRM's humanoid bones themselves."""

from __future__ import annotations

from dataclasses import replace

from tokendance_core.rigs.families.family import Family

VRM = Family(
    name="vrm",
    title="VRM humanoid",
    joints={
        "pelvis": ("hips",),
        "neck": ("neck",),
        "head": ("head",),
        "collar": ("shoulder",),
        "shoulder": ("upperarm",),
        "elbow": ("lowerarm",),
        "wrist": ("hand",),
        "hip": ("upperleg",),
        "knee": ("lowerleg",),
        "ankle": ("foot",),
        "foot": ("toes", "toebase"),
    },
    spine=("spine", "chest", "upperchest"),
    marks=("upperleg",),
)

VROID = replace(VRM, name="vroid", title="VRoid", prefix=r"J_Bip_(?:C_)?")
