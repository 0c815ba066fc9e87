"""Passages that return get their dance back, and only their joins are danced anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tokendance_core.dance import returns
from tokendance_core.dance.pipeline import generate
from tokendance_core.dance.returns import Stretch
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.errors import Cancelled
from tokendance_core.music import audio, features, form
from tokendance_core.music.clock import Clock

QUICK = GenerateSettings(steps=2, finish=None)
HOP = 4


@pytest.fixture(scope="module")
def music(song):
    return audio.load(song)


@pytest.fixture(scope="module")
def heard(music):
    song_features = features.extract(music)
    return song_features, Clock.of_music(song_features, "beats")


def test_a_returning_passage_has_the_tokens_of_the_first_time(heard) -> None:
    (again, *_) = form.of_music(*heard).returns
    plan = returns.plan(*heard, HOP, 1.0, 0)
    dance = torch.arange(len(plan.origin)).expand(1, 4, -1)
    known = plan.known(dance, mask=-1)[0, 0].numpy()
    inside = np.arange(4 * (again.first + 2), 4 * (again.stop - 2))
    fresh = known[inside] >= 0
    assert fresh.mean() > 0.8
    np.testing.assert_array_equal(known[inside][fresh], (inside - 4 * again.beats_back)[fresh])
    before = np.arange(4 * (again.first - 2))
    np.testing.assert_array_equal(known[before], before)


def test_a_bar_at_each_join_is_danced_anew() -> None:
    plan = returns.of_stretches([Stretch(64, 96, 64)], beats=129, places=512, per_beat=4)
    assert np.flatnonzero(plan.anew).tolist() == [*range(4 * 62, 4 * 66), *range(4 * 94, 4 * 98)]
    np.testing.assert_array_equal(plan.origin[4 * 66 : 4 * 94], np.arange(4 * 2, 4 * 30))


def test_the_last_beat_joins_nothing() -> None:
    plan = returns.of_stretches([Stretch(64, 96, 64)], beats=97, places=385, per_beat=4)
    assert np.flatnonzero(plan.anew).tolist() == list(range(4 * 62, 4 * 66))


def test_a_chorus_has_one_dance_however_often_it_comes() -> None:
    """The third time copies the second, joins and all, which copied the first."""
    plan = returns.of_stretches([Stretch(64, 96, 64), Stretch(128, 192, 64)], beats=201, places=800, per_beat=4)
    third = np.arange(4 * 130, 4 * 190)
    np.testing.assert_array_equal(plan.origin[third], plan.origin[third - 256])
    assert plan.anew[4 * 158 : 4 * 162].all()  # where the second time joins what follows it


@given(st.data())
def test_every_place_has_its_token_from_a_place_of_its_own(data) -> None:
    ends = sorted(data.draw(st.sets(st.integers(8, 60), min_size=2, max_size=8)))
    stretches = [
        Stretch(first, stop, data.draw(st.integers(stop - first, first)))
        for first, stop in zip(ends[::2], ends[1::2], strict=False)
        if stop - first <= first
    ]
    plan = returns.of_stretches(stretches, beats=61, places=61 * 4, per_beat=4)
    np.testing.assert_array_equal(plan.origin[plan.origin], plan.origin)
    np.testing.assert_array_equal(plan.anew, plan.anew[plan.origin])
    assert (plan.origin <= np.arange(61 * 4)).all()


def test_what_is_danced_anew_is_copied_too() -> None:
    """The second stretch copies the first, whose joins are open until they are danced."""
    plan = returns.of_stretches([Stretch(64, 96, 64), Stretch(128, 192, 64)], beats=201, places=800, per_beat=4)
    known = plan.known(torch.arange(800).expand(1, 4, -1), mask=-1)
    assert (known == -1).all(1)[0].tolist() == plan.anew.tolist()
    filled = plan.filled(torch.where(known == -1, torch.arange(1000, 1800), known))
    assert (filled >= 0).all()
    np.testing.assert_array_equal(filled[..., 4 * 130 : 4 * 190], filled[..., 4 * 66 : 4 * 126])


def test_half_of_a_passage_may_return_and_the_seed_says_which(heard) -> None:
    whole = returns.plan(*heard, HOP, 1.0, 0)
    halves = [returns.plan(*heard, HOP, 0.5, seed) for seed in range(6)]

    def copied(plan) -> int:
        return int((plan.origin != np.arange(len(plan.origin))).sum())

    assert 0 < max(map(copied, halves)) < 0.6 * copied(whole)
    assert len({plan.origin.tobytes() for plan in halves}) > 1
    np.testing.assert_array_equal(halves[0].origin, returns.plan(*heard, HOP, 0.5, 0).origin)


def test_nothing_returns_where_it_is_not_asked_for(heard, clicks) -> None:
    assert returns.plan(*heard, HOP, 0.0, 0) is None
    song_features = features.extract(clicks)
    assert returns.plan(song_features, Clock.of_music(song_features, "beats"), HOP, 1.0, 0) is None
    assert returns.plan(heard[0], Clock.of_music(heard[0], "frames"), HOP, 1.0, 0) is None


def test_a_song_without_returns_has_the_dance_it_had(clicks, tiny_checkpoint) -> None:
    new, back = (generate(clicks, tiny_checkpoint, replace(QUICK, returns=share)) for share in (0.0, 1.0))
    np.testing.assert_array_equal(new.rot6d, back.rot6d)


def test_the_dance_comes_back_and_is_the_same_every_time(music, heard, tiny_checkpoint) -> None:
    new, back, again = (generate(music, tiny_checkpoint, replace(QUICK, returns=share)) for share in (0.0, 1.0, 1.0))
    np.testing.assert_array_equal(back.rot6d, again.rot6d)
    one = form.of_music(*heard).returns[0]
    first = int(30 * heard[1].beats[one.first - 2])
    np.testing.assert_array_equal(new.rot6d[: first - 30], back.rot6d[: first - 30])
    assert np.abs(new.rot6d[first:] - back.rot6d[first:]).max() > 1e-3


def test_passes_for_the_joins_are_told_and_may_be_cancelled(music, tiny_checkpoint) -> None:
    told: list[tuple[str, float]] = []
    generate(music, tiny_checkpoint, QUICK, lambda stage, fraction: told.append((stage, fraction)))
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    dancing = np.array([fraction for stage, fraction in told if stage == "generator"])
    begins, ends_at = (next(share for stage, share in told if stage == name) for name in ("generator", "decode"))
    ends = np.linspace(begins, ends_at, 1 + 2 + 2)  # two passes, and two for the joins
    assert np.isclose(dancing, ends[:, None]).any(axis=1).all()
    assert dancing[-1] == pytest.approx(ends[-1])

    def cancel(stage: str, fraction: float) -> None:
        if stage == "generator" and fraction > ends[2]:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        generate(music, tiny_checkpoint, QUICK, cancel)
