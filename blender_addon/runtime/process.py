"""Start the core in a process of its own: isolated, with its children in one group, ended with Blender."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from tokendance_core import SettingError

from .interpreter import Interpreter

_START = Path(__file__).parent / "child" / "start_core.py"

# Nothing is written beside our files; the log can be read while the process runs; song titles stay readable.
_OPTIONS = ("-B", "-u", "-X", "utf8")

# Blender's Python ignores what other programs set; a Python of the user's may have its packages in the user's folder.
_ISOLATED, _NAMED = "-I", "-E"

_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Windows alone has them."""

_PREFIX = "tokendance-"
_ABANDONED_SECONDS = 86_400.0
"""Age at which nobody works in a folder any more: a worker ends after minutes without a request."""


def core_folder() -> Path:
    """Where the core lies that came with the add-on."""
    return Path(find_spec("tokendance_core").origin).parent


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for the files of a process, beside which nothing is left of processes that were killed long ago;
    SettingError when none can be made.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        raise SettingError(
            f"There is no temporary folder: {error.strerror}.", hint="Free some space and try again."
        ) from error
    _sweep(Path(folder.name).parent)
    return folder


def _sweep(place: Path) -> None:
    """Remove the folders there that were abandoned."""
    before = time.time() - _ABANDONED_SECONDS
    for path in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, or gone meanwhile
            if path.is_dir() and not path.is_symlink() and path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)


def start_core(
    python: Interpreter, arguments: Sequence[str], output: BinaryIO, errors: BinaryIO | int, temporary: Path
) -> subprocess.Popen[bytes]:
    """Run a command of the core in a process that ends with this one and has its temporary files in the folder
    ``temporary``, which goes with it; OSError when that Python cannot be started.
    """
    return subprocess.Popen(
        command(python, arguments),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=environment(os.environ, temporary),
        creationflags=_FLAGS,
        start_new_session=os.name != "nt",
    )


def command(python: Interpreter, arguments: Sequence[str]) -> list[str]:
    """The command line of a command of the core."""
    isolation = _ISOLATED if python.is_own else _NAMED
    start = [str(_START), str(core_folder()), str(os.getpid()), python.numpy_folder, ",".join(python.needs)]
    return [python.path, isolation, *_OPTIONS, *start, *arguments]


def environment(ours: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """Variables for the process: none that is meant for a Python, temporary files in a folder of its own. The core
    itself limits threads.
    """
    # On Windows os.environ has capitals only.
    kept = {name: value for name, value in ours.items() if not name.startswith("PYTHON")}
    return kept | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
