"""Entries in Blender's own menus, which also makes its search find them."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ..character import dancer as dancers
from ..interface.drawing import Icon
from ..takes import naming
from ..takes import store as takes

# menu -> operators below it, with their icons
_ENTRIES: dict[str, tuple[tuple[str, Icon], ...]] = {
    "VIEW3D_MT_armature_add": (("tokendance.add_mannequin", "ARMATURE_DATA"),),
    "VIEW3D_MT_object_animation": (
        ("tokendance.use_song", "FILE_SOUND"),
        ("tokendance.generate", "PLAY"),
        ("tokendance.apply_motion", "IMPORT"),
        ("tokendance.finish_take", "MODIFIER"),
        ("tokendance.resync", "FILE_REFRESH"),
        ("tokendance.restore_rig", "LOOP_BACK"),
    ),
    "DOPESHEET_MT_marker": (("tokendance.add_beat_markers", "MARKER_HLT"), ("tokendance.remove_beat_markers", "X")),
    "TOPBAR_MT_file_import": (("tokendance.apply_motion", "ARMATURE_DATA"),),
}


_ON_TAKE: tuple[tuple[str, Icon], ...] = (
    ("tokendance.recall_settings", "LOOP_BACK"),
    ("tokendance.push_take", "NLA_PUSHDOWN"),
    ("tokendance.export_take", "EXPORT"),
    ("tokendance.delete_take", "TRASH"),
)
"""What can be done with a take that is not danced: by a click with the right button on its row."""


class OtherTakes(bpy.types.Menu):
    bl_idname = "TOKENDANCE_MT_other_takes"
    bl_label = "Takes of Others"
    bl_description = "Let the character dance what was made for another one, or came with another file"

    def draw(self, context: bpy.types.Context) -> None:
        for take in takes.of_others(dancers.dancer(context)):
            text = f"{naming.song(take)}: {naming.title(take)}"
            self.layout.operator("tokendance.adopt_take", text=text, translate=False).take = take.name


def _draw_on_take(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """For the menu of the right mouse button: what can be done with the take of a row."""
    clicked = getattr(context, "button_operator", None)
    if clicked is None or clicked.bl_rna.identifier != "TOKENDANCE_OT_activate_take":
        return
    self.layout.separator()
    for operator, icon in _ON_TAKE:
        self.layout.operator(operator, icon=icon).take = clicked.take


def _drawing(entries: tuple[tuple[str, Icon], ...]) -> Callable[[bpy.types.Menu, bpy.types.Context], None]:
    """A function that draws the entries at the end of a menu."""

    def draw(self: bpy.types.Menu, context: bpy.types.Context) -> None:
        self.layout.separator()
        for operator, icon in entries:
            self.layout.operator(operator, icon=icon)

    return draw


# The same function must be appended and removed.
_DRAWN = {
    **{name: _drawing(entries) for name, entries in _ENTRIES.items()},
    "UI_MT_button_context_menu": _draw_on_take,
}

CLASSES = (OtherTakes,)


def register() -> None:
    for name, draw in _DRAWN.items():
        getattr(bpy.types, name).append(draw)


def unregister() -> None:
    for name, draw in _DRAWN.items():
        getattr(bpy.types, name).remove(draw)
