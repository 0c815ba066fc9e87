"""Bring something into the user's view."""

from __future__ import annotations

import bpy
from mathutils import Vector

_DISTANCES = 2.4
"""Radii of a sphere from which it fills a view of the usual lens."""


def frame(scene: bpy.types.Scene, centre: Vector, radius: float) -> None:
    """Let the 3D views that show ``scene`` look at a sphere, from where they look now; not through a camera, and not a
    view of chosen objects alone.
    """
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas if window.scene == scene else ():
            space = area.spaces.active
            if not isinstance(space, bpy.types.SpaceView3D) or space.local_view is not None:
                continue
            view = space.region_3d
            if view is not None and view.view_perspective != "CAMERA":
                view.view_location = centre
                view.view_distance = _DISTANCES * radius
