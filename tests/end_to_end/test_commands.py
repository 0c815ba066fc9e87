"""Every command that README and ``make help`` name, run as it stands there with words added that make it small, or
covered by a test or a run that the tables below name. A new command needs an entry here.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import body_models
from tests.conftest import ROOT, click_samples
from tests.unit.motion_samples import swaying_clip
from tokendance_core import save_clip
from tokendance_core.motion import rotation

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

needs_blender = pytest.mark.skipif(
    importlib.util.find_spec("bpy") is None, reason="Blender as a Python module is not installed"
)


@dataclass(frozen=True)
class Run:
    """Run here with ``more`` words; it must leave the files ``leaves`` (glob patterns) in the workshop."""

    more: str = ""
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Elsewhere:
    """Covered by another file, which must hold the text ``says``."""

    path: str
    says: str


IN_CI = Elsewhere("Makefile", "\ntest: lint test-unit test-blender test-end-to-end ")
TRAINING = Elsewhere("tests/end_to_end/test_training.py", 'make("train", folder, data)')
BACKGROUND = Elsewhere("tests/end_to_end/test_training.py", 'make("train-on", tmp_path, data)')
SET_UP = Elsewhere("scripts/setup.py", 'run(VENV_PYTHON, "-m", "pip", "install", "--no-deps", "-e", ".")')
DEMO = Elsewhere("Makefile", "generate $(SONG) -o $(OUT)/demo.bvh")

TARGETS: dict[str, Run | Elsewhere] = {
    "help": Run(),
    "setup": Run(),
    "demo": Run("SMALL=1", ("demo.bvh", "demo.blend", "demo.mp4", "demo.png")),
    "test": Elsewhere(".ci/run", "make test"),
    "lint": IN_CI,
    "test-unit": IN_CI,
    "test-blender": IN_CI,
    "test-end-to-end": IN_CI,
    "test-gui": Run(),
    "test-matrix": Run("SMALL=1"),
    "fuzz": Run("SMALL=1"),
    "bench": Run("SMALL=1", ("bench.json",)),
    "bench-rigs": Run("SMALL=1", ("rigs/rigs.json", "rigs/rigs_1.png")),
    "train": TRAINING,
    "train-on": BACKGROUND,
    "train-off": BACKGROUND,
    "addon": Run("", ("tokendance-*.zip",)),
    "clean": Elsewhere("tests/end_to_end/test_commands.py", "def test_clean_removes_what_can_be_made_again("),
}
"""Targets of ``make help``."""

SHORT = "--start 1 --duration 3 --steps 1"
LINES: dict[str, Run | Elsewhere] = {
    "make demo": DEMO,
    "make test": IN_CI,
    "make train DATA=path/to/data RUNS=path/to/runs": TRAINING,
    "python3.11 -m venv .venv": SET_UP,
    "py -3.11 -m venv .venv": SET_UP,
    "python -m pip install -r requirements/demo.txt": SET_UP,
    "python -m pip install -r requirements/dev.txt": SET_UP,
    "python -m pip install --no-deps -e .": SET_UP,
    "mkdir out": DEMO,
    "mkdir -p out": DEMO,
    "python -m tokendance_core generate examples/happy_lofi_day.ogg -o out/demo.bvh": DEMO,
    "python examples/render_demo.py examples/happy_lofi_day.ogg out": DEMO,
    "python -m pytest tests/unit": IN_CI,
    "blender --background scene.blend --command tokendance generate song.mp3 -o out.blend --genre salsa --seed 7": Run(
        SHORT, ("out.blend",)
    ),
    "blender --background --command tokendance generate song.mp3 --character hero.glb -o out.fbx -o out.bvh": Run(
        SHORT, ("out.fbx", "out.bvh")
    ),
    "blender --background --command tokendance batch jobs.csv --out results --format .blend .fbx --resume": Run(
        "", ("results/*.blend", "results/*.fbx", "results/report.json", "results/report.csv")
    ),
    "python -m tokendance_core generate song.mp3 -o dance.bvh": Run(SHORT, ("dance.bvh",)),
    "python -m tokendance_core generate song.mp3 -o dance.npz --genre salsa --seed 7 --start 30 --duration 20": Run(
        SHORT, ("dance.npz",)
    ),
    "python -m tokendance_core listen song.mp3": Run(),
    "python -m tokendance_core body dance.npz --model SMPL_NEUTRAL.npz -o dance.pc2": Run(
        "", ("dance.pc2", "dance.obj")
    ),
    "python -m tokendance_core info": Run(),
    "python -m tokendance_core data --data path/to/data": Elsewhere(
        "tests/end_to_end/test_data.py", 'main(["data", "--data", str(data)])'
    ),
    "python -m tokendance_core evaluate --quick --data path/to/data --out report": Elsewhere(
        "tests/end_to_end/test_evaluate.py", 'words = ("--quick", "--data", data,'
    ),
    "python -m tokendance_core evaluate --data path/to/data --out report": Elsewhere(
        "tests/end_to_end/test_evaluate.py", 'words = ("--data", data, "--out", folder,'
    ),
    "python -m tokendance_core evaluate --protocol A --dataset path/to/aist --out report": Run(
        "--seeds 1 --steps 1", ("report/report.html", "report/report.json")
    ),
    "python -m tokendance_core evaluate --protocol C --dataset path/to/dances --format folder --dances path/to/files "
    "--out report": Elsewhere(
        "tests/end_to_end/test_evaluate.py",
        'words = ("--protocol", "C", "--dataset", folder_of_bvh, "--format", "folder", "--dances", dances,',
    ),
}
"""Lines of README's command blocks; whatever the system calls the environment's Python, it is ``python`` here."""

SNIPPETS: dict[str, tuple[str, dict[str, str]]] = {
    "import bpy": ("blender --background scene.blend --python", {}),
    "import tokendance_core as td": (
        "python",
        {"start=30, duration=20": "start=1, duration=3", "range(10)": "range(1)"},
    ),
}
"""README's Python by its first line: the program that runs it, and what makes it small."""

