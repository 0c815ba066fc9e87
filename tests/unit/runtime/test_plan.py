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
CHOICES = [(key, item) for key in KEYS for item in plan.plans(key)]


def test_packages_are_the_ones_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted((plan.TORCH, *plan.PACKAGES)) == sorted(project["dependencies"])


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


def test_choices_of_each_platform():
    assert {key: {item.accelerator for item in plan.plans(key)} for key in KEYS} == {
        "linux": {"cpu", "cuda"},
        "windows": {"cpu", "cuda"},
        "macos": {"cpu", "metal"},
    }
    assert plan.plans("") == ()
    assert plan.find("metal", "linux") is None
    assert plan.items("")[0][0] == "cpu"
    assert set(plan.LABELS) == set(plan.DEVICES)


@pytest.mark.parametrize(("key", "item"), CHOICES, ids=str)
def test_every_choice_installs_everything(key, item):
    torch, rest = item.steps()
    assert all(attempt[-1].startswith("torch") for attempt in torch)
    assert rest == [list(plan.PACKAGES)]
    assert 0 < item.download_mb < item.disk_mb
    assert "pypi.org" in item.hosts


@pytest.mark.parametrize(("key", "item"), CHOICES, ids=str)
def test_folder_of_wheels_needs_no_network(key, item):
    ((attempt,),) = item.steps("some/folder")
    assert attempt == ["--no-index", "--find-links", "some/folder", plan.TORCH, *plan.PACKAGES]


def test_linux_processor_never_gets_the_cuda_build_by_surprise():
    for attempt in plan.find("cpu", "linux").torch:
        assert "+cpu" in attempt[-1] or attempt[:2] == ("--index-url", "https://download.pytorch.org/whl/cpu")


def test_windows_cuda_never_gets_the_processors_build_by_surprise():
    assert all(
        attempt[1].startswith("https://download.pytorch.org/whl/cu") for attempt in plan.find("cuda", "windows").torch
    )


def test_hosts_are_told():
    assert plan.find("cpu", "linux").hosts == ("pypi.org", "download.pytorch.org")
    assert plan.find("metal", "macos").hosts == ("pypi.org",)
