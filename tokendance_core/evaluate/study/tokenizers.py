"""Section "tokenizers": what a dance loses on its way through the codes, and how many codes are used."""

from __future__ import annotations

import numpy as np

from tokendance_core.dance.checkpoint import STREAMS
from tokendance_core.evaluate.metrics import feet, motion
from tokendance_core.evaluate.metrics.statistics import Figure, interval
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import FROZEN, Dances, Material, frozen
from tokendance_core.motion.speed import joint_speed
from tokendance_core.types import CODES

SPLITS = {"train": ("train",), "validation": ("validation",), "test": ("test",), "held out": ("validation", "test")}

_NOTE = (
    "Every clip of the pack through both dance tokenizers and back, before finishing; means over frames, 95 % "
    "intervals over "
    "clips. Ratios: made over true."
)


def tokenizers(material: Material) -> dict[str, object]:
    """Reconstruction by split beside the true clips, and the use of each codebook."""
    codec = material.model.dance_codec
    made = {c.name: codec.decode(codec.encode(c.clip)) for c in material.clips}
    rows = {}
    for name, splits in SPLITS.items():
        truth = [c.clip for c in material.clips if c.split in splits]
        if truth:
            rows[name] = reconstruction([made[clip.name] for clip in truth], truth)
    truth = material.held_out_clips()
    rows[f"held out, {FROZEN} instead"] = reconstruction([frozen(clip) for clip in truth], truth)
    return {
        "note": _NOTE,
        "tables": {"Reconstruction": rows, "Use of the codes by the training data": code_usage(material)},
        "gates": _gates(rows["held out"]),
    }


def reconstruction(made: Dances, truth: Dances) -> dict[str, object]:
    """One row: the made clips against the true ones of the same lengths."""
    frames = [clip.frames for clip in truth]

    def mean(figures: list[float]) -> float:
        return float(np.average(figures, weights=frames))

    jerk, slide = (
        [mean([measure(clip) for clip in clips]) for clips in (made, truth)]
        for measure in (motion.jerk, feet.foot_slide)
    )
    speed = [mean([joint_speed(clip).mean() for clip in clips]) for clips in (made, truth)]
    return {
        "clips": len(truth),
        "joint_error_cm": _centimetres(made, truth, frames),
        "drift_cm_per_10s": 100 * mean([motion.drift(m, t) for m, t in zip(made, truth, strict=True)]),
        "jerk_ratio": _ratio(*jerk),
        "foot_slide_ratio": _ratio(*slide),
        "foot_slide_cm_s": 100 * slide[0],
        "true_foot_slide_cm_s": 100 * slide[1],
        "joint_speed_m_s": speed[0],
        "true_joint_speed_m_s": speed[1],
    }


def _centimetres(made: Dances, truth: Dances, frames: list[int]) -> Figure:
    return interval([100 * motion.joint_error(m, t).mean() for m, t in zip(made, truth, strict=True)], frames)


def _ratio(made: float, true: float) -> float:
    return made / true if true else float("nan")


def code_usage(material: Material) -> dict[str, dict[str, float]]:
    """Of each book of each stream: the share of its codes that the training data uses, and their entropy (log2 of 1000
    is 9.97).
    """
    dances = [material.model.dance_codec.encode(c.clip) for c in material.clips if c.split == "train"]
    songs = [material.model.music_codec.encode(s.features) for s in material.heard if s.split == "train"]
    rows = {}
    for stream in STREAMS:
        tokens = np.concatenate(
            [np.asarray(getattr(t, stream)) for t in (dances if stream in ("upper", "lower") else songs)]
        )
        for book, column in enumerate(tokens.reshape(len(tokens), -1).T):
            share = np.bincount(column, minlength=CODES) / len(column)
            known = share[share > 0]
            rows[f"{stream}, book {book + 1}"] = {
                "used_percent": 100 * len(known) / CODES,
                "entropy_bits": float(-(known * np.log2(known)).sum()),
                "tokens": len(column),
            }
    return rows


def _gates(row: dict[str, object]) -> list[gates.Gate]:
    theme = "1 tokenizers, held-out dance"
    return [
        gates.at_most(theme, "joint error, cm", row["joint_error_cm"]["mean"], 3.0),
        gates.at_most(theme, "path drift in 10 s, cm", row["drift_cm_per_10s"], 5.0),
        gates.near(theme, "jerk over true jerk", row["jerk_ratio"], 1.0, 0.15),
        gates.at_most(theme, "foot slide over true foot slide", row["foot_slide_ratio"], 1.25),
    ]
