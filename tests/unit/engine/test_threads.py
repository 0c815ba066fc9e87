"""The same seed gives the same bytes, however many threads work on it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import click_samples
from tokendance_core.dance import pipeline
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.engine import compute
from tokendance_core.files import clip
from tokendance_core.types import Music


@pytest.mark.parametrize("seconds", [5.0, 31.7])
@pytest.mark.parametrize("blas", [True, False])
def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(tiny_checkpoint, monkeypatch, seconds, blas):
    monkeypatch.setattr(compute, "has_good_blas", lambda: blas)  # which is judged anew for each of them
    music = Music(click_samples(seconds), "clicks")
    digests = set()
    for threads in (1, 2, 3, 4):
        weights = replace(tiny_checkpoint, threads=threads)
        dance = pipeline.generate(music, weights, GenerateSettings(seed=3, steps=2))
        assert np.isfinite(dance.rot6d).all()
        digests.add(hashlib.sha256(clip.to_bytes(dance)).hexdigest())
    assert len(digests) == 1
