"""Brings samples to ``SAMPLE_RATE`` with nothing but numpy: where Blender decodes, there is no soxr.

Overlap-save: the spectrum of every block is cut at the lower of both rates' half and transformed back at the other
length. What wraps round at a block's ends is thrown away.
"""

from __future__ import annotations

import math

import numpy as np

from tokendance_core.types import SAMPLE_RATE

BLOCK_SECONDS = 1.0
GUARD_SECONDS = 0.04
"""Of a block's ends, which the low-pass can reach when it wraps round."""

HALVED, WIDTH = 0.9568, 0.0158
"""Of the low-pass, in halves of the lower rate: a Gaussian's step where and as wide as soxr's HQ was measured to be."""

FINEST = 16384
"""Greatest denominator of a ratio of rates."""

DRIFT = 1e-6
"""How far from the truth a ratio of rates may be, where ``FINEST`` allows: 20 minutes stay true to 1.2 ms."""

CANDIDATES = 64
"""Ratios, those of the smallest numbers first, among which the one is chosen that is fastest to transform."""

FAST_PRIME = 13
"""Transforms are fast when no prime factor of their length is greater; the greater, the slower."""


class BlockResampler:
    """From ``rate`` samples a second to ``SAMPLE_RATE``, piece by piece."""

    def __init__(self, rate: float) -> None:
        self._taken, self._given = _ratio(rate / SAMPLE_RATE)
        self._guard = math.ceil(GUARD_SECONDS * rate / self._taken)
        units = 2 ** math.ceil(math.log2(max(BLOCK_SECONDS * rate / self._taken, 3 * self._guard)))
        self._kept = units - 2 * self._guard
        self._waiting = np.zeros(self._guard * self._taken, np.float32)
        self._read = self._written = 0
        self._length, self._new_length = units * self._taken, units * self._given
        place = np.linspace(0.0, 1.0, min(self._length, self._new_length) // 2 + 1)
        self._low_pass = np.full(len(place), self._new_length / self._length)
        self._low_pass *= [0.5 * math.erfc((one - HALVED) / WIDTH) for one in place]

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """What is ready after the next (N,) float32 samples."""
        self._read += len(samples)
        self._waiting = np.concatenate((self._waiting, samples))
        done = [np.empty(0, np.float32)]
        while len(self._waiting) >= self._length:
            done.append(self._block(self._waiting[: self._length]))
            self._waiting = self._waiting[self._kept * self._taken :]
        self._written += sum(map(len, done))
        return np.concatenate(done)

    def finish(self) -> np.ndarray:
        """The rest, after the last samples: as long in all as the song is."""
        due = round(self._read * self._given / self._taken) - self._written
        read = self._read
        rest = [np.empty(0, np.float32)]
        while sum(map(len, rest)) < due:
            rest.append(self.feed(np.zeros(self._kept * self._taken, np.float32)))
        self._read = read
        return np.concatenate(rest)[:due]

    def _block(self, samples: np.ndarray) -> np.ndarray:
        spectrum = np.fft.rfft(samples)
        cut = np.zeros(self._new_length // 2 + 1, spectrum.dtype)
        cut[: len(self._low_pass)] = spectrum[: len(self._low_pass)] * self._low_pass
        first = self._guard * self._given
        return np.fft.irfft(cut, self._new_length)[first : first + self._kept * self._given].astype(np.float32)


def _ratio(wanted: float) -> tuple[int, int]:
    """Samples taken for how many given: as ``wanted`` but for ``DRIFT``, and fast to transform, with as little of it as
    possible.
    """
    given = np.arange(1, FINEST + 1)
    taken = np.maximum(np.rint(given * wanted), 1).astype(int)
    drift = np.abs(taken / given / wanted - 1)
    allowed = np.flatnonzero((drift <= max(DRIFT, drift.min())) & (np.gcd(taken, given) == 1))[:CANDIDATES]
    best = min(allowed, key=lambda at: (_slowness(int(taken[at]) * int(given[at])), drift[at]))
    return int(taken[best]), int(given[best])


def _slowness(length: int) -> int:
    """The greatest prime factor of a length, ``FAST_PRIME`` at least."""
    factor, greatest = 2, FAST_PRIME
    while length > 1:
        if length % factor == 0:
            length, greatest = length // factor, max(greatest, factor)
        else:
            factor = factor + 1 if factor * factor < length else length
    return greatest
