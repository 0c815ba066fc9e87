"""How a command gets its checkpoint: read for this run, or from the cache of a process that stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tokendance_core.commands.requests import RunSettings

if TYPE_CHECKING:
    from tokendance_core.dance.checkpoint import Checkpoint

Load = Callable[[RunSettings], "Checkpoint"]
"""From what is asked for to a checkpoint that is ready to run."""


def load_once(run: RunSettings) -> Checkpoint:
    """Read it. Raises CheckpointError, and SettingError for a device or an engine that is not there."""
    from tokendance_core.commands import devices
    from tokendance_core.dance import checkpoint

    engine, device = devices.choose(run)
    return checkpoint.load(Path(run.checkpoint) if run.checkpoint else None, engine, device, run.threads or None)


class CheckpointCache:
    """The checkpoint that was read last, for as long as its file does not change."""

    def __init__(self) -> None:
        self._key: object = None
        self._checkpoint: Checkpoint | None = None

    def load(self, run: RunSettings) -> Checkpoint:
        """As ``load_once``, without reading the same file twice."""
        from tokendance_core.dance.checkpoint_header import default_path

        file = Path(run.checkpoint) if run.checkpoint else default_path()
        state = file.stat() if os.path.isfile(file) else None
        key = (file, run.engine, run.device, run.threads, state and (state.st_mtime_ns, state.st_size))
        if self._checkpoint is None or key != self._key:
            self._checkpoint = None  # two at once may be too much for a graphics card
            self._checkpoint, self._key = load_once(run), key
        return self._checkpoint
