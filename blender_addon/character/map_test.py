"""*Test* of a rig map: joints move one after another while the animation plays, then everything is as it was.

What was before is kept with the test's own action, so that it comes back whatever happens in between: undo, another
file, another dance. In a window a test ends by itself when it is looked away from; it is never saved.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import bpy

from tokendance_core import joint_check, resample_to_fps

from .. import compat, session
from ..armature import holds, map_store
from ..armature.placement import place
from ..armature.recipe import Recipe
from ..interface import playback
from ..interface.bone_paths import TRANSFORMS
from ..interface.drawing import SidebarPanel
from ..interface.scene_guard import all_or_nothing, restored
from ..interface.ticker import redraw
from ..interface.timeline import scene_fps
from ..options import EXACT
from . import dancer as dancers

ACTION = "TokenDance Test"

_BEFORE = "tokendance_before"
"""Custom property of a test's action: what was before, as JSON."""

_SCENE = ("use_preview_range", "frame_preview_start", "frame_preview_end")


def is_on(armature: bpy.types.Object | None) -> bool:
    """Whether a character shows the test."""
    data = armature.animation_data if armature is not None else None
    return data is not None and data.action is not None and _is_test(data.action)


def begin(context: bpy.types.Context, armature: bpy.types.Object) -> list[str]:
    """End every other test, then show this one; sentences on what the rig does not obey. RigError when the armature
    cannot dance.
    """
    end_all()
    scene = context.scene
    before, clip = _before(scene, armature), resample_to_fps(joint_check(), scene_fps(scene))
    made = Recipe(kind="test", source=armature.name, frame=scene.frame_start, fps=scene_fps(scene))
    with all_or_nothing(scene, armature), restored(context):
        test, warnings = place(context, EXACT, clip, armature, name=ACTION, made=made)
    test[_BEFORE] = before
    first, last = (round(frame) for frame in test.frame_range[:])
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, first, last
    scene.frame_set(first)
    if not bpy.app.background:
        _play(armature.name)
    return warnings


def end_all() -> None:
    """Give back what was before every test that is shown or left behind."""
    for test in [action for action in bpy.data.actions if _is_test(action)]:
        _end(test)
    session.current().tested = ""


def _is_test(action: bpy.types.Action) -> bool:
    return Recipe.of(action).kind == "test"


def _before(scene: bpy.types.Scene, armature: bpy.types.Object) -> str:
    data = armature.animation_data
    action = data.action if data is not None else None
    return json.dumps(
        {
            "scene": scene.name,
            "frame": [scene.frame_current, scene.frame_subframe],
            "range": {name: getattr(scene, name) for name in _SCENE},
            "playing": playback.is_on(),
            "action": action.name if action is not None else "",
            "slot": compat.slot_name(armature),
            "rig": map_store.of_armature(armature).tokendance_former,
            "pose": {bone.name: _transforms(bone) for bone in armature.pose.bones},
        }
    )


def _transforms(bone: bpy.types.PoseBone) -> dict[str, list[float]]:
    return {name: list(getattr(bone, name)) for name in TRANSFORMS}


def _end(test: bpy.types.Action) -> None:
    before = map_store.mapping(test.get(_BEFORE))
    armature: bpy.types.Object | None = bpy.data.objects.get(Recipe.of(test).source)
    shows_it = armature is not None and is_on(armature)
    bpy.data.actions.remove(test)
    if armature is not None and shows_it and before:
        _give_back(armature, before)
    scene: bpy.types.Scene | None = bpy.data.scenes.get(before.get("scene", ""))
    if scene is not None:
        for name in _SCENE:
            setattr(scene, name, before["range"][name])
        frame, subframe = before["frame"]
        scene.frame_set(frame, subframe=subframe)
    if before and playback.is_on() and not before["playing"]:
        playback.toggle()


def _give_back(armature: bpy.types.Object, before: dict[str, Any]) -> None:
    """The rig's settings, the pose that was not keyed, and the action."""
    if not before["rig"]:
        holds.restore(armature)
    map_store.of_armature(armature).tokendance_former = before["rig"]
    for name, transforms in before["pose"].items():
        bone: Any = armature.pose.bones.get(name)
        for channel in TRANSFORMS if bone is not None else ():
            setattr(bone, channel, transforms[channel])
    action: bpy.types.Action | None = bpy.data.actions.get(before["action"])
    if action is not None:
        compat.use_action(armature, action, before["slot"])


# --- in a window ------------------------------------------------------------------------------------------------------


def _play(name: str) -> None:
    """Play, and from now on look whether it is still looked at."""
    if not playback.is_on():
        playback.toggle()
    now, is_in_tab = session.current(), _tab_is_shown()
    now.tested = name

    def goes_on() -> bool:
        if now.tested != name:
            return False
        armature: bpy.types.Object | None = bpy.data.objects.get(name)
        is_seen = _tab_is_shown() or not is_in_tab
        if is_seen and playback.is_on() and is_on(armature) and _is_shown(armature):
            return True
        end_all()
        redraw()
        return False

    now.ticker.add(goes_on)


def _tab_is_shown() -> bool:
    areas = [area for window in bpy.context.window_manager.windows for area in window.screen.areas]
    sidebars = [
        region
        for area in areas
        if area.type == SidebarPanel.bl_space_type and getattr(area.spaces.active, "show_region_ui", False)
        for region in area.regions
        if region.type == SidebarPanel.bl_region_type
    ]
    return any(sidebar.active_panel_category == SidebarPanel.bl_category for sidebar in sidebars)


def _is_shown(armature: bpy.types.Object | None) -> bool:
    """Whether the panel shows the character in some window, as far as that is known."""
    for window in bpy.context.window_manager.windows:
        with bpy.context.temp_override(window=window):
            found = dancers.shown(bpy.context)
        if found.armature == armature or not found.is_known:
            return True
    return False


# --- what else ends it ------------------------------------------------------------------------------------------------


def _before_saving(*_: object) -> None:
    end_all()


def _after_a_jump(*_: object) -> None:
    """Undo, redo and another file may bring back a test that has ended."""
    if not session.current().tested:
        end_all()


_HANDLERS: dict[str, Callable[..., None]] = {
    "save_pre": _before_saving,
    "undo_post": _after_a_jump,
    "redo_post": _after_a_jump,
    "load_post": _after_a_jump,
}


def register() -> None:
    for name, handler in _HANDLERS.items():
        # Without the mark, Blender drops it with the next file.
        getattr(bpy.app.handlers, name).append(bpy.app.handlers.persistent(handler))


def unregister() -> None:
    end_all()
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
