"""TokenDance for Blender: a song and a character in, an editable, keyframed dance out.

Rooms from the ground up: ``interface``, ``runtime``, ``song``, ``armature``, ``character``, ``takes``, ``dance``, and
on top of them ``headless`` and ``sidebar``. ``session.py`` owns everything that runs or is remembered. Begin with
``dance/generation.py``.
"""

from __future__ import annotations

import bpy

from . import session
from .armature import map_store
from .character import mannequin, map_test, restore
from .character import operators as rig_map_operators
from .character.summary import Summaries
from .dance import diagnostics, motion_file, properties
from .dance import operators as generate_operators
from .headless import cli, export_take
from .interface.ticker import Ticker
from .runtime import operators as runtime_operators
from .runtime import preferences
from .runtime.check import Checks
from .runtime.interpreter import KnownRuntimes
from .runtime.set_up import SetUps
from .runtime.worker import WorkerHolder
from .session import Session
from .sidebar import character_panel as rig_map_panel
from .sidebar import menus, panels, presets, takes_panel
from .song import operators as song_operators
from .song.facts import KnownSongs
from .takes import operators as take_operators
from .takes import properties as take_properties

_MODULES = (
    preferences,
    runtime_operators,
    properties,
    take_properties,
    motion_file,
    generate_operators,
    song_operators,
    take_operators,
    export_take,
    mannequin,
    rig_map_operators,
    restore,
    diagnostics,
    presets,
    menus,
    panels,
    takes_panel,
    rig_map_panel,
)
CLASSES = tuple(cls for module in _MODULES for cls in module.CLASSES)


def new_session() -> Session:
    """A session that has done nothing yet and knows nothing."""
    ticker = Ticker()
    runtimes = KnownRuntimes(ticker)
    return Session(
        ticker=ticker,
        worker=WorkerHolder(),
        runtimes=runtimes,
        checks=Checks(runtimes, ticker),
        set_ups=SetUps(runtimes),
        songs=KnownSongs(ticker),
        summaries=Summaries(ticker),
    )


def register() -> None:
    session.begin(new_session())
    map_store.register()
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.register()
    take_properties.register()
    menus.register()
    map_test.register()
    cli.register()


def unregister() -> None:
    cli.unregister()
    map_test.unregister()
    menus.unregister()
    session.end()
    take_properties.unregister()
    properties.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    map_store.unregister()
