"""What is installed where: the table is complete, and says what pip needs to hear."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[3]


def _load():
    """The module alone: its package needs Blender."""
    spec = importlib.util.spec_from_file_location("runtime_plan", ROOT / "blender_addon" / "runtime" / "plan.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


plan = _load()

KEYS = ("linux", "windows", "macos")


def locked() -> dict[str, tuple[str, int]]:
    """Package -> its version and how many hashes there are of it."""
    entries = re.split(r"^(?=[a-z])", plan.LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    pins = [(*re.match(r"([\w.-]+)==([\w.]+)", entry).groups(), entry.count("--hash=sha256:")) for entry in entries]
    return {name: (version, hashes) for name, version, hashes in pins}


def test_lock_pins_what_the_project_and_its_training_need_with_hashes_and_the_torch_of_the_tests():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = {Requirement(text) for text in (*project["dependencies"], *extras["torch"], *extras["train"])}
    # The curves of a training are a convenience.
    needed = {each for each in needed if each.name not in ("tokendance", "tensorboard")}
    assert len(needed) == 5
    for requirement in needed:
        assert requirement.specifier.contains(locked()[requirement.name][0]), requirement
    assert all(hashes for _, hashes in locked().values())
    assert f"torch=={locked()['torch'][0]}" in (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").split()
    # A wheel for Python 3.11 to 3.14 on each of three platforms, at the least.
    assert all(locked()[name][1] >= 12 for name in ("torch", "numpy"))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("linux-x86_64", "linux"),
        ("win-amd64", "windows"),
        ("macosx-11.2-arm64", "macos"),
        ("macosx-10.15-x86_64", ""),
        ("linux-aarch64", ""),
        ("win-arm64", ""),
    ],
)
def test_platforms_are_told_apart(name, key):
    assert plan.platform_key(name) == key


def test_each_platform_is_set_up_for_its_graphics_card():
    accelerators = {key: plan.plan(key).accelerator for key in KEYS}
    assert accelerators == {"linux": "cuda", "windows": "cuda", "macos": "metal"}
    assert plan.plan("") is None
    assert set(plan.DEVICES) == set(accelerators.values())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("wheels", ["", "some/folder"])
def test_nothing_is_installed_but_what_is_locked(key, wheels):
    item = plan.plan(key)
    *torch, ((*source, no_dependencies, hashes, requirement, path),) = item.steps(wheels)
    assert (no_dependencies, hashes, requirement, Path(path)) == (
        "--no-deps",
        "--require-hashes",
        "--requirement",
        plan.LOCK,
    )
    assert source == (["--no-index", "--find-links", wheels] if wheels else [])
    assert all(
        attempt[-2:] == ["--no-deps", f"torch=={locked()['torch'][0]}"] for attempts in torch for attempt in attempts
    )
    assert 0 < item.download_mb < item.disk_mb
    assert "pypi.org" in item.hosts


def test_windows_never_gets_the_processors_build_by_surprise():
    attempts, _ = plan.plan("windows").steps()
    assert [attempt[:2] for attempt in attempts] == [
        ["--index-url", f"https://download.pytorch.org/whl/{build}"] for build in ("cu130", "cu126")
    ]
    ((attempt,), _) = plan.plan("windows").steps("some/folder")
    assert attempt[:3] == ["--no-index", "--find-links", "some/folder"]


def test_hosts_are_told():
    assert plan.plan("windows").hosts == ("pypi.org", "download.pytorch.org")
    assert plan.plan("macos").hosts == ("pypi.org",)
