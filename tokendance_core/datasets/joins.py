"""Which phrase comes next: one that goes well with the one before and with the music, at a speed near its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.datasets.clip_clocks import Certainty
from tokendance_core.datasets.phrases import FEWEST_BEATS, MOVING, Danceable, Phrase, best_rates, playback_speed
from tokendance_core.music.bars import BEATS_PER_BAR

PHRASE_BEATS = (4, 8, 8, 16)

CERTAINTY_WEIGHTS: dict[Certainty, float] = {
    "exact": 4.0,  # the only dance whose beats are those of its music
    "recovered": 4.0,  # as good: found independently in both partners
    "guessed": 1.0,  # teaches the body; its beats may be right
    "none": 0.25,  # teaches the body alone
}
"""How often a second of a clip is danced, beside a clip of weight 1."""

FEWEST_SONG_BEATS = 2
"""Beats of the music that a phrase lasts at least."""

DOUBT: dict[Certainty, float] = {"exact": 0.0, "recovered": 0.0, "guessed": 0.03, "none": 0.06}
"""Metres of misfit of a clip whose clock is doubtful: clips that are bound to their counts fit less often."""

_SPEED_TOLERANCE = 0.1
"""Standard deviation of the logarithm of playback speed: how far from their own speed clips are still chosen."""

_CANDIDATES = 256
_CONTINUE = 0.8

_STILLNESS = 1.0
"""Metres of misfit for a phrase that is nothing but standing still."""

_MOSTLY_STILL = 0.2
_AHEAD = 8.0  # clip beats over which stillness and speed are looked at

_VIGOUR = 0.5
"""Metres of misfit for a phrase that is among the fastest where one of the slowest is wanted."""

_FAR = 0.35
"""Ranks of speed by which a clip may miss what is wanted and still be gone on with."""

_ELSEWHERE = 1e-6
"""How likely a clip whose counts are known is begun on another count of the bar than the music's."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The music where a phrase begins: ``period`` seconds of a beat from here on, ``count`` of the beat in its eight
    (from 0), ``vigour`` how fast the dance should be as a rank from 0 to 1 (None: no matter), ``quiet`` whether a
    dancer may stand still.
    """

    period: float
    count: int
    vigour: float | None = None
    quiet: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Repertoire:
    """All phrases that may begin in some clips, E in number: the ``clip`` (E,) and the beat ``start`` (E,) in it,
    ``matching`` features (E, 150), ``stillness`` (E,) and ``vigour`` (E,) there; ``usual``: all speeds, ascending.
    """

    clips: Sequence[Danceable]
    clip: np.ndarray
    start: np.ndarray
    matching: np.ndarray
    stillness: np.ndarray
    vigour: np.ndarray
    usual: np.ndarray

    @classmethod
    def of(cls, clips: Sequence[Danceable]) -> Repertoire:
        usual = np.sort(np.concatenate([clip.speed for clip in clips]))
        return cls(
            clips=clips,
            clip=np.repeat(np.arange(len(clips)), [len(clip.starts) for clip in clips]),
            start=np.concatenate([clip.starts for clip in clips]),
            matching=np.concatenate([clip.matching[clip.frames_at(clip.starts)] for clip in clips]),
            stillness=np.concatenate([clip.mean_over(clip.still, clip.starts, _AHEAD) for clip in clips]),
            vigour=np.concatenate([_vigour(clip, clip.starts, usual) for clip in clips]),
            usual=usual,
        )

    def next_phrase(self, previous: Phrase | None, moment: Moment, rng: np.random.Generator) -> Phrase:
        """Go on with the same clip while it lasts and suits the music, else the best fitting of some random phrases of
        others, at a speed near their own; it ends with a bar.
        """
        beats = int(rng.choice(PHRASE_BEATS)) - moment.count % BEATS_PER_BAR
        if beats < FEWEST_SONG_BEATS:
            beats += BEATS_PER_BAR
        if previous is not None and rng.random() < _CONTINUE and self._goes_on(previous, moment):
            return _fitted(previous.clip, previous.end, previous.rate, beats, moment.count)
        rates = best_rates(self.clips, moment.period)
        speeds = np.array(
            [playback_speed(clip, rate, moment.period) for clip, rate in zip(self.clips, rates, strict=True)]
        )
        drawn = rng.choice(len(self.clip), _CANDIDATES, p=self._chances(speeds, moment.count))
        misfit = self._misfit_with_music(drawn, moment)
        if previous is not None:
            misfit += self._misfit(drawn, speeds, previous, moment.period)
        best = drawn[misfit.argmin()]
        clip = self.clip[best]
        return _fitted(self.clips[clip], float(self.start[best]), float(rates[clip]), beats, moment.count)

    def _chances(self, speeds: np.ndarray, count: int) -> np.ndarray:
        """(E,) how likely each entry is drawn when the clips run at ``speeds`` (C,): by speed, length and certainty of
        the clip; where its counts are known, by the count of the music.
        """
        worth = np.array([clip.frames / len(clip.starts) * CERTAINTY_WEIGHTS[clip.certainty] for clip in self.clips])
        chances: np.ndarray = (worth * (np.exp(-0.5 * (np.log(speeds) / _SPEED_TOLERANCE) ** 2) + 1e-9))[self.clip]
        counted = np.array([clip.counted for clip in self.clips])[self.clip]
        chances[counted] *= np.where((self.start[counted] - count) % BEATS_PER_BAR == 0, BEATS_PER_BAR, _ELSEWHERE)
        chances /= chances.sum()
        return chances

    def _misfit_with_music(self, drawn: np.ndarray, moment: Moment) -> np.ndarray:
        """Metres for each of the ``drawn`` entries (N,) that stands still, is faster or slower than is wanted, or keeps
        a clock that may not be its own.
        """
        misfit: np.ndarray = np.array([DOUBT[clip.certainty] for clip in self.clips])[self.clip[drawn]]
        if not moment.quiet:
            misfit = misfit + _STILLNESS * self.stillness[drawn]
        if moment.vigour is not None:
            misfit += _VIGOUR * np.abs(self.vigour[drawn] - moment.vigour)
        return misfit

    def _misfit(self, drawn: np.ndarray, speeds: np.ndarray, previous: Phrase, period: float) -> np.ndarray:
        """Metres between the end of the previous phrase and each of the ``drawn`` entries (N,); no clip but another
        one follows, for nothing fits a clip as well as itself.
        """
        entering = self.matching[drawn]
        entering[:, MOVING] *= speeds[self.clip[drawn], None]
        leaving = previous.clip.matching[previous.clip.frames_at(np.array([previous.end]))]
        leaving[:, MOVING] *= playback_speed(previous.clip, previous.rate, period)
        itself = np.array([clip is previous.clip for clip in self.clips])[self.clip[drawn]]
        return np.where(itself, np.inf, np.linalg.norm(entering - leaving, axis=1))

    def _goes_on(self, phrase: Phrase, moment: Moment) -> bool:
        """Whether the clip goes on to dance as is wanted after the phrase, from a beat if its beats mean something."""
        clip, end = phrase.clip, np.array([phrase.end])
        on_a_beat = phrase.end % 1 == 0 or clip.certainty == "none"
        lasts = phrase.end + FEWEST_BEATS * phrase.rate <= clip.end
        moves = moment.quiet or clip.mean_over(clip.still, end, _AHEAD)[0] < _MOSTLY_STILL
        suits = moment.vigour is None or abs(_vigour(clip, end, self.usual)[0] - moment.vigour) <= _FAR
        return bool(on_a_beat and lasts and moves and suits)


def _vigour(clip: Danceable, starts: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(S,) rank from 0 to 1 among the ``usual`` speeds of the clip's speed after each of ``starts`` (S,)."""
    return np.searchsorted(usual, clip.mean_over(clip.speed, starts, _AHEAD)) / len(usual)


def _fitted(clip: Danceable, start: float, rate: float, beats: int, count: int) -> Phrase:
    """No longer than the clip lasts, then to the end of a bar of the music if there is one; at least two beats."""
    left = int((clip.end - start) / rate)
    if left < beats:
        to_a_bar = left - (count + left) % BEATS_PER_BAR
        beats = to_a_bar if to_a_bar >= FEWEST_SONG_BEATS else left
    return Phrase(clip, start, rate, max(beats, FEWEST_SONG_BEATS))
