"""TokenDance for Blender: a song and a character in, an editable, keyframed dance out.

Rooms from the ground up: ``interface``, ``runtime``, ``song``, ``armature``, ``character``, ``takes``, ``dance``, and
on top of them ``headless`` and ``sidebar``. Begin with ``dance/generation.py``.
"""

from __future__ import annotations

import bpy

from .armature import map_store
from .character import operators as rig_map_operators
from .character import restore
from .character import summary as rig_map_summary
from .character.mannequin import operators as mannequin_operators
from .dance import diagnostics, generation, motion_file, properties
from .dance import operators as generate_operators
from .headless import cli
from .interface import ticker
from .runtime import check as runtime_check
from .runtime import interpreter as runtime
from .runtime import operators as runtime_operators
from .runtime import preferences
from .runtime import set_up as runtime_set_up
from .runtime import worker as worker_client
from .sidebar import character_panel as rig_map_panel
from .sidebar import menus, panels, presets
from .song import facts as song_facts
from .song import operators as song_operators
from .takes import operators as take_operators

_MODULES = (
    preferences,
    runtime_operators,
    properties,
    motion_file,
    generate_operators,
    song_operators,
    take_operators,
    mannequin_operators,
    rig_map_operators,
    restore,
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
