"""What a song must be, whoever decodes it: blocks of any rate and number of channels become mono samples at
``SAMPLE_RATE``, or a sentence saying what is wrong.

Channels are averaged. Where that cancels them (right = -left) one channel is heard instead: see ``Excerpt.lone``.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from tokendance_core.errors import AudioError
from tokendance_core.music.settings import MAX_SPEED, MIN_SPEED

MIN_SECONDS = 2.0
MAX_SECONDS = 1200.0

SANE_PEAK = 1e12
"""Samples beyond this (or not finite) are damage; float files in integer units reach 2e9."""

MAX_DAMAGE = 0.01

CANCELLED = 0.1
"""Power of the sum of the channels over the sum of their powers, from which on down they cancel each other: it is 1 for
independent channels and for one alone, more for channels that are alike, 0 for right = -left.
"""


@dataclass(frozen=True, kw_only=True)
class Span:
    """``duration`` seconds of a song (None: to its end) from ``start`` seconds on, played ``speed`` times as fast.

    Raises AudioError for numbers that make no sense.
    """

    start: float = 0.0
    duration: float | None = None
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and self.start >= 0):
            raise AudioError(
                f"The start must be 0 seconds or later, found {self.start}.",
                hint="Give the second of the song at which the dance shall begin.",
            )
        if self.duration is not None and not (math.isfinite(self.duration) and self.duration >= MIN_SECONDS):
            raise AudioError(
                f"The duration must be at least {MIN_SECONDS:g} seconds, found {self.duration}.",
                hint="Leave it out to use the whole song.",
            )
        if not MIN_SPEED <= self.speed <= MAX_SPEED:
            raise AudioError(
                f"The speed must be from {MIN_SPEED:g} to {MAX_SPEED:g}, found {self.speed}.",
                hint="1 is the speed of the file.",
            )

    @property
    def longest(self) -> float:
        """Seconds to read at most: one second over the limit, to detect songs that are too long."""
        return min(self.duration or math.inf, MAX_SECONDS + 1)


class Resampler(Protocol):
    """Brings (N,) float32 samples that come in pieces to ``SAMPLE_RATE``."""

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """What is ready after the next samples."""

    def finish(self) -> np.ndarray:
        """The rest, after the last ones."""


class Excerpt:
    """The samples of ``span`` of the song ``name``, gathered from a decoder's blocks at ``rate``, of which the first
    begins at frame ``position`` of the file; of ``only`` one channel where it is given.
    """

    def __init__(
        self, name: str, span: Span, rate: float, resampler: Resampler, *, position: int = 0, only: int | None = None
    ) -> None:
        self.name, self._rate, self._speed, self._only = name, rate, span.speed, only
        self._start, self._position = span.start, position
        self._skip = max(round(span.start * rate) - position, 0)
        self._left = round(span.longest * rate)
        self._resampler = resampler
        self._pieces: list[np.ndarray] = []
        self._read = self._channels = self._damaged = 0
        # Of every channel, and of every two channels: their covariances, whatever their offset.
        self._sums, self._products = np.zeros(1), np.zeros((1, 1))

    @property
    def missing(self) -> int:
        """Frames of the file that are still wanted."""
        return self._skip + self._left

    def add(self, block: np.ndarray) -> None:
        """The next (N, channels) float32 frames, which are changed; damaged samples are silenced."""
        self._position += len(block)
        skipped = min(self._skip, len(block))
        self._skip -= skipped
        block = block[skipped : skipped + self._left]
        if not len(block):
            return
        self._left -= len(block)
        self._read += len(block)
        self._channels = block.shape[1]
        if not -SANE_PEAK <= block.min() <= block.max() <= SANE_PEAK:
            sane = np.abs(block) <= SANE_PEAK
            block[~sane] = 0
            self._damaged += sane.size - int(np.count_nonzero(sane))
        exact = block.astype(np.float64)
        self._sums = self._sums + np.ones(len(exact)) @ exact
        self._products = self._products + exact.T @ exact
        # Some channels at a time are quicker than some samples of all.
        mono = sum(block.T) / self._channels if self._only is None else np.ascontiguousarray(block[:, self._only])
        self._pieces.append(self._resampler.feed(mono))

    def lone(self) -> int | None:
        """The loudest channel when the channels cancel each other, so that it must be heard ``only``; else None."""
        if self._only is not None or self._channels < 2:
            return None
        mean = self._sums / self._read
        covariance = self._products / self._read - np.outer(mean, mean)
        powers, together = np.maximum(covariance.diagonal(), 0.0), max(covariance.sum(), 0.0)
        return int(powers.argmax()) if together < CANCELLED * powers.sum() else None

    def finish(self) -> np.ndarray:
        """(N,) float32 mono at ``SAMPLE_RATE``. Raises AudioError as ``check_length`` does, for a start beyond the end,
        and for more than 1 % of damaged samples.
        """
        if not self._read and not self._position:
            raise AudioError(f"{self.name} holds no sound.", hint="Export the song again.")
        if not self._read:
            raise AudioError(
                f"The start is at {self._start:g} s, but {self.name} ends at {self._position / self._rate:.1f} s.",
                hint="Choose an earlier start.",
            )
        seconds = self._read / self._rate
        check_length(self.name, seconds, seconds / self._speed)
        if (damage := self._damaged / (self._read * self._channels)) > MAX_DAMAGE:
            raise AudioError(
                f"{damage:.0%} of the samples of {self.name} are not numbers.",
                hint="The file is damaged: export the song again.",
            )
        return np.concatenate([*self._pieces, self._resampler.finish()])


def check_length(name: str, seconds: float, heard: float) -> None:
    """AudioError when ``seconds`` of a file are too long, or too short for being ``heard`` that long."""
    if heard < MIN_SECONDS:
        raise AudioError(
            f"{name} gives {heard:.2f} s of sound, expected at least {MIN_SECONDS:g} s.",
            hint="Choose a longer stretch.",
        )
    if seconds > MAX_SECONDS:
        raise AudioError(
            f"{name} is longer than {MAX_SECONDS / 60:g} minutes.",
            hint="Use --start and --duration to choose a part of it.",
        )


def check_file(path: Path) -> None:
    """AudioError unless ``path`` is a regular file that can be opened and is not empty."""
    if not os.path.exists(path):  # unlike Path.exists, False for names that the system refuses
        raise AudioError(f"There is no file {path}.", hint="Check the path and the spelling of the name.")
    if path.is_dir():
        raise AudioError(f"{path} is a folder, expected a sound file.", hint="Choose one song inside it.")
    if not os.path.isfile(path):
        raise AudioError(
            f"{path} is a device or a pipe, expected a sound file.", hint="Save the sound to a file first."
        )
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise AudioError(
            f"{path.name} cannot be opened: {error.strerror}.", hint="Check that you may read the file."
        ) from error
    if empty:
        raise AudioError(f"{path.name} is empty, expected a sound file.", hint="Copy or export the song again.")


def unreadable(name: str, way_out: str = "") -> AudioError:
    """What is said of a file that no decoder at hand can read; ``way_out``: what else could be done."""
    return AudioError(
        f"{name} is damaged or not a sound file that can be read here.",
        hint=f"Choose a WAV, FLAC, OGG or MP3 file, or export the song again{way_out}.",
    )
