"""What the end-to-end tests share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end import data_pack
from tokendance_core import __version__


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data pack of a few seconds."""
    folder = tmp_path_factory.mktemp("data")
    data_pack.write(folder)
    return folder


@pytest.fixture(scope="session")
def package(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip that users install, built from this checkout."""
    dist = tmp_path_factory.mktemp("dist")
    before = _state(root)
    subprocess.run([sys.executable, str(root / "build_addon.py"), "--output", str(dist)], cwd=root, check=True)
    assert _state(root) == before
    return dist / f"tokendance-{__version__}.zip"


def _state(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every source file: building must change none and add none."""
    found = (path for name in ("blender_addon", "tokendance_core") for path in (root / name).rglob("*"))
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in found
        if path.is_file() and path.suffix != ".pyc"
    }
