"""A passage of the song that returns gets its dance back: the tokens of the first time are set in place again.

About a bar at each join is left open and danced anew, so that the dancer comes from where he is. The dance that is
copied is followed back to where it was first danced: a chorus has one dance, however often it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.music import form
from tokendance_core.music.bars import BEATS_PER_BAR
from tokendance_core.music.clock import FRAMES_PER_BEAT, Clock
from tokendance_core.music.form import Return
from tokendance_core.types import MusicFeatures

MOST_PASSES = 4
"""Passes that dance the joins: they are few places, with the dance on both sides known."""

_JOIN = BEATS_PER_BAR // 2
"""Beats on each side of a join that are danced anew."""


@dataclass(frozen=True, eq=False)
class Plan:
    """``origin`` (L,): the place that each of L places has its token from, itself where nothing returns; ``anew`` (L,):
    the joins, and what is copied from them.
    """

    origin: np.ndarray
    anew: np.ndarray

    def known(self, dance: np.ndarray, mask: int) -> np.ndarray:
        """Dance tokens (B, streams, L) with the passages copied, and ``mask`` where they are to be danced anew."""
        known = dance[..., self.origin]
        known[..., self.anew] = mask
        return known

    def filled(self, dance: np.ndarray) -> np.ndarray:
        """What was danced anew, copied too where it belongs to a passage."""
        return dance[..., self.origin]


def plan(song_features: MusicFeatures, clock: Clock, hop: int, share: float, seed: int) -> Plan | None:
    """Which tokens of ``hop`` frames return, of each passage ``share`` of its bars; None where nothing does."""
    if clock.form != "beats" or share == 0:
        return None
    stretches = _stretches(form.of_music(song_features, clock).returns, share, seed)
    found = of_stretches(stretches, len(clock.beats), -(-clock.frames // hop), FRAMES_PER_BEAT // hop)
    return found if found.anew.any() else None


@dataclass(frozen=True)
class Stretch:
    """Beats ``first`` to before ``stop`` get the dance of ``beats_back`` beats earlier."""

    first: int
    stop: int
    beats_back: int


def _stretches(returns: Sequence[Return], share: float, seed: int) -> list[Stretch]:
    """Of each passage one stretch of ``share`` of its bars, at a place that the seed draws."""
    random = np.random.default_rng(seed)
    stretches = []
    for one in returns:
        bars = (one.stop - one.first) // BEATS_PER_BAR
        kept = round(share * bars)
        first = one.first + BEATS_PER_BAR * int(random.integers(bars - kept + 1))
        stretches.append(Stretch(first, first + BEATS_PER_BAR * kept, one.beats_back))
    return [one for one in stretches if one.stop - one.first > 2 * _JOIN]


def of_stretches(stretches: Sequence[Stretch], beats: int, places: int, per_beat: int) -> Plan:
    """The plan of ``places`` tokens, ``per_beat`` on each of ``beats`` beats, for disjoint stretches in order."""
    joint = np.zeros(places, bool)
    for one in stretches:
        for beat in (one.first, one.stop):
            if beat < beats - 1:
                joint[per_beat * (beat - _JOIN) : per_beat * (beat + _JOIN)] = True
    origin = np.arange(places)
    for one in stretches:
        there = np.arange(per_beat * one.first, min(per_beat * one.stop, places))
        there = there[~joint[there]]
        origin[there] = origin[there - per_beat * one.beats_back]
    return Plan(origin, joint[origin])
