from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.evaluate.metrics.structure import energy_correlation, phrase_energy

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
