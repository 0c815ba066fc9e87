"""SMPL, SMPL-H and SMPL-X: our own mannequin, the SMPL add-ons for Blender and the SMPL body files for game engines.

The game-engine files put the sex and "avg" before each name (``f_avg_L_Hip``).
"""

from __future__ import annotations

from tokendance_core.rigs.families.family import SIDED, Family

SMPL = Family(
    name="smpl",
    title="SMPL",
    prefix=r"(?:[fmn]_avg_)?",
    joints={
        **{joint: (joint,) for joint in ("pelvis", "spine1", "spine2", "spine3", "neck", "head")},
        **{joint: (joint,) for joint in SIDED},
    },
    marks=("collar", "wrist", "elbow"),
)
