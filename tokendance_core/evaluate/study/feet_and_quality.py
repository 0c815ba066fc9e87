"""Section "feet and quality": what a viewer calls clean, before and after finishing, beside real dance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics import feet, motion
from tokendance_core.evaluate.metrics.statistics import Estimate, interval, ratio
from tokendance_core.evaluate.results import Gate, Row, Section, multiples
from tokendance_core.evaluate.study.material import (
    COMPOSED,
    FROZEN,
    HELD_OUT,
    MODEL,
    ONE_STEP,
    RAW,
    RECONSTRUCTED,
    TRAINING,
    UNLOCKED,
    Dances,
    Material,
)
from tokendance_core.motion import kinematics
from tokendance_core.motion.skeleton import INDEX
from tokendance_core.types import FPS, MotionClip

ENDS = 3.0
"""Seconds at either end that "inside" leaves out: a finished dance stands still there on purpose."""

AS_REAL = 1.25
"""Times held-out dance's figure that the gates allow feet, which finishing does not make small by itself."""

UNLOCKED_AS_REAL = 1.5
"""The same before the foot lock, where feet are the network's own."""

HANDS = [INDEX["left_hand"], INDEX["right_hand"]]
HIPS = [INDEX["pelvis"], INDEX["left_hip"], INDEX["right_hip"]]

_NOTE = (
    "Means over frames, 95 % intervals over dances. Foot slide is that of feet in contact, slow by definition, and "
    "what the foot lock makes small; low feet are judged by their height alone, however fast they are (median and "
    "90th percentile). Skating ratio: the share of standing frames in which a foot slides; the signed form is the one"
    " of published tables, in which opposite directions cancel. PFC: physical foot contact; the absolute form does "
    "not depend on a clip’s length. Knees: 99th percentile of the angular acceleration of their flexion. Of the "
    "model’s rows, all but “before finishing” are finished; before the foot lock a dance is smoothed, settled and "
    "levelled, off the stage. Moved by the foot work: distance between the dance that "
    "is smoothed, settled and levelled, and the same with its feet locked, both off the stage. Levelling lowers a "
    "whole dance by a nearly constant 2 cm, and real clips by as much."
)


@dataclass(frozen=True)
class Quality(Row):
    """One kind of dance."""

    low_feet_p50_cm_s: float
    low_feet_p90_cm_s: float
    foot_slide_cm_s: Estimate
    penetration_cm: Estimate
    skating_ratio_percent: Estimate
    skating_ratio_signed_percent: Estimate
    pfc: Estimate
    pfc_absolute: Estimate
    jerk_m_s3: Estimate
    joint_limit_violations_percent: Estimate
    freeze_ratio_percent: Estimate
    freeze_ratio_inside_percent: Estimate
    knee_acceleration_p99_rad_s2: float


@dataclass(frozen=True)
class Moved(Row):
    """How far the foot lock moves some joints: in the world, relative to the pelvis, up or down, and relative to where
    they were a second earlier.
    """

    in_the_room_cm: Estimate
    around_the_pelvis_cm: Estimate
    height_cm: Estimate
    within_a_second_cm: Estimate


def feet_and_quality(material: Material) -> Section:
    """Feet, jerk, knees, joint limits and stillness of every kind of dance, and how far finishing moves the dancer."""
    kinds = {
        MODEL: [clip for seed in material.dances[MODEL] for clip in seed],
        RAW: material.raw,
        UNLOCKED: material.unlocked,
        ONE_STEP: material.dances[ONE_STEP][0],
        RECONSTRUCTED: material.dances[RECONSTRUCTED][0],
        COMPOSED: material.dances[COMPOSED][0],
        HELD_OUT: material.held_out_clips(),
        TRAINING: material.training_clips(),
        FROZEN: material.dances[FROZEN][0],
    }
    rows = {kind: quality(clips) for kind, clips in kinds.items()}
    pairs = list(zip(material.unlocked, material.locked, strict=True))
    hands, hips = _moved(pairs, HANDS), _moved(pairs, HIPS)
    return Section(
        _NOTE,
        {
            "Feet and quality": rows,
            f"Feet and quality, as multiples of {HELD_OUT}": multiples(rows, HELD_OUT),
            "Moved by the foot work": {"hands": hands, "hips": hips},
        },
        _gates(rows, hands, hips),
    )


