"""How curves, drivers and constraints name a bone: data paths such as ``pose.bones["Hips"].location``."""

from __future__ import annotations

import re

import bpy

_BONE = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\](.*)$')

TRANSFORMS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
"""The channels by which a bone is posed."""

ROTATIONS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
"""Rotation mode -> the channel that it turns a bone by; every other mode is an order of Euler angles."""


def path_of(bone: str) -> str:
    """The data path of a bone."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"]'


def split(path: str) -> tuple[str, str] | None:
    """The bone that a data path leads to, and what stands behind it: ``.location``; None for other paths."""
    found = _BONE.match(path)
    return (bpy.utils.unescape_identifier(found[1]), found[2]) if found else None
