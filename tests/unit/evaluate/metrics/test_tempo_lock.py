"""Tempo lock of dancers whose events are given, against beats that they keep, answer late, or do not hear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.dancers import stepping
from tokendance_core.evaluate.metrics.beats import beat_alignment
from tokendance_core.evaluate.metrics.events import EVENTS
from tokendance_core.evaluate.metrics.tempo_lock import PHASES, STEP, WINDOW, tempo_lock
from tokendance_core.music.clock import to_both_ends
from tokendance_core.types import MotionClip

SECONDS = 60.0
BEATS = np.arange(0.3, SECONDS, 0.5)


@pytest.mark.parametrize("late", [0.0, 0.1, 0.25, 0.4])
def test_who_keeps_the_tempo_locks_at_whatever_phase(late: float) -> None:
    lock = tempo_lock(BEATS + late, BEATS, SECONDS)
    assert lock.true > 0.45
    assert lock.excess > 0.4


@pytest.mark.parametrize("tempo", [0.85, 0.95, 1.05, 1.15])
def test_a_wrong_tempo_does_not_lock(tempo: float) -> None:
    assert tempo_lock(BEATS * tempo, BEATS, SECONDS).excess < 0.1


def test_events_at_random_do_not_lock() -> None:
    excess = [
        tempo_lock(np.sort(np.random.default_rng(seed).uniform(0, SECONDS, 120)), BEATS, SECONDS).excess
        for seed in range(20)
    ]
    assert abs(np.mean(excess)) < 0.02


def test_jitter_and_more_events_do_not_raise_it() -> None:
    rng = np.random.default_rng(0)
    exact = tempo_lock(BEATS, BEATS, SECONDS).excess
    jittered = tempo_lock(np.sort(BEATS + 0.15 * rng.standard_normal(len(BEATS))), BEATS, SECONDS).excess
    restless = tempo_lock(np.sort(np.concatenate((BEATS, rng.uniform(0, SECONDS, 120)))), BEATS, SECONDS).excess
    assert jittered < 0.5 * exact
    assert restless < exact


def march() -> MotionClip:
    """Half a minute of steps, two a second."""
    return stepping(900)


@pytest.mark.parametrize("event", EVENTS)
def test_a_march_locks_to_its_own_beat_alone(event: str) -> None:
    events = EVENTS[event](march())
    on, off = (tempo_lock(events, np.arange(0, 30, period), 30.0) for period in (0.5, 0.5 * 1.09))
    assert on.excess > 0.15
    assert off.excess < 0.05


def test_trembling_does_not_raise_the_lock() -> None:
    clip, beats = march(), np.arange(0, 30, 0.5)
    noise = 0.03 * np.random.default_rng(0).standard_normal(clip.rot6d.shape)
    trembling = replace(clip, rot6d=(clip.rot6d + noise).astype(np.float32))
    for find in EVENTS.values():
        assert tempo_lock(find(trembling), beats, 30.0).excess <= tempo_lock(find(clip), beats, 30.0).excess + 0.02


def test_no_events_and_short_dances() -> None:
    assert tempo_lock(np.zeros(0), BEATS, SECONDS).true == 0
    with pytest.raises(ValueError, match="8 s"):
        tempo_lock(BEATS, BEATS, 7.9)


def slowly(events: np.ndarray, beats: np.ndarray, seconds: float) -> float:
    """The lock at the true tempo, window by window and phase by phase."""
    period = float(np.median(np.diff(beats)))
    all_beats = to_both_ends(beats, seconds + period)
    found = []
    for start in np.arange(0, seconds - WINDOW + 1e-6, STEP):
        scores = []
        for phase in range(PHASES):
            shifted = all_beats + period * (phase / PHASES - 1)
            scores.append(beat_alignment(shifted[(shifted >= start) & (shifted < start + WINDOW)], events))
        found.append(max(scores) - np.mean(scores))
    return float(np.mean(found))


@settings(max_examples=20, deadline=None)
@given(
    events=st.lists(st.floats(0, 30), min_size=1, max_size=40).map(sorted).map(np.array),
    period=st.floats(0.3, 1.0),
    seconds=st.floats(8.0, 30.0),
)
def test_all_windows_at_once_are_as_one_by_one(events: np.ndarray, period: float, seconds: float) -> None:
    beats = 0.1 + period * np.arange(int(seconds / period))
    assert tempo_lock(events, beats, seconds).true == pytest.approx(slowly(events, beats, seconds), abs=1e-9)
