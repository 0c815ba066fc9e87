"""Where the dancer goes and faces: whips of the heading, the stage that the dance needs, its face to the audience."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.contacts import runs
from tokendance_core.motion.edits import headings
from tokendance_core.motion.skeleton import HORIZONTAL
from tokendance_core.types import MotionClip

WHIP, WHIP_SECONDS = np.radians(80.0), 0.2
WIND_UP, WIND_UP_SECONDS = np.radians(15.0), 0.4
"""A spin has turned so far its own way in the seconds before it is fast; a whip comes out of nothing."""

STAGE_RADIUS = 1.5
"""Metres around its first place that a dance may want."""


def whips_per_minute(clip: MotionClip) -> float:
    """How often the heading turns by more than 80 degrees in 0.2 s without a spin's wind-up, a minute.

    Known defect: the heading of a body upside down is not defined, so that break dance has some that are none.
    """
    heading = headings(clip, twist=0.0)  # smoothed, a whip would be too slow for one
    step, before = (round(seconds * clip.fps) for seconds in (WHIP_SECONDS, WIND_UP_SECONDS))
    turned = heading[step:] - heading[:-step]
    wound_up = heading - heading[np.maximum(np.arange(clip.frames) - before, 0)]
    whips = [i for i, _ in runs(np.abs(turned) > WHIP) if wound_up[i] * np.sign(turned[i]) < WIND_UP]
    return len(whips) * 60 / clip.seconds


def distance_from_start(clip: MotionClip) -> np.ndarray:
    """(T,) metres over the floor from the pelvis to where it was at first."""
    path = clip.root[:, HORIZONTAL].astype(np.float64)
    distance: np.ndarray = np.linalg.norm(path - path[0], axis=-1)
    return distance


def facing_audience(clip: MotionClip, degrees: float) -> float:
    """Share of time, 0 to 1, in which the pelvis faces the audience, who sit along +Z, to within ``degrees``."""
    return float((np.cos(headings(clip)) >= np.cos(np.radians(degrees))).mean())
