from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.unit import dancers
from tests.unit.motion_samples import source, swaying_clip
from tokendance_core.datasets import compose, joins
from tokendance_core.datasets.compose import Dance
from tokendance_core.datasets.phrases import LEAD_IN, Danceable, danceables
from tokendance_core.motion import edits, kinematics
from tokendance_core.types import MotionClip

BEATS = np.arange(0.2, 20, 0.55)


def swaying(seed: int) -> MotionClip:
    """A dancer who faces and walks another way for each seed."""
    return edits.turn(swaying_clip(300, seed=seed), 1.3 * seed)


@pytest.fixture(scope="module")
def clips() -> list[Danceable]:
    return [made for seed in range(3) for made in danceables(source(swaying(seed)))]


def composed(clips: list[Danceable], seed: int = 0, frames: int = 600, beats: np.ndarray = BEATS) -> Dance:
    return compose.compose(beats, frames, clips, "pop", np.random.default_rng(seed))


def blended(dance: Dance) -> np.ndarray:
    """(T,) bool: frames in which a phrase leads into the next, and their neighbours."""
    near = np.zeros(dance.clip.frames, bool)
    for middle in np.flatnonzero(np.diff(dance.phrase)) + 1:
        near[max(middle - LEAD_IN, 0) : middle + LEAD_IN] = True
    return near


def turning(clip: MotionClip) -> np.ndarray:
    return np.abs(np.diff(edits.headings(clip)))


def stepping(clip: MotionClip) -> np.ndarray:
    return np.linalg.norm(np.diff(clip.root[:, [0, 2]], axis=0), axis=1)


