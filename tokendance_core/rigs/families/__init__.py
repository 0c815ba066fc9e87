"""The tables of all families, one file for each maker of rigs; ``family.py`` says what a table holds.

The more specific come first: of two families that fit equally well, the earlier is taken. A new family is a table here
and a line in ``FAMILIES``.
"""

from __future__ import annotations

from tokendance_core.rigs.families.auto_rig_pro import AUTO_RIG_PRO_CONTROL, AUTO_RIG_PRO_DEFORM
from tokendance_core.rigs.families.cloudrig import CLOUDRIG, CLOUDRIG_DEFORM
from tokendance_core.rigs.families.daz_and_character_creator import CHARACTER_CREATOR, DAZ, DAZ_GENESIS_8, DAZ_GENESIS_9
from tokendance_core.rigs.families.family import Family
from tokendance_core.rigs.families.generic import GENERIC, KAYKIT
from tokendance_core.rigs.families.makehuman import MAKEHUMAN
from tokendance_core.rigs.families.mixamo import MIXAMO, MIXAMO_BARE, MOTION_BUILDER, READY_PLAYER_ME
from tokendance_core.rigs.families.mmd import MMD, MMD_ENGLISH
from tokendance_core.rigs.families.mocap import ANATOMICAL, BIPED, CMU, MOTION_CAPTURE, OPTITRACK, ROKOKO, XSENS
from tokendance_core.rigs.families.rigify import RIGIFY_CONTROL, RIGIFY_DEFORM, RIGIFY_META
from tokendance_core.rigs.families.smpl import SMPL
from tokendance_core.rigs.families.unreal import UNREAL
from tokendance_core.rigs.families.vrm import VRM, VROID

FAMILIES: tuple[Family, ...] = (
    *(RIGIFY_CONTROL, CLOUDRIG, AUTO_RIG_PRO_CONTROL),
    *(SMPL, MIXAMO, VROID, CHARACTER_CREATOR, BIPED, RIGIFY_DEFORM, CLOUDRIG_DEFORM),
    *(MMD, MMD_ENGLISH, MAKEHUMAN, RIGIFY_META, AUTO_RIG_PRO_DEFORM, DAZ_GENESIS_8, DAZ_GENESIS_9, DAZ),
    *(UNREAL, XSENS, OPTITRACK, CMU, MOTION_BUILDER, READY_PLAYER_ME, MIXAMO_BARE, ROKOKO),
    *(KAYKIT, VRM, ANATOMICAL, GENERIC),
)

MOTION_FILES: tuple[Family, ...] = (SMPL, MOTION_CAPTURE, CMU, XSENS, OPTITRACK, ROKOKO, ANATOMICAL, BIPED)
"""Families whose names are tried on files of recorded motion."""