HEROES = """
import bpy
bpy.ops.tokendance.add_mannequin()
bpy.ops.wm.save_as_mainfile(filepath="scene.blend")
bpy.ops.export_scene.gltf(filepath="hero.glb")
"""
BATCH = "song,character,genre,seed,duration\nsong.mp3,hero.glb,pop,1;2,3\n"


def blocks(*languages: str) -> list[str]:
    """README's code blocks in these languages."""
    return [
        text for language, text in re.findall(r"^```(\w*)\n(.*?)^```", README, re.S | re.M) if language in languages
    ]


def readme_lines() -> list[str]:
    """Every command line of README, in order."""
    lines = [line for block in blocks("sh", "powershell") for line in block.splitlines() if line.strip()]
    return [re.sub(r"^\.venv[\\/](Scripts|bin)[\\/]python", "python", line) for line in lines]


def targets() -> list[str]:
    """Every target that ``make help`` lists."""
    return [line.split()[0] for line in run("make help", ROOT, plain_environment()).splitlines()]


def test_every_command_has_an_entry_and_every_entry_a_command():
    assert set(readme_lines()) == set(LINES)
    assert set(targets()) == set(TARGETS)
    assert {block.splitlines()[0] for block in blocks("python")} == set(SNIPPETS)


def test_every_target_can_be_asked_for():
    declared = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert declared
    assert declared[1].split() == targets()


def test_every_block_of_readme_says_what_it_is():
    languages = re.findall(r"^```(\w*)\n.*?^```", README, re.S | re.M)
    assert set(languages) <= {"sh", "powershell", "python", "csv", "text"}


@pytest.mark.parametrize(
    "entry", {entry: None for entry in (*LINES.values(), *TARGETS.values()) if isinstance(entry, Elsewhere)}, ids=str
)
def test_what_is_covered_elsewhere_is(entry):
    assert entry.says in (ROOT / entry.path).read_text(encoding="utf-8")


def plain_environment() -> dict[str, str]:
    """As if no ``make`` had started these tests; nothing names a Blender with a window."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "TOKENDANCE_BLENDER")
    }


def program(path: Path, *words: object) -> None:
    """A program that runs ``words`` and what it is given."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
    path.chmod(0o755)


