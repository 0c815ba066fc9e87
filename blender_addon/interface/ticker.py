"""One Blender timer that polls everything asynchronous: child processes, and work that must not happen while drawing.

Timers run only where there is a window; in background mode the caller waits in a loop. A generation is the exception:
it needs a modal operator, which receives Esc and makes one undo step, and whose event timer does nothing but wake it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import bpy

SECONDS = 0.1
"""Time between two ticks while all there is to do is to look."""

WORK_SECONDS = 0.01
"""Time between two ticks while a watch works on something piece by piece."""

_OURS = (("VIEW_3D", "UI"), ("PREFERENCES", "WINDOW"))
"""Where we draw: areas and their regions."""

_LOG = logging.getLogger(__package__)

Watch = Callable[[], bool]
"""Called on every tick until it returns False; must be cheap."""


class Ticker:
    """The watches of a session; ``worst_seconds`` is its longest tick so far, for diagnostics."""

    def __init__(self) -> None:
        self.worst_seconds = 0.0
        self._watches: dict[Watch, float] = {}
        self._timer = lambda: self.tick()  # Blender knows a timer by its identity, which a bound method does not keep

    def add(self, watch: Watch, seconds: float = SECONDS) -> None:
        """Call ``watch`` after ``seconds`` at most and on every tick, once however often it is added; loading another
        file does not stop it.
        """
        self._watches.setdefault(watch, seconds)
        if not self.is_running:
            bpy.app.timers.register(self._timer, first_interval=0.0, persistent=True)

    @property
    def is_running(self) -> bool:
        """Whether Blender calls ``tick``."""
        return bpy.app.timers.is_registered(self._timer)

    def tick(self) -> float | None:
        """Call every watch once; seconds until the next tick, None when no watch is left."""
        start = time.perf_counter()
        for watch in tuple(self._watches):
            try:
                goes_on = watch()
            except Exception:
                _LOG.exception("TokenDance: a background task failed")
                goes_on = False
            if not goes_on:
                self._watches.pop(watch, None)
        self.worst_seconds = max(self.worst_seconds, time.perf_counter() - start)
        return min(self._watches.values(), default=None)

    def close(self) -> None:
        """Drop every watch and stop the timer."""
        self._watches.clear()
        if self.is_running:
            bpy.app.timers.unregister(self._timer)


def redraw() -> None:
    """Redraw the sidebars and the preferences, not the views beside them: those may hold a heavy scene."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if (area.type, region.type) in _OURS:
                    region.tag_redraw()
