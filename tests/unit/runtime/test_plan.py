"""What is installed where: the table is complete, and says what pip needs to hear."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path

import pytest

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


def test_packages_are_the_ones_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = {*project["dependencies"], *extras["torch"], *extras["train"]}
    # The curves of a training are a convenience.
    assert needed - {plan.TORCH, *plan.PACKAGES} == {"tokendance[torch]", "tensorboard>=2.16"}
    assert {plan.TORCH, *plan.PACKAGES} <= needed


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
def test_every_plan_installs_everything(key):
    item = plan.plan(key)
    torch, rest = item.steps()
    assert all(attempt[-1].startswith("torch") for attempt in torch)
    assert rest == [list(plan.PACKAGES)]
    assert 0 < item.download_mb < item.disk_mb
    assert "pypi.org" in item.hosts


@pytest.mark.parametrize("key", KEYS)
def test_folder_of_wheels_needs_no_network(key):
    ((attempt,),) = plan.plan(key).steps("some/folder")
    assert attempt == ["--no-index", "--find-links", "some/folder", plan.TORCH, *plan.PACKAGES]


def test_windows_never_gets_the_processors_build_by_surprise():
    assert all(attempt[1].startswith("https://download.pytorch.org/whl/cu") for attempt in plan.plan("windows").torch)


def test_hosts_are_told():
    assert plan.plan("windows").hosts == ("pypi.org", "download.pytorch.org")
    assert plan.plan("macos").hosts == ("pypi.org",)
