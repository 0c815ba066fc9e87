"""Bases of code that several operators or panels share: to a type checker one of them, to Blender nothing, which would
register a real base as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    OperatorMixin = bpy.types.Operator
    PanelMixin = bpy.types.Panel
else:
    OperatorMixin = PanelMixin = object
