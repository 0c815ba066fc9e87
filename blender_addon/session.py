"""The state of the add-on from the moment it is enabled until it is disabled: one object owns all of it.

Each room defines what it remembers as a class; ``register`` builds a ``Session`` of them and ``unregister`` closes it.
No module-level variable changes at run time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import bpy

if TYPE_CHECKING:  # the rooms stand on this file, not the other way round
    from .character.summary import Summaries
    from .dance.generation import Generation
    from .dance.outcome import Outcome
    from .interface.ticker import Ticker
    from .runtime.check import Checks
    from .runtime.interpreter import KnownRuntimes
    from .runtime.set_up import SetUps
    from .runtime.worker import WorkerHolder
    from .song.facts import KnownSongs


@dataclass
class Session:
    """Everything that runs or is remembered. ``generation`` is the one in progress, ``outcome`` how the last one ended,
    ``wake_up`` the event timer of the operator that waits for it, ``command`` Blender's handle of our command line,
    ``tested`` the name of the armature whose map is being tested in a window.

    Blender keeps no reference to the texts of dynamic enums: ``genre_items`` (by checkpoint) and ``bone_items`` do.
    """

    ticker: Ticker
    worker: WorkerHolder
    runtimes: KnownRuntimes
    checks: Checks
    set_ups: SetUps
    songs: KnownSongs
    summaries: Summaries
    generation: Generation | None = None
    outcome: Outcome | None = None
    wake_up: bpy.types.Timer | None = None
    command: object = None
    tested: str = ""
    genre_items: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    bone_items: list[tuple[str, str, str]] = field(default_factory=list)

    def end_generation(self, outcome: Outcome | None) -> None:
        """Stop the generation in progress, if there is one; ``outcome`` is what the panel says of it from now on."""
        if self.wake_up is not None:
            bpy.context.window_manager.event_timer_remove(self.wake_up)
        if self.generation is not None:
            self.generation.cancel()
        self.wake_up, self.generation, self.outcome = None, None, outcome

    def close(self) -> None:
        """Stop everything that runs, those who ask before those who answer, and forget what is known."""
        self.end_generation(None)
        self.ticker.close()
        for owner in (self.set_ups, self.checks, self.songs, self.summaries, self.runtimes):
            owner.close()
        self.worker.stop()
        self.genre_items.clear()
        self.bone_items.clear()


class _Registered:
    """The only reference to the session. Blender itself makes operators and panels and calls property callbacks, all
    without arguments of ours, so one name must be reachable from everywhere. Blender has no place for it:
    ``bpy.app.driver_namespace`` is emptied with every file, and properties of a window manager hold data alone.
    """

    session: ClassVar[Session | None] = None


def current() -> Session:
    """The session of the registered add-on; RuntimeError while there is none."""
    if _Registered.session is None:
        raise RuntimeError("The add-on is not registered.")
    return _Registered.session


def begin(session: Session) -> None:
    """Make ``session`` the current one; one that a failed registration left behind is closed."""
    end()
    _Registered.session = session


def end() -> None:
    """Close the current session, if there is one."""
    if _Registered.session is not None:
        _Registered.session.close()
    _Registered.session = None
