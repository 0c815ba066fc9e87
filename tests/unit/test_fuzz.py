"""Every reader meets damaged files with a value or a sentence: a few here, more with ``make fuzz``."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from random import Random

import pytest

from tests.conftest import ROOT
from tests.fuzz import campaign
from tests.fuzz.targets import TARGETS
from tokendance_core.errors import ClipError

SEED, COUNT, SECONDS = 0, 100, 3.0


def under_guard() -> set[str]:
    """Every function that is decorated as a reader, by its full name."""
    found = set()
    for path in (path for folder in ("tokendance_core", "blender_addon") for path in (ROOT / folder).rglob("*.py")):
        module = path.relative_to(ROOT).as_posix().removesuffix(".py").replace("/", ".")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            decorators = [ast.unparse(item).split("(")[0] for item in getattr(node, "decorator_list", ())]
            if "guarded" in decorators:
                found.add(f"{module}.{node.name}")
    return found


def test_every_reader_has_a_target():
    assert {reader for target in TARGETS.values() for reader in target.readers} == under_guard()


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if not target.needs_blender])
def test_damaged_files_are_met_with_a_value_or_a_sentence(name):
    if name == "song" and importlib.util.find_spec("soundfile") is None:
        pytest.skip("no decoder is installed")
    count, found = campaign.run(name, seed=SEED, seconds=SECONDS, count=COUNT)
    assert found == [], f"seed {SEED}"
    assert count > 5


def test_the_same_seed_makes_the_same_files():
    seeds = [b'{"a": [1, 2]}', b"[]"]
    made = [[campaign.damaged("rig map", seed, number, seeds) for number in range(20)] for seed in (0, 0, 1)]
    assert made[0] == made[1] != made[2]


def refuse(message: str, hint: str = "", cause: BaseException | None = None):
    def use(path: Path) -> None:
        raise ClipError(message, hint=hint) from cause

    return use


def crash(path: Path) -> None:
    raise KeyError(path.name)


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        (len, "TypeError"),
        (crash, "KeyError"),
        (refuse("It is damaged."), "no sentence"),
        (refuse("It is damaged", "Copy it again."), "no sentence"),
        (refuse("It is damaged.", "Copy it again.", MemoryError()), "memory"),
    ],
)
def test_what_is_no_answer_is_seen(use, problem, tmp_path):
    assert problem in campaign.problem_of(use, tmp_path)


def test_values_and_sentences_are_answers(tmp_path):
    assert campaign.problem_of(refuse("It is damaged.", "Copy it again."), tmp_path) == ""
    assert campaign.problem_of(Path.exists, tmp_path) == ""


@pytest.mark.parametrize("fault", ["os.abort()", "bytearray(1 << 30)", "time.sleep(60)"])
def test_crashes_bombs_and_loops_are_seen(fault, monkeypatch):
    """A campaign goes on behind the file that ended its process."""
    lines = f"""
import os, sys, time
from dataclasses import replace
from tests.fuzz import campaign
campaign.MOST_SECONDS = 1
target = campaign.TARGETS["rig map"]
def use(path):
    if path.name.startswith("damaged") and path.read_bytes()[:1] != b"{{":
        {fault}
campaign.TARGETS["rig map"] = replace(target, use=use, mutate=lambda content, rng: rng.choice((b"x", b"{{")))
campaign._child("rig map", 0, int(sys.argv[3]), 4, 60.0, campaign.Path(sys.argv[6]))
"""
    real = campaign.subprocess.run

    def run(command: list[str], **options):
        return real([command[0], "-c", lines, *command[3:]], **options)

    monkeypatch.setattr(campaign.subprocess, "run", run)
    count, found = campaign.run("rig map", seed=0, seconds=60, count=4)
    bad = [n for n in range(4) if Random(f"0 rig map {n}").choice([0]) == 0 and is_bad(n)]
    assert count == 4
    assert [int(line.split(":")[0]) for line in found][:1] == bad[:1]


def is_bad(number: int) -> bool:
    """Whether the campaign above draws the file that its reader fails at."""
    rng = Random(f"0 rig map {number}")
    rng.choice([b"the only seed"])
    return rng.choice((b"x", b"{")) == b"x"
