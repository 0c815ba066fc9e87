"""Where and how the network runs on this machine; torch is imported only where it may be used."""

from __future__ import annotations

import ctypes
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from tokendance_core.commands.requests import RunSettings
from tokendance_core.errors import SettingError

if TYPE_CHECKING:
    from tokendance_core.engine.make import EngineName

_NVIDIA_DRIVER = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
"""Platform -> library that the driver of an NVIDIA card installs."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def choose(run: RunSettings) -> tuple[EngineName, str]:
    """The engine and the device that ``run`` comes to here: torch where a graphics card is used or torch is named.

    Metal only when named: many small kernels gain nothing there. Raises SettingError for what this machine does not
    have.
    """
    on_card = run.device not in ("auto", "cpu")
    if run.engine == "numpy" and on_card:
        raise SettingError(
            f"The engine numpy runs on the processor alone, and the device is {run.device}.",
            hint="Choose the engine torch, or the device cpu.",
        )
    if run.engine == "torch" or on_card:
        return "torch", _torch_device(run.device)
    if run.engine == "auto" and run.device == "auto" and _has_nvidia_driver() and "cuda" in available_devices():
        return "torch", "cuda"
    return "numpy", "cpu"


def available_devices() -> tuple[str, ...]:
    """Devices that can be chosen here; the processor is always among them, and needs no torch."""
    if find_spec("torch") is None:
        return ("cpu",)
    try:
        return _devices_of(_load_torch())
    except SettingError:
        return ("cpu",)


def _torch_device(choice: str) -> str:
    """``auto`` -> cuda where there is one, else cpu. Raises SettingError for a device that torch does not find."""
    available = _devices_of(_load_torch())
    if choice == "auto":
        return "cuda" if "cuda" in available else "cpu"
    if choice not in available:
        raise SettingError(
            f"Torch finds no {choice} device on this machine.", hint=f"Use --device {' or '.join(available)}."
        )
    return choice


def _devices_of(torch: ModuleType) -> tuple[str, ...]:
    found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(name for name, present in found.items() if present)


def _load_torch() -> ModuleType:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: one of its libraries cannot be loaded
        raise SettingError(
            f"PyTorch is needed for this and cannot be imported ({error}).",
            hint='Install it (pip install "torch>=2.4"), or leave the device and the engine on auto.',
        ) from None
    return torch


def _has_nvidia_driver() -> bool:
    """Cheap, so that torch is not imported for nothing."""
    try:
        ctypes.CDLL(_NVIDIA_DRIVER[sys.platform])
    except (KeyError, OSError):
        return False
    return True


def keep_large_blocks() -> bool:
    """Stop glibc from returning large freed blocks to the system: arrays then come from memory that is there already.

    Sets its mmap and trim thresholds (mallopt(3)); returns whether it took effect, False anywhere but on glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL("libc.so.6")
        return bool(libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30) and libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
    except (OSError, AttributeError):
        return False
