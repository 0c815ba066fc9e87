"""One Blender for all tests of this folder: empty user settings, our add-on registered, an empty scene for every
test.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent

if importlib.util.find_spec("bpy") is None:
    collect_ignore_glob = ["*"]
else:
    _RESOURCES = tempfile.mkdtemp(prefix="blender-")
    os.environ["BLENDER_USER_RESOURCES"] = _RESOURCES  # read when bpy is imported
    import bpy

    import blender_addon
    from blender_addon import session


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without Blender's own clean-up: some versions crash or hang there, after every test has passed."""
    if _STATUS in config.stash and "bpy" in sys.modules:
        shutil.rmtree(_RESOURCES, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])


_STATUS = pytest.StashKey[int]()


@pytest.fixture(scope="session", autouse=True)
def addon() -> Iterator[None]:
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def scene(addon: None) -> bpy.types.Scene:
    """An empty scene of 30 frames per second."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    return bpy.context.scene


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """Four seconds of a tone as a wav file whose name needs care."""
    path = tmp_path / "mélodie d'été.wav"
    samples = (8000 * np.sin(np.arange(4 * 22050) * 0.06)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Let ``stand_in.py`` make the dances, with the fate that is asked for; the file that will hold its arguments."""
    session.current().worker.stop()
    script = tmp_path / ("python.bat" if os.name == "nt" else "python")
    line, path = f'"{sys.executable}" "{HERE / "stand_in.py"}"', f"PYTHONPATH={HERE.parents[1]}"
    batch, shell = f"@set {path}\n@{line} %*\n", f'#!/bin/sh\nexport "{path}"\nexec {line} "$@"\n'
    script.write_text(batch if os.name == "nt" else shell, encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("TOKENDANCE_PYTHON", str(script))

    def choose(fate: str = "dance") -> Path:
        session.current().worker.stop()
        monkeypatch.setenv("STAND_IN", fate)
        monkeypatch.setenv("STAND_IN_CALL", str(tmp_path / "call.json"))
        return tmp_path / "call.json"

    yield choose
    session.current().worker.stop()
