"""Which phrase comes next: one that goes well with the one before, at a speed near its own, and that dances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.datasets.clip_clocks import Certainty
from tokendance_core.datasets.phrases import FEWEST_BEATS, MOVING, Danceable, Phrase, best_rates, playback_speed

PHRASE_BEATS = (4, 8, 8, 16)

CERTAINTY_WEIGHTS: dict[Certainty, float] = {
    "exact": 4.0,  # the only dance whose beats are those of its music
    "recovered": 4.0,  # as good: found independently in both partners
    "guessed": 1.0,  # teaches the body; its beats may be right
    "none": 0.25,  # teaches the body alone
}
"""How often a second of a clip is danced, beside a clip of weight 1."""

_SPEED_TOLERANCE = 0.1
"""Standard deviation of the logarithm of playback speed: how far from their own speed clips are still chosen."""

_CANDIDATES = 256
_CONTINUE = 0.8

_STILLNESS = 1.0
"""Metres of misfit for a phrase that is nothing but standing still."""

_MOSTLY_STILL = 0.2
_AHEAD = 8.0  # clip beats over which stillness is looked for


@dataclass(frozen=True, eq=False, kw_only=True)
class Repertoire:
    """All phrases that may begin in some clips, E in number: the ``clip`` (E,) and the beat ``start`` (E,) in it,
    ``matching`` features (E, 150) and ``stillness`` (E,) there.
    """

    clips: Sequence[Danceable]
    clip: np.ndarray
    start: np.ndarray
    matching: np.ndarray
    stillness: np.ndarray

    @classmethod
    def of(cls, clips: Sequence[Danceable]) -> Repertoire:
        return cls(
            clips=clips,
            clip=np.repeat(np.arange(len(clips)), [len(clip.starts) for clip in clips]),
            start=np.concatenate([clip.starts for clip in clips]),
            matching=np.concatenate([clip.matching[clip.frames_at(clip.starts)] for clip in clips]),
            stillness=np.concatenate([clip.stillness(clip.starts, _AHEAD) for clip in clips]),
        )

    def next_phrase(self, previous: Phrase | None, period: float, quiet: bool, rng: np.random.Generator) -> Phrase:
        """Go on with the same clip while it lasts, else the best fitting of some random phrases of others, at a speed
        near their own.

        ``period``: seconds of a song beat from here on; only while the music is ``quiet`` may a dancer stand still.
        """
        beats = int(rng.choice(PHRASE_BEATS))
        if previous is not None and rng.random() < _CONTINUE and _goes_on(previous, quiet):
            return _fitted(previous.clip, previous.end, previous.rate, beats)
        rates = best_rates(self.clips, period)
        speeds = np.array([playback_speed(clip, rate, period) for clip, rate in zip(self.clips, rates, strict=True)])
        drawn = rng.choice(len(self.clip), _CANDIDATES, p=self._chances(speeds))
        misfit = np.zeros(_CANDIDATES) if quiet else _STILLNESS * self.stillness[drawn]
        if previous is not None:
            misfit += self._misfit(drawn, speeds, previous, period)
        best = drawn[misfit.argmin()]
        clip = self.clip[best]
        return _fitted(self.clips[clip], float(self.start[best]), float(rates[clip]), beats)

    def _chances(self, speeds: np.ndarray) -> np.ndarray:
        """(E,) how likely each entry is drawn when the clips run at ``speeds`` (C,): by speed, length and certainty of
        the clip.
        """
        worth = np.array([clip.frames / len(clip.starts) * CERTAINTY_WEIGHTS[clip.certainty] for clip in self.clips])
        chances: np.ndarray = (worth * (np.exp(-0.5 * (np.log(speeds) / _SPEED_TOLERANCE) ** 2) + 1e-9))[self.clip]
        chances /= chances.sum()
        return chances

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


def _goes_on(phrase: Phrase, quiet: bool) -> bool:
    """Whether the clip goes on to dance after the phrase, from a beat if its beats mean something."""
    on_a_beat = phrase.end % 1 == 0 or phrase.clip.certainty == "none"
    lasts = phrase.end + FEWEST_BEATS * phrase.rate <= phrase.clip.end
    still = phrase.clip.stillness(np.array([phrase.end]), _AHEAD)[0]
    return bool(on_a_beat and lasts and (quiet or still < _MOSTLY_STILL))


def _fitted(clip: Danceable, start: float, rate: float, beats: int) -> Phrase:
    """No longer than the clip lasts, at least two beats."""
    return Phrase(clip, start, rate, max(min(beats, int((clip.end - start) / rate)), 2))
