"""Who dances."""

from __future__ import annotations

import bpy


def dancer(context: bpy.types.Context) -> bpy.types.Object | None:
    """The character of the panel: the one that was chosen, else the active armature; None without either."""
    chosen = context.scene.tokendance.character
    if chosen is not None and chosen.name in context.scene.objects:
        return chosen
    active = context.view_layer.objects.active
    return active if active is not None and active.type == "ARMATURE" else None


def show(context: bpy.types.Context, armature: str) -> None:
    """Let the panel go on with the character that was danced on, unless it shows one: it may be no longer, or never
    have been, active.
    """
    settings = context.scene.tokendance
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
