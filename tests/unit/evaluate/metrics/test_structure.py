from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.evaluate.metrics.structure import energy_correlation, phrase_energy, returns
from tokendance_core.types import MusicFeatures

BEATS = np.arange(0, 60, 0.5)
"""Two a second: a phrase lasts eight."""

LOUDNESS = np.repeat([1.0, 3.0, 2.0, 5.0, 4.0, 6.0, 0.5], 240)


def test_phrases_are_means_between_every_sixteenth_beat() -> None:
    assert phrase_energy(LOUDNESS, 30, BEATS) == pytest.approx([1, 3, 2, 5, 4, 6, 0.5])
    assert phrase_energy(LOUDNESS, 30, BEATS + 4) == pytest.approx([2, 2.5, 3.5, 4.5, 5, 3.25])
    assert phrase_energy(LOUDNESS, 30, BEATS, 8)[:4] == pytest.approx([1, 1, 3, 3])


def test_a_phrase_that_is_cut_short_does_not_count() -> None:
    assert len(phrase_energy(LOUDNESS[:-1], 30, BEATS)) == 6
    assert len(phrase_energy(LOUDNESS, 30, BEATS[:1])) == len(phrase_energy(LOUDNESS, 30, BEATS[:0])) == 0


def test_energy_that_follows_or_opposes_the_song() -> None:
    speed = LOUDNESS / 5
    assert energy_correlation(speed, LOUDNESS, BEATS) == pytest.approx(1.0)
    assert energy_correlation(speed, np.exp(LOUDNESS), BEATS) == pytest.approx(1.0)
    assert energy_correlation(speed, -LOUDNESS, BEATS) == pytest.approx(-1.0)
    assert energy_correlation(speed, LOUDNESS[::2], BEATS, loudness_fps=15) == pytest.approx(1.0)


def test_too_short_or_too_even_gives_zero() -> None:
    speed = LOUDNESS / 5
    assert energy_correlation(speed, LOUDNESS[:720], BEATS) == 0.0
    assert energy_correlation(speed, np.ones_like(LOUDNESS), BEATS) == 0.0
    assert energy_correlation(np.zeros_like(LOUDNESS), LOUDNESS, BEATS) == 0.0


def heard(*passages: int) -> MusicFeatures:
    """Passages of ten seconds, a number the same sound wherever it stands."""
    sounds = np.random.default_rng(0).normal(size=(10, 300, 35)).astype(np.float32)
    return MusicFeatures(np.concatenate([sounds[number] for number in passages]))


def test_a_passage_that_returns_is_found_where_it_returns() -> None:
    found = returns(heard(0, 1, 0, 2), 8.0)
    assert found.shape == (321, 321)
    assert found.diagonal().all()
    assert (found == found.T).all()
    assert found[[5, 10], [205, 211]].all()
    assert not found[5, [105, 305, 225]].any()


def test_a_song_shorter_than_a_window_or_without_sound_returns_nowhere() -> None:
    assert returns(heard(0), 12.0).size == 0
    assert not returns(MusicFeatures(np.zeros((600, 35), np.float32)), 8.0).any()
