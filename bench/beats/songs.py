"""Songs whose beats are known: drums, bass and chords at any course of tempo, the same every time.

A song is a pattern of a bar, a course of tempo, and passages in which instruments are silent. Positions are in beats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.beats import sounds
from tokendance_core.types import SAMPLE_RATE, Music

Tempo = Callable[[float], float]
"""Second of the song -> beats a minute."""

Strokes = tuple[float, ...]
"""Beats of the bar, from 0, on which an instrument sounds."""


@dataclass(frozen=True, kw_only=True)
class Song:
    """``bar``: instrument -> strokes; ``levels``: instrument -> loudness beside its usual one; ``rests``: seconds from
    and to, and the instruments that are silent then; ``swing``: where in a beat its second half begins; ``loose``:
    standard deviation of the strokes in seconds; ``voice``: loudness of somebody who sings in no time.
    """

    bar: Mapping[str, Strokes]
    tempo: Tempo
    seconds: float = 60.0
    beats_per_bar: int = 4
    levels: Mapping[str, float] = field(default_factory=dict)
    rests: tuple[tuple[float, float, tuple[str, ...]], ...] = ()
    swing: float = 0.5
    loose: float = 0.0
    voice: float = 0.0
    seed: int = 0


USUAL_LEVELS = {
    **{"kick": 0.8, "snare": 0.6, "clap": 0.5, "hat": 0.35, "open_hat": 0.35, "bass": 0.35, "saw": 0.35, "sub": 0.5},
    **{"chop": 0.4, "pad": 0.15, "lead": 0.25},
}
_FIRST_BEAT = 0.31
_NOISE_FLOOR = 1e-3


def steady(bpm: float) -> Tempo:
    """One tempo."""
    return lambda second: bpm


def ramp(first: float, last: float, begin: float = 0.0, end: float = 60.0) -> Tempo:
    """``first`` until second ``begin``, evenly to ``last`` at second ``end``."""
    return lambda second: float(np.interp(second, (begin, end), (first, last)))


def steps(*tempos: float, every: float = 20.0) -> Tempo:
    """One tempo after the other."""
    return lambda second: tempos[min(int(second // every), len(tempos) - 1)]


def drift(bpm: float, share: float, period: float = 23.0) -> Tempo:
    """A band that hurries and drags by a share of its tempo."""
    return lambda second: bpm * (1 + share * np.sin(2 * np.pi * second / period))


def beat_times(song: Song) -> np.ndarray:
    """(B,) seconds of the beats."""
    return _times(song, np.arange(_last_beat(song) + 1))


def _grid(song: Song) -> tuple[np.ndarray, np.ndarray]:
    """Seconds, and the beats that have passed by then."""
    seconds = np.arange(0, song.seconds, 0.005)
    passed = np.cumsum([song.tempo(second) / 60 * 0.005 for second in seconds])
    return seconds, passed - np.interp(_FIRST_BEAT, seconds, passed)


def _times(song: Song, beats: np.ndarray) -> np.ndarray:
    seconds, passed = _grid(song)
    return np.interp(beats, passed, seconds)


def _last_beat(song: Song) -> int:
    return int(np.floor(_grid(song)[1][-1]))


def render(song: Song) -> Music:
    """The sound of a song."""
    rng = np.random.default_rng(song.seed)
    samples = _NOISE_FLOOR * rng.standard_normal(int(song.seconds * SAMPLE_RATE))
    for name, strokes in song.bar.items():
        level = USUAL_LEVELS[name] * song.levels.get(name, 1.0)
        for at, lasts in _strokes(song, strokes):
            is_silent = any(begin <= at < end and name in silent for begin, end, silent in song.rests)
            if not is_silent:
                sound = getattr(sounds, name)(rng, lasts)
                _add(samples, sound * level * rng.uniform(0.8, 1.0), at + song.loose * rng.standard_normal())
    second = 1.0
    while song.voice and second < song.seconds:
        lasts = rng.uniform(0.2, 0.9)
        _add(samples, song.voice * sounds.voice(rng, lasts), second)
        second += lasts + rng.exponential(0.3)
    return Music((0.5 * samples / np.abs(samples).max()).astype(np.float32))


def _strokes(song: Song, strokes: Strokes) -> list[tuple[float, float]]:
    """Second of every stroke in the song, and the seconds to the next."""
    last = _last_beat(song)
    beats = np.array([bar + stroke for bar in range(0, last + 1, song.beats_per_bar) for stroke in strokes])
    beats = beats[beats <= last]
    whole, part = np.divmod(beats, 1.0)
    at = _times(song, whole + np.interp(part, (0, 0.5, 1), (0, song.swing, 1)))
    return list(zip(at, np.diff(at, append=at[-1] + 0.5), strict=True)) if len(at) else []


def _add(samples: np.ndarray, sound: np.ndarray, at: float) -> None:
    first = max(int(at * SAMPLE_RATE), 0)
    part = samples[first : first + len(sound)]
    part += sound[: len(part)]


# --- patterns of a bar ------------------------------------------------------------------------------------------------

_BEATS, _OFF_BEATS = (0.0, 1.0, 2.0, 3.0), (0.5, 1.5, 2.5, 3.5)
_EIGHTHS = tuple(np.arange(0, 4, 0.5))
_SIXTEENTHS_BETWEEN = tuple(beat + part for beat in range(4) for part in (0.25, 0.5, 0.75))
ALL = tuple(USUAL_LEVELS)
DRUMS = ("kick", "snare", "clap", "hat", "open_hat")

ROCK = {"kick": (0.0, 2.0), "snare": (1.0, 3.0), "hat": _EIGHTHS, "bass": _EIGHTHS, "pad": (0.0,)}
DRUM_KIT = {"kick": (0.0, 2.0), "snare": (1.0, 3.0), "hat": _EIGHTHS}
POP = {
    **{"kick": (0.0, 1.5, 2.5), "snare": (1.0, 3.0), "hat": _EIGHTHS, "bass": (0.0, 1.5, 2.5, 3.5)},
    **{"lead": (0.0, 0.75, 1.5, 2.0, 2.75, 3.5), "pad": (0.0,)},
}
HOUSE = {"kick": _BEATS, "clap": (1.0, 3.0), "bass": _OFF_BEATS, "pad": (0.0,)}
HOUSE_CLAPS = {"kick": _BEATS, "clap": _BEATS, "bass": _OFF_BEATS}
BRIGHT = {"kick": _BEATS, "clap": _BEATS, "saw": _OFF_BEATS}
BRIGHT_HATS = {"kick": _BEATS, "clap": (1.0, 3.0), "saw": _OFF_BEATS, "hat": _OFF_BEATS}
HOUSE_HATS = {**HOUSE, "open_hat": _OFF_BEATS}
ROLLING = {**HOUSE, "bass": _SIXTEENTHS_BETWEEN, "hat": _OFF_BEATS}
SKA = {"kick": (0.0, 2.0), "snare": (1.0, 3.0), "chop": _OFF_BEATS, "bass": _BEATS, "hat": _OFF_BEATS}
HALF_TIME = {"kick": (0.0, 2.75), "snare": (2.0,), "hat": _EIGHTHS, "bass": (0.0, 2.0)}
DUBSTEP = {"kick": (0.0, 1.5), "snare": (2.0,), "hat": (0.0, 0.67, 1.33, 2.0, 2.67, 3.33), "sub": (0.0, 1.5, 2.5)}
WALTZ = {"kick": (0.0,), "snare": (1.0, 2.0), "hat": (0.0, 1.0, 2.0), "bass": (0.0,), "chop": (1.0, 2.0)}
SIX_EIGHT = {"kick": (0.0,), "snare": (1.0,), "hat": (0.0, 1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3), "bass": (0.0, 2 / 3, 1.0)}
SWING = {"kick": _BEATS, "snare": (1.0, 3.0), "hat": (0.0, 1.0, 1.5, 2.0, 3.0, 3.5), "bass": _BEATS}
BREAKBEAT = {"kick": (0.0, 0.5, 2.5), "snare": (1.0, 1.75, 2.25, 3.0), "hat": _EIGHTHS, "bass": (0.0, 2.5)}
BALLAD = {"chop": _EIGHTHS, "bass": (0.0, 2.0), "pad": (0.0,)}

_SOFT_DRUMS = {"kick": 0.7, "clap": 0.5}
_LOUD_HATS = {"open_hat": 3.0, "kick": 0.4, "snare": 0.4}


def _steady_rock() -> dict[str, Song]:
    return {f"rock {bpm}": Song(bar=ROCK, tempo=steady(bpm), seconds=40) for bpm in range(60, 201, 10)}


SONGS: Mapping[str, Song] = {
    **_steady_rock(),
    "drums 100 to 130": Song(bar=DRUM_KIT, tempo=ramp(100, 130)),
    "drums, ritardando 133 to 80": Song(bar=DRUM_KIT, tempo=ramp(133, 80)),
    "rock 100 to 130": Song(bar=ROCK, tempo=ramp(100, 130)),
    "pop, ritardando 133 to 80": Song(bar=POP, tempo=ramp(133, 80)),
    "house 118 to 132": Song(bar=HOUSE, tempo=ramp(118, 132)),
    "ballad 90 to 70": Song(bar=BALLAD, tempo=ramp(90, 70)),
    "drums 90 to 150": Song(bar=DRUM_KIT, tempo=ramp(90, 150)),
    "rock 120, end ritardando to 70": Song(bar=ROCK, tempo=ramp(120, 70, 48, 60)),
    "rock in steps 100, 120, 140": Song(bar=ROCK, tempo=steps(100, 120, 140)),
    "rock in steps 128, 96": Song(bar=ROCK, tempo=steps(128, 96, every=30)),
    "rock 110, drift 3 %": Song(bar=ROCK, tempo=drift(110, 0.03), loose=0.008),
    "pop 96, drift 3 %": Song(bar=POP, tempo=drift(96, 0.03, 40), loose=0.008),
    "pop 128, drift 2 %": Song(bar=POP, tempo=drift(128, 0.02, 12), loose=0.006),
    "house 124, bass between": Song(bar=HOUSE, tempo=steady(124)),
    "house 124, claps on all, bass between": Song(bar=HOUSE_CLAPS, tempo=steady(124)),
    "house 124, loud bass between": Song(bar=HOUSE, tempo=steady(124), levels={"bass": 2.0}),
    "house 118, bass between": Song(bar=HOUSE, tempo=steady(118), seed=1),
    "house 130, bass between": Song(bar=HOUSE_CLAPS, tempo=steady(130), levels={"bass": 1.5}, seed=2),
    "house 124, hats and bass between": Song(bar=HOUSE_HATS, tempo=steady(124)),
    "house 124, bright bass between": Song(bar=BRIGHT, tempo=steady(124), levels=_SOFT_DRUMS),
    "house 121, brighter than the drums": Song(bar=BRIGHT, tempo=steady(121), levels=_SOFT_DRUMS | {"saw": 1.4}),
    "house 128, hats and bright bass between": Song(bar=BRIGHT_HATS, tempo=steady(128), levels=_SOFT_DRUMS),
    "trance 138, rolling bass": Song(bar=ROLLING, tempo=steady(138)),
    "ska 150": Song(bar=SKA, tempo=steady(150), levels={"chop": 2.0, "hat": 1.5, "kick": 0.5, "snare": 0.5}),
    "ska 120": Song(bar=SKA, tempo=steady(120), levels={"chop": 2.0, "hat": 1.5, "kick": 0.5, "snare": 0.5}),
    "loud hats between 124": Song(bar=HOUSE_HATS | {"bass": _BEATS}, tempo=steady(124), levels=_LOUD_HATS),
    "loud hats between 100": Song(bar=ROCK | {"hat": (), "open_hat": _OFF_BEATS}, tempo=steady(100), levels=_LOUD_HATS),
    "swing 130": Song(bar=SWING, tempo=steady(130), swing=2 / 3),
    "swing 96": Song(bar=SWING, tempo=steady(96), swing=0.62),
    "waltz 110": Song(bar=WALTZ, tempo=steady(110), beats_per_bar=3),
    "waltz 160": Song(bar=WALTZ, tempo=steady(160), beats_per_bar=3),
    "six eight, 80": Song(bar=SIX_EIGHT, tempo=steady(80), beats_per_bar=2),
    "six eight, 110": Song(bar=SIX_EIGHT, tempo=steady(110), beats_per_bar=2),
    "rock 116, breaks of 8 s": Song(bar=ROCK, tempo=steady(116), rests=((16, 24, DRUMS), (40, 48, DRUMS))),
    "rock 104, silent breaks": Song(bar=ROCK, tempo=steady(104), rests=((20, 26, ALL), (42, 46, ALL))),
    "rock 122, intro of pads": Song(bar=ROCK, tempo=steady(122), rests=((0, 14, (*DRUMS, "bass")),)),
    "half time 140": Song(bar=HALF_TIME, tempo=steady(140)),
    "half time 84": Song(bar=HALF_TIME, tempo=steady(84)),
    "dubstep 140": Song(bar=DUBSTEP, tempo=steady(140)),
    "syncopated pop 104": Song(bar=POP, tempo=steady(104)),
    "syncopated pop 120": Song(bar=POP, tempo=steady(120)),
    "breakbeat 134": Song(bar=BREAKBEAT, tempo=steady(134)),
    "breakbeat 172": Song(bar=BREAKBEAT, tempo=steady(172)),
    "ballad 72": Song(bar=BALLAD, tempo=steady(72)),
    "rock 108, quiet drums": Song(bar=ROCK, tempo=steady(108), levels={"kick": 0.2, "snare": 0.2, "hat": 0.2}),
    "rock 108, voice": Song(bar=ROCK, tempo=steady(108), voice=0.5),
    "pop 118, loud voice": Song(bar=POP, tempo=steady(118), voice=0.9),
    "house 126, voice": Song(bar=HOUSE, tempo=steady(126), voice=0.6),
}
