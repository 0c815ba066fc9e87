"""Entry point of the child process: run the core that came with the add-on, and stop when Blender is gone.

``python start_core.py CORE_FOLDER PARENT_ID NUMPY_FOLDER NEEDS generate …``: the core is loaded from its own folder, so
that nothing else that Blender's extensions bring (compiled for Blender's Python) shadows the packages of this Python.
NUMPY_FOLDER is Blender's NumPy, or empty: it is taken where this Python knows none. NEEDS are the modules without which
there is no use in starting.
"""

import _thread
import faulthandler
import importlib.util
import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

_PACKAGE = "tokendance_core"
_GRACE_SECONDS = 3.0
_STUCK_SECONDS = 180.0
"""How long the interpreter lock may be held without a break."""


LACKS = "there is no "
"""How the last words begin of a Python that lacks a module."""


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_for_end_of(parent: int) -> None:
    if sys.platform != "win32":
        # Blender may not be the direct parent (a wrapper script) or not be visible (a sandbox with its own process
        # numbers).
        direct, in_sight = os.getppid(), _is_there(parent)
        while os.getppid() == direct and (_is_there(parent) or not in_sight):
            time.sleep(1.0)
        return
    import ctypes

    synchronize, forever = 0x00100000, 0xFFFFFFFF
    kernel = ctypes.windll.kernel32
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    handle = kernel.OpenProcess(synchronize, False, parent)
    if handle:
        kernel.WaitForSingleObject(handle, forever)


def _die_with(parent: int) -> None:
    wait_for_end_of(parent)
    # A signal first, so that the worker can remove its folder.
    if os.name == "nt":
        _thread.interrupt_main()
    else:
        os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    if os.name != "nt" and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)  # with what it has started
    os._exit(1)


def _end_when_stuck() -> None:
    """Exit when a library never releases the interpreter lock: seen when memory ran out, with a process that outlived
    Blender.
    """
    while True:
        faulthandler.dump_traceback_later(_STUCK_SECONDS, exit=True)  # a timer that does not need the lock
        time.sleep(_STUCK_SECONDS / 6)


def _load(name: str, folder: Path) -> None:
    """Import a package from its folder alone, wherever that is."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)


def _lacks(name: str) -> bool:
    return importlib.util.find_spec(name) is None


def main() -> None:
    folder, parent, numpy, needs = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4].split(",")
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    threading.Thread(target=_end_when_stuck, daemon=True).start()
    _load(_PACKAGE, folder)  # first: it limits the threads of what numpy stands on
    if numpy and _lacks("numpy"):
        _load("numpy", Path(numpy))
    if missing := [name for name in needs if _lacks(name)]:
        sys.exit(f"{LACKS}{' and no '.join(missing)} in it")
    sys.argv[1:5] = []
    runpy.run_module(_PACKAGE, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
