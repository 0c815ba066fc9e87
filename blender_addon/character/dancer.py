"""Who dances. There is one order:

1. the armature that was named,
2. the character that was chosen in the panel,
3. the active armature,
4. the first armature of the scene that is recognised,
5. none: a mannequin is added.

The panel shows 2 or 3 (``dancer``), as recognising an armature takes too long while drawing. Operators ask ``find``,
which goes through to the end. In a file that no user looks at, ``find_recognised`` skips armatures that are not
recognised.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from tokendance_core import RigError

from ..armature import rig
from ..interface import scene_settings


def dancer(context: bpy.types.Context) -> bpy.types.Object | None:
    """The character of the panel: the one that was chosen, else the active armature; None without either."""
    chosen = scene_settings.of_scene(context.scene).character
    if chosen is not None and chosen.name in context.scene.objects:
        return chosen
    # context.active_object does not exist where there has never been a window.
    active = context.view_layer.objects.active
    return active if active is not None and active.type == "ARMATURE" else None


def find(context: bpy.types.Context, name: str) -> bpy.types.Object | None:
    """The armature called ``name``, else the panel's character, else the first that is recognised; None without any.

    RigError when ``name`` is given and is no armature of the scene, or when the armature cannot be animated.
    """
    if name:
        return _named(context, name)
    found = dancer(context) or next(_recognised(context), None)
    return rig.animatable(found) if found is not None else None


def find_recognised(context: bpy.types.Context, name: str) -> bpy.types.Object:
    """The armature called ``name``, else the first that is recognised, the panel's character before all others.

    RigError when there is none, or when the armature cannot be animated; it says what is wrong with a lone armature.
    """
    if name:
        return _named(context, name)
    found = next(_recognised(context), None)
    if found is not None:
        return rig.animatable(found)
    there = [item for item in context.scene.objects if item.type == "ARMATURE"]
    if len(there) == 1:
        rig.check(rig.animatable(there[0]))
    raise RigError(
        "There is no character in the file that can be recognised.", hint="Keep a rig map on it first, see Edit Map."
    )


def _named(context: bpy.types.Context, name: str) -> bpy.types.Object:
    found: bpy.types.Object | None = context.scene.objects.get(name)
    if found is None or found.type != "ARMATURE":
        raise RigError(
            f"There is no armature named “{name}” in the scene “{context.scene.name}”.",
            hint="Pick an armature of this scene.",
        )
    return rig.animatable(found)


def _recognised(context: bpy.types.Context) -> Iterator[bpy.types.Object]:
    """The armatures of the scene that are recognised and belong to this file, the panel's character first."""
    first = dancer(context)
    there = [item for item in context.scene.objects if item.type == "ARMATURE" and item != first]
    for item in [first, *there] if first is not None else there:
        if item.library is None and rig.is_recognised(item):
            yield item


def show(context: bpy.types.Context, armature: str) -> None:
    """Choose the armature that danced in the panel, unless the panel shows a character already. It need not be the
    active object.
    """
    settings = scene_settings.of_scene(context.scene)
    if dancer(context) is None:
        settings.character = context.scene.objects.get(armature)


def locked(armature: bpy.types.Object | None) -> str:
    """Why the active action of a character cannot be changed now; empty when it can."""
    if armature is None:
        return "Choose a character first"
    if not armature.is_editable:
        return "The character is linked from another file: make a library override of it"
    if armature.animation_data is not None and armature.animation_data.use_tweak_mode:
        return "An NLA strip is being tweaked: leave that first (Tab in the NLA editor)"
    return ""