@pytest.mark.parametrize("bpm", [70, 120, 180])
def test_a_composed_dance_covers_the_song_and_is_smooth(clips: list[Danceable], bpm: float) -> None:
    dance = composed(clips, beats=np.arange(2.0, 18.0, 60 / bpm))
    assert dance.clip.frames == len(dance.phrase) == len(dance.clip_seconds) == 600
    fastest = max(np.abs(np.diff(kinematics.joint_positions(swaying(seed)), axis=0)).max() for seed in range(3))
    assert np.abs(np.diff(kinematics.joint_positions(dance.clip), axis=0)).max() < 3 * fastest
    assert dance.phrase[0] == 0
    assert (np.diff(dance.phrase) >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_phrases_meet_in_heading_and_path(clips: list[Danceable], seed: int) -> None:
    """The clips face and walk all ways, a tenth faster or slower here, and may begin on any beat; a pelvis that leads
    over to another stance moves, but never by more than 2 m/s.
    """
    dance = composed([replace(clip, certainty="recovered") for clip in clips], seed)
    assert len({phrase.clip.name for phrase in dance.phrases}) > 1
    assert turning(dance.clip).max() < 1.2 * max(turning(swaying(number)).max() for number in range(3))
    assert stepping(dance.clip).max() < 2 / 30


def test_standing_feet_keep_their_place_at_joins() -> None:
    marching = dancers.stepping(300)
    clips = [made for angle in (0.0, 2.0) for made in danceables(source(edits.turn(marching, angle)))]
    dance = composed(clips, beats=np.arange(0, 20, 0.5))
    changes = [one.clip is not other.clip for one, other in pairwise(dance.phrases)]
    assert sum(changes) >= 2
    assert (
        dancers.slide(dance.clip, dancers.contacts(dance.clip))
        < dancers.slide(marching, dancers.contacts(marching)) + 0.02
    )


@pytest.mark.parametrize("seed", range(3))
def test_every_frame_names_the_moment_of_the_clip_that_it_shows(clips: list[Danceable], seed: int) -> None:
    dance = composed(clips, seed)
    faces = -edits.headings(dance.clip)
    for frame in np.flatnonzero(~blended(dance))[5:-5:20]:
        clip = dance.phrases[dance.phrase[frame]].clip
        at = dance.clip_seconds[frame] * 30
        shown = kinematics.joint_positions(edits.turn(dance.clip.cut(frame, frame + 1), faces[frame]))[0]
        original = swaying(int(clip.name.split()[0].removeprefix("sway")))
        original = kinematics.mirror(original) if clip.name.endswith("mirrored") else original
        there = round(at)
        moment = edits.turn(original.cut(there, there + 1), -edits.headings(original)[there])
        expected = kinematics.joint_positions(moment)[0]
        assert np.abs((shown - shown[0]) - (expected - expected[0])).max() < 0.1


def test_another_clip_follows_where_one_is_left(clips: list[Danceable]) -> None:
    for seed in range(4):
        phrases = composed(clips, seed).phrases
        for one, following in pairwise(phrases):
            assert following.clip is not one.clip or following.start == one.end


def test_the_same_random_numbers_make_the_same_dance(clips: list[Danceable]) -> None:
    first, again, other = (composed(clips, seed, 300).clip.rot6d for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_composing_needs_beats(clips: list[Danceable]) -> None:
    with pytest.raises(ValueError, match="two beats"):
        composed(clips, beats=np.array([1.0]))


def test_a_clip_without_a_clock_is_danced_at_its_own_speed(clips: list[Danceable]) -> None:
    dance = composed([replace(clip, certainty="none") for clip in clips])
    for number in range(len(dance.phrases)):
        seconds = dance.clip_seconds[dance.phrase == number]
        np.testing.assert_allclose(np.diff(seconds)[1:-1], 1 / 30, rtol=1e-6)


def test_nobody_stands_still_unless_the_music_is_quiet(clips: list[Danceable]) -> None:
    half_still = [replace(clip, still=np.arange(clip.frames) > clip.frames // 2) for clip in clips]

    def stood(quiet: bool) -> float:
        shares = []
        for seed in range(4):
            rng, levels = np.random.default_rng(seed), np.full(600, 1 if quiet else 8)
            dance = compose.compose(BEATS, 600, half_still, "pop", rng, levels=levels)
            clip_frames = (dance.clip_seconds * 30).astype(int)
            shares.append(np.mean([half_still[0].still[frame] for frame in clip_frames]))
        return float(np.mean(shares))

    assert stood(quiet=False) < 0.25 < stood(quiet=True)


def test_certain_clips_are_danced_more_often(clips: list[Danceable]) -> None:
    recovered = [replace(clip, certainty="recovered") for clip in clips]
    mixed = [clip if clip.name.startswith("sway0") else replace(clip, certainty="none") for clip in recovered]
    shares = []
    for each in (recovered, mixed):
        dances = [composed(each, seed) for seed in range(16)]
        shares.append(
            np.mean(
                [dance.phrases[number].clip.name.startswith("sway0") for dance in dances for number in dance.phrase]
            )
        )
    assert shares[1] > 1.2 * shares[0]


def test_every_certainty_has_a_weight() -> None:
    assert joins.CERTAINTY_WEIGHTS["exact"] >= joins.CERTAINTY_WEIGHTS["recovered"]
    assert joins.CERTAINTY_WEIGHTS["recovered"] > joins.CERTAINTY_WEIGHTS["guessed"] > joins.CERTAINTY_WEIGHTS["none"]


@pytest.mark.parametrize("first", range(4))
def test_phrases_change_on_bars(clips: list[Danceable], first: int) -> None:
    counts = (np.arange(len(BEATS)) + first) % 8
    for seed in range(4):
        rng = np.random.default_rng(seed)
        dance = compose.compose(BEATS, 600, clips, "pop", rng, counts=counts)
        changes = np.flatnonzero(np.diff(dance.phrase)) + 1 + LEAD_IN // 2
        nearest = np.abs(BEATS - changes[:, None] / 30).argmin(1)
        changed = [one.clip is not other.clip for one, other in pairwise(dance.phrases)]
        short = [phrase.clip.end - phrase.end < 4 for phrase in dance.phrases[:-1]]
        assert any(changed)
        assert all(counts[beat] % 4 == 0 for beat, cut_short in zip(nearest, short, strict=True) if not cut_short)


def test_clips_whose_counts_are_known_are_danced_on_them(clips: list[Danceable]) -> None:
    exact = [replace(clip, certainty="exact") for clip in clips]
    for seed in range(6):
        count = -1  # the beat before the first
        for phrase in composed(exact, seed).phrases:
            assert (phrase.start - count) % 4 == 0
            count += phrase.beats


def test_the_dance_is_as_fast_as_the_music_is_lively(clips: list[Danceable]) -> None:
    rising = [replace(clip, certainty="recovered", speed=np.linspace(0.2, 2.0, clip.frames)) for clip in clips]
    levels = np.repeat([2, 7], 300)

    def speed(seed: int) -> np.ndarray:
        dance = compose.compose(BEATS, 600, rising, "pop", np.random.default_rng(seed), levels=levels)
        return rising[0].speed[(dance.clip_seconds * 30).astype(int)].reshape(2, 300).mean(1)

    calm, lively = np.mean([speed(seed) for seed in range(6)], 0)
    assert lively > calm + 0.5
