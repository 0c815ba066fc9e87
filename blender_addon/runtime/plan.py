"""What a set-up installs on each platform, from where, and how large it is. Data, no Blender.

Dances need none of it on the processor: a set-up is for a graphics card, and for training.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("lock.txt")
"""Every package with its version and its hashes, for all platforms: nothing else is installed. Its first lines say how
it is made.
"""

_PYTORCH = "https://download.pytorch.org/whl"
_PYPI_HOST, _PYTORCH_HOST = "pypi.org", "download.pytorch.org"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is set up on one platform; sizes in MB (10^6 bytes), measured with torch 2.13; for CUDA on Windows they
    are estimates.

    ``torch`` names PyTorch's own indexes to take torch from, one tried after another; none: it is in the lock.
    """

    accelerator: str
    torch: tuple[str, ...] = ()
    download_mb: int
    disk_mb: int

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the packages come from, unless the user's pip is configured otherwise."""
        return (_PYPI_HOST, _PYTORCH_HOST) if self.torch else (_PYPI_HOST,)

    def steps(self, wheels: str = "") -> list[list[list[str]]]:
        """Arguments for pip: steps, each a list of attempts of which one must succeed. ``wheels`` is a folder to
        install from without network.
        """
        local = ["--no-index", "--find-links", wheels]
        torch = [local] if wheels else [["--index-url", index] for index in self.torch]
        locked = ["--no-deps", "--require-hashes", "--requirement", str(LOCK)]
        own_build = [[[*source, "--no-deps", torch_version()] for source in torch]] if self.torch else []
        return [*own_build, [[*(local if wheels else []), *locked]]]


def torch_version() -> str:
    """The torch of the lock: ``torch==2.13.0``. PyTorch's builds of that version for CUDA count as the same."""
    return re.search(r"^torch==[\w.]+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)[0]


_PLANS: Mapping[str, Plan] = {
    "linux": Plan(accelerator="cuda", download_mb=3000, disk_mb=6100),
    # Estimated. Cards from 2018 on, then older ones: CUDA 13 dropped them. PyPI would bring a build without CUDA.
    "windows": Plan(
        accelerator="cuda", torch=(f"{_PYTORCH}/cu130", f"{_PYTORCH}/cu126"), download_mb=2700, disk_mb=5000
    ),
    "macos": Plan(accelerator="metal", download_mb=143, disk_mb=640),
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
