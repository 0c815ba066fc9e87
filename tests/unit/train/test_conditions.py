"""What the network is asked about alone: excerpts of songs, one input changed at a time, gaps in a dance."""

from __future__ import annotations

import numpy as np

from bench import conditions, filling
from bench.excerpts import Excerpts, Heard
from tokendance_core.model.config import Prompt
from tokendance_core.music.clock import Clock
from tokendance_core.train.paired_tokens import TOKENS


def prompt(count: int, length: int, first: int = 0) -> Prompt:
    """Every field other numbers, none 0."""
    fields = {name: np.arange(count * length).reshape(count, length) + 1 + first for name in Prompt._fields}
    fields |= {name: np.arange(count) + 1 + first for name in ("tempo", "genre")}
    return Prompt(**fields)


def excerpts() -> Excerpts:
    return Excerpts(
        told=prompt(3, 4),
        in_use=prompt(3, 4, first=100),
        dance=np.zeros((3, 4, 4), int),
        clocks=[Clock(np.arange(16) / 30, "beats")] * 3,
        songs=["a", "a", "b"],
        artists=["a", "a", "b"],
    )


def test_a_short_song_goes_round() -> None:
    song = Heard(prompt(1, 40), np.arange(40 * 4 + 1) / 30, hop=4)
    places = song.places(20 * 4 / 30)
    clock, heard = song.clock_at(places), song.at(song.prompt.energy, places)
    assert clock.frames == TOKENS * 4
    np.testing.assert_allclose(clock.seconds, np.arange(TOKENS * 4) / 30, atol=1e-9)
    assert heard[:21].tolist() == [*range(21, 41), 1]
    assert song.at(song.prompt.genre, places) == 1


def test_another_pair_is_of_another_song() -> None:
    assert excerpts().another == [2, 2, 0]


def equal(one: Prompt, other: Prompt) -> set[str]:
    return {field for field in Prompt._fields if np.array_equal(getattr(one, field), getattr(other, field))}


def test_one_input_is_changed_at_a_time() -> None:
    asked = excerpts()
    rows = dict(conditions.prompts(asked))
    assert rows[conditions.TRAINING] == asked.told
    assert rows[conditions.IN_USE] == asked.in_use
    assert f"{conditions.MUSIC} not told" not in rows
    for name, fields in conditions.INPUTS.items():
        ways = [way for way in ("as in use", "another pair's", "not told") if f"{name} {way}" in rows]
        assert len(ways) == (2 if name == conditions.MUSIC else 3)
        for way in ways:
            assert equal(rows[f"{name} {way}"], asked.told) == {*Prompt._fields} - {*fields}
        assert equal(rows[f"{conditions.IN_USE}, but {name}"], asked.told) == {*fields}
    assert equal(rows["energy as in use"], asked.in_use) == {"energy"}
    assert not rows["energy not told"].energy.any()


def test_a_gap_hides_what_is_asked_for() -> None:
    dance, mask = np.zeros((2, 6, TOKENS), int), 1000
    hidden = {name: (gap.hide(dance, mask) == mask).mean() for name, gap in filling.GAPS.items()}
    assert hidden["upper body"] == hidden["lower body"] == 0.5
    assert hidden["4 bars"] == 64 / TOKENS
    assert hidden["30 s after 16 beats"] == 240 / TOKENS
    assert [len(gap.joins) for gap in filling.GAPS.values()] == [0, 0, 2, 2]
    upper = filling.GAPS["upper body"].hide(dance, mask)
    assert (upper[:, ::2] == mask).all()
    assert (upper[:, 1::2] == 0).all()
    assert not dance.any()
