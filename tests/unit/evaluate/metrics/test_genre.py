from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.motion_samples import posed, swaying_clip
from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.genre import GenreClassifier, window_features
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import resample_to_fps
from tokendance_core.types import MotionClip


def _arms_or_knees(genre: str, seed: int, frames: int = 300) -> MotionClip:
    rng = np.random.default_rng(seed)
    swing = 0.5 * np.sin(np.arange(frames) / 30 * rng.uniform(4, 8)) + 0.1 * rng.standard_normal()
    joints = ("left_shoulder", "right_shoulder") if genre == "arms" else ("left_knee", "right_knee")
    return posed(frames, **{joint: (swing, 0 * swing, 0 * swing) for joint in joints})


GENRES = ["arms", "knees"] * 4
CLIPS = [_arms_or_knees(genre, seed) for seed, genre in enumerate(GENRES)]


def test_genres_that_differ_are_recognised_in_new_clips() -> None:
    classifier = GenreClassifier.fit(CLIPS, GENRES)
    held_out = [_arms_or_knees(genre, 50 + seed) for seed, genre in enumerate(GENRES)]
    assert classifier.chance == 0.5
    assert classifier.genres == ("arms", "knees")
    assert classifier.accuracy(held_out, GENRES) > 0.9
    assert classifier.accuracy(held_out, GENRES[1:] + GENRES[:1]) < 0.1
    assert classifier.predict(held_out[0]) == ("arms",) * 4


def test_labels_without_meaning_are_not_recognised() -> None:
    clips = [swaying_clip(300, seed=seed) for seed in range(16)]
    classifier = GenreClassifier.fit(clips[:8], GENRES)
    assert 0.1 < classifier.accuracy(clips[8:], GENRES) < 0.9


def test_accuracy_is_the_mean_over_genres() -> None:
    always_arms = replace(GenreClassifier.fit(CLIPS, GENRES), bias=np.array([1e9, 0.0]))
    assert always_arms.accuracy(CLIPS[:1] * 9 + CLIPS[1:2], ["arms"] * 9 + ["knees"]) == 0.5


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
    assert classifier.predict(swaying_clip(30)) == ()
    with pytest.raises(DataError, match="None of 1 clips is long enough"):
        classifier.accuracy([swaying_clip(30)], ["arms"])


def test_one_genre_is_nothing_to_tell_apart() -> None:
    with pytest.raises(DataError, match="two genres or more, found 1"):
        GenreClassifier.fit([*CLIPS, swaying_clip(10)], ["arms"] * 8 + ["knees"])
