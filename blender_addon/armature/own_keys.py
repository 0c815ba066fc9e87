"""What a user has keyed on a character besides the dance: fingers, faces, properties, the object itself.

Such channels play on with a take that takes the place of an action: it gets copies of the curves that the dance does
not move. The user's own action stays in the file, and comes back when the last take goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy

from .. import compat
from ..interface import bone_paths
from . import recipe

_OWN = "tokendance_own"
"""Custom property of a take: the user's own action that it took the place of, and the slot that was played."""

_DANCED = "tokendance_danced"
"""Custom property of a take: paths of the channels that the dance moves, one a line; all others are the user's."""

_TRANSFORM = re.compile(r"\.(location|scale|rotation_\w+)$")


@dataclass(frozen=True)
class Played:
    """An action as a character plays it: ``slot`` is the identifier of one of its slots, empty before Blender 4.4."""

    action: bpy.types.Action
    slot: str


def played(armature: bpy.types.Object) -> Played | None:
    """The active action of a character; None without one."""
    action = armature.animation_data.action if armature.animation_data is not None else None
    return Played(action, compat.slot_name(armature)) if action is not None else None


def mark(armature: bpy.types.Object) -> None:
    """Remember which channels of the active action are the dance's: all that it has now."""
    take = played(armature)
    if take is not None:
        take.action[_DANCED] = "\n".join(dict.fromkeys(curve.data_path for curve in _curves(take)))


def carry(armature: bpy.types.Object, former: Played | None) -> list[str]:
    """Let the take that is active play what a user has keyed in ``former``, whose place it took; sentences for him."""
    take = played(armature)
    if former is None or take is None or former.action == take.action:
        return []
    is_own = not recipe.is_kept(former.action)
    own = former if is_own else of(former.action)
    if own is not None:
        take.action[_OWN] = {"action": own.action, "slot": own.slot}
    carried = list(_free_curves(armature, former, take))
    if not carried:
        return []
    _keep_range(take.action)
    into = compat.channels(take.action, take.slot)
    for curve in carried:
        compat.copy_curve(curve, into)
    if not is_own:
        return []
    count = len({curve.data_path for curve in carried})  # of a location, not of its X, Y and Z
    return [f"{count} channels of “{former.action.name}” that the dance does not move play on with it"]


def _keep_range(take: bpy.types.Action) -> None:
    """Let a take be as long as its dance, whatever else will be keyed in it."""
    first, last = take.frame_range[:]
    take.use_frame_range = True
    take.frame_start, take.frame_end = first, last


def _free_curves(armature: bpy.types.Object, former: Played, take: Played) -> Iterator[bpy.types.FCurve]:
    """The curves of ``former`` that are no dance's, and that can play on beside that of ``take``."""
    there = {(curve.data_path, curve.array_index) for curve in _curves(take)}
    danced = _danced(take)
    dancing, no_own = {one for one in map(_moved_bone, danced) if one}, danced | _danced(former)
    for curve in _curves(former):
        is_new = (curve.data_path, curve.array_index) not in there and curve.data_path not in no_own
        if is_new and _is_free(armature, curve.data_path, dancing):
            yield curve


def of(take: bpy.types.Action) -> Played | None:
    """The user's own action that a take, or one before it, took the place of; None when there was none, or it is
    gone.
    """
    kept: dict[str, Any] = getattr(take.get(_OWN), "to_dict", dict)()
    return Played(kept["action"], kept["slot"]) if isinstance(kept.get("action"), bpy.types.Action) else None


def _curves(of_action: Played) -> Iterator[bpy.types.FCurve]:
    found = compat.channels(of_action.action, of_action.slot)
    return iter(found.fcurves if found is not None else ())


def _danced(of_action: Played) -> set[str]:
    """Paths of the channels that a dance moves; none of an action of the user, all of a take that does not tell."""
    told = of_action.action.get(_DANCED)
    if told is None and recipe.is_kept(of_action.action):
        return {curve.data_path for curve in _curves(of_action)}
    return set(str(told or "").splitlines())


def _is_free(armature: bpy.types.Object, path: str, dancing: set[str]) -> bool:
    """Whether a channel moves neither the bones that are ``dancing`` nor one above them."""
    found = bone_paths.split(path)
    bone = armature.data.bones.get(found[0]) if found is not None else None
    if found is None or bone is None or found[1].startswith('["'):
        return True
    is_above = any(child.name in dancing for child in bone.children_recursive)
    return bone.name not in dancing and not (is_above and _TRANSFORM.match(found[1]))


def _moved_bone(path: str) -> str:
    """Name of the bone whose transform a path names; empty for other paths."""
    found = bone_paths.split(path)
    return found[0] if found and _TRANSFORM.match(found[1]) else ""
