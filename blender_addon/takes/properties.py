"""What a dance is remembered by."""

from __future__ import annotations

import bpy


class TakeProperties(bpy.types.PropertyGroup):
    """``action.tokendance_take``: what a dance is remembered by."""

    dancer: bpy.props.StringProperty(
        name="Dancer", description="Mark of the character that the take was made for", options={"HIDDEN"}
    )
    motion: bpy.props.StringProperty(
        name="Motion",
        description="The dance before it was fitted to the character",
        subtype="BYTE_STRING",
        options={"HIDDEN"},
    )
    starred: bpy.props.BoolProperty(name="Star", description="Mark a take worth keeping", default=False)
