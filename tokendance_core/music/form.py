"""The form of a song: its bars, its eights, its sections A, B, C …, and the passages that return.

Everything happens on eights (``bars.py``), a few hundred for the longest song. Compared beat by beat in timbre and
harmony, a run of eights that sounds like an earlier one is a passage that returns. Averaged over each eight, the same
numbers tell texture; a section begins where texture changes (checkerboard novelty, Foote 2000), and where a returning
passage begins or ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tokendance_core.music import bars, features
from tokendance_core.music.bars import BEATS_PER_BAR, BEATS_PER_EIGHT
from tokendance_core.music.clock import Clock
from tokendance_core.types import FPS, MusicFeatures

ALIKE = 0.6
"""Mean similarity above which two passages are taken for the same music: 1 is the same sound, 0 as unlike as two
eights of this song usually are. Of songs of 12 eights or more, 14 % return at this value, and 3 % once their eights are
shuffled; at 0.5 20 % and 8 %.
"""

SOONEST = 8
"""Eights, about half a minute, after which a passage can return: what comes again sooner is a loop."""

_SHORTEST_RETURN = 4
_SHORTEST_SECTION = 2
_NEIGHBOURHOOD = 4
"""Eights on each side that are compared to find where texture changes."""

_NOVELTY = 0.3
"""How much more alike the eights within two sections are than across their border."""

_LEAST_SPREAD = ((features.SEMANTIC, 5.0), (features.CHROMA, 0.05))
"""Columns that are compared, timbre and harmony, and the least standard deviation of each: an even song stays even."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Beats ``first`` to before ``stop`` of the song's clock, and when they are: ``start`` to ``end`` seconds."""

    first: int
    stop: int
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Section(Passage):
    """``name``: A, B, C …; ``repeats``: number of the first section of this name, None for that one itself."""

    name: str
    repeats: int | None


@dataclass(frozen=True, kw_only=True)
class Return(Passage):
    """Every beat sounds as the one ``beats_back`` earlier did, whole eights; ``similarity``: how much, see
    ``ALIKE``.
    """

    beats_back: int
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Form:
    """``downbeat``: the beat of the clock that begins the first eight; ``bars`` and ``eights``: seconds where they
    begin; ``sections`` cover the song; ``returns`` are disjoint. Both are in order.
    """

    downbeat: int
    bars: tuple[float, ...]
    eights: tuple[float, ...]
    sections: tuple[Section, ...]
    returns: tuple[Return, ...]


@dataclass(frozen=True)
class _Run:
    """Eights ``first`` to before ``stop``, which sound as those ``lag`` earlier."""

    first: int
    stop: int
    lag: int


def of_music(song_features: MusicFeatures, clock: Clock) -> Form:
    """The form of a song on its clock of beats; a song of a few eights is a single section."""
    downbeat = bars.downbeat(song_features, clock)
    beats = _standard(bars.by_beat(clock.resample_features(song_features).values))[downbeat:]
    eights = len(beats) // BEATS_PER_EIGHT
    heard = beats[: eights * BEATS_PER_EIGHT].reshape(eights, BEATS_PER_EIGHT, beats.shape[1])
    alike = _similarity(heard.reshape(eights, BEATS_PER_EIGHT * beats.shape[1]))
    runs = _returning_runs(alike)
    bounds = _bounds(_novelty(_similarity(heard.mean(axis=1))), runs)
    repeats = _repeats([0, *bounds, eights], runs)

    beat_of_eight = downbeat + BEATS_PER_EIGHT * np.arange(eights + 1)
    ends = [0, *beat_of_eight[bounds].tolist(), len(clock.beats) - 1]
    seconds = np.clip(clock.beats, 0.0, song_features.frames / FPS)

    def span(first: int, stop: int) -> dict[str, Any]:
        return {"first": first, "stop": stop, "start": float(seconds[first]), "end": float(seconds[stop])}

    return Form(
        downbeat=downbeat,
        bars=_inside(clock.beats[downbeat % BEATS_PER_BAR :: BEATS_PER_BAR], seconds),
        eights=_inside(clock.beats[downbeat::BEATS_PER_EIGHT], seconds),
        sections=tuple(
            Section(**span(first, stop), name=name, repeats=repeat)
            for first, stop, name, repeat in zip(ends[:-1], ends[1:], _names(repeats), repeats, strict=True)
        ),
        returns=tuple(
            Return(
                **span(int(beat_of_eight[run.first]), int(beat_of_eight[run.stop])),
                beats_back=BEATS_PER_EIGHT * run.lag,
                similarity=float(np.diagonal(alike, -run.lag)[run.first - run.lag : run.stop - run.lag].mean()),
            )
            for run in runs
        ),
    )


def _inside(beats: np.ndarray, song: np.ndarray) -> tuple[float, ...]:
    """The seconds of ``beats`` that lie in the song."""
    return tuple(beats[(beats >= song[0]) & (beats <= song[-1])].tolist())


