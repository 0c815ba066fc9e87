"""Preferences: where the dance is made."""

from __future__ import annotations

from dataclasses import dataclass

import bpy


class TokenDancePreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    python: bpy.props.StringProperty(
        name="Python",
        description="Python interpreter that has torch installed; empty: the variable TOKENDANCE_PYTHON, then Blender's own",
        subtype="FILE_PATH",
    )
    checkpoint: bpy.props.StringProperty(
        name="Checkpoint",
        description="Weights of the network; empty: the ones that come with the add-on",
        subtype="FILE_PATH",
    )
    device: bpy.props.EnumProperty(
        name="Device",
        description="Where the network runs",
        items=(
            ("auto", "Automatic", "A graphics card when torch can use it, else the processor"),
            ("cpu", "Processor", "The processor"),
            ("cuda", "CUDA", "A graphics card by NVIDIA"),
            ("mps", "Metal", "The graphics of an Apple computer"),
        ),
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        for name in ("python", "checkpoint", "device"):
            layout.prop(self, name)


@dataclass(frozen=True)
class Runtime:
    """The preferences as plain data; the defaults hold where the add-on is registered without preferences."""

    python: str = ""
    checkpoint: str = ""
    device: str = "auto"


def runtime(context: bpy.types.Context) -> Runtime:
    addon = context.preferences.addons.get(__package__)
    if addon is None:
        return Runtime()
    chosen = addon.preferences
    return Runtime(bpy.path.abspath(chosen.python), bpy.path.abspath(chosen.checkpoint), chosen.device)


CLASSES = (TokenDancePreferences,)
