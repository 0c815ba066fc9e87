"""MakeHuman's and MPFB's default rig: limbs in halves, ``spine05`` the lowest, ``root`` at the hips (its game-engine
rig is Unreal's).
"""

from __future__ import annotations

from tokendance_core.rigs.families.family import Family

MAKEHUMAN = Family(
    name="makehuman",
    title="MakeHuman",
    joints={
        "pelvis": ("root",),
        "neck": ("neck01", "neck02", "neck03"),
        "head": ("head",),
        "collar": ("clavicle",),
        "shoulder": ("upperarm01",),
        "elbow": ("lowerarm01",),
        "wrist": ("wrist",),
        "hip": ("upperleg01",),
        "knee": ("lowerleg01",),
        "ankle": ("foot",),
        "foot": ("toe11",),
    },
    spine=("spine05", "spine04", "spine03", "spine02", "spine01"),
    marks=("upperleg01",),
    twist={"shoulder": ("upperarm02",), "elbow": ("lowerarm02",), "hip": ("upperleg02",), "knee": ("lowerleg02",)},
)
