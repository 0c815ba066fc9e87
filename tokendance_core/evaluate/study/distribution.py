"""Section "distribution": FID and diversity of windows, against training and held-out dance, with the floor of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics import distribution as measures
from tokendance_core.evaluate.metrics.geometric import geometric_features, geometric_features_legacy
from tokendance_core.evaluate.metrics.kinetic import kinetic_features, kinetic_features_legacy
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.results import Cell, Section, Table, multiples
from tokendance_core.evaluate.study.material import (
    COMPOSED,
    FROZEN,
    HELD_OUT,
    MODEL,
    ONE_STEP,
    RECONSTRUCTED,
    TRAINING,
    WINDOW,
    Dances,
    Material,
)
from tokendance_core.motion import kinematics
from tokendance_core.types import FPS

DRAWS = 30
FEWEST = 4
"""Windows that a kind of dance needs to be compared."""

FEATURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "k": partial(kinetic_features, fps=FPS),
    "k_legacy": kinetic_features_legacy,
    "g": partial(geometric_features, fps=FPS),
    "g_legacy": geometric_features_legacy,
}
"""Features of joints (T, 24, 3) at 30 fps; the legacy forms assume other rates."""

Features = Mapping[str, np.ndarray]
"""Name in ``FEATURES`` -> (N, F) of N windows."""

_NOTE = (
    f"Windows of {WINDOW:g} s. Each distance is a mean over {DRAWS} draws, with its spread: as many windows of every "
    "kind, none twice, against the same number of windows of the reference, z-scored by these. The reference’s own "
    "row holds windows that its other windows are compared with, and is the floor: what real dance scores. A "
    "distance to training dance rewards copies, one to held-out dance does not. Diversity, of all windows, is good "
    "where it is near that of real dance, not where it is high. Features that never change in a reference are left "
    "out. Not comparable with published tables: other data, skeleton and windows. Legacy: as the field’s scripts "
    "compute it, where the acceleration measures the distance from the origin."
)


def distribution(material: Material) -> Section:
    """FID and Div on kinetic (corrected and legacy) and geometric features, against training and held-out dance."""
    kinds = {
        MODEL: [clip for seed in material.dances[MODEL] for clip in seed],
        ONE_STEP: material.dances[ONE_STEP][0],
        RECONSTRUCTED: material.dances[RECONSTRUCTED][0],
        COMPOSED: material.dances[COMPOSED][0],
        HELD_OUT: material.held_out_clips(),
        TRAINING: material.training_clips(),
        FROZEN: material.dances[FROZEN][0],
    }
    windows = {kind: cut(clips) for kind, clips in kinds.items()}
    extracted = {kind: features(some) for kind, some in windows.items() if len(some) >= FEWEST}
    if TRAINING not in extracted:
        raise DataError(
            f"The training dance fills {len(windows[TRAINING])} windows of {WINDOW:g} s, expected {FEWEST} or more.",
            hint="Add longer clips to motion/.",
        )
    tables: dict[str, Table] = {}
    for reference in (TRAINING, HELD_OUT):
        if reference in extracted:
            rows = distances(extracted, reference)
            tables[f"Distance to {reference}"] = rows
            if HELD_OUT in rows:
                tables[f"Distance to {reference}, as multiples of that of {HELD_OUT}"] = multiples(rows, HELD_OUT)
            tables[f"Features, {reference}"] = {name: _used(rows) for name, rows in extracted[reference].items()}
    return Section(_NOTE, tables)


def _used(reference: np.ndarray) -> dict[str, Cell]:
    kept = measures.varied(reference)
    return {"features": len(kept), "left out": int((~kept).sum())}


def distances(kinds: Mapping[str, Features], reference: str) -> dict[str, dict[str, Cell]]:
    """FID and diversity by kind of dance, equally many windows of each against those of the reference."""
    real = kinds[reference]
    count = min(*(len(made["k"]) for made in kinds.values()), len(real["k"]) // 2)

    def distance(kind: str, name: str) -> Estimate:
        if kind == reference:
            return _spread(measures.floor(real[name], count, draws=DRAWS))
        return _spread(measures.drawn_distances(kinds[kind][name], real[name], count, draws=DRAWS))

    rows: dict[str, dict[str, Cell]] = {}
    for kind, made in kinds.items():
        rows[kind] = {"windows": len(made["k"]), "drawn": count}
        rows[kind] |= {f"fid_{name}": distance(kind, name) for name in FEATURES}
        rows[kind] |= {f"div_{name}": measures.diversity(made[name], real[name]) for name in FEATURES}
    return rows


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


def features(windows: list[np.ndarray]) -> Features:
    """The features of each window."""
    return {name: np.stack([extract(joints) for joints in windows]) for name, extract in FEATURES.items()}
