"""TokenDance for Blender: a song and a character in, an editable, keyframed dance out."""

from __future__ import annotations

import bpy

from . import (
    cli,
    diagnostics,
    generate_operators,
    generation,
    map_store,
    menus,
    operators,
    panels,
    preferences,
    presets,
    properties,
    rig_map_operators,
    rig_map_panel,
    rig_map_summary,
    runtime,
    runtime_check,
    runtime_operators,
    runtime_set_up,
    song_facts,
    song_operators,
    take_operators,
    ticker,
    worker_client,
)

_MODULES = (
    preferences,
    runtime_operators,
    properties,
    operators,
    generate_operators,
    song_operators,
    take_operators,
    rig_map_operators,
    diagnostics,
    presets,
    panels,
    rig_map_panel,
)
CLASSES = tuple(cls for module in _MODULES for cls in module.CLASSES)


def register() -> None:
    map_store.register()
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.register()
    menus.register()
    cli.register()


def unregister() -> None:
    cli.unregister()
    menus.unregister()
    runtime_set_up.stop()
    runtime_check.stop()
    runtime.forget_all()
    ticker.stop()
    generation.forget_all()
    worker_client.stop_shared()
    properties.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    map_store.unregister()
    rig_map_summary.forget_all()
    song_facts.forget_all()
