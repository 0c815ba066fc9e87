"""Start the core in a process of its own: isolated, with its children in one group, ended with Blender."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
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


def core_folder() -> Path:
    """Where the core lies that came with the add-on."""
    return Path(find_spec("tokendance_core").origin).parent


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for the files of a process; SettingError when none can be made."""
    try:
        return tempfile.TemporaryDirectory(prefix="tokendance-", ignore_cleanup_errors=True)
    except OSError as error:
        raise SettingError(
            f"There is no temporary folder: {error.strerror}.", hint="Free some space and try again."
        ) from error


def start_core(
    python: Interpreter, arguments: Sequence[str], output: BinaryIO, errors: BinaryIO | int
) -> subprocess.Popen[bytes]:
    """Run a command of the core in a process that ends with this one; OSError when that Python cannot be started."""
    return subprocess.Popen(
        command(python, arguments),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=environment(os.environ),
        creationflags=_FLAGS,
        start_new_session=os.name != "nt",
    )


def command(python: Interpreter, arguments: Sequence[str]) -> list[str]:
    """The command line of a command of the core."""
    isolation = _ISOLATED if python.is_own else _NAMED
    start = [str(_START), str(core_folder()), str(os.getpid()), python.numpy_folder, ",".join(python.needs)]
    return [python.path, isolation, *_OPTIONS, *start, *arguments]


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Variables for the process: none that is meant for a Python. The core itself limits threads."""
    # On Windows os.environ has capitals only.
    return {name: value for name, value in ours.items() if not name.startswith("PYTHON")}
