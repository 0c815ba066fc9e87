"""A mannequin stands clear of what is there: at the 3D cursor where that is free, beside it where it is not."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np
import pytest
from mathutils import Vector

from blender_addon.character import free_place
from tests.blender.character import casting

CURSOR = Vector((1.0, 2.0, 0.5))


def box(size: tuple[float, float, float], centre: tuple[float, float, float], name: str = "Box") -> bpy.types.Object:
    """A box with its centre at a place relative to the cursor."""
    data = bpy.data.meshes.new(name)
    corners = [(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    data.from_pydata([tuple(np.multiply(corner, size)) for corner in corners], [], faces)
    made = casting.add(bpy.data.objects.new(name, data))
    made.location = CURSOR + Vector(centre)
    bpy.context.view_layer.update()
    return made


def camera(centre: tuple[float, float, float]) -> None:
    made = casting.add(bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera")))
    made.location = CURSOR + Vector(centre)
    bpy.context.scene.camera = made
    bpy.context.view_layer.update()


def hidden(item: bpy.types.Object) -> None:
    item.hide_set(True)


def wire(item: bpy.types.Object) -> None:
    item.display_type = "WIRE"


def room() -> None:
    box((8, 8, 3), (0, 0, 1.5))
    camera((3, 3, 1.6))


def hilly() -> None:
    """A landscape that is as high as a person elsewhere, flat here."""
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=40, y_subdivisions=40, size=40, location=CURSOR)
    for vertex in bpy.context.object.data.vertices:
        vertex.co.z = 3.0 * max(vertex.co.xy.length - 6, 0) / 10


def lamp() -> None:
    made = casting.add(bpy.data.objects.new("Light", bpy.data.lights.new("Light", "POINT")))
    made.location = CURSOR


FREE: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "a floor": lambda: box((20, 20, 0.1), (0, 0, -0.05)),
    "a floor that is a little higher": lambda: box((20, 20, 0.1), (0, 0, 0.03)),
    "a wall out of reach": lambda: box((10, 0.2, 3), (0, 3, 1.5)),
    "a ceiling": lambda: box((10, 10, 0.2), (0, 0, 2.5)),
    "a room that the camera is in": room,
    "a hidden box": lambda: hidden(box((1, 1, 1), (0, 0, 0.5))),
    "a box that is drawn as wires": lambda: wire(box((1, 1, 1), (0, 0, 0.5))),
    "a landscape": hilly,
    "a light": lamp,
    "a character's armature": lambda: setattr(casting.armature("Rig"), "location", CURSOR),
}

TAKEN: dict[str, Callable[[], object]] = {
    "the default cube": lambda: box((2, 2, 2), (0, 0, 0)),
    "a pole": lambda: box((0.1, 0.1, 3), (0.2, 0, 1.5)),
    "a table above the floor": lambda: box((2, 1, 0.1), (0, 0, 0.8)),
    "a large solid box": lambda: box((5, 5, 5), (0, 0, 1)),
    "a wall within reach": lambda: box((10, 0.2, 3), (0, 0.4, 1.5)),
}


@pytest.fixture(autouse=True)
def cursor(scene) -> None:
    scene.cursor.location = CURSOR


@pytest.mark.parametrize("there", FREE)
def test_a_place_that_is_free_is_taken(scene, there):
    FREE[there]()
    bpy.context.view_layer.update()
    place, beside = free_place.near(bpy.context, CURSOR, 1.5)
    assert (place, beside) == (CURSOR, "")


@pytest.mark.parametrize("there", TAKEN)
@pytest.mark.parametrize("room_", [0.5, 2.0])
def test_a_place_that_is_taken_is_left_for_the_next_free_one(scene, there, room_):
    item = TAKEN[there]()
    place, beside = free_place.near(bpy.context, CURSOR, room_)
    assert beside == "Box"
    assert place.z == CURSOR.z
    corners = np.array([item.matrix_world @ Vector(corner) for corner in item.bound_box])[:, :2]
    away = np.linalg.norm(np.clip(place[:2], corners.min(0), corners.max(0)) - np.array(place[:2]))
    assert away >= min(room_, 0.4) - 1e-6
    assert away <= room_ + 1.0
    assert free_place.near(bpy.context, place, room_) == (place, "")


def test_without_room_for_a_dance_there_is_room_for_a_person(scene):
    for x in range(-15, 16, 2):
        for y in range(-15, 16, 2):
            box((0.3, 0.3, 2), (x, y, 1), f"Tree {x} {y}")
    place, beside = free_place.near(bpy.context, CURSOR, 3.0)
    assert (place, beside) == (CURSOR, "")


def test_an_instance_is_in_the_way_as_well(scene):
    hero = casting.instance(box((1, 1, 2), (0, 0, 1)), name="Crowd")
    bpy.context.view_layer.update()
    assert free_place.near(bpy.context, CURSOR, 0.5)[1] == "Box"
    hero.location.x = 5
    bpy.context.view_layer.update()
    assert free_place.near(bpy.context, CURSOR, 0.5)[1] == ""


def test_mannequins_that_are_added_stand_beside_each_other(scene):
    for _ in range(3):
        bpy.ops.tokendance.add_mannequin()
    places = [item.location.copy() for item in scene.objects if item.type == "ARMATURE"]
    assert places[0] == CURSOR
    assert min((a - b).length for a in places for b in places if a is not b) >= 0.5
