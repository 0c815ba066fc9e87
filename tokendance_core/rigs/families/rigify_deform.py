"""Deform bones of Rigify, alone in a game export or in a rig whose controls are gone; also with ``DEF-hips`` as pelvis."""

from __future__ import annotations

from tokendance_core.rigs.family import Family

RIGIFY_DEFORM = Family(
    name="rigify deform",
    title="Rigify deform",
    prefix=r"DEF-",
    joints={
        "pelvis": ("hips", "spine"),
        "neck": ("neck", "spine004", "spine005"),
        "head": ("head", "spine006"),
        "collar": ("shoulder",),
        "shoulder": ("upperarm",),
        "elbow": ("forearm",),
        "wrist": ("hand",),
        "hip": ("thigh",),
        "knee": ("shin",),
        "ankle": ("foot",),
        "foot": ("toe",),
    },
    spine=("spine001", "spine002", "spine003"),
    twist={"shoulder": ("upperarm001",), "elbow": ("forearm001",), "hip": ("thigh001",), "knee": ("shin001",)},
)
