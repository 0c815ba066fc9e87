"""Training as a user runs it: from a data pack on disk to a checkpoint that dances; killed and resumed, in time, in the
background.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.end_to_end.data_pack import CLIPS, SONGS
from tokendance_core.dance import checkpoint, pipeline
from tokendance_core.train import paired_tokens, run_folder
from tokendance_core.train.recipe import STAGES

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
SMALL = ("--size", "tiny", "--steps", "6", "--batch", "4", "--pairs", "3")
STAGE_ONE = ("tokenizers", *SMALL)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tokendance_core", "train", *map(str, arguments)]


def run(words: list[str], code: int = 0) -> str:
    """What a command said; it must end with ``code``."""
    done = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr[-3000:]
    return done.stdout + done.stderr


def make(target: str, folder: Path, data: Path, code: int = 0) -> str:
    return run(["make", target, f"PY={sys.executable}", f"DATA={data}", f"RUNS={folder}", "SMALL=1"], code)


def losses(folder: Path, name: str) -> list[float]:
    with (folder / "log" / f"{name}.csv").open(encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All stages without interruption, as ``make train`` runs them."""
    folder = tmp_path_factory.mktemp("run")
    assert " ".join(SMALL) in make("train", folder, data)
    return folder


def test_a_trained_checkpoint_dances(trained: Path, clicks) -> None:
    model = checkpoint.load(trained / "tokendance.safetensors")
    clip = pipeline.generate(clicks, model)
    assert clip.frames == clicks.frames
    assert np.isfinite(clip.root).all()


def test_every_place_of_a_pair_names_a_training_clip(trained: Path) -> None:
    pairs = paired_tokens.load(trained / "pairs_train.npz")
    assert not {source["song"] for source in pairs.sources} & {
        name for name, split in SONGS.items() if split != "train"
    }
    danced = {pairs.clips[number].removesuffix(" mirrored") for number in np.unique(pairs.clip)}
    assert danced <= set(CLIPS) - {"cmu_60_11", "cmu_60_13", "g1_J_Dance6_Sassy"}
    assert pairs.phrase.shape == pairs.semantic.shape


def test_killed_training_resumes_to_the_same_losses(trained: Path, data: Path, tmp_path: Path) -> None:
    words = command(*STAGE_ONE, "--only", "upper", "--data", data, "--out", tmp_path)
    process = subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (tmp_path / "log").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run(words)
    assert losses(tmp_path, "upper") == losses(trained, "upper")


def test_a_trained_run_has_nothing_left_to_do(trained: Path, data: Path) -> None:
    before = {path.name: path.read_bytes() for path in trained.glob("*.pt")}
    make("train", trained, data)
    assert {path.name: path.read_bytes() for path in trained.glob("*.pt")} == before


def test_minutes_are_kept_by_all_stages_together(data: Path, tmp_path: Path) -> None:
    words = ("--data", data, "--out", tmp_path, "--size", "tiny", "--batch", "4", "--pairs", "3")
    run(command(*words, "--minutes", "0.3"))
    states = [run_folder.read_state(run_folder.state_path(tmp_path, name)) for name in STAGES]
    assert all(state and state["finished"] for state in states)
    assert sum(state["elapsed"] for state in states if state) < 18 + 10  # the last steps, on a busy machine
    assert checkpoint.load(tmp_path / "tokendance.safetensors").generator is not None


def test_training_goes_on_in_the_background(data: Path, tmp_path: Path) -> None:
    try:
        assert "train.log" in make("train-on", tmp_path, data)
        refused = make("train-on", tmp_path, data, code=2) if run_folder.is_locked(tmp_path) else "already using"
        assert "already using" in refused
        ends = time.monotonic() + 120
        while not (tmp_path / "tokendance.safetensors").exists() and time.monotonic() < ends:
            time.sleep(0.2)
    finally:
        make("train-off", tmp_path, data)
    assert not run_folder.is_locked(tmp_path)
    assert (tmp_path / "tokendance.safetensors").exists(), (tmp_path / "train.log").read_text()


def test_training_in_the_background_that_cannot_start_says_why(tmp_path: Path) -> None:
    said = make("train-on", tmp_path / "runs", tmp_path, code=2)
    log = tmp_path / "runs" / "train.log"
    ends = time.monotonic() + 30
    while "motion_index.json" not in log.read_text() and time.monotonic() < ends:
        time.sleep(0.1)
    assert "motion_index.json" in said + log.read_text()


def test_a_folder_without_sound_trains_on_another_machine(data: Path, tmp_path: Path) -> None:
    script, packed = ROOT / "scripts" / "train_on_gpu.sh", tmp_path / "packed"
    variables = {"PYTHON": sys.executable, "SIZE": "tiny", "MINUTES": "0.1", "DEVICE": "cpu"}
    said = subprocess.run(
        [script, "pack", data, packed], env=ENVIRONMENT | variables, capture_output=True, text=True, check=True
    ).stdout
    assert "MB" in said
    assert not [path for path in packed.rglob("*") if path.suffix in (".ogg", ".safetensors")]
    done = subprocess.run(
        [packed / script.name, "run", tmp_path / "results", "--batch", "4", "--pairs", "3"],
        cwd=tmp_path,
        env={name: value for name, value in (ENVIRONMENT | variables).items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    brought = {path.name: path.stat().st_size for path in (tmp_path / "results").iterdir()}
    assert set(brought) == {
        *(f"{name}.safetensors" for name in STAGES),
        *("dance_statistics.npz", "music_statistics.npz", "train.log"),
    }
    assert max(brought.values()) < 15e6
    run(command("assemble", "--out", tmp_path / "results"))
    assert checkpoint.load(tmp_path / "results" / "tokendance.safetensors").generator is not None


def test_missing_data_is_one_sentence(tmp_path: Path) -> None:
    said = run(command(*STAGE_ONE, "--data", tmp_path, "--out", tmp_path / "out"), code=7)
    assert "motion_index.json" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [(("--only", "lower"), "train tokenizers --only"), (("--minutes", "0"), "expected more than 0")],
)
def test_options_that_make_no_sense_are_refused(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    said = run(command("--data", tmp_path, "--out", tmp_path / "out", *words), code=2)
    assert says in said
    assert not (tmp_path / "out").exists()
