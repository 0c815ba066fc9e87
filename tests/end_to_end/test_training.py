"""Training as a user runs it: from a data pack on disk to a checkpoint that dances, killed and resumed, alone and in
two processes.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.end_to_end.data_pack import CLIPS, SONGS
from tokendance_core.dance import checkpoint, pipeline
from tokendance_core.train import paired_tokens

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
STAGE_ONE = ["tokenizers", "--size", "tiny", "--steps", "6", "--batch", "4"]


def command(*arguments: object, processes: int = 1) -> list[str]:
    launcher = (
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    )
    return [sys.executable, *launcher, "-m", "tokendance_core", "train", *map(str, arguments)]


def run(*arguments: object, processes: int = 1) -> None:
    result = subprocess.run(
        command(*arguments, processes=processes), env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]


def losses(folder: Path, name: str) -> list[float]:
    return torch.load(folder / f"{name}.pt", weights_only=True)["losses"]


@pytest.fixture(scope="module")
def trained(root: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both stages, alone, without interruption, as ``make train`` runs them."""
    folder = tmp_path_factory.mktemp("run")
    words = ["make", "train", f"PY={sys.executable}", f"DATA={data}", f"RUNS={folder}", "SMALL=1"]
    result = subprocess.run(words, cwd=root, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    assert shlex.join(STAGE_ONE[1:]) in result.stdout
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
    arguments = (*STAGE_ONE, "--only", "upper", "--data", data, "--out", tmp_path)
    process = subprocess.Popen(
        command(*arguments), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not (tmp_path / "log").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run(*arguments)
    assert losses(tmp_path, "upper") == losses(trained, "upper")


def test_two_processes_learn_what_one_does(trained: Path, data: Path, tmp_path: Path) -> None:
    run(*STAGE_ONE, "--only", "upper", "--data", data, "--out", tmp_path, processes=2)
    np.testing.assert_allclose(losses(tmp_path, "upper"), losses(trained, "upper"), rtol=1e-3)


def test_missing_data_is_one_sentence(tmp_path: Path) -> None:
    arguments = command(*STAGE_ONE, "--data", tmp_path, "--out", tmp_path / "out")
    result = subprocess.run(arguments, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert result.returncode == 7
    assert "motion_index.json" in result.stderr
    assert "Traceback" not in result.stderr
