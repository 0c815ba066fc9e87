"""Section "feet and quality": what a viewer calls clean, before and after finishing, beside real dance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tokendance_core.evaluate.metrics import feet, motion
from tokendance_core.evaluate.metrics.statistics import Figure, interval
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import (
    COMPOSED,
    FROZEN,
    MODEL,
    ONE_STEP,
    RECONSTRUCTED,
    Dances,
    Material,
)
from tokendance_core.motion import kinematics
from tokendance_core.motion.skeleton import INDEX
from tokendance_core.types import FPS, MotionClip

MEASURES: dict[str, Callable[[MotionClip], float]] = {
    "foot_slide_cm_s": lambda clip: 100 * feet.foot_slide(clip),
    "penetration_cm": lambda clip: 100 * feet.foot_penetration(clip),
    "skating_ratio_percent": lambda clip: 100 * feet.skating_ratio(clip),
    "skating_ratio_signed_percent": lambda clip: 100 * feet.skating_ratio_signed(clip),
    "pfc": feet.physical_foot_contact,
    "pfc_absolute": feet.physical_foot_contact_absolute,
    "jerk_m_s3": motion.jerk,
    "joint_limit_violations_percent": lambda clip: 100 * motion.joint_limit_violations(clip),
    "freeze_ratio_percent": lambda clip: 100 * motion.freeze_ratio(clip),
    "freeze_ratio_inside_percent": lambda clip: 100 * motion.freeze_ratio(inside(clip)),
}
"""column -> measure of one clip."""

ENDS = 3.0
"""Seconds at either end that "inside" leaves out: a finished dance rests there on purpose."""

HANDS = [INDEX["left_hand"], INDEX["right_hand"]]
HIPS = [INDEX["pelvis"], INDEX["left_hip"], INDEX["right_hip"]]

_NOTE = (
    "Means over frames, 95 % intervals over dances. Skating ratio: share of standing frames in which a foot slides; "
    "the signed "
    "form is the one of published tables, in which opposite directions cancel. Knees: 99th percentile of the flexion's "
    "angular "
    "acceleration. Only the rows of the model (but one) are finished. Moved by the foot lock: from the dance that is "
    "smoothed, "
    "settled and levelled to the finished one. Levelling lowers a whole dance by a nearly constant 2 cm, real clips by "
    "as much."
)


def body(material: Material) -> dict[str, object]:
    """Feet, jerk, knees, joint limits and stillness of every kind of dance, and how far finishing moves the body."""
    held_out, training = material.held_out_clips(), material.training_clips()
    kinds = {
        MODEL: [clip for seed in material.dances[MODEL] for clip in seed],
        "model before finishing": material.raw,
        ONE_STEP: material.dances[ONE_STEP][0],
        RECONSTRUCTED: material.dances[RECONSTRUCTED][0],
        COMPOSED: material.dances[COMPOSED][0],
        "held-out dance": held_out,
        "training dance": training,
        FROZEN: material.dances[FROZEN][0],
    }
    rows = {kind: quality_row(clips) for kind, clips in kinds.items()}
    moved = _moved_by_foot_work(material)
    return {
        "note": _NOTE,
        "tables": {"Feet and quality": rows, "Moved by the foot work": moved},
        "gates": _gates(rows, moved),
    }


def inside(clip: MotionClip) -> MotionClip:
    """The clip without its first and last seconds; a clip of hardly more than these as it is."""
    cut = round(ENDS * clip.fps)
    return clip.cut(cut, clip.frames - cut) if clip.frames > 3 * cut else clip


def quality_row(clips: Dances) -> dict[str, object]:
    """Every measure over clips, weighted by their length."""
    frames = [clip.frames for clip in clips]
    row: dict[str, object] = {
        name: interval([measure(clip) for clip in clips], frames) for name, measure in MEASURES.items()
    }
    knees = np.concatenate([np.abs(motion.knee_acceleration(clip)).ravel() for clip in clips])
    return row | {"knee_acceleration_p99_rad_s2": float(np.percentile(knees, 99))}


def _moved_by_foot_work(material: Material) -> dict[str, dict[str, object]]:
    pairs = list(zip(material.unlocked, material.dances[MODEL][0], strict=True))
    places = {"hands": HANDS, "hips": HIPS}
    return {
        name: {
            "in_the_room_cm": _moved(pairs, joints, lambda positions: positions),
            "around_the_pelvis_cm": _moved(pairs, joints, lambda positions: positions - positions[:, :1]),
            "height_cm": _moved(pairs, joints, lambda positions: positions * np.array([0, 1, 0])),
            "within_a_second_cm": _moved(pairs, joints, lambda positions: positions[FPS:] - positions[:-FPS]),
        }
        for name, joints in places.items()
    }


def _moved(
    pairs: list[tuple[MotionClip, MotionClip]], joints: list[int], seen: Callable[[np.ndarray], np.ndarray]
) -> Figure:
    """Mean distance in cm between joints before and after, over songs."""
    distances = []
    for pair in pairs:
        before, after = (seen(kinematics.joint_positions(clip))[:, joints] for clip in pair)
        distances.append(100 * np.linalg.norm(after - before, axis=-1).mean())
    return interval(distances)


def _gates(rows: dict[str, dict], moved: dict[str, dict]) -> list[gates.Gate]:
    theme = "3 feet"
    made, knees = rows[MODEL], "knee_acceleration_p99_rad_s2"
    return [
        gates.at_most(theme, "foot slide in contact, cm/s", made["foot_slide_cm_s"]["mean"], 3.0),
        gates.at_most(theme, "foot penetration, cm", made["penetration_cm"]["mean"], 1.0),
        gates.at_most(
            theme,
            "knee acceleration, 99th percentile, rad/s²",
            made[knees],
            rows["training dance"][knees],
            "training dance",
        ),
        gates.at_most(theme, "hands moved by the foot work, cm", moved["hands"]["in_the_room_cm"]["mean"], 2.0),
        gates.at_most(theme, "hips moved by the foot work, cm", moved["hips"]["in_the_room_cm"]["mean"], 2.0),
        gates.at_most(
            "4 life",
            "freeze ratio between the rests at both ends, %",
            made["freeze_ratio_inside_percent"]["mean"],
            rows[COMPOSED]["freeze_ratio_inside_percent"]["mean"],
            COMPOSED,
        ),
    ]
