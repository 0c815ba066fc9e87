"""The first dance of a file: a mannequin that can be seen, clear of what is there, in a scene as long as the dance."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Vector

from blender_addon.dance import delivery
from blender_addon.options import Order
from blender_addon.runtime.worker import no_progress
from blender_addon.takes import store as takes
from tests.blender.character import casting
from tests.blender.takes import test_takes
from tokendance_core import RigError

worker = test_takes.worker


@pytest.fixture
def factory(addon, worker) -> bpy.types.Scene:
    """The scene that Blender begins with: a cube, a camera and a light, 250 frames."""
    bpy.ops.wm.read_factory_settings()
    return bpy.context.scene


def dance(tone, **options: object) -> tuple[bpy.types.Object, list[str]]:
    name, told = delivery.generate(bpy.context, Order(song=str(tone), **options), no_progress)
    return bpy.data.objects[name], told


def views() -> list[bpy.types.RegionView3D]:
    screens = [window.screen for window in bpy.context.window_manager.windows]
    areas = [area for screen in screens for area in screen.areas if area.type == "VIEW_3D"]
    return [area.spaces.active.region_3d for area in areas]


def test_the_mannequin_dances_clear_of_the_cube_and_that_is_said(factory, tone):
    mannequin, told = dance(tone)
    assert "“Cube” is at the 3D cursor: the mannequin stands beside it" in told
    first, last = takes.frame_range(takes.active(mannequin))
    (skin,) = mannequin.children
    for frame in range(first, last + 1, 3):
        factory.frame_set(frame)
        posed = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
        flat = np.empty(3 * len(posed.data.vertices), np.float32)
        posed.data.vertices.foreach_get("co", flat)
        points = flat.reshape(-1, 3) @ np.array(posed.matrix_world)[:3, :3].T + np.array(posed.matrix_world)[:3, 3]
        assert not (np.abs(points) < 1).all(-1).any(), frame


def test_the_view_looks_at_the_mannequin_once(factory, tone):
    (view,) = views()
    turned = view.view_rotation.copy()
    mannequin, _ = dance(tone)
    looked_at = mannequin.location + Vector((0, 0, 0.9))
    assert (view.view_location - looked_at).length < 1e-4
    assert 2 < view.view_distance < 8
    assert view.view_rotation == turned
    view.view_location, view.view_distance = (5, 5, 5), 30
    dance(tone)
    assert view.view_location == Vector((5, 5, 5))


@pytest.mark.parametrize("elsewhere", ["camera", "local view", "a character that is there"])
def test_a_user_who_looks_at_something_is_not_turned_away(factory, tone, elsewhere):
    (view,) = views()
    if elsewhere == "camera":
        view.view_perspective = "CAMERA"
    if elsewhere == "a character that is there":
        casting.mesh("Body", casting.armature("Rig"))
    if elsewhere == "local view":
        area = next(area for area in bpy.context.screen.areas if area.type == "VIEW_3D")
        region = next(region for region in area.regions if region.type == "WINDOW")
        bpy.data.objects["Cube"].select_set(True)
        with bpy.context.temp_override(area=area, region=region):
            bpy.ops.view3d.localview(frame_selected=False)
    before = view.view_location.copy(), view.view_distance
    dance(tone)
    assert (view.view_location, view.view_distance) == before


RANGES = {
    "a new scene": (lambda scene: None, (1, 60)),
    "another end": (lambda scene: setattr(scene, "frame_end", 300), (1, 300)),
    "another start": (lambda scene: setattr(scene, "frame_start", 0), (0, 250)),
    "a preview range": (lambda scene: setattr(scene, "use_preview_range", True), (1, 250)),
    "an animated cube": (lambda scene: bpy.data.objects["Cube"].keyframe_insert("location"), (1, 250)),
}


@pytest.mark.parametrize("case", RANGES)
def test_a_scene_that_nobody_cared_about_ends_with_its_dance(factory, tone, case):
    factory.render.fps = 30
    prepare, expected = RANGES[case]
    prepare(factory)
    dance(tone)
    assert (factory.frame_start, factory.frame_end) == expected


def test_a_second_dance_leaves_the_range_that_the_first_one_set(factory, tone):
    factory.render.fps = 30
    mannequin, _ = dance(tone)
    factory.frame_end = 100
    dance(tone, armature=mannequin.name)
    assert factory.frame_end == 100


def test_after_a_failure_the_view_and_the_range_are_as_they_were(factory, tone, monkeypatch):
    def fails(*_: object) -> None:
        raise RigError("It went wrong.", hint="Try again.")

    (view,) = views()
    before = view.view_location.copy(), view.view_distance, factory.frame_end, {item.name for item in bpy.data.objects}
    monkeypatch.setattr(delivery.takes, "remember", fails)
    with pytest.raises(RigError, match="It went wrong"):
        dance(tone)
    after = view.view_location.copy(), view.view_distance, factory.frame_end, {item.name for item in bpy.data.objects}
    assert after == before
