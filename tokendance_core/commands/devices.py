"""Where the network can run on this machine."""

from __future__ import annotations

import torch

from tokendance_core.errors import SettingError


def available_devices() -> tuple[str, ...]:
    """Names that ``resolve`` accepts here; the processor is always among them."""
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
        raise SettingError(f"torch finds no {choice} device on this machine", hint=f"Use --device {' or '.join(available)}.")
    return choice
