"""One timer of Blender's for everything that is waited for: child processes, and work that must not happen while
drawing.

Timers fire only where there is a window; what runs in background waits in a loop of its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import bpy

SECONDS = 0.1
"""Between two ticks."""

_LOG = logging.getLogger(__package__)

Watch = Callable[[], bool]
"""Looked at on every tick, until it returns False; must cost next to nothing."""

_watches: list[Watch] = []
worst_seconds = 0.0
"""The longest tick so far, for diagnostics."""


def add(watch: Watch) -> None:
    """Call ``watch`` on every tick from the next one on, once however often it is added, also after another file was
    loaded.
    """
    if watch not in _watches:
        _watches.append(watch)
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def _tick() -> float | None:
    global worst_seconds
    start = time.perf_counter()
    for watch in tuple(_watches):
        try:
            goes_on = watch()
        except Exception:
            _LOG.exception("TokenDance: something that was waited for went wrong")
            goes_on = False
        if not goes_on and watch in _watches:
            _watches.remove(watch)
    worst_seconds = max(worst_seconds, time.perf_counter() - start)
    return SECONDS if _watches else None


def stop() -> None:
    """Forget everything, when the add-on goes."""
    _watches.clear()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def redraw() -> None:
    """Draw the sidebars and the preferences anew."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "PREFERENCES"):
                area.tag_redraw()
