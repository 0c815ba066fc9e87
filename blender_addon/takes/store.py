"""Takes: the dances of one character, each an action. Which there are, which is danced, and how one is remembered."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from tokendance_core import ClipError, MotionClip, checked_clip, clip_from_bytes, clip_to_bytes

from .. import compat
from ..armature import own_keys
from ..armature.recipe import is_kept
from ..character import dancer as dancers
from ..character.standing import is_compared
from . import properties, rotation_modes


def remember(armature: bpy.types.Object, action: bpy.types.Action, clip: MotionClip) -> None:
    """Make ``action`` a take of ``armature``; ``clip`` is the motion before it was finished and fitted."""
    marked, remembered = properties.of_armature(armature), properties.of_action(action)
    if not marked.tokendance_dancer:
        marked.tokendance_dancer = uuid.uuid4().hex
    remembered.dancer = marked.tokendance_dancer
    remembered.motion = clip_to_bytes(clip)
    rotation_modes.follow(armature)
    remembered.made = f"{time.time_ns():020d}"


def is_take(action: bpy.types.Action, armature: bpy.types.Object | None) -> bool:
    """Whether ``action`` was made for ``armature`` or a copy of it."""
    mark = properties.of_armature(armature).tokendance_dancer if armature is not None else ""
    return bool(mark) and properties.of_action(action).dancer == mark


def of(armature: bpy.types.Object | None) -> list[bpy.types.Action]:
    """The takes of a character by name."""
    return [action for action in bpy.data.actions if is_take(action, armature)]


def newest_first(armature: bpy.types.Object | None) -> list[bpy.types.Action]:
    """The takes of a character; those of before times were told are the oldest."""
    return sorted(of(armature), key=lambda take: properties.of_action(take).made, reverse=True)


def of_others(armature: bpy.types.Object | None) -> list[bpy.types.Action]:
    """Takes that were made for other characters, also where only the take was appended; the newest first."""
    others = [take for take in bpy.data.actions if properties.of_action(take).dancer and not is_take(take, armature)]
    return sorted(others, key=lambda take: properties.of_action(take).made, reverse=True)


def tracks(armature: bpy.types.Object, action: bpy.types.Action) -> list[str]:
    """Names of the NLA tracks of a character that play ``action``."""
    data = armature.animation_data
    laid = data.nla_tracks if data is not None else ()
    return [track.name for track in laid if any(strip.action == action for strip in track.strips)]


def active(armature: bpy.types.Object | None) -> bpy.types.Action | None:
    """The take that is danced now."""
    data = armature.animation_data if armature is not None else None
    action = data.action if data is not None else None
    return action if action is not None and is_take(action, armature) else None


def played(armature: bpy.types.Object | None) -> bpy.types.Action | None:
    """The take that is danced now, else, where nothing else is danced, the one in the topmost NLA track that plays."""
    data = armature.animation_data if armature is not None else None
    if data is None or data.action is not None:
        return active(armature)
    laid = [strip.action for track in data.nla_tracks if not track.mute for strip in track.strips]
    return next((action for action in reversed(laid) if action is not None and is_take(action, armature)), None)


def motion(action: bpy.types.Action) -> MotionClip:
    """The motion that the take was made from; ClipError when the file does not hold it (any more)."""
    remembered = properties.of_action(action)
    if not remembered.motion:
        raise ClipError(
            f"The take “{action.name}” does not hold its motion.", hint="Generate it again with its settings."
        )
    return checked_clip(clip_from_bytes(remembered.motion))


def active_index(settings: bpy.types.PropertyGroup) -> int:
    """Where the danced take lies among all actions, -1 without one: what the list highlights."""
    found = active(dancers.dancer(bpy.context))
    return bpy.data.actions.find(found.name) if found is not None else -1


def activate_index(settings: bpy.types.PropertyGroup, index: int) -> None:
    """Let the character dance the action that was clicked in the list."""
    armature = dancers.dancer(bpy.context)
    action = bpy.data.actions[index] if 0 <= index < len(bpy.data.actions) else None
    if action is not None and is_take(action, armature) and not dancers.locked(armature):
        dance(armature, action)


def dance(armature: bpy.types.Object, take: bpy.types.Action) -> list[str]:
    """Let a character dance a take. An action that is the user's own plays on with it as ``own_keys`` has it, and stays
    in the file; sentences for the user.
    """
    former = own_keys.played(armature)
    compat.use_action(armature, take)
    rotation_modes.follow(armature)
    if former is None or is_kept(former.action):
        return []
    if former.action.library is None:
        former.action.use_fake_user = True
    return own_keys.carry(armature, former)


def also_danced_by(take: bpy.types.Action, armature: bpy.types.Object) -> list[str]:
    """Names of what else plays a take, with whatever slot of it: copies of the character, mostly; not those that are
    there to compare.
    """
    others = [item for item in bpy.data.user_map(subset=[take])[take] if item != armature]
    return sorted(item.name for item in others if not (isinstance(item, bpy.types.Object) and is_compared(item)))


def stop(armature: bpy.types.Object, take: bpy.types.Action) -> None:
    """Let the character play a take no more, neither itself nor from the NLA."""
    data = armature.animation_data
    if data.action == take:
        data.action = None
    for track in list(data.nla_tracks):
        laid = [strip for strip in track.strips if strip.action == take]
        for strip in laid:
            track.strips.remove(strip)
        if laid and not track.strips:
            data.nla_tracks.remove(track)


@contextmanager
def danced_as_before(armature: bpy.types.Object, take: bpy.types.Action) -> Iterator[None]:
    """Whatever is done with another take than the danced one: that one is danced on, also after a failure."""
    data = armature.animation_data
    former, slot = data.action, compat.slot_name(armature)
    was_danced = former == take
    try:
        yield
    finally:
        if former is not None and not was_danced:
            compat.use_action(armature, former, slot)
        elif former is None:
            data.action = None


def supersede(take: bpy.types.Action, made: bpy.types.Action) -> None:
    """Put ``made`` in the place of a take, wherever that is played: copies of a character share its takes."""
    name = take.name
    take.user_remap(made)
    bpy.data.actions.remove(take)
    made.name = name
    for item in bpy.data.user_map(subset=[made], value_types={"OBJECT"})[made]:
        if isinstance(item, bpy.types.Object):
            compat.choose_slots(item, made)


def frame_range(action: bpy.types.Action) -> tuple[int, int]:
    """First and last frame of a take; of its dance alone where a user's own keys play on with it."""
    first, last = action.frame_range[:]
    return round(first), round(last)
