"""What all tiers share: a real song, a song made of clicks, and a model small enough to run in milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tokendance_core.types import SAMPLE_RATE, Music

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def song() -> Path:
    """A real song, the one that ``make demo`` dances to."""
    return ROOT / "examples" / "happy_lofi_day.ogg"


def click_samples(seconds: float, rate: int = SAMPLE_RATE, bpm: float = 120.0) -> np.ndarray:
    """(N,) float32: a decaying tone on every beat over quiet noise."""
    count = round(seconds * rate)
    time = np.arange(count) / rate
    since_beat = time % (60 / bpm)
    clicks = 0.7 * np.exp(-30 * since_beat) * np.sin(2 * np.pi * 440 * since_beat)
    return (clicks + 0.01 * np.random.default_rng(0).standard_normal(count)).astype(np.float32)


@pytest.fixture(scope="session")
def clicks() -> Music:
    """Five seconds and a bit of clicks at 120 bpm; not a whole number of frames or tokens."""
    return Music(click_samples(5.111), "clicks")


def make_tiny_checkpoint():
    """An untrained model of the smallest size whose dances stay near the T-pose."""
    import torch

    from tokendance_core.dance.checkpoint import Checkpoint
    from tokendance_core.dance.representation import Statistics
    from tokendance_core.engine.torch_engine import arrays_of
    from tokendance_core.model.config import CONFIGS, TokenizerConfig
    from tokendance_core.model.generator import Generator
    from tokendance_core.model.tokenizer import Tokenizer

    with torch.random.fork_rng():
        torch.manual_seed(0)
        sizes = {"upper": 90, "lower": 57, "semantic": 20, "acoustic": 15}
        tokenizers = {
            name: Tokenizer(
                TokenizerConfig(
                    features=columns, width=16, depth=0, halvings=2, codebooks=2 if name in ("upper", "lower") else 1
                )
            ).eval()
            for name, columns in sizes.items()
        }
        generator = Generator(CONFIGS["tiny"]).eval()
    t_pose = np.concatenate(([0.0, 0.94, 0.0], np.tile([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 24))).astype(np.float32)
    return Checkpoint(
        tokenizers={name: tokenizer.config for name, tokenizer in tokenizers.items()},
        generator=generator.config,
        arrays=arrays_of({**tokenizers, "generator": generator}),
        dance_statistics=Statistics(t_pose, np.full(147, 0.05, np.float32)),
        music_statistics=Statistics(np.zeros(35, np.float32), np.ones(35, np.float32)),
        genres=("any", "salsa", "indian", "modern", "jazz", "pop", "street", "break"),
        id="tiny",
    )


@pytest.fixture(scope="session")
def tiny_checkpoint():
    """As ``make_tiny_checkpoint`` makes it."""
    return make_tiny_checkpoint()


@pytest.fixture(scope="session")
def tiny_checkpoint_file(tiny_checkpoint, tmp_path_factory) -> Path:
    """``tiny_checkpoint`` on disk."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    tiny_checkpoint.save(path)
    return path
