"""Every choice about a dance, declared once."""

from __future__ import annotations

import bpy

from .compat import RELATIVE_PATH

QUALITY_STEPS = {"draft": 1, "final": 8}
"""Passes of refinement for each quality."""


class DanceOptions:
    """Properties of everything that asks for a dance."""

    filepath: bpy.props.StringProperty(
        name="Song",
        description="Sound file to dance to; empty: the sound strip",
        subtype="FILE_PATH",
        options={"SKIP_SAVE", *RELATIVE_PATH},
    )
    seed: bpy.props.IntProperty(name="Seed", description="Another number, another dance", default=0, min=0)
    temperature: bpy.props.FloatProperty(
        name="Temperature",
        description="0 is the likeliest dance, above 1 is wilder",
        default=1.0,
        min=0.0,
        soft_max=2.0,
    )
    energy: bpy.props.FloatProperty(
        name="Energy",
        description="0 follows the song, below dances smaller, above bigger",
        default=0.0,
        min=-2.0,
        max=2.0,
    )
    in_range: bpy.props.BoolProperty(
        name="In Range", description="Dance only between the first and the last frame of the scene", default=False
    )
    variations: bpy.props.IntProperty(
        name="Variations",
        description="So many dances at once, with this seed and the ones after it",
        default=1,
        min=1,
        max=16,
    )
