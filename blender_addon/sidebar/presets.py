"""Presets of the dance settings, by Blender's own preset system."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from tokendance_core import BeatSettings, GenerateSettings, declared_options

from ..options import FITTING

FOLDER = "tokendance/dance"
"""Below the user's presets."""

_OF_ONE_DANCE = ("seed", *declared_options(BeatSettings))
VALUES = (
    *("quality", "variations"),
    *(name for name in declared_options(GenerateSettings) if name not in _OF_ONE_DANCE),
    *FITTING,
)
"""What a preset keeps: everything about a dance but which one it is, and how its song is heard."""


class TOKENDANCE_PT_presets(PresetPanel, bpy.types.Panel):  # Blender looks for the class by its own name
    bl_label = "Dance Presets"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "tokendance.add_preset"


class AddDancePreset(AddPresetBase, bpy.types.Operator):
    """Keep the dance settings as a preset, or remove one"""

    bl_idname = "tokendance.add_preset"
    bl_label = "Add Dance Preset"
    preset_menu = "TOKENDANCE_PT_presets"
    preset_subdir = FOLDER
    preset_defines = ("settings = bpy.context.scene.tokendance",)
    preset_values = tuple(f"settings.{name}" for name in VALUES)


CLASSES = (TOKENDANCE_PT_presets, AddDancePreset)
