from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.motion_samples import still_clip, swaying_clip, walking
from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics import windows
from tokendance_core.evaluate.metrics.motion import heading_centred
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import resample_to_fps
from tokendance_core.types import MotionClip


def _cut(clip: MotionClip, start: int, end: int) -> MotionClip:
    return clip.cut(start, end)


def _joined(*clips: MotionClip) -> MotionClip:
    return replace(
        clips[0], rot6d=np.concatenate([c.rot6d for c in clips]), root=np.concatenate([c.root for c in clips])
    )


def _restless(seconds: int, seed: int) -> MotionClip:
    """Sways of a second each, none like another."""
    return _joined(*(swaying_clip(30, seed=100 * seed + i) for i in range(seconds)))


def _nearest(clip: MotionClip, pool: list[MotionClip]) -> float:
    return windows.nearest_window_distance(clip, windows.WindowPool.of(pool))


def test_a_copy_is_found_wherever_it_is_and_whichever_way_it_faces() -> None:
    pool = [swaying_clip(300, seed=seed) for seed in (1, 2, 3)]
    copied = turn(_cut(pool[1], 60, 180), 2.0)
    assert _nearest(copied, pool) == pytest.approx(0.0, abs=1e-3)
    assert _nearest(copied, pool[::2]) > 0.05


def test_the_nearest_window_agrees_with_a_search_through_all() -> None:
    clip, pool = _restless(5, 1), [_restless(6, 2), _restless(3, 3)]
    wanted = heading_centred(clip)[::3]
    others = [heading_centred(other)[::3] for other in pool]
    best = []
    for start in range(0, len(wanted) - 19, 5):
        gaps = [other[i : i + 20] - wanted[start : start + 20] for other in others for i in range(len(other) - 19)]
        best.append(np.linalg.norm(min(gaps, key=lambda gap: (gap**2).sum()), axis=-1).mean())
    assert _nearest(clip, pool) == pytest.approx(np.mean(best), rel=0.05)


def test_the_pools_frame_rate_does_not_matter() -> None:
    clip, other = swaying_clip(150, seed=1), swaying_clip(300, seed=2)
    expected = _nearest(clip, [other])
    assert _nearest(clip, [resample_to_fps(other, 60)]) == pytest.approx(expected, rel=0.01)


def test_no_window_reaches_from_one_dance_into_the_next() -> None:
    halves = [_restless(2, 1), _restless(2, 2)]
    astride = _joined(halves[0].cut(30, 60), halves[1].cut(0, 30))
    assert _nearest(astride, halves) > 0.05
    assert _nearest(astride, [_joined(*halves)]) < 0.02


@pytest.mark.parametrize(("clip", "pool"), [(30, [300]), (300, [30]), (300, [])])
def test_windows_that_do_not_fit_are_an_error(clip: int, pool: list[int]) -> None:
    with pytest.raises(DataError, match="No window of 2 s fits"):
        _nearest(swaying_clip(clip), [swaying_clip(frames) for frames in pool])


def test_repetition_counts_how_often_a_phrase_comes() -> None:
    phrase, other = _restless(4, 1), _restless(4, 2)
    assert windows.repetition(_joined(phrase, other), 4.0) == 1
    assert windows.repetition(_joined(phrase, other, turn(phrase, 1.0)), 4.0) == 2
    assert windows.repetition(_joined(phrase, phrase, other, phrase), 4.0) == 3
    assert windows.repetition(phrase, 8.0) == 0


def test_windows_that_overlap_count_once() -> None:
    assert windows.repetition(still_clip(30 * 16), 4.0) == 4


def test_tolerance_decides_what_is_the_same() -> None:
    phrase = _restless(3, 1)
    nearly = replace(phrase, rot6d=phrase.rot6d + np.where(np.arange(24) > 0, 0.05, 0.0).astype(np.float32)[:, None])
    assert windows.repetition(_joined(phrase, nearly), 3.0, tolerance=0.001) == 1
    assert windows.repetition(_joined(phrase, nearly), 3.0, tolerance=0.15) == 2


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(1, 20))
def test_the_earliest_first_is_the_most(starts: list[int], length: int) -> None:
    starts = sorted(set(starts))
    best = [0] * (len(starts) + 1)
    for i in reversed(range(len(starts))):
        after = next((j for j, start in enumerate(starts) if start >= starts[i] + length), len(starts))
        best[i] = max(best[i + 1], 1 + best[after])
    assert windows._most_without_overlap(np.array(starts, int), length) == best[0]


def test_dance_distance_is_symmetric_and_knows_no_path() -> None:
    a, b = swaying_clip(90, seed=1), swaying_clip(120, seed=2)
    assert windows.dance_distance(a, a) == 0.0
    assert windows.dance_distance(a, b) > 0.05
    assert windows.dance_distance(a, b) == pytest.approx(windows.dance_distance(b, a))
    assert windows.dance_distance(a, turn(replace(a, root=a.root + np.float32(1)), 1.0)) == pytest.approx(0.0, abs=1e-4)
    assert windows.dance_distance(a, resample_to_fps(a, 60)) == pytest.approx(0.0, abs=1e-3)
    assert windows.dance_distance(walking(1.0), still_clip()) == pytest.approx(0.0, abs=1e-6)


def test_a_repetition_that_is_allowed_does_not_count() -> None:
    phrase, other = _restless(8, 1), _restless(8, 2)
    clip = _joined(phrase, other, phrase, phrase)
    apart = np.abs(np.subtract.outer(np.arange(241), np.arange(241)))
    first_returns = (np.abs(apart - 160) < 10) | (np.abs(apart - 240) < 10)
    assert windows.repetition(clip, 8.0) == 3
    assert windows.repetition(clip, 8.0, allowed=first_returns) == 2
    assert windows.repetition(clip, 8.0, allowed=np.ones((241, 241), bool)) == 1
    assert windows.repetition(clip, 8.0, allowed=np.ones((1, 1), bool)) == 3
