"""Rigify's human and basic human metarigs, before they are generated: one chain of spine bones from the pelvis to the head."""

from __future__ import annotations

from tokendance_core.rigs.family import Family

RIGIFY_META = Family(
    name="rigify metarig",
    title="Rigify metarig",
    joints={
        "pelvis": ("spine",),
        "neck": ("spine004", "spine005"),
        "head": ("spine006",),
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
    marks=("spine006",),
)
