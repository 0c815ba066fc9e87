"""The beats of a song: the chain that best joins strong onsets to the course of the tempo (Ellis 2007)."""

from __future__ import annotations

import numpy as np

from tokendance_core.music.rhythm import phase, tempo

TIGHTNESS = 100.0


def beats(onset: np.ndarray, attacks: np.ndarray) -> np.ndarray:
    """(B,) frames of the beats, ascending, of an onset envelope (T,) and the strokes ``phase.attacks`` (T, columns);
    none in silence.
    """
    if not onset.any():
        return np.empty(0, int)
    periods = tempo.periods(onset)
    local = _local_score(onset.astype(np.float64), round(float(np.median(periods))))
    total, previous = _best_chains(local, periods)
    chain = [_last_beat(total)]
    while previous[chain[-1]] >= 0:
        chain.append(previous[chain[-1]])
    return phase.on_the_beat(_without_weak_ends(np.array(chain[::-1]), local), attacks)


def _local_score(onset: np.ndarray, period: int) -> np.ndarray:
    """The envelope in standard deviations, smoothed over about a sixteenth of a beat."""
    bell = np.exp(-0.5 * (np.arange(-period, period + 1) * 32 / period) ** 2)
    scaled = onset / (onset.std(ddof=min(len(onset) - 1, 1)) + np.finfo(np.float32).tiny)
    return np.convolve(scaled, bell)[period : period + len(onset)]


def _best_chains(local: np.ndarray, periods: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each frame the score of the best chain that ends there and the beat before it (-1: none).

    A beat follows the last after half to two periods, so half a period of frames is decided at once.
    """
    nearest, longest = int(np.round(periods.min() / 2)), int(2 * periods.max())
    lags = np.arange(nearest, longest + 1)
    frames = len(local)
    total = np.full(longest + frames, -np.inf)  # the song starts after the longest: nothing to follow before it
    previous = np.full(frames, -1)
    for first in range(0, frames, nearest):
        block = np.arange(first, min(first + nearest, frames))
        penalty = TIGHTNESS * (np.log(lags) - np.log(periods[block])[:, None]) ** 2
        candidates = total[longest + block[:, None] - lags] - penalty
        pick = candidates.argmax(axis=1)
        best = candidates[np.arange(len(block)), pick]
        linked = np.isfinite(best)
        total[longest + block] = local[block] + np.where(linked, best, 0)
        previous[block] = np.where(linked, block - lags[pick], -1)
    previous[: np.argmax(local >= 0.01 * local.max())] = -1
    return total[longest:], previous


def _last_beat(total: np.ndarray) -> int:
    """The last local maximum that reaches half the median of all local maxima."""
    after = np.append(total[2:], -np.inf)
    summits = np.flatnonzero((total[1:] > total[:-1]) & (total[1:] >= after)) + 1
    high = summits[total[summits] >= 0.5 * np.median(total[summits])] if len(summits) else summits
    return int(high[-1]) if len(high) else len(total) - 1


def _without_weak_ends(chain: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Drop beats before the first and after the last frame above half the RMS of the smoothed beat strengths."""
    smooth = np.convolve(local[chain], np.hanning(5))[2 : len(local) + 2]  # one longer than "same", as upstream
    strong = np.flatnonzero(local > 0.5 * np.sqrt(np.mean(smooth**2)))
    return chain[(chain >= strong[0]) & (chain <= strong[-1])] if len(strong) else chain[:0]
