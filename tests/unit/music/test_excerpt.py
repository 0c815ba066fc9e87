"""The mono of a song with many channels is their mean, unless they cancel each other."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tests.conftest import click_samples
from tokendance_core.music import audio, features
from tokendance_core.music.excerpt import Excerpt, Span
from tokendance_core.music.resample import BlockResampler
from tokendance_core.types import SAMPLE_RATE

RATE = 44_100
CLICKS = click_samples(12, RATE)
OTHER = click_samples(12, RATE, bpm=90)
SILENCE = np.zeros_like(CLICKS)


def hiss(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, len(CLICKS)).astype(np.float32)


# channels of a file -> those whose mean is heard
STEREO = {
    "mono": ([CLICKS], [0]),
    "dual_mono": ([CLICKS, CLICKS], [0, 1]),
    "wide": ([CLICKS, OTHER], [0, 1]),
    "hiss_only": ([hiss(1), hiss(2)], [0, 1]),
    "one_is_silent": ([CLICKS, SILENCE], [0, 1]),
    "centre_of_six": ([SILENCE, SILENCE, CLICKS, SILENCE, SILENCE, SILENCE], list(range(6))),
    "right_is_much_quieter": ([CLICKS, -0.4 * CLICKS], [0, 1]),
    "nearly_anti_phase": ([0.9 * CLICKS, -CLICKS], [1]),
    "exactly_anti_phase": ([CLICKS, -CLICKS], [0]),
    "anti_phase_and_hiss": ([CLICKS + hiss(1), -1.01 * CLICKS + hiss(2)], [1]),
    "anti_phase_and_offset": ([CLICKS + 0.5, -CLICKS + 0.5], [0]),
    "anti_phase_in_front_of_six": ([CLICKS, -CLICKS, SILENCE, SILENCE, SILENCE, SILENCE], [0]),
    "anti_phase_after_a_silence": (
        [np.concatenate((SILENCE, SILENCE, CLICKS)), np.concatenate((SILENCE, SILENCE, -CLICKS))],
        [0],
    ),
    "alike_first_anti_phase_later": (
        [np.concatenate((CLICKS, CLICKS)), np.concatenate((CLICKS, -CLICKS))],
        [0, 1],  # one rule for the whole song: it does not change its sound on the way
    ),
}


@pytest.mark.parametrize("case", STEREO)
def test_channels_are_averaged_unless_they_cancel_each_other(tmp_path, case):
    channels, heard = STEREO[case]
    soundfile.write(tmp_path / "song.wav", np.column_stack(channels), RATE, subtype="FLOAT")
    samples = audio.load(tmp_path / "song.wav").samples
    expected = np.mean([channels[at] for at in heard], axis=0)
    soundfile.write(tmp_path / "expected.wav", expected, RATE, subtype="FLOAT")
    np.testing.assert_allclose(samples, audio.load(tmp_path / "expected.wav").samples, atol=1e-4)


def test_the_beat_is_kept_where_only_hiss_is_left_of_the_sum(tmp_path):
    for name, sign in (("alike", 1), ("opposite", -1)):
        soundfile.write(tmp_path / f"{name}.wav", np.column_stack((CLICKS + hiss(1), sign * CLICKS + hiss(2))), RATE)
    alike, opposite = (
        features.beat_times(features.extract(audio.load(tmp_path / f"{name}.wav"))) for name in ("alike", "opposite")
    )
    assert len(opposite) == len(alike)
    np.testing.assert_allclose(opposite, alike, atol=0.04)


@pytest.mark.parametrize("size", [777, RATE, 10**7])
@pytest.mark.parametrize("position", [0, 2 * RATE, 3 * RATE])
def test_blocks_of_any_size_from_anywhere_before_the_start_give_the_same(size, position):
    """A decoder that can seek begins at the start, one that cannot at 0."""
    frames = np.column_stack((CLICKS, OTHER))[: 7 * RATE]

    def gathered(first: int, size: int) -> np.ndarray:
        span = Span(start=3.0, duration=2.5, speed=1.1)
        excerpt = Excerpt("song", span, RATE, BlockResampler(1.1 * RATE), position=first)
        for at in range(first, len(frames), size):
            excerpt.add(frames[at : at + size].copy())
        assert not excerpt.missing
        return excerpt.finish()

    whole = gathered(3 * RATE, 10**7)
    assert len(whole) == round(2.5 / 1.1 * SAMPLE_RATE)
    np.testing.assert_array_equal(gathered(position, size), whole)
