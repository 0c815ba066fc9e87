"""Does the dance keep to the music? Motion beats and their alignment with the beats of a song; all times in seconds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tokendance_core.motion.speed import joint_speed, motion_beats
from tokendance_core.types import MotionClip

BEAT_TOLERANCE = 0.1
"""Seconds: sigma of the beat alignment score as Lodge and its descendants apply it at 30 fps (3 frames)."""


def motion_beats_unsmoothed(clip: MotionClip, order: int) -> np.ndarray:
    """Moments at which raw joint speed is lower than in all other frames within ``order`` frames, (B,) seconds. Source:
    AIST++, mint, POPDG and BADM (paper 4.5).

    All of them look 10 frames around, a sixth of a second at 60 fps and a third at 30: ``order`` belongs to a protocol.
    Known defect: without smoothing the time of a beat follows the noise of the capture.
    """
    speed = joint_speed(clip)
    padded = np.pad(speed, order, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * order + 1)
    lowest = speed < np.delete(around, order, axis=1).min(1)
    lowest[[0, -1]] = False
    return np.flatnonzero(lowest) / clip.fps


def motion_beat_density(clip: MotionClip) -> float:
    """Motion beats a second. Both alignments depend on it: never read one without it."""
    return len(motion_beats(clip)) / clip.seconds


def beat_alignment(music_beats: np.ndarray, dance_beats: np.ndarray, tolerance: float = BEAT_TOLERANCE) -> float:
    """Mean over *music* beats of exp(-d^2 / 2 tolerance^2), d = seconds to the nearest dance beat; 0 to 1, 0 without
    beats.

    Source: Bailando, Lodge, MEGADance and so, it seems, TokenDance (paper 4.5). ``tolerance`` in seconds: upstream's 3
    frames are 0.05 at 60 fps and 0.1 at 30. Known defect: rises with the number of dance beats whether they fit or not:
    read it beside a random phase and the motion beat density.
    """
    if not len(music_beats) or not len(dance_beats):
        return 0.0
    distance = np.abs(np.asarray(music_beats)[:, None] - dance_beats).min(1)
    return float(np.exp(-0.5 * (distance / tolerance) ** 2).mean())


def beat_alignment_dance_to_music(
    music_beats: np.ndarray, dance_beats: np.ndarray, tolerance: float = BEAT_TOLERANCE
) -> float:
    """Mean over *dance* beats of exp(-d^2 / 2 tolerance^2), d = seconds to the nearest music beat; 0 to 1, 0 without
    beats.

    Source: AIST++, mint, BADM (paper 4.5), there with ``motion_beats_unsmoothed``; POPDG divides by a fixed 24 instead.
    Known defects: one lucky beat in a minute scores 1; moving on half beats costs although dancers do it on purpose.
    """
    return beat_alignment(dance_beats, music_beats, tolerance)


def random_phase_alignment(
    music_beats: np.ndarray, dance_beats: np.ndarray, phases: int = 12, tolerance: float = BEAT_TOLERANCE
) -> float:
    """Beat alignment averaged over shifts of the music by fractions of a beat: what tempo and density alone would
    score.
    """
    return over_random_phases(lambda shifted: beat_alignment(shifted, dance_beats, tolerance), music_beats, phases)


def gain_over_random_phase(music_beats: np.ndarray, dance_beats: np.ndarray) -> float:
    """Beat alignment above that at random phases: what keeping to *these* beats adds; 0 for a dance that does not.

    Known defect: a dancer who answers the beat always late, as some styles do, loses by it: see ``tempo_lock``.
    """
    return beat_alignment(music_beats, dance_beats) - random_phase_alignment(music_beats, dance_beats)


def over_random_phases(score: Callable[[np.ndarray], float], music_beats: np.ndarray, phases: int = 12) -> float:
    """Mean of ``score`` over shifts of the music beats by fractions of a beat; 0 with fewer than two beats."""
    if len(music_beats) < 2:
        return 0.0
    period = float(np.median(np.diff(music_beats)))
    return float(np.mean([score(music_beats + period * i / phases) for i in range(phases)]))
