"""Where and how the network runs on this machine; torch is imported only when it is asked."""

from __future__ import annotations

import ctypes
import os
import sys

from tokendance_core.errors import SettingError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def available_devices() -> tuple[str, ...]:
    """Names that ``resolve`` accepts here; the processor is always among them."""
    import torch

    found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(name for name, present in found.items() if present)


def resolve(choice: str) -> str:
    """``auto`` -> cuda where there is one, else cpu (mps only when named: many small kernels gain nothing there).

    Raises SettingError for a device this machine does not have.
    """
    available = available_devices()
    if choice == "auto":
        return "cuda" if "cuda" in available else "cpu"
    if choice not in available:
        raise SettingError(
            f"Torch finds no {choice} device on this machine.", hint=f"Use --device {' or '.join(available)}."
        )
    return choice


def leave_a_core_free() -> None:
    """Let torch use all cores but one, unless OMP_NUM_THREADS says otherwise.

    Its threads wait for each other at every operation: where another program keeps a core busy, one thread fewer is
    several times faster.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(torch.get_num_threads(), max((os.cpu_count() or 1) - 1, 1)))


def keep_large_blocks() -> bool:
    """Stop glibc from returning large freed blocks to the system: torch on a CPU then runs up to twice as fast.

    Sets its mmap and trim thresholds (mallopt(3)); returns whether it took effect, False anywhere but on glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL("libc.so.6")
        return bool(libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30) and libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
    except (OSError, AttributeError):
        return False
