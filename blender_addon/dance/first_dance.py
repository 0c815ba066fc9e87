"""What a dance does beyond its keys while there is nothing else in the file: a place for the mannequin, a look at it,
and the range of the scene.
"""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Vector

from tokendance_core import MotionClip

from ..armature.recipe import is_kept
from ..character import free_place, mannequin
from ..interface import framing
from ..options import Fitting

_FACTORY_RANGE = (1, 250)

_MIDDLE = Vector((0.0, 0.0, 0.9))
"""From the floor to the middle of the mannequin."""


def is_first() -> bool:
    """Whether nothing has danced in the file yet."""
    return not any(is_kept(action) for action in bpy.data.actions)


def add_mannequin(context: bpy.types.Context, dance: MotionClip, fitting: Fitting) -> tuple[bpy.types.Object, str]:
    """The mannequin where there is room for a dance, at the 3D cursor or beside what is there; a sentence about that
    for the user, or none.
    """
    place, beside = free_place.near(context, context.scene.cursor.location, room(dance, fitting))
    armature = mannequin.add(context, place)
    return armature, free_place.said(beside)


def room(dance: MotionClip, fitting: Fitting) -> float:
    """Metres about the start of a dance that the mannequin needs for it."""
    way = dance.root[:, [0, 2]] - dance.root[0, [0, 2]]
    moves = fitting.root_motion != "in_place"
    return free_place.PERSON + moves * fitting.travel * float(np.linalg.norm(way, axis=-1).max())


def look_at(scene: bpy.types.Scene, armature: bpy.types.Object, radius: float) -> None:
    """Bring the mannequin, and most of what it will dance on, into view."""
    framing.frame(scene, armature.location + _MIDDLE, 1.0 + radius / 2)


def fit_range(scene: bpy.types.Scene, first: int, last: int) -> None:
    """Let a scene end with its dance where nobody has cared about its end: nothing else is animated, and it is as long
    as a new one.
    """
    is_untouched = (scene.frame_start, scene.frame_end) == _FACTORY_RANGE and not scene.use_preview_range
    if is_untouched and all(is_kept(action) for action in bpy.data.actions):
        scene.frame_start, scene.frame_end = min(scene.frame_start, first), last