def inside(clip: MotionClip) -> MotionClip:
    """The clip without its first and last seconds; a clip of hardly more than these as it is."""
    cut = round(ENDS * clip.fps)
    return clip.cut(cut, clip.frames - cut) if clip.frames > 3 * cut else clip


def quality(clips: Dances) -> Quality:
    """Every measure over clips, weighted by their length."""
    frames = [clip.frames for clip in clips]

    def mean(measure: Callable[[MotionClip], float], scale: float = 1.0) -> Estimate:
        return interval([scale * measure(clip) for clip in clips], frames)

    knees = np.concatenate([np.abs(motion.knee_acceleration(clip)).ravel() for clip in clips])
    low_feet = 100 * np.concatenate([feet.low_foot_speeds(clip) for clip in clips])
    return Quality(
        low_feet_p50_cm_s=_percentile(low_feet, 50),
        low_feet_p90_cm_s=_percentile(low_feet, 90),
        foot_slide_cm_s=mean(feet.foot_slide, 100),
        penetration_cm=mean(feet.foot_penetration, 100),
        skating_ratio_percent=mean(feet.skating_ratio, 100),
        skating_ratio_signed_percent=mean(feet.skating_ratio_signed, 100),
        pfc=mean(feet.physical_foot_contact),
        pfc_absolute=mean(feet.physical_foot_contact_absolute),
        jerk_m_s3=mean(motion.jerk),
        joint_limit_violations_percent=mean(motion.joint_limit_violations, 100),
        freeze_ratio_percent=mean(motion.freeze_ratio, 100),
        freeze_ratio_inside_percent=mean(lambda clip: motion.freeze_ratio(inside(clip)), 100),
        knee_acceleration_p99_rad_s2=_percentile(knees, 99),
    )


def _percentile(values: np.ndarray, share: float) -> float:
    return float(np.percentile(values, share)) if len(values) else math.nan


def _moved(pairs: list[tuple[MotionClip, MotionClip]], joints: list[int]) -> Moved:
    """Mean distance between ``joints`` before and after, over songs."""

    def distance(view: Callable[[np.ndarray], np.ndarray]) -> Estimate:
        distances = []
        for pair in pairs:
            before, after = (view(kinematics.joint_positions(clip))[:, joints] for clip in pair)
            distances.append(100 * np.linalg.norm(after - before, axis=-1).mean())
        return interval(distances)

    return Moved(
        in_the_room_cm=distance(lambda positions: positions),
        around_the_pelvis_cm=distance(lambda positions: positions - positions[:, :1]),
        height_cm=distance(lambda positions: positions * np.array([0, 1, 0])),
        within_a_second_cm=distance(lambda positions: positions[FPS:] - positions[:-FPS]),
    )


def _gates(rows: dict[str, Quality], hands: Moved, hips: Moved) -> list[Gate]:
    theme, made, unlocked, real = "3 feet", rows[MODEL], rows[UNLOCKED], rows[HELD_OUT]
    low, skating = real.low_feet_p90_cm_s, real.skating_ratio_percent.mean
    compared = [
        ("speed of low feet, 90th percentile", made.low_feet_p90_cm_s, low, AS_REAL),
        ("skating ratio", made.skating_ratio_percent.mean, skating, AS_REAL),
        ("speed of low feet before the foot lock, 90th percentile", unlocked.low_feet_p90_cm_s, low, UNLOCKED_AS_REAL),
        ("skating ratio before the foot lock", unlocked.skating_ratio_percent.mean, skating, UNLOCKED_AS_REAL),
        ("physical foot contact, absolute", made.pfc_absolute.mean, real.pfc_absolute.mean, AS_REAL),
        (
            "knee acceleration, 99th percentile",
            made.knee_acceleration_p99_rad_s2,
            real.knee_acceleration_p99_rad_s2,
            AS_REAL,
        ),
    ]
    return [
        *(
            gates.at_most(theme, f"{what}, over {HELD_OUT}", ratio(figure, true), limit)
            for what, figure, true, limit in compared
        ),
        gates.at_most(theme, "foot penetration, cm", made.penetration_cm.mean, 1.0),
        gates.at_most(theme, "hands moved by the foot work, cm", hands.in_the_room_cm.mean, 2.0),
        gates.at_most(theme, "hips moved by the foot work, cm", hips.in_the_room_cm.mean, 2.0),
        gates.at_most(
            "4 life",
            "freeze ratio, both ends left out, %",
            made.freeze_ratio_inside_percent.mean,
            real.freeze_ratio_inside_percent.mean,
            HELD_OUT,
        ),
    ]
