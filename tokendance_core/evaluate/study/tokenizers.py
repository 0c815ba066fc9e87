"""Section "tokenizers": what a dance loses on its way through the codes, and how many codes are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.dance.checkpoint import STREAMS
from tokendance_core.dance.codec import DanceCodec
from tokendance_core.datasets.pack import SourceClip
from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics import feet, motion
from tokendance_core.evaluate.metrics.statistics import Estimate, interval
from tokendance_core.evaluate.results import Gate, Row, Section, Table
from tokendance_core.evaluate.study.material import FROZEN, Dances, Material, frozen
from tokendance_core.motion.contacts import steady_contacts
from tokendance_core.motion.kinematics import joint_positions
from tokendance_core.motion.speed import joint_speed
from tokendance_core.types import CODES, MotionClip

SPLITS = {"train": ("train",), "validation": ("validation",), "test": ("test",)}
HELD_OUT = "held out"

_NOTE = (
    "Clips of the pack encoded and decoded by both dance tokenizers, before finishing; means over frames, 95 % "
    "intervals over clips. Joint error: around the pelvis, in each dancer’s own heading. Drift: of the world path. "
    "Standing slide: speed over the floor of ankles and toes while the true dancer’s stand, and while the decoded "
    "dancer’s own do. Ratios: decoded over true."
)


@dataclass(frozen=True)
class Reconstruction(Row):
    """Decoded clips beside the true ones."""

    clips: int
    joint_error_cm: Estimate
    yaw_drift_degrees_per_10s: float
    drift_cm_per_10s: float
    jerk_ratio: float
    standing_slide_ratio: float
    standing_slide_cm_s: float
    slide_in_own_contacts_cm_s: float
    true_standing_slide_cm_s: float
    joint_speed_m_s: float
    true_joint_speed_m_s: float


@dataclass(frozen=True)
class CodeUsage(Row):
    """One codebook: the share of its codes that occur, and their entropy (log2 of 1000 is 9.97)."""

    used_percent: float
    entropy_bits: float
    tokens: int


def tokenizers(material: Material) -> Section:
    """Reconstruction by split beside the true clips, and the use of each codebook."""
    rows = {}
    for name, splits in SPLITS.items():
        truth = [c.clip for c in material.clips if c.split in splits]
        if truth:
            rows[name] = reconstruction(_through(material.model.dance_codec, truth), truth)
    found = held_out(material.model.dance_codec, material.clips)
    tables: dict[str, Table] = {
        "Reconstruction": {**rows, **found.tables["Reconstruction"]},
        "Use of the codes by the training data": code_usage(material),
    }
    return Section(_NOTE, tables, found.gates)


def held_out(codec: DanceCodec, clips: Sequence[SourceClip]) -> Section:
    """Reconstruction of the held-out clips alone, beside a frozen pose, with the gates of the tokenizers."""
    truth = [c.clip for c in clips if c.split != "train"]
    row = reconstruction(_through(codec, truth), truth)
    nothing = reconstruction([frozen(clip) for clip in truth], truth)
    return Section(_NOTE, {"Reconstruction": {HELD_OUT: row, f"{HELD_OUT}, {FROZEN} instead": nothing}}, _gates(row))


def _through(codec: DanceCodec, clips: Dances) -> Dances:
    return [codec.decode(codec.encode(clip)) for clip in clips]


def reconstruction(made: Dances, truth: Dances) -> Reconstruction:
    """One row: the made clips against the true ones of the same lengths."""
    frames = [clip.frames for clip in truth]

    def mean(figures: list[float]) -> float:
        return float(np.average(figures, weights=frames))

    def both(measure: Callable[[MotionClip], float]) -> tuple[float, float]:
        return mean([measure(clip) for clip in made]), mean([measure(clip) for clip in truth])

    pairs = list(zip(made, truth, strict=True))
    slide = mean([feet.slide_during(m, _contacts(t)) for m, t in pairs])
    own_slide, true_slide = both(lambda clip: feet.slide_during(clip, _contacts(clip)))
    speed, true_speed = both(lambda clip: float(joint_speed(clip).mean()))
    return Reconstruction(
        clips=len(truth),
        joint_error_cm=interval([100 * motion.joint_error(m, t).mean() for m, t in pairs], frames),
        yaw_drift_degrees_per_10s=mean([motion.yaw_drift(m, t) for m, t in pairs]),
        drift_cm_per_10s=100 * mean([motion.drift(m, t) for m, t in pairs]),
        jerk_ratio=_ratio(*both(motion.jerk)),
        standing_slide_ratio=_ratio(slide, true_slide),
        standing_slide_cm_s=100 * slide,
        slide_in_own_contacts_cm_s=100 * own_slide,
        true_standing_slide_cm_s=100 * true_slide,
        joint_speed_m_s=speed,
        true_joint_speed_m_s=true_speed,
    )


def _contacts(clip: MotionClip) -> np.ndarray:
    return steady_contacts(joint_positions(clip), clip.fps)


def _ratio(made: float, true: float) -> float:
    return made / true if true else float("nan")


def code_usage(material: Material) -> dict[str, CodeUsage]:
    """How the training data uses each codebook of each stream."""
    dances = [material.model.dance_codec.encode(c.clip) for c in material.clips if c.split == "train"]
    songs = [material.model.music_codec.encode(s.features) for s in material.all_songs if s.split == "train"]
    rows = {}
    for stream in STREAMS:
        tokens = np.concatenate(
            [np.asarray(getattr(t, stream)) for t in (dances if stream in ("upper", "lower") else songs)]
        )
        for codebook, column in enumerate(tokens.reshape(len(tokens), -1).T):
            share = np.bincount(column, minlength=CODES) / len(column)
            known = share[share > 0]
            rows[f"{stream}, codebook {codebook + 1}"] = CodeUsage(
                used_percent=100 * len(known) / CODES,
                entropy_bits=float(-(known * np.log2(known)).sum()),
                tokens=len(column),
            )
    return rows


def _gates(row: Reconstruction) -> list[Gate]:
    theme = "1 tokenizers, held-out dance"
    return [
        gates.at_most(theme, "joint error in own heading, cm", row.joint_error_cm.mean, 3.0),
        gates.at_most(theme, "yaw drift in 10 s, degrees", row.yaw_drift_degrees_per_10s, 10.0),
        gates.near(theme, "jerk over true jerk", row.jerk_ratio, 1.0, 0.15),
        gates.at_most(theme, "slide of standing feet over the true one", row.standing_slide_ratio, 1.25),
    ]
