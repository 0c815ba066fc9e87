"""How much memory this process has taken at most, of itself alone."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """The most bytes of memory that were in use at once.

    Not ``ru_maxrss`` where the system tells more: on Linux it begins with what the process that started this one took.
    """
    if _STATUS.exists():
        return 1024 * int(re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(encoding="utf-8"), re.MULTILINE)[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
