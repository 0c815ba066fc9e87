"""Drawing helpers that the panels share."""

from __future__ import annotations

from typing import Any, TypeAlias

import bpy

from .mixins import PanelMixin
from .translate import iface

Icon: TypeAlias = Any
"""Name of an icon; the stubs list all of them as literals."""

LINE = 0.8
"""Height of a line of a sentence in rows of the interface."""

_LETTER = 6.0
"""Average width of a letter of the interface font in pixels, at a scale of 1."""

_MARGIN = 68
"""Pixels of a line that are not available for text: borders, icon, scroll bar."""


class SidebarPanel(PanelMixin):
    """Where the panels are: the tab of the add-on in the sidebar of the 3D view."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "TokenDance"


def sentence(
    context: bpy.types.Context, layout: bpy.types.UILayout, text: str, icon: Icon = "NONE", *, least: int = 1
) -> None:
    """Draw a sentence, wrapped to the width of the region, with an icon before the first line; ``least`` lines are
    taken, so that what lies below keeps its place.
    """
    lines = [""]
    for word in iface(text).split():
        if lines[-1] and len(lines[-1]) + len(word) >= _letters(context):
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    lines += [""] * (least - len(lines))
    column = layout.column(align=True)
    column.scale_y = LINE
    for number, line in enumerate(lines):
        shown: Icon = ("BLANK1" if number else icon) if icon != "NONE" else "NONE"
        column.label(text=line, icon=shown, translate=False)


def _letters(context: bpy.types.Context) -> int:
    width = context.region.width if context.region is not None else 240
    scale = context.preferences.system.ui_scale or 1.0  # 0 where there is no window
    return max(int((width / scale - _MARGIN) / _LETTER), 16)


def clock(seconds: float) -> str:
    """Minutes and seconds: 1:56."""
    whole = max(round(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"
