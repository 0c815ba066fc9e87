"""A Blender as it comes: a Python with Blender as a module and what Blender itself brings, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

NONSENSE = {"PYTHONHOME": "/no/such/home", "PYTHONPATH": "/no/such/path", "PYTHONPLATLIBDIR": "nonsense"}
NOWHERE = "http://127.0.0.1:9"

_WRITES_ANYWHERE = "dac_override"
"""What lets the administrator of a Linux machine write into read-only folders."""


def make(folder: Path) -> Path:
    """A virtual environment in ``folder`` with Blender and its numpy of this one; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    paths = sysconfig.get_paths(scheme="venv", vars={"base": str(folder), "platbase": str(folder)})
    for name in _brought("bpy"):
        for file in metadata.distribution(name).files or ():
            there, here = Path(metadata.distribution(name).locate_file(file.parts[0])), file.parts[0]
            link = Path(paths["purelib"], here)
            if here not in ("..", "__pycache__") and not link.exists():
                link.symlink_to(there)
    return Path(paths["scripts"], Path(sys.executable).name)


def _brought(name: str) -> set[str]:
    """A distribution and what it requires, as far as that is installed."""
    found: set[str] = set()
    waiting = {name}
    while waiting:
        asked = waiting.pop()
        try:
            required = metadata.requires(asked) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(asked)
        names = {re.match(r"[\w.-]+", line).group() for line in required if "extra ==" not in line}
        waiting |= names - found
    return found


def environment(folder: Path) -> Mapping[str, str]:
    """Variables of a machine without network and without any other program; all that is written lies in ``folder``."""
    for name in ("home", "resources", "temporary"):
        (folder / name).mkdir(parents=True)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TOKENDANCE"))}
    proxies = {f"{kind}_proxy": NOWHERE for kind in ("http", "https", "all")}
    return {
        **ours,
        **NONSENSE,
        **proxies,
        "PATH": "",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temporary"),
        "BLENDER_USER_RESOURCES": str(folder / "resources"),
    }


def command(python: Path, *words: str) -> list[str]:
    """Run Python as Blender does, without a look at its variables; read-only folders are so for everybody."""
    drop = shutil.which("setpriv")
    dropping = [drop, f"--bounding-set=-{_WRITES_ANYWHERE}", f"--inh-caps=-{_WRITES_ANYWHERE}"] if drop else []
    return [*(dropping if os.name == "posix" and os.geteuid() == 0 else []), str(python), "-I", *words]
