"""A sound file as Blender's own sound library (``aud``) decodes it, in pieces: the library keeps Python, and with it
the window, waiting until it has decoded what it is asked for. WAVE files need no library.

It cannot be asked to go on where it stopped, only to seek, and after that many formats begin some hundred samples too
early or too late. Every piece therefore begins with the end of the one before, and is joined where both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Protocol

import numpy as np

from tokendance_core import UnknownFormat, WaveFile, unreadable_song

from .. import compat

PIECE_SECONDS = 4.0
WAVE_SECONDS = 8.0
LEAD_SECONDS = 0.3
"""Read before the place that is looked for, which may be found as much later or earlier."""

PROBE = 1024
"""Samples in which two pieces must be alike where they are joined."""

ALIKE = 0.02
"""How much they may differ there, as a share of the loudest sample: some formats are decoded with noise."""

CORRELATED = 0.9
"""Of two pieces that differ by more: how well they must still correlate there."""

TELLING = 0.25
"""Share of the greatest change from one sample to the next, from which on a sound tells where it is."""


class Pieces(Protocol):
    """The frames of a sound file: ``rate`` a second, about ``length`` of them; (N, channels) float32 at a time."""

    rate: float
    length: int

    def __iter__(self) -> Iterator[np.ndarray]: ...


def open_song(path: Path) -> Pieces | None:
    """A song as this Blender decodes it; None where it was built without the library, unless it is a WAVE file.

    Raises AudioError.
    """
    try:
        return WavePieces(WaveFile(path))
    except UnknownFormat:
        return DecodedPieces(path) if compat.decodes_sound() else None


class WavePieces:
    """Quicker than by the library, which reads a long WAVE file anew for every piece."""

    def __init__(self, sound: WaveFile) -> None:
        self._sound = sound
        self.rate, self.length = float(sound.samplerate), sound.frames

    def __iter__(self) -> Iterator[np.ndarray]:
        self._sound.seek(0)
        while len(piece := self._sound.read(round(WAVE_SECONDS * self.rate))):
            yield piece


class DecodedPieces:
    """What the library makes of the file ``path``. Raises AudioError."""

    def __init__(self, path: Path) -> None:
        import aud

        self._error = aud.error
        try:
            self._sound = aud.Sound.file(str(path))
            # Asked first: with some versions, decoding a file that cannot be read ends Blender.
            self.length = self._sound.length
            self.rate, _ = self._sound.specs
        except aud.error as error:
            raise unreadable_song(path.name) from error
        self._name = path.name

    def __iter__(self) -> Iterator[np.ndarray]:
        """All frames, (N, channels) float32 at a time: sample for sample what decoding them at once gives.

        Where pieces cannot be joined, all the rest comes at once.
        """
        lead, step = round(LEAD_SECONDS * self.rate), round(PIECE_SECONDS * self.rate)
        piece = self._decoded(0, step)
        known, is_last = piece, len(piece) < step
        yield piece
        done = len(piece)
        while not is_last:
            probe, end = _probe(known)
            first = max(done - len(known) + end - len(probe) - lead, 0)
            asked = done + step - first
            piece = self._decoded(first, asked)
            place = _find(probe, piece, done - len(known) + end - len(probe) - first, lead)
            if place is None:
                yield self._decoded(0, None)[done:]
                return
            new = piece[place + len(probe) + len(known) - end :]
            # After seeking, the library may also stop a little too early: only much too early is the end.
            is_last = len(piece) < asked - lead or not len(new)
            known = np.concatenate((known[end - len(probe) :], new))
            done += len(new)
            yield new

    def _decoded(self, first: int, count: int | None) -> np.ndarray:
        """(N, channels) float32 from the frame ``first`` on, fewer than ``count`` at the end of the file."""
        sound = self._sound
        if count is not None:  # the library cuts fractions of a frame off, and seeks to 0 too where it is not asked for
            start = (first + 0.5) / self.rate if first else 0.0
            sound = sound.limit(start, (first + count + 0.5) / self.rate)
        try:
            return np.asarray(sound.data(), np.float32)
        except self._error as error:
            raise unreadable_song(self._name) from error


def _probe(known: np.ndarray) -> tuple[np.ndarray, int]:
    """Up to ``PROBE`` of the (N, channels) frames, and where they end: with the last that is telling, as one silence is
    like another.
    """
    change = reduce(np.maximum, np.abs(np.diff(known, axis=0)).T)
    moving = np.flatnonzero(change > TELLING * change.max(initial=0.0))
    end = int(moving[-1]) + 2 if len(moving) else len(known)
    return known[max(end - PROBE, 0) : end], end


def _find(probe: np.ndarray, piece: np.ndarray, expected: int, reach: int) -> int | None:
    """Where in the (N, channels) ``piece`` the ``probe`` begins, near where it is ``expected``; None when nowhere."""
    places = np.arange(max(expected - reach, 0), min(expected + reach, len(piece) - len(probe)) + 1)
    least = ALIKE * float(np.abs(probe).max())
    telling = np.argsort(-np.abs(np.diff(probe[:, 0], prepend=probe[:1, 0])))[:32]
    for at in telling:
        places = places[np.abs(piece[places + at, 0] - probe[at, 0]) <= least]
    off = {int(place): float(np.abs(piece[place : place + len(probe)] - probe).max()) for place in places}
    best = min(off, key=lambda place: (off[place], abs(place - expected)), default=None)
    return best if best is not None and off[best] <= least else _correlated(probe, piece, expected, reach)


def _correlated(probe: np.ndarray, piece: np.ndarray, expected: int, reach: int) -> int | None:
    """The same where the decoder makes too much noise for any two samples to be alike."""
    first = max(expected - reach, 0)
    heard, sought = (np.array(frames[:, 0], np.float64) for frames in (piece[first : expected + reach], probe))
    if len(heard) < len(sought) or not sought.any():
        return None
    energy = np.concatenate(((0.0,), np.cumsum(np.square(heard))))
    power = (energy[len(sought) :] - energy[: -len(sought)]) * np.square(sought).sum()
    likeness = np.correlate(heard, sought) / np.sqrt(np.maximum(power, np.finfo(float).tiny))
    best = int(likeness.argmax())
    return first + best if likeness[best] >= CORRELATED else None
