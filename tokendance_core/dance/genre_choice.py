"""What “any” dances to a song: one genre, never a mixture; the one whose own music has the most alike traits. And how
each genre keeps to the beat.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tokendance_core.dance.cues import onsets_of
from tokendance_core.dance.settings import ANY
from tokendance_core.music import features
from tokendance_core.music.clock import AS_DANCED, FRAMES_PER_BEAT, ON_THE_BEAT, Clock
from tokendance_core.types import FPS, MusicFeatures


class Traits(NamedTuple):
    """What a genre is chosen by.

    ``tempo``: beats a minute, an octave up or down being the same. ``pulse``: 0 to 1, how exactly the onsets of the
    song repeat within a bar. ``darkness``: second mel cepstral coefficient of its attacks, about 50 to 100 for drums
    and cymbals, 130 to 200 for a piano or a plucked bass. ``evenness``: onsets on half beats over those on beats, near
    1 where the music is counted twice as fast.
    """

    tempo: float
    pulse: float
    darkness: float
    evenness: float


_USUAL: Mapping[str, tuple[Traits, Traits]] = {
    "salsa": (Traits(85, 0.65, 75, 1.0), Traits(0.24, 0.20, 40, 0.20)),
    "modern": (Traits(101, 0.20, 120, 0.80), Traits(0.31, 0.15, 60, 0.40)),
    "street": (Traits(97, 0.75, 85, 0.50), Traits(0.35, 0.20, 30, 0.35)),
}
"""Genre -> its usual traits, and how far from them a song may be for one point of misfit (tempo: octaves). Others are
danced on request only.

Tempos are those of the data pack's clips, as ``datasets/clip_clocks.py`` tells them: the circular mean over the octave,
weighted by seconds, and its circular standard deviation (0.09, 0.16, 0.20) and 0.15 more, by which any
dance can be hurried. The other traits are set by hand, to what a teacher would dance to the pack's 56 songs, which have
no salsa and no Indian music among them.
"""

CHOOSABLE = tuple(_USUAL)
"""The genres that “any” may choose."""

_BEAT_KNOWN = ("salsa", "street")
"""Genres of which the training data has a minute or more that is certainly on the beat (520 and 78 seconds). The 12 of
jazz are soon learned by heart, and the others were never danced so: asked for it, they would turn into street.
"""

_WINDOW = 20 * FPS
"""Frames over which onsets are compared with themselves: over a whole song, people who play drift."""

_BAR = slice(round(0.3 * FPS), round(2.5 * FPS) + 1)
"""Frames from one onset to its repetition."""

_QUARTER = FRAMES_PER_BEAT // 4


def genre_for(song_features: MusicFeatures, genres: Sequence[str] = CHOOSABLE) -> str:
    """The one of ``genres`` that suits the song best, the same every time; ``ANY`` where none of them is known here."""
    known = [genre for genre in genres if genre in _USUAL]
    if not known:
        return ANY
    traits = traits_of(song_features)
    return min(known, key=lambda genre: misfit(traits, genre))


def timing_of(genre: str) -> int:
    """The number of ``TIMINGS`` that a dance of this genre can keep."""
    return ON_THE_BEAT if genre in _BEAT_KNOWN else AS_DANCED


def misfit(song: Traits, genre: str) -> float:
    """How far the traits of a song are from a genre's usual ones: the sum of squares over all traits."""
    usual, spread = _USUAL[genre]
    octaves = math.log2(song.tempo / usual.tempo)
    apart = (octaves - round(octaves), *(found - own for found, own in zip(song[1:], usual[1:], strict=True)))
    return sum((distance / one) ** 2 for distance, one in zip(apart, spread, strict=True))


def traits_of(song_features: MusicFeatures) -> Traits:
    """What is heard in a song; silence has no pulse."""
    values = song_features.values
    clock = Clock.of_music(song_features, "beats")
    attacks = values[values[:, features.PEAK] > 0.5, features.SEMANTIC[1]]
    quarters = onsets_of(song_features, clock, _QUARTER)
    return Traits(
        tempo=clock.bpm,
        pulse=_pulse(values[:, features.ONSET].astype(np.float64)),
        darkness=float(attacks.mean()) if len(attacks) else 0.0,
        evenness=float(quarters[2::4].mean() / max(quarters[::4].mean(), 1e-9)),
    )


def _pulse(onset: np.ndarray) -> float:
    """The highest autocorrelation of the onset envelope (T,) within a bar, 0 to 1."""
    window = min(_WINDOW, len(onset))
    spans = np.lib.stride_tricks.sliding_window_view(onset, window)[:: _WINDOW // 2]
    spans = spans - spans.mean(1, keepdims=True)
    lags = np.arange(min(_BAR.stop, window // 2))
    power = np.abs(np.fft.rfft(spans, 2 * window)) ** 2
    correlation = np.fft.irfft(power)[:, : len(lags)] * window / (window - lags)
    correlation /= np.maximum(correlation[:, :1], 1e-9)
    return float(correlation.mean(0)[_BAR].clip(0, 1).max(initial=0.0))
