"""Dances for songs, made from clips without music: phrases of clips, warped in time onto the beats of a song.

No clip of the pack comes with its music, so pairs are built: a phrase starts on a beat, each of its beats falls on a
beat of the song (a few per cent faster or slower than it was danced), and the next phrase is the one that fits best. A
clip whose beats are not known at all keeps its own speed. Phrases change on bars, and are as fast as the music is
lively. They are joined as their dancers feel them (``phrases.py``), so that heading and path simply go on, and standing
feet hold their place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tokendance_core.dance import representation
from tokendance_core.dance.representation import ROTATIONS
from tokendance_core.datasets.joins import Moment, Repertoire
from tokendance_core.datasets.phrases import LEAD_IN, Danceable, Phrase, read, source_times
from tokendance_core.motion import rotation
from tokendance_core.music import energy
from tokendance_core.music.bars import BEATS_PER_EIGHT
from tokendance_core.music.clock import to_both_ends
from tokendance_core.types import FPS, MotionClip

_AHEAD = 8
"""Beats over which the song's tempo is taken where a phrase begins."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Dance:
    """A dance made for a song, and for each frame where it comes from: ``phrase`` (T,) number in ``phrases``, and
    ``clip_seconds`` (T,) in its clip.
    """

    clip: MotionClip
    genre: str
    phrases: tuple[Phrase, ...]
    phrase: np.ndarray
    clip_seconds: np.ndarray


def compose(
    song_beats: np.ndarray,
    frames: int,
    clips: list[Danceable],
    genre: str,
    rng: np.random.Generator,
    counts: np.ndarray | None = None,
    levels: np.ndarray | None = None,
) -> Dance:
    """A dance of ``frames`` frames for a song with beats at ``song_beats`` (B,) seconds, from ``clips`` of one genre;
    it starts above the origin, facing +Z.

    ``counts`` (B,): number of each beat in its eight, from 0 (if not given, the first beat is one of them). ``levels``
    (frames,) of energy that the dance follows (if not given, none, and the dancer never stands still). Raises
    ValueError with fewer than two beats or no clip.
    """
    if len(song_beats) < 2 or not clips:
        raise ValueError(f"compose needs two beats and a clip, found {len(song_beats)} beats and {len(clips)} clips")
    beats = to_both_ends(song_beats, frames / FPS)
    counts = _counts(counts if counts is not None else np.arange(len(song_beats)), song_beats, beats)
    frame_of_beat = np.clip(np.ceil(beats * FPS).astype(int), 0, frames)
    repertoire, body = Repertoire.of(clips), _Body(frames)
    phrases: list[Phrase] = []
    beat = int(np.flatnonzero(frame_of_beat > 0)[0]) - 1
    while frame_of_beat[beat] < frames:
        first = int(frame_of_beat[beat])
        ahead = beats[beat : beat + _AHEAD + 1]
        moment = Moment(
            period=float(ahead[-1] - ahead[0]) / (len(ahead) - 1),
            count=int(counts[beat]),
            vigour=None if levels is None else _rank(levels[first : frame_of_beat[beat + len(ahead) - 1] + 1]),
            quiet=levels is not None and levels[first] == 1,
        )
        phrase = repertoire.next_phrase(phrases[-1] if phrases else None, moment, rng)
        stop = min(beat + phrase.beats, len(beats) - 1)
        lead = min(LEAD_IN, first)
        span = np.arange(first - lead, frame_of_beat[stop])
        body.blend_in(phrase, len(phrases), source_times(phrase, beats[beat : stop + 1], span / FPS), span, lead)
        phrases.append(phrase)
        beat = stop
    return Dance(
        clip=replace(body.clip(), info={"genre": genre}),
        genre=genre,
        phrases=tuple(phrases),
        phrase=body.phrase,
        clip_seconds=body.clip_seconds,
    )


def _counts(counts: np.ndarray, song_beats: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Counts of ``song_beats`` carried on to all ``beats``."""
    before = int(np.searchsorted(beats, song_beats[0]))
    after = len(beats) - before - len(counts)
    carried_on = (counts[0] - np.arange(before, 0, -1), counts, counts[-1] + np.arange(1, after + 1))
    counted: np.ndarray = np.concatenate(carried_on) % BEATS_PER_EIGHT
    return counted


def _rank(levels: np.ndarray) -> float:
    """Mean of levels of energy as a rank from 0 to 1."""
    return float((levels.mean() - 0.5) / energy.LEVELS)


class _Body:
    """A felt dance in the making."""

    def __init__(self, frames: int) -> None:
        self._quaternions = np.zeros((frames, 24, 4))
        self._felt = np.zeros((frames, representation.column_count("heading")))
        self.phrase, self.clip_seconds = np.zeros(frames, int), np.zeros(frames)

    def blend_in(self, phrase: Phrase, number: int, seconds: np.ndarray, span: np.ndarray, lead: int) -> None:
        """Write a phrase at ``seconds`` (N,) of its clip over the frames ``span`` (N,), the first ``lead`` of them
        blended with what is there.
        """
        quaternions, felt = read(phrase.clip, seconds)
        ramp = np.ones(len(span))
        t = np.arange(1, lead + 1) / (lead + 1)
        ramp[:lead] = t * t * (3 - 2 * t)
        before = span[:lead]
        quaternions[:lead] = rotation.slerp(
            self._quaternions[before], quaternions[:lead], np.repeat(ramp[:lead, None], 24, 1)
        )
        self._quaternions[span] = quaternions
        self._felt[span] += (felt - self._felt[span]) * ramp[:, None]
        mine = ramp >= 0.5
        self.phrase[span[mine]] = number
        self.clip_seconds[span[mine]] = np.clip(seconds, 0.0, (phrase.clip.frames - 1) / FPS)[mine]

    def clip(self) -> MotionClip:
        """The dance as seen from outside: heading and path follow from turning and steps."""
        rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_quaternion(self._quaternions))
        self._felt[:, ROTATIONS] = rot6d.reshape(len(rot6d), -1)
        return representation.from_matrix(self._felt, "heading")
