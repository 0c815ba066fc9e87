"""Let go of bones that are to dance: IK/FK switches, constraints and drivers, remembered so that the rig can be given
back.

Switches and constraints are keyed in the action, on its first frame; drivers cannot be keyed and are muted. ``restore``
undoes all.
"""

from __future__ import annotations

import json

import bpy

from tokendance_core import RigAnimation

from ..compat import CurveWriter
from . import traits as rig_traits


def let_go(armature: bpy.types.Object, animation: RigAnimation, writer: CurveWriter, frame: float) -> dict[str, float]:
    """Key switches and constraints as they have to be while ``animation`` plays; what they were before, by path."""
    former: dict[str, float] = {}
    for switch in animation.switches:
        bone = armature.pose.bones.get(switch.bone)
        if bone is not None and switch.property in bone:
            path = f'{_bone_path(switch.bone)}["{bpy.utils.escape_identifier(switch.property)}"]'
            former[path] = float(bone[switch.property])
            writer.hold(path, switch.bone, frame, switch.value)
    keyed = set(animation.bones)
    for bone, constraint, held in rig_traits.holding(armature):
        if held & keyed:
            path = f'{_bone_path(bone.name)}.constraints["{bpy.utils.escape_identifier(constraint.name)}"]'
            attribute, value = ("mute", 1.0) if _is_driven(armature, f"{path}.influence") else ("influence", 0.0)
            former[f"{path}.{attribute}"] = float(getattr(constraint, attribute))
            writer.hold(f"{path}.{attribute}", bone.name, frame, value)
    return former


def _bone_path(name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(name)}"]'


def remember(armature: bpy.types.Object, animation: RigAnimation, former: dict[str, float]) -> None:
    """Keep on the armature what ``let_go`` told, and mute the drivers of the channels that are keyed."""
    keyed = set(animation.bones)
    for name, driver in list(rig_traits.channel_drivers(armature)):
        if name in keyed:
            former[f"driver {driver.array_index} {driver.data_path}"] = 0.0
            driver.mute = True
    if former:
        # What an earlier dance found is older, and so what the user had.
        armature.tokendance_former = json.dumps(former | json.loads(armature.tokendance_former or "{}"))


def _is_driven(armature: bpy.types.Object, path: str) -> bool:
    return bool(armature.animation_data) and any(driver.data_path == path for driver in armature.animation_data.drivers)


def restore(armature: bpy.types.Object) -> int:
    """Give switches, constraints and drivers the values from before the first dance; how many there were.

    The dance itself stays: while its action is active, its keys hold again on the next frame change.
    """
    former: dict[str, float] = json.loads(armature.tokendance_former or "{}")
    for path, value in former.items():
        if path.startswith("driver "):
            _, index, data_path = path.split(" ", 2)
            for driver in armature.animation_data.drivers if armature.animation_data else ():
                if driver.data_path == data_path and driver.array_index == int(index):
                    driver.mute = False
        else:
            _set(armature, path, value)
    armature.tokendance_former = ""
    return len(former)


def _set(armature: bpy.types.Object, path: str, value: float) -> None:
    """Set a property by its path; one that is gone meanwhile is passed over."""
    if path.endswith('"]'):
        owner_path, _, name = path[:-2].rpartition('["')
        name = bpy.utils.unescape_identifier(name)
        owner = _resolved(armature, owner_path)
        if owner is not None and name in owner:
            owner[name] = type(owner[name])(value)
        return
    owner_path, _, name = path.rpartition(".")
    owner = _resolved(armature, owner_path)
    if owner is not None:
        setattr(owner, name, bool(value) if name == "mute" else value)


def _resolved(armature: bpy.types.Object, path: str) -> bpy.types.bpy_struct | None:
    try:
        return armature.path_resolve(path)
    except ValueError:
        return None
