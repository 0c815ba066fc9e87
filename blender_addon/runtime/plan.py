"""What a set-up installs on each platform, from where, and how large it is. Data, no Blender.

Dances need none of it on the processor: a set-up is for a graphics card, and for training.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass

TORCH = "torch>=2.4"
PACKAGES = ("numpy>=1.24,<3", "safetensors>=0.4", "soundfile>=0.12", "soxr>=0.4")
"""Everything that the core and its training need beside torch, as in pyproject.toml."""

_PYTORCH = "https://download.pytorch.org/whl"
_PYPI_HOST, _PYTORCH_HOST = "pypi.org", "download.pytorch.org"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is set up on one platform; sizes in MB (10^6 bytes), measured with torch 2.13; for CUDA on Windows they
    are estimates.

    ``torch`` holds pip's arguments for torch, one tuple for each place to look, tried one after another.
    """

    accelerator: str
    torch: tuple[tuple[str, ...], ...]
    download_mb: int
    disk_mb: int

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the packages come from, unless the user's pip is configured otherwise."""
        uses_pytorch = any(_PYTORCH in argument for attempt in self.torch for argument in attempt)
        return (_PYPI_HOST, _PYTORCH_HOST) if uses_pytorch else (_PYPI_HOST,)

    def steps(self, wheels: str = "") -> list[list[list[str]]]:
        """Arguments for pip: steps, each a list of attempts of which one must succeed. ``wheels`` is a folder to
        install from without network.
        """
        if wheels:
            return [[["--no-index", "--find-links", wheels, TORCH, *PACKAGES]]]
        return [[list(attempt) for attempt in self.torch], [list(PACKAGES)]]


def _index(name: str) -> tuple[str, str]:
    return "--index-url", f"{_PYTORCH}/{name}"


_PLAIN = ((TORCH,),)
# Cards from 2018 on, then older ones: CUDA 13 dropped them. PyPI would bring a build without CUDA.
_WINDOWS_CUDA = ((*_index("cu130"), TORCH), (*_index("cu126"), TORCH))

_PLANS: Mapping[str, Plan] = {
    "linux": Plan(accelerator="cuda", torch=_PLAIN, download_mb=3000, disk_mb=6100),
    # estimated
    "windows": Plan(accelerator="cuda", torch=_WINDOWS_CUDA, download_mb=2700, disk_mb=5000),
    "macos": Plan(accelerator="metal", torch=_PLAIN, download_mb=143, disk_mb=640),
}

# start and possible ends of Python's name for a platform -> key of _PLANS; torch is made for no other
_PLATFORMS = (
    ("linux-", ("x86_64",), "linux"),
    ("win-", ("amd64",), "windows"),
    ("macosx-", ("arm64", "universal2"), "macos"),
)

DEVICES: Mapping[str, str] = {"cuda": "cuda", "metal": "mps"}
"""Accelerator -> what torch calls the device."""


def platform_key(name: str | None = None) -> str:
    """Key of the table for Python's name of a platform, this one by default; empty when nothing can be set up there."""
    name = sysconfig.get_platform() if name is None else name
    return next((key for start, ends, key in _PLATFORMS if name.startswith(start) and name.endswith(ends)), "")


def plan(key: str | None = None) -> Plan | None:
    """What is set up on a platform, this one by default; None where there is nothing to set up."""
    return _PLANS.get(platform_key() if key is None else key)
