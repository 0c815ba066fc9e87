"""Which genre does a dance look like? A linear classifier of short windows, fitted on real clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.motion import heading_centred
from tokendance_core.motion import kinematics
from tokendance_core.motion.edits import headings
from tokendance_core.motion.skeleton import HORIZONTAL
from tokendance_core.types import MotionClip

SECONDS = 4.0
"""Length of a window: two bars at 120 beats a minute; windows overlap by half."""

SHRINKAGE = 0.1
"""How far the covariance within genres is drawn towards a multiple of the identity: there are about as many features as
windows.
"""


def window_features(clip: MotionClip, seconds: float = SECONDS) -> np.ndarray:
    """(W, F) statistics of each window: place, spread and speed of every joint relative to the pelvis; height, travel
    and turning of the pelvis.

    Heading, place and frame rate do not matter. No rows for a clip shorter than half a window; one for a clip shorter
    than a whole.
    """
    length = round(seconds * clip.fps)
    if clip.frames < length / 2:
        return np.empty((0, 0))
    joints, angles = heading_centred(clip), np.unwrap(headings(clip))
    speeds = np.linalg.norm(kinematics.velocities(joints, clip.fps), axis=-1)
    travel = np.linalg.norm(kinematics.velocities(clip.root[:, HORIZONTAL], clip.fps), axis=-1)
    whole = np.column_stack((clip.root[:, 1], travel, np.abs(kinematics.velocities(angles, clip.fps))))
    rows = []
    for start in range(0, max(clip.frames - length, 0) + 1, length // 2):
        window = slice(start, start + length)
        parts = [joints[window, 1:].mean(0), joints[window, 1:].std(0), whole[window].mean(0), whole[window].std(0)]
        parts += [np.log(speeds[window, 1:].mean(0) + 0.01), np.log(speeds[window, 1:].std(0) + 0.01)]
        rows.append(np.concatenate([part.ravel() for part in parts]))
    return np.array(rows)


@dataclass(frozen=True, eq=False)
class GenreClassifier:
    """Linear discriminant analysis, covariance shrunk: ``weights`` (G, F) and ``bias`` (G,) on features scaled by
    ``mean``, ``scale`` (F,).

    All genres have the same prior, so that chance is 1 / G whatever the data. Known defects: it ignores the music, and
    learns the dancers, the studio and the capture along with the genre; with few dancers a genre it recognises who
    dances.
    """

    genres: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def fit(cls, windows: Sequence[np.ndarray], genres: Sequence[str], shrinkage: float = SHRINKAGE) -> GenreClassifier:
        """Learn from the ``window_features`` (W, F) of real clips and the genre of each. Raises DataError with fewer
        than two genres that have a window.
        """
        labels = np.repeat(np.asarray(genres, str), [len(rows) for rows in windows])
        names = tuple(sorted(set(labels.tolist())))
        if len(names) < 2:
            raise DataError(
                f"A genre classifier needs clips of two genres or more, found {len(names)}.",
                hint="Give clips of half a window or more.",
            )
        rows = np.concatenate([rows for rows in windows if len(rows)])
        mean, scale = rows.mean(0), rows.std(0) + 1e-6
        rows = (rows - mean) / scale
        centres = np.stack([rows[labels == name].mean(0) for name in names])
        inside = rows - centres[np.searchsorted(names, labels)]
        covariance = inside.T @ inside / len(rows)
        level = np.trace(covariance) / len(covariance)
        covariance = (1 - shrinkage) * covariance + shrinkage * level * np.eye(len(covariance))
        weights = np.linalg.solve(covariance, centres.T).T
        return cls(names, mean, scale, weights, -0.5 * (weights * centres).sum(1))

    @classmethod
    def leave_one_out(cls, windows: Sequence[np.ndarray], genres: Sequence[str]) -> list[tuple[str, ...]]:
        """What each clip's windows are recognised as by a classifier of all the others. Raises DataError as ``fit``.

        Known defect: partners of one dance, or two dancers of one choreography, vouch for each other.
        """
        found = []
        for i, rows in enumerate(windows):
            others = cls.fit([*windows[:i], *windows[i + 1 :]], [*genres[:i], *genres[i + 1 :]])
            found.append(others.predict(rows))
        return found

    @property
    def chance(self) -> float:
        return 1.0 / len(self.genres)

    def predict(self, rows: np.ndarray) -> tuple[str, ...]:
        """The genre of each window of a clip, from its ``window_features`` (W, F)."""
        if not len(rows):
            return ()
        scores = (rows - self.mean) / self.scale @ self.weights.T + self.bias
        return tuple(self.genres[best] for best in scores.argmax(1))
