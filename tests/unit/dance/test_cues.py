from __future__ import annotations

import numpy as np
import pytest

from tests.unit import dancers
from tests.unit.motion_samples import still_clip, walking
from tokendance_core.dance.cues import ACCENTS, STEPS, accents_of, steps_of
from tokendance_core.motion.kinematics import mirror
from tokendance_core.music.clock import FRAMES_PER_BEAT, Clock

HOP = 4
TOKENS_A_BEAT = FRAMES_PER_BEAT // HOP
NONE, BRAKES = 1, ACCENTS.index("the dance brakes")
LEFT, RIGHT = STEPS.index("left foot"), STEPS.index("right foot")


def braking_at(seconds: float, bpm: float = 120.0, beats: int = 16) -> tuple[np.ndarray, Clock]:
    """A dancer who glides and brakes once a beat, hardest ``seconds`` after it; and the clock of these beats."""
    period = 60 / bpm
    frames = round(beats * period * 30)
    phase = (np.arange(frames) / 30 - seconds) / period
    speed = 1 - np.sin(2 * np.pi * phase)
    return walking(speed, frames=frames), Clock.of_beats(np.arange(beats + 1) * period, frames / 30)


@pytest.mark.parametrize("shift", [-0.03, 0.0, 0.02])
def test_an_accent_near_the_beat_belongs_to_the_token_that_begins_there(shift) -> None:
    told = accents_of(*braking_at(shift), HOP)
    braking = np.flatnonzero(told[TOKENS_A_BEAT // 2 : -TOKENS_A_BEAT] == BRAKES) + TOKENS_A_BEAT // 2
    assert len(braking) > 10
    assert set(braking % TOKENS_A_BEAT) == {0}
    assert set(told) == {NONE, BRAKES}


@pytest.mark.parametrize("bpm", [90.0, 120.0, 150.0])
def test_an_accent_on_the_half_beat_lies_between_the_beats_at_any_tempo(bpm) -> None:
    told = accents_of(*braking_at(30 / bpm, bpm), HOP)
    assert set(np.flatnonzero(told == BRAKES) % TOKENS_A_BEAT) == {TOKENS_A_BEAT // 2}


def test_steps_tell_the_foot_and_swap_in_the_mirror() -> None:
    clip, clock = dancers.stepping(300), Clock.of_beats(np.arange(21) / 2, 10.0)
    told = steps_of(clip, clock, HOP)
    assert (told == LEFT).sum() >= 8
    assert (told == RIGHT).sum() >= 8
    feet = told[told > NONE]
    assert (np.diff(feet) != 0).all()
    swapped = np.choose(told, [0, NONE, RIGHT, LEFT, 4])
    np.testing.assert_array_equal(steps_of(mirror(clip), clock, HOP), swapped)


@pytest.mark.parametrize("cue", [accents_of, steps_of])
@pytest.mark.parametrize("clock", [Clock.of_beats(np.arange(9) / 2, 4.0), Clock.steady(4.0)])
def test_every_token_is_told_and_stillness_has_no_cues(cue, clock) -> None:
    told = cue(still_clip(120), clock, HOP)
    assert told.shape == (-(-clock.frames // HOP),)
    assert set(told) == {NONE}
    assert cue(dancers.stepping(120), clock, HOP).shape == told.shape
