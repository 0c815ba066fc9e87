"""What a set-up installs on each platform, from where, and how large it is. Data, no Blender."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass

TORCH = "torch>=2.4"
PACKAGES = ("numpy>=1.26,<3", "safetensors>=0.4", "scipy>=1.11", "soundfile>=0.12", "soxr>=0.4", "tqdm>=4.66")
"""Everything that the core needs beside torch, as in pyproject.toml."""

# The exact version, because nothing else keeps pip from the CUDA build, which is ten times as large.
_TORCH_CPU = "torch==2.13.0+cpu"

_PYTORCH = "https://download.pytorch.org/whl"
_PYPI_HOST, _PYTORCH_HOST = "pypi.org", "download.pytorch.org"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One choice on one platform; sizes in MB (10^6 bytes), measured with torch 2.13; for CUDA on Windows they
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
_LINUX_CPU = ((*_index("cpu"), _TORCH_CPU), (_TORCH_CPU,), (*_index("cpu"), TORCH))
# PyPI has the processor's build for Windows, so the plain index is as good.
_WINDOWS_CPU = ((*_index("cpu"), TORCH), (TORCH,))
# Cards from 2018 on, then older ones: CUDA 13 dropped them. PyPI would bring a build without CUDA.
_WINDOWS_CUDA = ((*_index("cu130"), TORCH), (*_index("cu126"), TORCH))

_PLANS: Mapping[str, tuple[Plan, ...]] = {
    "linux": (
        Plan(accelerator="cpu", torch=_LINUX_CPU, download_mb=246, disk_mb=960),
        Plan(accelerator="cuda", torch=_PLAIN, download_mb=3000, disk_mb=6100),
    ),
    # CUDA on Windows is estimated.
    "windows": (
        Plan(accelerator="cpu", torch=_WINDOWS_CPU, download_mb=175, disk_mb=690),
        Plan(accelerator="cuda", torch=_WINDOWS_CUDA, download_mb=2700, disk_mb=5000),
    ),
    "macos": (
        Plan(accelerator="metal", torch=_PLAIN, download_mb=143, disk_mb=640),
        Plan(accelerator="cpu", torch=_PLAIN, download_mb=143, disk_mb=640),
    ),
}
"""The first choice of a platform is its default."""

# start and possible ends of Python's name for a platform -> key of _PLANS; torch is made for no other
_PLATFORMS = (
    ("linux-", ("x86_64",), "linux"),
    ("win-", ("amd64",), "windows"),
    ("macosx-", ("arm64", "universal2"), "macos"),
)

LABELS: Mapping[str, tuple[str, str]] = {
    "cpu": ("Processor", "Works on every computer and is the smallest download"),
    "cuda": ("CUDA", "Also uses an NVIDIA graphics card; several gigabytes"),
    "metal": ("Metal", "Also uses the graphics processor of an Apple computer"),
}
"""Accelerator -> label and description."""

DEVICES: Mapping[str, str] = {"cpu": "cpu", "cuda": "cuda", "metal": "mps"}
"""Accelerator -> what torch calls the device."""


def platform_key(name: str | None = None) -> str:
    """Key of the table for Python's name of a platform, this one by default; empty when nothing can be set up there."""
    name = sysconfig.get_platform() if name is None else name
    return next((key for start, ends, key in _PLATFORMS if name.startswith(start) and name.endswith(ends)), "")


def plans(key: str | None = None) -> tuple[Plan, ...]:
    """The choices of a platform, this one by default."""
    return _PLANS.get(platform_key() if key is None else key, ())


def find(accelerator: str, key: str | None = None) -> Plan | None:
    """The plan for an accelerator; None where there is no such choice."""
    return next((plan for plan in plans(key) if plan.accelerator == accelerator), None)


def items(key: str | None = None) -> tuple[tuple[str, str, str], ...]:
    """The choices of a platform as Blender's enum items; the processor alone where nothing can be set up."""
    names = [plan.accelerator for plan in plans(key)] or ["cpu"]
    return tuple((name, *LABELS[name]) for name in names)
