"""How a character stood before it was worked on: what it played, how it was posed, what held it; to give back after a
failure.
"""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat
from .bone_paths import TRANSFORMS

_MARKS = ("tokendance_former", "tokendance_dancer")
"""Registered properties of the add-on that a dance changes."""


class Before:
    """The state of an armature; everything by name, so that an undo in between does no harm."""

    def __init__(self, armature: bpy.types.Object) -> None:
        data = armature.animation_data
        action = data.action if data is not None else None
        self._name = armature.name
        self._had_data = data is not None
        self._action = action.name if action is not None else None
        self._slot = compat.slot_name(armature)
        self._is_kept = action is not None and action.use_fake_user
        self._tracks = {track.name for track in data.nla_tracks} if data is not None else set()
        self._muted = {_channel(driver): driver.mute for driver in _drivers(armature)}
        self._marks = {name: getattr(armature, name) for name in _MARKS}
        self._pose = {bone.name: _pose(bone) for bone in armature.pose.bones}
        self._held = {
            (bone.name, constraint.name): (constraint.mute, constraint.influence)
            for bone in armature.pose.bones
            for constraint in bone.constraints
        }

    def give_back(self) -> None:
        """Make it so again, as far as the armature is still there."""
        armature: bpy.types.Object | None = bpy.data.objects.get(self._name)
        if armature is None or armature.type != "ARMATURE":
            return
        self._give_back_action(armature)
        for driver in _drivers(armature):
            driver.mute = self._muted.get(_channel(driver), driver.mute)
        for name, value in self._marks.items():
            setattr(armature, name, value)
        for bone in armature.pose.bones:
            transforms, numbers = self._pose.get(bone.name, ({}, {}))
            for name, value in transforms.items():
                setattr(bone, name, value)
            for name, number in numbers.items():
                bone[name] = number
            for constraint in bone.constraints:
                if found := self._held.get((bone.name, constraint.name)):
                    constraint.mute, constraint.influence = found
        if not self._had_data:
            armature.animation_data_clear()

    def _give_back_action(self, armature: bpy.types.Object) -> None:
        data = armature.animation_data
        if data is None:
            return
        for track in [track for track in data.nla_tracks if track.name not in self._tracks]:
            data.nla_tracks.remove(track)
        action = bpy.data.actions.get(self._action) if self._action is not None else None
        if action is None:
            data.action = None
        else:
            compat.use_action(armature, action, self._slot)
            if action.use_fake_user != self._is_kept:  # not where it is linked
                action.use_fake_user = self._is_kept


def _drivers(armature: bpy.types.Object) -> list[bpy.types.FCurve]:
    return list(armature.animation_data.drivers) if armature.animation_data is not None else []


def _channel(driver: bpy.types.FCurve) -> tuple[str, int]:
    return driver.data_path, driver.array_index


def _pose(bone: bpy.types.PoseBone) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """Transforms of a bone, and its custom properties that are numbers."""
    owner: Any = bone
    numbers = {name: value for name, value in owner.items() if isinstance(value, bool | int | float)}
    return {name: tuple(getattr(bone, name)) for name in TRANSFORMS}, numbers
