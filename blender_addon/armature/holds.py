"""Disable what holds bones against their keys: IK/FK switches, constraints and drivers, remembered so that the rig can
be restored.

Switches and constraints are keyed in the action, on its first frame; drivers cannot be keyed and are muted. ``restore``
undoes all of it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

import bpy

from tokendance_core import RigAnimation, parse_json

from ..compat import CurveWriter
from ..interface.bone_paths import path_of
from . import map_store
from . import traits as rig_traits

_VERSION = 2
_LOG = logging.getLogger(__package__)


@dataclass
class Former:
    """What a rig was set to before its first dance: ``values`` of properties by path, and the ``drivers`` (path and
    index of the channel) that were not muted.
    """

    values: dict[str, float] = field(default_factory=dict)
    drivers: list[tuple[str, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values) + len(self.drivers)

    def to_json(self) -> str:
        drivers = [{"path": path, "index": index} for path, index in self.drivers]
        return json.dumps({"version": _VERSION, "values": self.values, "drivers": drivers})

    @classmethod
    def from_json(cls, text: str) -> Former:
        """Of ``to_json``, of version 1 or of nothing; nothing as well where it was damaged."""
        try:
            return cls._from(parse_json(text or "{}"))
        except (ValueError, LookupError, TypeError, AttributeError):
            _LOG.warning("What the rig was set to before its first dance cannot be read: %.80r", text)
            return cls()

    @classmethod
    def _from(cls, found: dict[str, Any]) -> Former:
        """ValueError, LookupError, TypeError or AttributeError for what is nothing of the kind."""
        if found.get("version") != _VERSION:
            return cls._from_version_1(found)
        drivers = [(str(driver["path"]), _index(driver["index"])) for driver in found["drivers"]]
        return cls({path: _number(value) for path, value in found["values"].items()}, drivers)

    @classmethod
    def _from_version_1(cls, found: dict[str, Any]) -> Former:
        """One table of values; ``driver INDEX PATH`` is the key of a driver."""
        former = cls()
        for key, value in found.items():
            if key.startswith("driver "):
                _, index, path = key.split(" ", 2)
                former.drivers.append((path, _index(index)))
            else:
                former.values[key] = _number(value)
        return former


def _index(value: object) -> int:
    index = int(str(value))
    if not 0 <= index < 4:
        raise ValueError(f"{value!r} is no channel")
    return index


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def let_go(armature: bpy.types.Object, animation: RigAnimation, writer: CurveWriter, frame: float) -> dict[str, float]:
    """Key switches and constraints as they have to be while ``animation`` plays; what they were before, by path."""
    former: dict[str, float] = {}
    for switch in animation.switches:
        bone: Any = armature.pose.bones.get(switch.bone)
        if bone is not None and switch.property in bone:
            path = f'{path_of(switch.bone)}["{bpy.utils.escape_identifier(switch.property)}"]'
            former[path] = float(bone[switch.property])
            writer.hold(path, switch.bone, frame, switch.value)
    keyed, moved = set(animation.bones), set(animation.locations)
    holding = [(bone, constraint) for bone, constraint, held in rig_traits.holding(armature) if held & (keyed | moved)]
    placing = [(bone, constraint) for bone, constraint in rig_traits.placing(armature) if bone.name in moved]
    for bone, constraint in (*holding, *placing):
        path = f'{path_of(bone.name)}.constraints["{bpy.utils.escape_identifier(constraint.name)}"]'
        attribute, value = ("mute", 1.0) if _is_driven(armature, f"{path}.influence") else ("influence", 0.0)
        former[f"{path}.{attribute}"] = float(getattr(constraint, attribute))
        writer.hold(f"{path}.{attribute}", bone.name, frame, value)
    return former


def remember(armature: bpy.types.Object, animation: RigAnimation, values: dict[str, float]) -> None:
    """Keep the ``values`` that ``let_go`` found on the armature, and mute the drivers of keyed channels."""
    former = Former.from_json(map_store.of_armature(armature).tokendance_former)
    # What an earlier dance found is older, and so what the user had.
    former.values = values | former.values
    keyed = set(animation.bones)
    for name, driver in list(rig_traits.channel_drivers(armature)):
        if name in keyed:
            former.drivers.append((driver.data_path, driver.array_index))
            driver.mute = True
    former.drivers = list(dict.fromkeys(former.drivers))
    if former:
        map_store.of_armature(armature).tokendance_former = former.to_json()


def _is_driven(armature: bpy.types.Object, path: str) -> bool:
    return any(driver.data_path == path for driver in _drivers(armature))


def _drivers(armature: bpy.types.Object) -> list[bpy.types.FCurve]:
    return list(armature.animation_data.drivers) if armature.animation_data else []


def restore(armature: bpy.types.Object) -> int:
    """Give switches, constraints and drivers the values from before the first dance; how many there were.

    The dance itself stays: while its action is active, its keys hold again on the next frame change.
    """
    former = Former.from_json(map_store.of_armature(armature).tokendance_former)
    for path, value in former.values.items():
        _set(armature, path, value)
    for driver in _drivers(armature):
        if (driver.data_path, driver.array_index) in former.drivers:
            driver.mute = False
    map_store.of_armature(armature).tokendance_former = ""
    return len(former)


def _set(armature: bpy.types.Object, path: str, value: float) -> None:
    """Set a switch (a number among a bone's custom properties), or what a constraint of a bone keys; a path that leads
    to nothing of the kind (any more) is skipped.
    """
    if path.endswith('"]'):
        owner_path, _, name = path[:-2].rpartition('["')
        name, owner = bpy.utils.unescape_identifier(name), _resolved(armature, owner_path)
        if isinstance(owner, bpy.types.PoseBone) and isinstance(owner.get(name), bool | int | float):
            owner[name] = type(owner[name])(value)
        return
    owner_path, _, name = path.rpartition(".")
    owner = _resolved(armature, owner_path)
    if isinstance(owner, bpy.types.Constraint) and name in ("mute", "influence"):
        setattr(owner, name, bool(value) if name == "mute" else value)


def _resolved(armature: bpy.types.Object, path: str) -> Any:
    """What lies at a path below the armature; None where nothing does."""
    try:
        return armature.path_resolve(path)
    except ValueError:
        return None
