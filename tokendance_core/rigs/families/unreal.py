"""Unreal Engine's mannequins (Mannequin, Manny, Quinn), Mesh2Motion's rigs and MPFB's game-engine rig."""

from __future__ import annotations

from tokendance_core.rigs.families.family import Family


def _twists(limb: str) -> tuple[str, ...]:
    return (f"{limb}twist01", f"{limb}twist02", f"{limb}twist03", f"{limb}twist")


UNREAL = Family(
    name="unreal",
    title="Unreal",
    joints={
        "pelvis": ("pelvis",),
        "neck": ("neck01", "neck02", "neck"),
        "head": ("head",),
        "collar": ("clavicle",),
        "shoulder": ("upperarm",),
        "elbow": ("lowerarm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("calf",),
        "ankle": ("foot",),
        "foot": ("ball",),
    },
    spine=("spine01", "spine02", "spine03", "spine04", "spine05"),
    marks=("calf", "lowerarm"),
    twist={
        "shoulder": _twists("upperarm"),
        "elbow": _twists("lowerarm"),
        "hip": _twists("thigh"),
        "knee": _twists("calf"),
    },
)
