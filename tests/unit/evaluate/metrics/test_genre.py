from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.motion_samples import arms_or_knees, swaying_clip
from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.genre import GenreClassifier, window_features
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import resample_to_fps

GENRES = ["arms", "knees"] * 4
CLIPS = [window_features(arms_or_knees(genre, seed)) for seed, genre in enumerate(GENRES)]


def _accuracy(found: Iterable[tuple[str, ...]]) -> float:
    """Share of windows recognised as ``GENRES``."""
    return float(np.mean([name == genre for names, genre in zip(found, GENRES, strict=True) for name in names]))


def test_genres_that_differ_are_recognised_in_new_clips() -> None:
    classifier = GenreClassifier.fit(CLIPS, GENRES)
    held_out = [window_features(arms_or_knees(genre, 50 + seed)) for seed, genre in enumerate(GENRES)]
    assert classifier.chance == 0.5
    assert classifier.genres == ("arms", "knees")
    assert _accuracy(map(classifier.predict, held_out)) > 0.9
    assert classifier.predict(held_out[0]) == ("arms",) * 4


def test_labels_without_meaning_are_not_recognised() -> None:
    clips = [window_features(swaying_clip(300, seed=seed)) for seed in range(16)]
    assert 0.1 < _accuracy(map(GenreClassifier.fit(clips[:8], GENRES).predict, clips[8:])) < 0.9


def test_a_clip_that_is_left_out_does_not_vouch_for_itself() -> None:
    clips = [window_features(swaying_clip(300, seed=seed)) for seed in range(8)]
    assert _accuracy(map(GenreClassifier.fit(clips, GENRES).predict, clips)) == 1.0
    assert _accuracy(GenreClassifier.leave_one_out(clips, GENRES)) < 0.8
    assert _accuracy(GenreClassifier.leave_one_out(CLIPS, GENRES)) > 0.9


def test_leaving_one_out_is_fitting_the_others() -> None:
    found = GenreClassifier.leave_one_out([*CLIPS, window_features(swaying_clip(30))], [*GENRES, "arms"])
    assert found[2] == GenreClassifier.fit(CLIPS[:2] + CLIPS[3:], GENRES[:2] + GENRES[3:]).predict(CLIPS[2])
    assert found[-1] == ()


def test_features_know_neither_heading_nor_place_nor_frame_rate() -> None:
    clip = swaying_clip(240)
    expected = window_features(clip)
    assert len(expected) == 3
    moved = turn(replace(clip, root=clip.root + np.float32([2, 0, 1])), 2.0)
    np.testing.assert_allclose(window_features(moved), expected, atol=2e-3)
    np.testing.assert_allclose(window_features(resample_to_fps(clip, 60))[0], expected[0], atol=0.05)


def test_short_clips() -> None:
    classifier = GenreClassifier.fit(CLIPS, GENRES)
    assert len(window_features(swaying_clip(60))) == 1
    assert classifier.predict(window_features(swaying_clip(30))) == ()


def test_one_genre_is_nothing_to_tell_apart() -> None:
    with pytest.raises(DataError, match="two genres or more, found 1"):
        GenreClassifier.fit([*CLIPS, window_features(swaying_clip(10))], ["arms"] * 8 + ["knees"])
