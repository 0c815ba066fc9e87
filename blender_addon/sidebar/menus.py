"""Entries in Blender's own menus, which also makes its search find them."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ..interface.drawing import Icon

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


def _drawing(entries: tuple[tuple[str, Icon], ...]) -> Callable[[bpy.types.Menu, bpy.types.Context], None]:
    """A function that draws the entries at the end of a menu."""

    def draw(self: bpy.types.Menu, context: bpy.types.Context) -> None:
        self.layout.separator()
        for operator, icon in entries:
            self.layout.operator(operator, icon=icon)

    return draw


# The same function must be appended and removed.
_DRAWN = {name: _drawing(entries) for name, entries in _ENTRIES.items()}


def register() -> None:
    for name, draw in _DRAWN.items():
        getattr(bpy.types, name).append(draw)


def unregister() -> None:
    for name, draw in _DRAWN.items():
        getattr(bpy.types, name).remove(draw)
