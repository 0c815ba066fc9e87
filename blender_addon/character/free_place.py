"""Where a mannequin can stand and dance without being in something: at the 3D cursor, or beside what is there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import bpy
from mathutils import Matrix, Vector

from ..interface.translate import rpt

PERSON = 0.5
"""Metres that a person needs about it."""

_HEIGHTS = (0.5, 1.0, 1.5)
"""Metres above the floor at which is looked for what is in the way; what is lower is stood upon."""
_STEP, _TOP = 0.1, 1.8
_SMALL = 2.5
"""Metres; what is no larger is in the way as a box, what is larger (a room, a landscape) where its surface is."""

_NEAREST, _FARTHEST = 0.5, 12.0
_DIRECTIONS = tuple(
    Vector((math.cos(angle), math.sin(angle), 0.0))
    for angle in (math.radians(degrees) for degrees in (0, 180, 270, 90, 315, 225, 45, 135))
)
"""Beside, in front and behind first."""

_AXES = tuple(Vector(axis) for axis in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)))
_SOLID = frozenset({"MESH", "CURVE", "SURFACE", "META", "FONT"})


@dataclass(frozen=True)
class Obstacle:
    """What is seen in the scene and has a surface: an object or an instance of one, with its box in the world."""

    item: bpy.types.Object
    world: Matrix
    least: Vector
    most: Vector

    @property
    def is_small(self) -> bool:
        return max((self.most - self.least)[:]) <= _SMALL

    def box_meets(self, point: Vector, radius: float) -> bool:
        """Whether a cylinder of a person's height about ``point`` on the floor meets the box."""
        nearest = [min(max(point[axis], self.least[axis]), self.most[axis]) for axis in range(2)]
        beside = math.dist(nearest, point[:2]) < radius
        return beside and self.least.z < point.z + _TOP and self.most.z > point.z + _STEP

    def holds(self, point: Vector) -> bool:
        return all(self.least[axis] <= point[axis] <= self.most[axis] for axis in range(3))


def near(context: bpy.types.Context, wanted: Vector, room: float) -> tuple[Vector, str]:
    """The place closest to ``wanted`` with ``room`` metres about it, else with room for a person alone, and the name of
    what is in the way at ``wanted``; ``wanted`` itself with an empty name where nothing is, or nowhere else is better.
    """
    depsgraph = context.evaluated_depsgraph_get()
    there = list(_obstacles(depsgraph))
    eye = context.scene.camera.matrix_world.translation if context.scene.camera is not None else None
    for radius in dict.fromkeys((max(room, PERSON), PERSON)):
        first = _in_the_way(depsgraph, there, wanted, radius, eye)
        for place in _places(wanted):
            if first is None or _in_the_way(depsgraph, there, place, radius, eye) is None:
                return place, first.item.name if first is not None else ""
    return wanted.copy(), ""


def said(beside: str) -> str:
    """A sentence about a place beside something; empty where there is nothing to say."""
    return rpt("“{name}” is at the 3D cursor: the mannequin stands beside it").format(name=beside) if beside else ""


def _places(wanted: Vector) -> Iterator[Vector]:
    yield wanted.copy()
    for number in range(1, int(_FARTHEST / _NEAREST) + 1):
        for direction in _DIRECTIONS:
            yield wanted + number * _NEAREST * direction


def _obstacles(depsgraph: bpy.types.Depsgraph) -> Iterator[Obstacle]:
    for instance in depsgraph.object_instances:
        item = instance.object
        is_solid = item.type in _SOLID and item.display_type not in ("BOUNDS", "WIRE")
        if not is_solid or not instance.show_self or (not instance.is_instance and not item.original.visible_get()):
            continue
        corners = [instance.matrix_world @ Vector(corner) for corner in item.bound_box]
        least, most = (Vector([choose(part) for part in zip(*corners, strict=True)]) for choose in (min, max))
        yield Obstacle(item.original, instance.matrix_world.copy(), least, most)


def _in_the_way(
    depsgraph: bpy.types.Depsgraph, there: list[Obstacle], place: Vector, radius: float, eye: Vector | None
) -> Obstacle | None:
    """The first obstacle within ``radius`` of a place. What encloses it is none where the camera is in there too."""
    for one in there:
        if not one.box_meets(place, radius):
            continue
        if one.is_small or one.item.type != "MESH":
            return one
        surface = one.item.evaluated_get(depsgraph)
        if _touches(one, surface, place, radius):
            return one
        if not (eye is not None and one.holds(eye)) and _encloses(one, surface, place):
            return one
    return None


def _touches(one: Obstacle, surface: bpy.types.Object, place: Vector, radius: float) -> bool:
    """Whether a surface comes close to a person somewhere within ``radius`` of a place."""
    inverse = one.world.inverted_safe()
    reach = 0.8 * PERSON
    for x, y in _disc(radius - reach, reach):
        for height in _HEIGHTS:
            point = place + Vector((x, y, height))
            found, nearest, _, _ = surface.closest_point_on_mesh(inverse @ point)
            if found and (one.world @ nearest - point).length < reach:
                return True
    return False


def _disc(radius: float, spacing: float) -> Iterator[tuple[float, float]]:
    """Points of a grid within ``radius`` of the middle, the middle first."""
    count = max(int(radius / spacing), 0)
    grid = [number * spacing for number in range(-count, count + 1)]
    points = [(x, y) for x, y in itertools.product(grid, grid) if math.hypot(x, y) <= radius + 1e-6]
    return iter(sorted(points, key=lambda point: math.hypot(*point)) or [(0.0, 0.0)])


def _encloses(one: Obstacle, surface: bpy.types.Object, place: Vector) -> bool:
    """Whether a surface is met in every direction."""
    inverse = one.world.inverted_safe()
    middle = place + Vector((0, 0, _HEIGHTS[1]))
    turn = inverse.to_3x3()
    return all(surface.ray_cast(inverse @ middle, turn @ axis)[0] for axis in _AXES)
