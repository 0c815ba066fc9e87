"""Any rate becomes ``SAMPLE_RATE`` with numpy alone, as the soxr package does it."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import click_samples
from tokendance_core.music.resample import BlockResampler
from tokendance_core.types import SAMPLE_RATE


def resampled(samples: np.ndarray, rate: float, pieces: int = 1) -> np.ndarray:
    resampler = BlockResampler(rate)
    return np.concatenate([*map(resampler.feed, np.array_split(samples, pieces)), resampler.finish()])


def tone(hertz: float, rate: float, seconds: float = 3.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 11_025, 15_360, 22_050, 44_100, 48_000, 96_000, 192_000, 45_643.5, 12_000.7])
def test_agrees_with_soxr(rate):
    """Where both let everything pass; they differ in how they fade out the last tenth below half the rate."""
    samples = click_samples(5, round(rate))
    smooth = np.convolve(samples, np.hanning(15) / 7, "same").astype(np.float32) if rate > 20_000 else samples
    ours, theirs = resampled(smooth, rate), soxr.resample(smooth, rate, SAMPLE_RATE, quality="HQ")
    assert abs(len(ours) - len(theirs)) <= 1
    passed = round(0.45 * min(rate, SAMPLE_RATE) / SAMPLE_RATE * len(ours))
    ours, theirs = (np.fft.rfft(one[: min(len(ours), len(theirs))])[:passed] for one in (ours, theirs))
    drift = 0 if rate == round(rate) else 2e-2  # a millionth of five seconds turns 7 kHz by a fifth of a radian
    assert np.linalg.norm(ours - theirs) < (2e-3 + drift) * np.linalg.norm(theirs)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_tones_keep_their_height_and_place(rate):
    for hertz in (50.0, 440.0, 6900.0):
        heard = resampled(tone(hertz, rate), rate)
        assert np.abs(heard - tone(hertz, SAMPLE_RATE))[2000:-2000].max() < 1e-3


def test_what_is_too_high_is_gone():
    assert np.abs(resampled(tone(7_800, 44_100), 44_100))[2000:-2000].max() < 1e-5


@given(count=st.integers(0, 150_000), pieces=st.integers(1, 9), rate=st.sampled_from([8_000, 44_100, 48_000, 50_000.3]))
@settings(max_examples=25, deadline=None)
def test_pieces_change_nothing(count, pieces, rate):
    samples = np.random.default_rng(count).normal(0, 0.1, count).astype(np.float32)
    whole = resampled(samples, rate)
    assert len(whole) == pytest.approx(count * SAMPLE_RATE / rate, abs=0.6)
    np.testing.assert_array_equal(resampled(samples, rate, pieces), whole)


@given(st.sampled_from([22_050, 44_100, 48_000]), st.floats(0.25, 4.0))
@settings(max_examples=40, deadline=None)
def test_twenty_minutes_stay_in_time_at_any_speed(rate, speed):
    resampler = BlockResampler(rate * speed)
    heard = resampler._taken / resampler._given * SAMPLE_RATE
    assert abs(heard / (rate * speed) - 1) * 1200 < 0.005
