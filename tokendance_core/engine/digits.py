"""Finite scalar quantization in numpy: codes and their digits; ``model/fsq.py`` defines it."""

from __future__ import annotations

import numpy as np


def digits(indices: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(…) -> (…, D): the level of each channel of a code, from 0."""
    found: np.ndarray = indices[..., None] // _basis(levels) % np.array(levels)
    return found


def digits_of_codes(levels: tuple[int, ...]) -> np.ndarray:
    """(sum of ``levels``, codes): 1 where a code has a digit, the digits of one level below those of another."""
    rows = digits(np.arange(int(np.prod(levels))), levels).T
    return np.concatenate([np.eye(level, dtype=np.float32)[row].T for row, level in zip(rows, levels, strict=True)])


def indices(z: np.ndarray, levels: tuple[int, ...], codebooks: int) -> np.ndarray:
    """Unbounded channels (…, codebooks x D) -> codes (…, codebooks) int32."""
    z, count = z.reshape(*z.shape[:-1], codebooks, -1), np.array(levels)
    half = ((count - 1) * (1 + 1e-3) / 2).astype(np.float32)
    offset = np.where(count % 2 == 0, 0.5, 0.0).astype(np.float32)
    bounded = np.tanh(z + np.arctanh(offset / half)) * half - offset
    found = np.round(bounded).astype(np.int64) + count // 2
    numbers: np.ndarray = (found * _basis(levels)).sum(-1).astype(np.int32)
    return numbers


def codes(indices: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(…, codebooks) -> (…, codebooks x D) in [-1, 1]: the inverse of the index."""
    half = np.array(levels) // 2
    channels: np.ndarray = ((digits(indices, levels) - half) / half).astype(np.float32)
    return channels.reshape(*channels.shape[:-2], -1)


def _basis(levels: tuple[int, ...]) -> np.ndarray:
    return np.cumprod((1, *levels[:-1]))
