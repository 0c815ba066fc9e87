"""Find the Python program that came with this Blender: the one that sees the NumPy that Blender's own scripts see.

The official builds bring it in a folder ``python`` beside their scripts, a distribution's Blender runs the system's,
and Blender as a Python module runs in whatever imported it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from tokendance_core import SettingError

from .. import compat

_NAME = re.compile(r"python(?P<version>\d(\.\d+)?)?(\.exe)?", re.IGNORECASE)

# Where the official builds have their resources, seen from the folder of the program; macOS has them in the bundle.
_RESOURCES = ("{blender}", "../Resources/{blender}")
_IN_RESOURCES = ("python/bin", "python")
# An installation of Python, then a virtual environment on Windows, then an installation there.
_IN_PREFIX = ("bin", "Scripts", "")


@dataclass(frozen=True)
class Surroundings:
    """What a Blender tells of itself: its program and its Python's, folders, and both versions, as ``3.11``."""

    executable: str
    prefixes: tuple[str, ...]
    program: str
    resources: tuple[str, ...]
    python: str
    blender: str
    is_windows: bool

    @classmethod
    def here(cls) -> Surroundings:
        """Those of the Blender that runs this."""
        return cls(
            executable=sys.executable or "",
            prefixes=(sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix),
            program=bpy.app.binary_path or "",
            resources=tuple(bpy.utils.resource_path(kind) for kind in ("LOCAL", "SYSTEM")),
            python="{}.{}".format(*sys.version_info[:2]),
            blender=".".join(compat.blender_version().split(".")[:2]),
            is_windows=os.name == "nt",
        )

    def _folders(self) -> Iterator[Path]:
        """Folders of this Blender's own build: no other Python can be there."""
        beside = [Path(self.program).parent / place.format(blender=self.blender) for place in _RESOURCES]
        for resources in [Path(resource) for resource in self.resources if resource] + beside * bool(self.program):
            yield from (resources / place for place in _IN_RESOURCES)

    def candidates(self) -> Iterator[Path]:
        """Where its Python may be, the surest first."""
        suffix = ".exe" * self.is_windows
        names = [f"{name}{suffix}" for name in (f"python{self.python}", "python3", "python")]
        yield from (folder / name for folder in self._folders() for name in names)
        yield Path(self.executable)
        prefixes = [Path(prefix) for prefix in dict.fromkeys(self.prefixes) if prefix]
        yield from (prefix / place / name for prefix in prefixes for place in _IN_PREFIX for name in names)

    def is_python(self, path: Path) -> bool:
        """Whether a file looks like a Python of the right version that can be run, and is not Blender."""
        named = _NAME.fullmatch(path.name)
        if named is None or not os.path.isfile(path) or not os.access(path, os.X_OK):
            return False
        version = named["version"] or ""
        is_blender = os.path.isfile(self.program) and os.path.samefile(path, self.program)
        return f"{self.python}.".startswith(f"{version}." if version else "") and not is_blender


def own_python(of: Surroundings | None = None) -> str:
    """The program, of this Blender by default; SettingError when there is none."""
    place = of or Surroundings.here()
    found = next(filter(place.is_python, place.candidates()), None)
    if found is None:
        raise SettingError(
            f"This Blender comes without the program of its Python {place.python}.",
            hint="Use a Blender from blender.org, or name a Python that has NumPy and PyTorch in the add-on's "
            "preferences.",
        )
    return str(found)