def write_aist(folder: Path) -> None:
    """Three dances of two seconds and their songs, as AIST++ comes."""
    for name in ("motions", "splits", "wav"):
        (folder / name).mkdir(parents=True)
    names = [f"gBR_sBM_cAll_d04_mBR{number}_ch0{number}" for number in range(3)]
    for number, name in enumerate(names):
        clip = swaying_clip(120, seed=number)
        poses = rotation.axis_angle_from_matrix(rotation.matrix_from_6d(clip.rot6d)).reshape(-1, 72)
        motion = {"smpl_loss": 1.0, "smpl_poses": poses, "smpl_scaling": np.ones(1), "smpl_trans": clip.root}
        (folder / "motions" / f"{name}.pkl").write_bytes(pickle.dumps(motion))
        soundfile.write(folder / "wav" / f"mBR{number}.wav", click_samples(4), 22_050)
    (folder / "ignore_list.txt").write_text("")
    (folder / "splits" / "crossmodal_test.txt").write_text("\n".join(names[:2]))
    (folder / "splits" / "crossmodal_val.txt").write_text("")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """``python`` and ``blender`` are programs here."""
    folder = tmp_path_factory.mktemp("programs")
    program(folder / "bin" / "python", sys.executable)
    program(folder / "bin" / "blender", sys.executable, Path(__file__).with_name("blender_application.py"))
    return plain_environment() | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BLENDER_USER_RESOURCES": str(folder),
        "OMP_NUM_THREADS": "1",  # so short that threads would only wait for each other
    }


def run(line: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a command line in ``folder``; what it printed."""
    words = shlex.split(line)
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def assert_left(folder: Path, patterns: tuple[str, ...]) -> None:
    assert [pattern for pattern in patterns if not any(path.stat().st_size for path in folder.glob(pattern))] == []


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """A folder with the files that README's commands name: short ones."""
    folder = tmp_path_factory.mktemp("workshop")
    for name in ("song.mp3", "song.ogg"):
        soundfile.write(folder / name, click_samples(6, 44_100), 44_100)
    save_clip(swaying_clip(60), folder / "dance.npz")
    body_models.write(folder / "SMPL_NEUTRAL.npz", "smpl")
    write_aist(folder / "path" / "to" / "aist")
    (folder / "jobs.csv").write_text(BATCH)
    if importlib.util.find_spec("bpy"):
        (folder / "heroes.py").write_text(HEROES)
        run("blender --background --python heroes.py", folder, environment)
    return folder


def cases(entries: dict[str, Run | Elsewhere]) -> list:
    """The commands that are run here; Blender's are left out where there is none."""
    with_blender = ("blender", "demo", "bench", "bench-rigs")
    return [
        pytest.param(line, entry, id=line, marks=needs_blender if line.split()[0] in with_blender else ())
        for line, entry in entries.items()
        if isinstance(entry, Run)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("line", "entry"), cases(LINES))
def test_line_of_readme_works(line, entry, workshop, environment):
    run(f"{line} {entry.more}", workshop, environment)
    assert_left(workshop, entry.leaves)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "entry"), cases(TARGETS))
def test_target_of_make_works(target, entry, workshop, environment, tmp_path):
    variables = f"PY={sys.executable} SONG={workshop / 'song.mp3'} OUT={tmp_path} DIST={tmp_path}"
    said = run(f"make {target} {variables} {entry.more}", ROOT, environment)
    assert_left(tmp_path, entry.leaves)
    assert said


@needs_blender
@pytest.mark.slow
@pytest.mark.parametrize("first", SNIPPETS)
def test_python_of_readme_works(first, workshop, environment, tmp_path):
    (text,) = (block for block in blocks("python") if block.startswith(f"{first}\n"))
    command, changes = SNIPPETS[first]
    for long, short in changes.items():
        assert long in text
        text = text.replace(long, short)
    (tmp_path / "snippet.py").write_text(text)
    run(f"{command} {tmp_path / 'snippet.py'}", workshop, environment)


def test_clean_removes_what_can_be_made_again(tmp_path):
    for name in ("out", "dist", ".venv", "kept"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    run("make clean", tmp_path, plain_environment())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile", "kept"]
