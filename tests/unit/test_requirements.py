"""The lock files pin what pyproject.toml asks for: the demo needs little, the tests need everything."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins(name: str) -> list[str]:
    """Packages that a lock file pins itself."""
    return re.findall(r"^([\w.-]+)==[\w.]+$", (ROOT / "requirements" / name).read_text(encoding="utf-8"), re.M)


def asked(requirements: list[str]) -> set[str]:
    """Packages by name; an extra of our own stands for what it holds."""
    found = set()
    for requirement in requirements:
        own = re.fullmatch(r"tokendance\[([\w,]+)\]", requirement)
        found |= (
            set().union(*(asked(EXTRAS[name]) for name in own[1].split(",")))
            if own
            else {re.split(r"[<>=]", requirement)[0]}
        )
    return found


def test_the_demo_has_what_dances_and_pictures_need_and_no_torch():
    demo = set(pins("demo.txt"))
    assert asked([*PROJECT["dependencies"], *EXTRAS["blender"]]) <= demo
    assert not demo & asked(EXTRAS["train"] + EXTRAS["evaluate"])


def test_both_lock_files_together_have_everything_once():
    both = pins("demo.txt") + pins("dev.txt")
    assert len(both) == len(set(both))
    assert "-r demo.txt" in (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines()
    assert set().union(*(asked(extra) for extra in EXTRAS.values())) <= set(both)


@pytest.mark.parametrize("package", ["torch", "scipy", "safetensors", "tqdm"])
def test_the_plain_package_is_light(package):
    assert package not in asked(PROJECT["dependencies"])
