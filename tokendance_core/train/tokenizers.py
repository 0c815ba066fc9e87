"""Stage one: the four FSQ tokenizers, each a task of its own (paper section 1.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tokendance_core.dance import footing, representation
from tokendance_core.dance.representation import ROTATIONS, UPPER_COLUMNS, Statistics, lower_columns
from tokendance_core.datasets.pack import SourceClip, SourceSong
from tokendance_core.model.config import TokenizerConfig
from tokendance_core.model.tokenizer import Tokenizer
from tokendance_core.motion.edits import change_speed
from tokendance_core.motion.kinematics import mirror
from tokendance_core.music import features
from tokendance_core.train import losses
from tokendance_core.train.draws import Draws, Windows
from tokendance_core.train.optimisation import Batch
from tokendance_core.types import MotionClip

WINDOW = 240
"""Frames of a training window (paper section 1.1)."""

SPEEDS = (0.75, 1.0, 1.3)
HEADING_SPREAD = 0.35
"""Standard deviation in radians of the random heading of a window, where the root form leaves the heading in."""

JOINT_WEIGHT = 20.0
FOOT_WEIGHT = 20.0
REACH_WEIGHT = 8.0
TRAVEL_WEIGHT = 1.0
YAW_WEIGHT = 4.0
"""Weights of the joint-space, foot-velocity, reach, travel and yaw terms.

They are in metres and the parameters in standard deviations, where noise in a toe counts as much as the swing of a hip:
at weight 1 the codes are spent on what nobody sees.
"""

COARSE_SHARE = 0.2
"""Share of training windows for which only the first codes of a token are used, so that each code carries most of what
the ones before it leave.
"""

EVENT_WEIGHT = 6.0
"""How much a peak or beat counts against a frame without one."""

EVENT_COLUMNS = tuple(features.ACOUSTIC.index(column) for column in (features.PEAK, features.BEAT))
"""Peak and beat inside the acoustic stream."""

AUXILIARY_SHARE = 0.5
"""How often a second of other motion comes up, compared with one of dance."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sizes of the four tokenizers; all share ``halvings``, so that music and dance have tokens of the same length."""

    dance_width: int
    music_width: int
    halvings: int
    dance_codebooks: int


SIZES = {
    "tiny": Sizes(dance_width=16, music_width=16, halvings=2, dance_codebooks=2),
    "released": Sizes(dance_width=192, music_width=128, halvings=2, dance_codebooks=3),
    "large": Sizes(dance_width=368, music_width=256, halvings=2, dance_codebooks=3),
    "paper": Sizes(dance_width=512, music_width=256, halvings=3, dance_codebooks=1),
}
"""Named sizes. "paper" is one code for eight frames of half a body; "released" three codes for four, since the paper's
setting keeps no more than 8 cm joint error on this data (see MODEL_CARD.md). "large" is for a graphics card: what fits
into files of 15 MB.
"""


def ping_pong(clip: MotionClip, frames: int) -> MotionClip:
    """The clip played back and forth until it lasts ``frames``; unchanged when it is long enough."""
    if clip.frames >= frames:
        return clip
    order = np.pad(np.arange(clip.frames), (0, frames - clip.frames), mode="reflect")
    return replace(clip, rot6d=clip.rot6d[order], root=clip.root[order])


def turned(windows: Tensor, angles: Tensor) -> Tensor:
    """(B, T, 147) windows, each turned about the vertical by its angle (B,) radians: pelvis columns and planar root
    alike.
    """
    out, pelvis = windows.clone(), ROTATIONS.start
    for x in (0, pelvis, pelvis + 3):  # root, then both columns of the pelvis; z stands two behind x
        out[..., x : x + 3 : 2] = footing.turned(windows[..., x : x + 3 : 2], angles[:, None])
    return out


PARTS = ("upper", "lower")

DRIFT_FRAMES = 300
"""Ten seconds, over which the drift of the heading is told."""


def columns_of(part: str, root: representation.RootForm) -> np.ndarray:
    """The columns of the upper or lower body."""
    return UPPER_COLUMNS if part == "upper" else lower_columns(root)


def motion_pool(clips: list[SourceClip], root: representation.RootForm) -> list[np.ndarray]:
    """Feature matrices of every clip, mirrored too, at each of ``SPEEDS``; each at least a window long."""
    variants = [side for clip in clips for side in (clip.clip, mirror(clip.clip))]
    return [
        representation.to_matrix(ping_pong(variant if speed == 1.0 else change_speed(variant, speed), WINDOW), root)
        for variant in variants
        for speed in SPEEDS
    ]


