"""The zip that users install: built, installed into an empty Blender, danced with, removed. Not the source tree."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import click_samples
from tokendance_core import FPS, __version__, load_clip
from tokendance_core.types import SAMPLE_RATE

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("bpy") is None, reason="Blender as a Python module is not installed"
)

SECONDS = 6

SESSION = Path(__file__).with_name("installed_session.py")
LIGHT_RUN = Path(__file__).with_name("light_run.py")


@pytest.fixture(scope="module")
def clicks_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds at 120 bpm as a wav file."""
    path = tmp_path_factory.mktemp("songs") / "a song, été.wav"
    since_beat = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE % 0.5
    samples = (20000 * np.exp(-30 * since_beat) * np.sin(2765 * since_beat)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture(scope="module")
def wheel(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core inside the zip."""
    with zipfile.ZipFile(package) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".whl")]
        return Path(archive.extract(name, tmp_path_factory.mktemp("unpacked")))


def test_zip_holds_addon_core_and_weights_and_nothing_else(package, wheel):
    names, inside = (zipfile.ZipFile(path).namelist() for path in (package, wheel))
    # Its content is part of its version: Blender unpacks what is new.
    assert f"wheels/{wheel.name}" in names
    assert wheel.name.startswith(f"tokendance_core-{__version__}+")
    assert {"blender_manifest.toml", "__init__.py", "LICENSE", "help.txt"} <= set(names)
    assert not [
        name for name in names + inside if "__pycache__" in name or name.endswith(".pyc") or name.startswith("tests")
    ]
    assert "tokendance_core/__init__.py" in inside
    assert [name for name in inside if name.startswith("tokendance_core/weights/") and name.endswith(".safetensors")]


def test_the_core_comes_without_training_and_evaluation(wheel, root):
    inside = {name.removeprefix("tokendance_core/") for name in zipfile.ZipFile(wheel).namelist()}
    source = {path.relative_to(root / "tokendance_core").as_posix() for path in root.glob("tokendance_core/**/*.py")}
    left_out = source - inside
    assert {name.split("/")[0] for name in left_out} == {"train", "datasets", "evaluate", "commands"}
    assert {name for name in left_out if name.startswith("commands/")} == {
        f"commands/{name}.py" for name in ("data", "train", "evaluate")
    }
    assert not [name for name in inside if name.startswith(("train/", "datasets/", "evaluate/"))]


def test_its_command_line_says_what_it_cannot_do(wheel, tmp_path):
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(wheel)}
        command = [sys.executable, "-m", "tokendance_core", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    for name in ("data", "train", "evaluate"):
        result = run(name, "--data", "folder")
        assert result.returncode == 2
        assert f"The command “{name}” is not part of the add-on's copy of TokenDance." in result.stderr
        assert "Traceback" not in result.stderr
    summary = run("--help").stdout
    assert "generate" in summary
    assert "train" not in summary


def test_its_core_dances_on_python_and_numpy_alone(wheel, tmp_path):
    core, samples, output = tmp_path / "core", tmp_path / "song.npy", tmp_path / "dance.npz"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(core)
    np.save(samples, click_samples(SECONDS))
    command = [sys.executable, "-I", str(LIGHT_RUN), str(core), str(samples), str(output)]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    *said, imported = [json.loads(line) for line in done.stdout.splitlines()]
    answers = [event["event"] for event in said if event["event"] != "progress"]
    assert answers == ["ready", "heard", "done"]
    assert imported == ["numpy"]
    clip = load_clip(output)
    assert clip.frames == SECONDS * FPS
    assert np.isfinite(clip.rot6d).all()
    assert np.abs(np.diff(clip.rot6d, axis=0)).max(axis=(1, 2)).mean() > 1e-3  # it moves


def test_building_elsewhere_gives_the_same_bytes(package, root, tmp_path):
    """In another folder, at another time, with other rights of files and another order of sets."""
    copy = tmp_path / "another place"
    copy.mkdir()
    for name in ("blender_addon", "tokendance_core"):
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("build_addon.py", "LICENSE", "README.md"):
        shutil.copyfile(root / name, copy / name)
    for number, path in enumerate(sorted(copy.rglob("*.*"))):
        path.chmod(0o700)
        os.utime(path, (1e9 + number, 1e9 + number))
    subprocess.run(
        [sys.executable, "build_addon.py", "--output", "dist"],
        cwd=copy,
        env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": str(copy)},
        umask=0o077,
        check=True,
    )
    assert (copy / "dist" / package.name).read_bytes() == package.read_bytes()


def test_it_is_small_and_asks_for_rights_with_a_reason(package):
    assert package.stat().st_size <= 25e6
    with zipfile.ZipFile(package) as archive:
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert set(manifest["permissions"]) == {"files", "network", "clipboard"}
    assert manifest["blender_version_min"] == "4.2.0"
    assert "platforms" not in manifest  # one zip for all of them: no compiled part


@pytest.mark.slow
def test_installed_zip_dances(package, clicks_file, root, tmp_path):
    resources, out = tmp_path / "resources", tmp_path / "result.json"
    resources.mkdir()
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(resources)}
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, str(SESSION), str(root), str(package), str(clicks_file), str(out)]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    result = json.loads(out.read_text())
    assert "failed" not in result, result["failed"]
    assert result["enabled"]
    assert result["preferences"]
    assert Path(result["core"]).is_relative_to(resources)
    assert result["frames"] == pytest.approx(SECONDS * result["fps"], abs=1)
    assert result["first"] == 1
    heights = np.array(result["heights"])
    assert (heights[:, 1] - heights[:, 0] > 0.2).mean() > 0.8  # the head is above the hips nearly always
    assert np.ptp(heights, axis=0).max() > 0.02
    assert result["same worker"]
    assert result["takes"] == ["3", "8", "9"]
    assert result["finished"] == ["FINISHED"]
    assert result["mirrored"]
    assert result["bpm"] == pytest.approx(120, abs=2)
    assert result["codes"] == [1, 1]  # one song is missing
    assert result["report"] == ["skipped", "skipped", "failed"]
    assert result["files"] == ["a song, été any 1.fbx", "a song, été any 2.fbx"]
    assert result["left behind"] == []
