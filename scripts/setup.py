"""Prepare this checkout: system libraries, a virtual environment in .venv, the pinned packages, tokendance itself.

Run by ``make``; by hand: ``python3 scripts/setup.py demo`` for what makes dances and pictures, ``dev`` for all that the
tests, training and evaluation need. Nothing is installed twice: .venv/demo.stamp and dev.stamp remember what was done.

Environment variables:
    PYTHON           the Python 3.11 to build the environment from
    TORCH_INDEX_URL  where pip finds PyTorch's CPU wheels for Linux (default: PyTorch's own index)
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LEVELS = ("demo", "dev")
"""What can be set up, each with all before it: requirements/LEVEL.txt."""

PYTHON_VERSION = "3.11"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"

# What Blender as a module links against, then what its Workbench engine needs to render without a display.
SYSTEM_PACKAGES = (
    *(
        "libx11-6",
        "libxi6",
        "libxfixes3",
        "libxrender1",
        "libxkbcommon0",
        "libsm6",
        "libgl1",
        "libxxf86vm1",
        "libgomp1",
    ),
    *("libegl1", "libegl-mesa0", "libgl1-mesa-dri"),
)


def stop(message: str) -> None:
    """End with ``message`` and a non-zero status."""
    sys.exit(f"\nsetup: {message}")


def run(*command: str | Path) -> None:
    """Run a command, show it, and stop when it fails."""
    words = [str(word) for word in command]
    print("+ " + shlex.join(words), flush=True)
    if subprocess.run(words, cwd=ROOT).returncode:
        stop(f"this command failed: {shlex.join(words)}")


def succeeds(*command: str | Path) -> bool:
    """Whether a command can be started and exits with 0; its output is dropped."""
    try:
        return subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True).returncode == 0
    except OSError:
        return False


def is_python(command: str | Path, version: str, also: str = "pass") -> bool:
    """Whether ``command`` is a Python of that version, in which the statement ``also`` runs."""
    return succeeds(command, "-c", f"{also}; import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')")


def find_python(version: str) -> str | None:
    """The first of the usual names, $PYTHON before them, that really is a Python of that version."""
    names = (os.environ.get("PYTHON") or f"python{version}", f"python{version}", "python3", "python", sys.executable)
    return next((name for name in names if is_python(name, version)), None)


def missing_system_packages(python: str) -> list[str]:
    """Debian packages that are needed and not installed; empty on systems without dpkg."""
    if not shutil.which("dpkg-query"):
        return []
    query = ["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *SYSTEM_PACKAGES]
    listed = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()
    installed = {line.split()[0] for line in listed if line.endswith(" installed")}
    missing = [package for package in SYSTEM_PACKAGES if package not in installed]
    if not succeeds(python, "-c", "import ensurepip, venv"):
        missing.append(f"python{PYTHON_VERSION}-venv")
    return missing


def install_system_packages(packages: list[str]) -> None:
    """Install with apt-get when that needs no password; otherwise print the line to run and stop."""
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() == 0:
        prefix = []
    elif succeeds("sudo", "-n", "true"):
        prefix = ["sudo", "-n"]
    else:
        line = f"sudo apt-get update && sudo {shlex.join(install)}"
        stop(f"Blender needs system libraries that are not installed. Run this line, then make again:\n\n    {line}\n")
    run(*prefix, "apt-get", "update", "-qq")
    run(*prefix, *install)


def install_torch(version: str) -> None:
    """Install torch; on Linux the CPU build if it can be had, because the plain one pulls gigabytes of CUDA
    libraries.
    """
    pip = (VENV_PYTHON, "-m", "pip", "install", "--no-deps", "--progress-bar", "off", "--retries", "1")
    cpu_build = f"torch=={version}+cpu"
    index = os.environ.get("TORCH_INDEX_URL", TORCH_CPU_INDEX)
    # First where this machine's pip looks anyway: a mirror or a folder of wheels may have it.
    sources = [] if platform.system() != "Linux" else [(cpu_build,), ("--index-url", index, cpu_build)]
    if "TORCH_INDEX_URL" in os.environ:
        sources = sources[1:]
    for source in sources:
        print(f"looking for {' '.join(source)}", flush=True)
        if succeeds(*pip, *source):
            return
    run(*pip, f"torch=={version}")


def lock(level: str) -> Path:
    """The file that pins the packages of ``level``."""
    return ROOT / "requirements" / f"{level}.txt"


def pinned(package: str, level: str) -> str:
    """The version that the lock file gives for ``package``."""
    return next(line.partition("==")[2] for line in lock(level).read_text().split() if line.startswith(f"{package}=="))


def make_environment() -> None:
    """System libraries and .venv with nothing in it, unless they are there."""
    python = find_python(PYTHON_VERSION)
    if python is None:
        stop(
            f"Python {PYTHON_VERSION} was not found, and Blender's wheel needs exactly that version.\n"
            "Install it (Debian 12: apt-get install python3 python3-venv), or name one: make "
            f"PYTHON=/path/to/python{PYTHON_VERSION}"
        )
    missing = missing_system_packages(python)
    if missing:
        install_system_packages(missing)
    if not is_python(VENV_PYTHON, PYTHON_VERSION, also="import pip"):
        run(python, "-m", "venv", "--clear", VENV)


def install(level: str) -> None:
    """The packages of ``level``, unless its stamp says that they are there."""
    inputs = (lock(level), ROOT / "pyproject.toml", Path(__file__).resolve())
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    stamp = VENV / f"{level}.stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        make_environment()
        if level == "dev":
            install_torch(pinned("torch", level))
        run(VENV_PYTHON, "-m", "pip", "install", "--progress-bar", "off", "-r", lock(level))
        run(VENV_PYTHON, "-m", "pip", "install", "--no-deps", "-e", ".")
        stamp.write_text(wanted)
        print(f"setup: {level} done", flush=True)
    stamp.touch()  # make compares times, and a checkout may have touched the inputs


def main(argv: Sequence[str]) -> None:
    """Do whatever is not done yet."""
    level = argv[0] if argv else "dev"
    if level not in LEVELS:
        stop(f"“{level}” cannot be set up. Name {' or '.join(LEVELS)}.")
    for each in LEVELS[: LEVELS.index(level) + 1]:
        install(each)


if __name__ == "__main__":
    main(sys.argv[1:])