def whole_tokens(matrix: Tensor, hop: int) -> Tensor:
    """Cut to a multiple of ``hop`` frames."""
    return matrix[: len(matrix) // hop * hop]


def code_usage(indices: list[Tensor], codes: int) -> float:
    """Share of the codebook that appears at least once."""
    return len(torch.unique(torch.cat([i.flatten() for i in indices]))) / codes


class DanceTask:
    """Upper or lower body, on the device of its ``pool``. The losses on joints complete the body with the true other
    half, so each half trains alone.
    """

    judged_by = "joint_error_cm"

    def __init__(
        self,
        part: str,
        sizes: Sizes,
        *,
        pool: Windows,
        held_out: list[Tensor],
        statistics: Statistics,
        root: representation.RootForm,
    ) -> None:
        self._columns = pool.on_device(columns_of(part, root))
        self.model = Tokenizer(
            TokenizerConfig(
                features=len(self._columns),
                width=sizes.dance_width,
                halvings=sizes.halvings,
                codebooks=sizes.dance_codebooks,
            )
        )
        self._pool, self._held_out, self._root = pool, held_out, root
        # The upper body has no path, and positions have no velocities that the feet could be tied to.
        self._travels = part == "lower" and root != "absolute"
        self._mean, self._std = (pool.on_device(array) for array in (statistics.mean, statistics.std))

    def batch(self, draws: Draws, size: int) -> Batch:
        matrix = self._pool.draw(draws, size)
        if self._root != "heading":
            matrix = turned(matrix, HEADING_SPREAD * draws.normal(size))
        codebooks = self.model.config.codebooks
        fewer = 1 + draws.below(max(codebooks - 1, 1), size)
        used = torch.where(draws.uniform(size) < COARSE_SHARE, fewer, codebooks)
        return {"matrix": matrix, "used": used}

    def _completed(self, matrix: Tensor, used: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Truth and reconstruction of this half's columns, normalised; the whole body with this half reconstructed; the
        indices.
        """
        truth = ((matrix - self._mean) / self._std)[..., self._columns]
        made, indices = self.model(truth, used)
        restored = made.float() * self._std[self._columns] + self._mean[self._columns]
        return truth, made.float(), matrix.index_copy(-1, self._columns, restored), indices

    def loss(self, batch: Batch) -> Tensor:
        matrix = batch["matrix"]
        truth, made, whole, _ = self._completed(matrix, batch["used"])
        true_joints, made_joints = losses.joints(matrix), losses.joints(whole)
        loss = losses.dynamic_l1(made, truth) + JOINT_WEIGHT * losses.dynamic_l1(made_joints, true_joints)
        loss = loss + REACH_WEIGHT * losses.reach_l1(made_joints, true_joints)
        if self._travels:
            travels = (losses.travel(m, j, self._root) for m, j in ((whole, made_joints), (matrix, true_joints)))
            loss = loss + self._travel_loss(*travels)
        return loss

    def _travel_loss(self, made: losses.Travel, true: losses.Travel) -> Tensor:
        terms = FOOT_WEIGHT * losses.foot_l1(made, true) + TRAVEL_WEIGHT * losses.path_l1(made, true)
        return terms + YAW_WEIGHT * losses.yaw_l1(made, true)

    def validate(self) -> dict[str, float]:
        """Means over held-out dance: joint error in the dancer's axes, jerk and distances covered as shares of the true
        ones; of the lower body also the speed of feet that truly stand and the drift of the heading.
        """
        indices, sums = [], Counter[str]()
        for clip in self._held_out:
            matrix = whole_tokens(clip, self.model.config.hop)[None]
            _, _, whole, index = self._completed(matrix)
            indices.append(index)
            sums.update(self._totals(whole, matrix))
        figures = {
            "joint_error_cm": 100 * sums["error"] / sums["frames"],
            "movement_kept": sums["covered"] / sums["true_covered"],
            "jerk_ratio": sums["jerk"] / sums["true_jerk"],
            "code_usage": code_usage(indices, self.model.quantizer.size),
        }
        if self._travels:
            figures |= {
                "standing_feet_slide_ratio": sums["slide"] / sums["true_slide"],
                "yaw_drift_deg_10s": np.degrees(sums["drift"] / max(sums["spans"], 1)),
            }
        return figures

    def _totals(self, whole: Tensor, matrix: Tensor) -> dict[str, float]:
        """Sums over the frames of one clip, reconstructed and true."""
        made, true = losses.joints(whole), losses.joints(matrix)
        totals = {
            "frames": float(matrix.shape[1]),
            "error": float((made - true).norm(dim=-1).mean(-1).sum()),
            "covered": float((made[:, 4:] - made[:, :-4]).norm(dim=-1).sum()),
            "true_covered": float((true[:, 4:] - true[:, :-4]).norm(dim=-1).sum()),
            "jerk": float(made.diff(n=3, dim=1).norm(dim=-1).sum()),
            "true_jerk": float(true.diff(n=3, dim=1).norm(dim=-1).sum()),
        }
        if self._travels:
            travel, truth = losses.travel(whole, made, self._root), losses.travel(matrix, true, self._root)
            stands = footing.standing(truth.feet) > 0.5
            off = (travel.yaw - truth.yaw).cumsum(1)
            drifts = (off[:, DRIFT_FRAMES:] - off[:, :-DRIFT_FRAMES]).abs()
            totals |= {
                "slide": float(travel.feet.norm(dim=-1)[stands].sum()),
                "true_slide": float(truth.feet.norm(dim=-1)[stands].sum()),
                "drift": float(drifts.sum()),
                "spans": float(drifts.numel()),
            }
        return totals


def dance_tasks(
    clips: list[SourceClip],
    auxiliary: list[SourceClip],
    sizes: Sizes,
    root: representation.RootForm,
    device: str = "cpu",
    statistics: Statistics | None = None,
) -> tuple[dict[str, DanceTask], Statistics]:
    """Tasks for both halves, and the normalisation: the one given, or that of the training motion."""
    dance, other = (motion_pool([c for c in some if c.split == "train"], root) for some in (clips, auxiliary))
    sequences = [*dance, *other]
    statistics = statistics or _motion_statistics(sequences[::3], root)
    shares = np.repeat([1.0, AUXILIARY_SHARE], [len(dance), len(other)])
    pool = Windows(sequences, WINDOW, shares=shares, device=device)
    held_out = [pool.on_device(representation.to_matrix(c.clip, root)) for c in clips if c.split == "validation"]
    return {
        part: DanceTask(part, sizes, pool=pool, held_out=held_out, statistics=statistics, root=root) for part in PARTS
    }, statistics


def _motion_statistics(sequences: list[np.ndarray], root: representation.RootForm) -> Statistics:
    """The normalisation of sequences that may be turned in training."""
    sides = (0.0,) if root == "heading" else (-HEADING_SPREAD, HEADING_SPREAD)
    return Statistics.of(
        [turned(torch.from_numpy(m)[None], torch.tensor([side]))[0].numpy() for m in sequences for side in sides]
    )


class MusicTask:
    """Timbre ("semantic") or rhythm and harmony ("acoustic"), on the device of its ``pool``; peaks and beats are
    events, not levels.
    """

    judged_by = "error"

    def __init__(self, part: str, sizes: Sizes, *, pool: Windows, held_out: list[Tensor]) -> None:
        columns = features.SEMANTIC if part == "semantic" else features.ACOUSTIC
        events = () if part == "semantic" else EVENT_COLUMNS
        self._columns = pool.on_device(np.array(columns))
        self._events = pool.on_device(np.array(events, int))
        self._levels = pool.on_device(np.setdiff1d(np.arange(len(columns)), events))
        self.model = Tokenizer(TokenizerConfig(features=len(columns), width=sizes.music_width, halvings=sizes.halvings))
        self._pool, self._held_out = pool, held_out

    def batch(self, draws: Draws, size: int) -> Batch:
        return {"features": self._pool.draw(draws, size)}

    def loss(self, batch: Batch) -> Tensor:
        truth = batch["features"][..., self._columns]
        made = self.model(truth)[0].float()
        loss = F.l1_loss(made[..., self._levels], truth[..., self._levels])
        if len(self._events):
            loss = loss + losses.event_cross_entropy(made[..., self._events], truth[..., self._events], EVENT_WEIGHT)
        return loss

    def validate(self) -> dict[str, float]:
        error, indices, found = [], [], []
        for song in self._held_out:
            truth = whole_tokens(song, self.model.config.hop)[None][..., self._columns]
            made, index = self.model(truth)
            error.append((made - truth)[0, :, self._levels].abs().mean(-1))
            indices.append(index)
            if len(self._events):
                found.append(_beats_found(made[0, :, self._events[1]], truth[0, :, self._events[1]]))
        figures = {
            "error": float(torch.cat(error).mean()),
            "code_usage": code_usage(indices, self.model.quantizer.size),
        }
        return figures | ({"beats_found": float(torch.cat(found).float().mean())} if found else {})


def _beats_found(logits: Tensor, beats: Tensor) -> Tensor:
    """For each true beat, whether the strongest logit within two frames of it lies within one frame (by chance 3 in 5)
    and says that there is an event.
    """
    at = torch.nonzero(beats[2:-2] > 0.5)[:, 0] + 2
    near = logits[at[:, None] + torch.arange(-2, 3, device=at.device)]
    best = near.max(-1)
    return ((best.indices - 2).abs() <= 1) & (best.values > 0)


def music_tasks(
    songs: list[SourceSong], sizes: Sizes, device: str = "cpu", statistics: Statistics | None = None
) -> tuple[dict[str, MusicTask], Statistics]:
    """Tasks for both music streams, and the normalisation: the one given, or that of the training songs."""
    statistics = statistics or _music_statistics([s.features.values for s in songs if s.split == "train"])
    train, held_out = (
        [
            statistics.normalise(s.features.values).astype(np.float32)
            for s in songs
            if s.split == split and s.features.frames >= WINDOW
        ]
        for split in ("train", "validation")
    )
    pool = Windows(train, WINDOW, device=device)
    return {
        part: MusicTask(part, sizes, pool=pool, held_out=[pool.on_device(song) for song in held_out])
        for part in ("semantic", "acoustic")
    }, statistics


def _music_statistics(songs: list[np.ndarray]) -> Statistics:
    """The normalisation of songs; peaks and beats stay 0 and 1."""
    statistics = Statistics.of(songs)
    events = [features.PEAK, features.BEAT]
    statistics.mean[events], statistics.std[events] = 0.0, 1.0
    return statistics
