"""The keys of a dance, read back in every version of Blender."""

from __future__ import annotations

import bpy
from bpy_extras import anim_utils


def curves(target: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The f-curves that move ``target`` now; empty when it has no action."""
    data = target.animation_data
    if data is None or data.action is None:
        return []
    if not hasattr(data.action, "slots"):
        return list(data.action.fcurves)
    bag = anim_utils.action_get_channelbag_for_slot(data.action, data.action_slot)
    return list(bag.fcurves) if bag else []
