"""What is said of a Python and of a set-up, in words of the interface."""

from __future__ import annotations

from tokendance_core import RunSettings

from ..interface.translate import iface
from .interpreter import Facts, Versions
from .plan import Plan

DEVICE_NAMES = {"cpu": "Processor", "cuda": "CUDA", "mps": "Metal"}
"""What torch calls a device -> what people call it."""

_PACKAGES = "PyTorch, NumPy, SoundFile, SoXR, safetensors"


def maker(found: Facts, run: RunSettings) -> str:
    """What makes the dances with the engine and the device that are chosen, in a few words."""
    versions = found.versions
    wanted = ("cuda",) if run.device == "auto" else (run.device,)
    device = next((name for name in wanted if name in versions.devices), "cpu")
    if versions.torch and (run.engine == "torch" or (run.engine == "auto" and device != "cpu")):
        return iface("{device}: PyTorch {torch}, Python {python}").format(
            device=iface(DEVICE_NAMES[device]), torch=versions.torch, python=versions.python
        )
    if not versions.python:
        return f"{iface(found.source)}: {found.python}"
    return iface("{source}: {python}, NumPy {numpy}").format(
        source=iface(found.source), python=versions.python, numpy=versions.numpy
    )


def known_versions(versions: Versions) -> str:
    """The versions of a Python and what its torch can use; what to do about it while they are unknown."""
    if not versions.python:
        return iface("Press Check to see its versions and devices")
    devices = ", ".join(iface(DEVICE_NAMES.get(name, name)) for name in versions.devices)
    return iface("Python {python}, PyTorch {torch}, on {devices}").format(
        python=versions.python, torch=versions.torch or "–", devices=devices
    )


def description(plan: Plan, wheels: str, place: str) -> tuple[str, ...]:
    """What a set-up installs, from where, into which folder, and how large it is: one line each."""
    source = iface("From the folder {folder}, without network").format(folder=wheels)
    hosts = iface(" and ").join(plan.hosts)
    size = iface("About {disk} on the disk") if wheels else iface("About {download} to download, {disk} on the disk")
    return (
        iface("A separate Python with {packages}").format(packages=_PACKAGES),
        source if wheels else iface("From {hosts}, unless your pip is configured otherwise").format(hosts=hosts),
        *((iface("Into {folder}").format(folder=place),) if place else ()),
        size.format(download=_gigabytes(plan.download_mb), disk=_gigabytes(plan.disk_mb)),
    )


def _gigabytes(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{round(megabytes, -1)} MB"