def _standard(beats: np.ndarray) -> np.ndarray:
    """(beats, 35) features -> (beats, 32) timbre and harmony about their means, both of one weight."""
    parts = []
    for columns, least in _LEAST_SPREAD:
        part = beats[:, columns].astype(np.float64)
        parts.append((part - part.mean(axis=0)) / np.maximum(part.std(axis=0), least) / np.sqrt(part.shape[1]))
    return np.concatenate(parts, axis=1)


def _similarity(heard: np.ndarray) -> np.ndarray:
    """(eights, columns) -> (eights, eights): 1 less the squared distance, whose median over all pairs is taken for 1;
    zeros where nothing changes.
    """
    squares = (heard**2).sum(axis=1)
    distance = np.maximum(squares[:, None] + squares - 2 * heard @ heard.T, 0.0)
    pairs = distance[np.triu_indices(len(heard), 1)]
    usual = float(np.median(pairs)) if len(pairs) else 0.0
    return 1 - distance / usual if usual > 1e-9 else np.zeros_like(distance)


def _returning_runs(alike: np.ndarray) -> list[_Run]:
    """Disjoint runs of eights along which ``alike`` (eights, eights) says that they are heard again, those that say it
    most clearly first taken; in order.
    """
    eights = np.arange(len(alike))
    lag, source = eights[:, None], eights - eights[:, None]
    gain = np.where((lag >= SOONEST) & (source >= 0), alike[eights, source] - ALIKE, -np.inf)
    runs = []
    while (run := _best_run(gain)) is not None:
        gain[:, run.first : run.stop] = -np.inf
        runs.append(run)
    return sorted(runs, key=lambda run: run.first)


def _best_run(gain: np.ndarray) -> _Run | None:
    """The run along one row of ``gain`` (lags, eights) with the greatest sum, not longer than its lag, so that it
    follows what it repeats; None if no sum is positive.
    """
    lags = np.arange(len(gain))
    total, first = np.zeros(len(gain)), np.zeros(len(gain), int)
    most, best = 0.0, None
    for eight in range(gain.shape[1]):
        anew = (total <= 0) | (eight - first >= lags)  # as Kadane's: a sum below nothing is not carried on
        first = np.where(anew, eight, first)
        total = np.where(anew, 0.0, total) + gain[:, eight]
        long_enough = np.where(eight + 1 - first >= _SHORTEST_RETURN, total, -np.inf)
        lag = int(np.argmax(long_enough))
        if long_enough[lag] > most:
            most, best = float(long_enough[lag]), _Run(int(first[lag]), eight + 1, lag)
    return best


def _novelty(alike: np.ndarray) -> np.ndarray:
    """(eights,) how much more alike the eights before and the eights from each on are among themselves than across."""
    novelty = np.zeros(len(alike))
    for border in range(_SHORTEST_SECTION, len(alike) - _SHORTEST_SECTION + 1):
        before, after = slice(max(border - _NEIGHBOURHOOD, 0), border), slice(border, border + _NEIGHBOURHOOD)
        within = (_within(alike[before, before]) + _within(alike[after, after])) / 2
        novelty[border] = within - alike[before, after].mean()
    return novelty


def _within(alike: np.ndarray) -> float:
    """Mean similarity of different eights of one block."""
    return float(alike[~np.eye(len(alike), dtype=bool)].mean())


def _bounds(novelty: np.ndarray, runs: list[_Run]) -> list[int]:
    """Eights at which a new section begins, in order: the greatest changes of texture first, then ends of returns."""
    changes = [eight for eight in np.argsort(-novelty, kind="stable").tolist() if _is_summit(novelty, eight)]
    ends = [end for run in runs for end in (run.first, run.stop, run.first - run.lag, run.stop - run.lag)]
    bounds: list[int] = []
    for eight in changes + ends:
        if min(abs(eight - other) for other in (0, len(novelty), *bounds)) >= _SHORTEST_SECTION:
            bounds.append(eight)
    return sorted(bounds)


def _is_summit(novelty: np.ndarray, eight: int) -> bool:
    """Whether texture changes enough here, and nowhere near more."""
    near = novelty[max(eight - _SHORTEST_SECTION, 0) : eight + _SHORTEST_SECTION + 1]
    return bool(novelty[eight] >= max(_NOVELTY, near.max()))


def _repeats(bounds: list[int], runs: list[_Run]) -> list[int | None]:
    """For each section between ``bounds`` the first section that most of it is a return of."""
    source = np.arange(bounds[-1])
    for run in runs:
        source[run.first : run.stop] = source[run.first - run.lag : run.stop - run.lag]
    section_of = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    repeats: list[int | None] = []
    for number, (first, stop) in enumerate(pairwise(bounds)):
        origins = np.bincount(section_of[source[first:stop]], minlength=1)
        origin = int(np.argmax(origins))
        repeats.append(origin if origin < number and 2 * origins[origin] >= stop - first else None)
    return repeats


def _names(repeats: list[int | None]) -> list[str]:
    """A, B … Z, AA, AB … for sections that are new, the name of the first for those that repeat."""
    names: list[str] = []
    for number, repeat in enumerate(repeats):
        new = number - sum(other is not None for other in repeats[:number])
        names.append(_letters(new) if repeat is None else names[repeat])
    return names


def _letters(number: int) -> str:
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
