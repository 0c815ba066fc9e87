"""Beats put right by a person: which ones are left, and where new ones lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokendance_core.errors import SettingError
from tokendance_core.music import bars, features
from tokendance_core.music.clock import Clock
from tokendance_core.music.rhythm.correction import corrected
from tokendance_core.music.rhythm.settings import BeatSettings
from tokendance_core.types import FPS, MusicFeatures

rising = st.lists(st.floats(0.2, 2.0), min_size=2, max_size=40).map(np.cumsum)


@given(rising)
def test_shifted_beats_lie_midway(beats):
    shifted = corrected(beats, BeatSettings(beat_shift="half"), 0.0)
    np.testing.assert_allclose(shifted[:-1], (beats[1:] + beats[:-1]) / 2)
    assert shifted[-1] - beats[-1] == pytest.approx((beats[-1] - beats[-2]) / 2)


@given(rising)
def test_double_has_twice_as_many(beats):
    doubled = corrected(beats, BeatSettings(tempo="double"), 0.0)
    assert len(doubled) == 2 * len(beats)
    np.testing.assert_array_equal(doubled[::2], beats)
    assert (np.diff(doubled) > 0).all()


@given(rising, st.data())
def test_half_keeps_the_beats_of_bars(beats, data):
    first = data.draw(st.integers(0, len(beats) - 1))
    halved = corrected(beats, BeatSettings(tempo="half"), beats[first])
    assert beats[first] in halved
    assert len(halved) in (len(beats) // 2, -(-len(beats) // 2))
    assert set(halved) <= set(beats)


@given(rising)
def test_half_of_double_is_what_was_heard(beats):
    doubled = corrected(beats, BeatSettings(tempo="double"), beats[0])
    np.testing.assert_array_equal(corrected(doubled, BeatSettings(tempo="half"), beats[0]), beats)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("tempo", ["heard", "half", "double"])
@pytest.mark.parametrize("shift", ["none", "half"])
def test_too_few_beats_to_correct_are_no_error(count, tempo, shift):
    assert len(corrected(np.arange(count) + 0.5, BeatSettings(tempo=tempo, beat_shift=shift), 0.0)) <= 2


@pytest.mark.parametrize("wrong", [{"tempo": "third"}, {"beat_shift": "quarter"}])
def test_what_is_no_correction_is_refused(wrong):
    with pytest.raises(SettingError, match=r"expected heard, half or double|expected none or half"):
        BeatSettings(**wrong)


def song(bpm: float = 100.0, seconds: float = 40.0) -> MusicFeatures:
    values = np.zeros((int(seconds * FPS), 35), np.float32)
    values[np.round(np.arange(0.5, seconds - 0.5, 60 / bpm) * FPS).astype(int), features.BEAT] = 1
    return MusicFeatures(values)


@pytest.mark.parametrize(("choice", "factor"), [("half", 0.5), ("double", 2.0)])
def test_the_clock_steps_on_the_beats_that_were_chosen(choice, factor):
    settings = BeatSettings(tempo=choice)
    heard = bars.with_corrected_beats(song(), settings)
    assert len(features.beat_frames(heard)) == pytest.approx(len(features.beat_frames(song())) * factor, abs=1)
    assert Clock.of_music(heard, "beats", settings.tempo).bpm == pytest.approx(100 * factor, rel=0.02)
    assert Clock.of_music(heard, "beats").bpm == pytest.approx(100, rel=0.02)


def test_a_shift_moves_the_clock_by_half_a_beat():
    shifted = bars.with_corrected_beats(song(), BeatSettings(beat_shift="half"))
    before, after = (Clock.of_music(one, "beats").beats for one in (song(), shifted))
    away = after[5:-5, None] - before
    np.testing.assert_allclose(np.abs(away).min(axis=1), 0.3, atol=0.02)


def test_without_a_correction_nothing_changes():
    heard = song()
    assert bars.with_corrected_beats(heard, BeatSettings()) is heard
