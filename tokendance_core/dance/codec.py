"""The four tokenizers between our types: a song to ``MusicTokens``, a dance to ``DanceTokens`` and back."""

from __future__ import annotations

import numpy as np

from tokendance_core.dance import representation
from tokendance_core.dance.representation import ROTATIONS, UPPER_COLUMNS, RootForm, Statistics
from tokendance_core.engine.engine import Engine
from tokendance_core.motion import rotation
from tokendance_core.music import features
from tokendance_core.types import DanceTokens, MotionClip, MusicFeatures, MusicTokens

CERTAIN = 0.65
"""Length of a decoded rotation's columns above which it is trusted."""


def _pad_to_tokens(matrix: np.ndarray, hop: int) -> np.ndarray:
    """(T, F) -> whole tokens of ``hop`` frames, the last frame held."""
    return np.pad(matrix, ((0, -len(matrix) % hop), (0, 0)), mode="edge")


def bridge_uncertain(rot6d: np.ndarray) -> np.ndarray:
    """(T, J, 6) decoded columns -> the same, uncertain frames interpolated from the last certain frame to the next.

    Between two opposite rotations the decoder averages: its columns get short or parallel, and the orthonormalised
    result can flip for a frame. Short columns reveal it: certain ones have length one and a right angle.
    """
    x, y = rot6d[..., :3], rot6d[..., 3:]
    length = np.linalg.norm(x, axis=-1)
    certain = np.minimum(length, np.linalg.norm(np.cross(x, y), axis=-1) / np.maximum(length, 1e-6)) > CERTAIN
    bridged = rot6d.copy()
    for joint in np.flatnonzero(~certain.all(0) & certain.any(0)):
        known, uncertain = np.flatnonzero(certain[:, joint]), np.flatnonzero(~certain[:, joint])
        after = np.searchsorted(known, uncertain)
        low, high = known[np.maximum(after - 1, 0)], known[np.minimum(after, len(known) - 1)]
        share = (uncertain - low) / np.maximum(high - low, 1)
        earlier, later = (
            rotation.quaternion_from_matrix(rotation.matrix_from_6d(rot6d[at, joint])) for at in (low, high)
        )
        between = rotation.matrix_from_quaternion(rotation.slerp(earlier, later, np.clip(share, 0, 1)))
        bridged[uncertain, joint] = rotation.rot6d_from_matrix(between)
    return bridged


class MusicCodec:
    """The two music tokenizers: timbre (20 MFCC), and rhythm with harmony (the other 15 columns), paper section 1.2."""

    def __init__(self, engine: Engine, statistics: Statistics) -> None:
        self._engine, self._statistics = engine, statistics
        self.hop = engine.tokenizers["semantic"].hop

    def encode(self, song: MusicFeatures) -> MusicTokens:
        """(T, 35) features -> one pair of codes for every ``hop`` frames, the last token padded with the last frame."""
        matrix = _pad_to_tokens(self._statistics.normalise(song.values), self.hop)
        return MusicTokens(
            self._engine.encode("semantic", matrix[:, features.SEMANTIC])[:, 0],
            self._engine.encode("acoustic", matrix[:, features.ACOUSTIC])[:, 0],
            song.frames,
        )


class DanceCodec:
    """The two dance tokenizers: upper body, and lower body with the root (paper section 1.2)."""

    def __init__(self, engine: Engine, statistics: Statistics, root: RootForm) -> None:
        self._engine, self._statistics, self._root = engine, statistics, root
        self._lower_columns = representation.lower_columns(root)
        self.hop, self.codebooks = engine.tokenizers["upper"].hop, engine.tokenizers["upper"].codebooks

    def encode(self, clip: MotionClip) -> DanceTokens:
        """A clip at 30 fps -> codes of both halves for every ``hop`` frames, the last token padded with the last
        frame.
        """
        matrix = _pad_to_tokens(self._statistics.normalise(representation.to_matrix(clip, self._root)), self.hop)
        return DanceTokens(
            self._engine.encode("upper", matrix[:, UPPER_COLUMNS]),
            self._engine.encode("lower", matrix[:, self._lower_columns]),
            clip.frames,
        )

    def decode(self, tokens: DanceTokens) -> MotionClip:
        """Codes -> a clip at 30 fps that starts above the origin, facing +Z if the tokens know no heading."""
        matrix = np.empty((len(tokens) * self.hop, representation.column_count(self._root)), np.float32)
        matrix[:, UPPER_COLUMNS] = self._engine.decode("upper", tokens.upper)
        matrix[:, self._lower_columns] = self._engine.decode("lower", tokens.lower)
        matrix = self._statistics.restore(matrix)[: tokens.frames]
        matrix[:, ROTATIONS] = bridge_uncertain(matrix[:, ROTATIONS].reshape(len(matrix), -1, 6)).reshape(
            len(matrix), -1
        )
        return representation.from_matrix(matrix, self._root)
