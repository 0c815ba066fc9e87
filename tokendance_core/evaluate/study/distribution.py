"""Section "distribution": FID and diversity of windows, with the floor that two samples of real dance leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics import distribution as measures
from tokendance_core.evaluate.metrics.geometric import geometric_features, geometric_features_legacy
from tokendance_core.evaluate.metrics.kinetic import kinetic_features, kinetic_features_legacy
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.results import Cell, Section
from tokendance_core.evaluate.study.material import COMPOSED, FROZEN, MODEL, ONE_STEP, RECONSTRUCTED, Dances, Material
from tokendance_core.motion import kinematics
from tokendance_core.types import FPS

WINDOW = 10.0
"""Seconds of the windows that are compared."""

REFERENCE = "training dance (reference)"
FLOOR_DRAWS = 30
ENOUGH = 100
"""Windows below which a distance between distributions says little."""

FEATURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "k": partial(kinetic_features, fps=FPS),
    "k_legacy": kinetic_features_legacy,
    "g": partial(geometric_features, fps=FPS),
    "g_legacy": geometric_features_legacy,
}
"""Features of joints (T, 24, 3) at 30 fps; the legacy forms assume other rates."""

_NOTE = (
    f"Windows of {WINDOW:g} s against all windows of training dance, both z-scored by the reference. Floor: FID of as "
    "many windows of the reference itself. Not comparable with published tables: other data, skeleton and windows. "
    f"Rows with fewer than {ENOUGH} windows say little even when compared with each other. Diversity is good where it "
    "is near that of real dance, not where it is high. Legacy: as the field's scripts compute it, where the "
    "acceleration measures the distance from the origin."
)


def distribution(material: Material) -> Section:
    """FID and Div on kinetic (corrected and legacy) and geometric features, training dance being the reference."""
    kinds = {
        MODEL: [clip for seed in material.dances[MODEL] for clip in seed],
        ONE_STEP: material.dances[ONE_STEP][0],
        RECONSTRUCTED: material.dances[RECONSTRUCTED][0],
        COMPOSED: material.dances[COMPOSED][0],
        "held-out dance": material.held_out_clips(),
        FROZEN: material.dances[FROZEN][0],
    }
    windows = {kind: cut(clips) for kind, clips in {REFERENCE: material.training_clips(), **kinds}.items()}
    if len(windows[REFERENCE]) < 2:
        raise DataError(
            "The training dance fills fewer than two windows of 10 s, expected many.",
            hint="Add longer clips to motion/.",
        )
    extracted = {kind: features(some) for kind, some in windows.items() if len(some) > 1}
    rows = {kind: _row(made, extracted[REFERENCE]) for kind, made in extracted.items()}
    return Section(_NOTE, {"Distance to training dance": rows})


def cut(clips: Dances) -> list[np.ndarray]:
    """Joint positions (T, 24, 3) of consecutive windows, relative to where the pelvis begins; what is left at a clip's
    end is dropped.
    """
    frames = int(WINDOW * FPS)
    joints = [kinematics.joint_positions(clip) for clip in clips]
    return [j[start : start + frames] - j[start, 0] for j in joints for start in range(0, len(j) - frames + 1, frames)]


def _spread(draws: np.ndarray) -> Estimate:
    low, high = np.percentile(draws, (2.5, 97.5))
    return Estimate(float(draws.mean()), float(low), float(high))


def features(windows: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Name -> (N, F) features of each window."""
    return {name: np.stack([extract(joints) for joints in windows]) for name, extract in FEATURES.items()}


def _row(made: dict[str, np.ndarray], real: dict[str, np.ndarray]) -> dict[str, Cell]:
    count = len(made["k"])
    row: dict[str, Cell] = {"windows": count}
    for name in FEATURES:
        row[f"fid_{name}"] = measures.frechet_distance(made[name], real[name])
        row[f"floor_{name}"] = _spread(measures.floor(real[name], count, draws=FLOOR_DRAWS))
        row[f"div_{name}"] = measures.diversity(made[name], real[name])
    row["enough_windows"] = "yes" if min(count, len(real["k"])) >= ENOUGH else "no"
    return row
