"""From a song to a dance with Python and numpy alone, as in Blender: run by ``test_built_zip.py`` in a process of its
own.

``python -I light_run.py CORE SAMPLES OUTPUT``: the core is imported from the folder CORE, hears the decoded song in the
file SAMPLES and leaves its dance in OUTPUT. Standard output is what the commands say as JSON lines, then the names of
all other packages that they imported.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import sys
from collections.abc import Sequence
from importlib.metadata import packages_distributions
from types import ModuleType

CORE, SAMPLES, OUTPUT = sys.argv[1:]

BLOCKED = {"torch", "scipy", "soundfile", "soxr", "safetensors", "tqdm", "librosa"}


class Blocked(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds these packages and fails to import them: worse than when they are missing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(name, self) if name.split(".")[0] in BLOCKED else None

    def exec_module(self, module: ModuleType) -> None:
        raise ImportError(f"{module.__name__} is blocked in this test")


def main() -> None:
    sys.path.insert(0, CORE)
    sys.meta_path.insert(0, Blocked())
    before = set(sys.modules)
    from tokendance_core.commands import generate, listen, worker
    from tokendance_core.commands.reports import JsonReport
    from tokendance_core.commands.requests import DanceRequest, ListenRequest, WarmRequest
    from tokendance_core.commands.weights import CheckpointCache

    load, report = CheckpointCache().load, JsonReport()
    worker.warm_up(WarmRequest(), report, load)
    listen.work(ListenRequest(song="song.ogg", samples=SAMPLES), report, load)
    generate.work(DanceRequest(song="song.ogg", samples=SAMPLES, output=OUTPUT), report, load)
    imported = {name.split(".")[0] for name in sys.modules.keys() - before}
    print(json.dumps(sorted((imported - {"tokendance_core"}) & packages_distributions().keys())))


main()
