"""The data pack on disk: motion clips with their genre, split and beat grid, and songs with their split.

Layout: ``motion/*.npz`` and ``motion_aux/*.npz`` with ``rot6d`` (T, 22, 6) and ``root`` (T, 3) beside ``motion_index.json``
(joint names, clips) and ``motion_tempo.json`` (grids); ``music/*.ogg`` beside ``music_index.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tokendance_core import audio, features
from tokendance_core.errors import DataError
from tokendance_core.skeleton import INDEX
from tokendance_core.train.augment import face_forward
from tokendance_core.types import MotionClip, Music, MusicFeatures

Split = Literal["train", "validation", "test"]

GENRES = ("any", "salsa", "indian", "modern", "jazz", "pop", "street", "break")
"""Genres of the pack; index 0 asks for none in particular."""

_STYLES = {
    "salsa": ("salsa", "lambada"),
    "indian": ("indian",),
    "modern": ("modern",),
    "jazz": ("ballet_jazz", "street_jazz", "charleston", "broadway", "jazzwalk"),
    "street": ("pop", "lock", "krump", "la_hiphop", "middle_hiphop", "house", "waack"),
    "break": ("break", "breakdance", "acrobatic", "footwork"),
}
_GENRE_OF_STYLE = {style: genre for genre, styles in _STYLES.items() for style in styles}

# Fixed by the data's own description; partners and dancers of one choreography stay on one side.
_TEST = (
    *(f"cmu_{subject}_{take}" for subject in (60, 61) for take in (13, 14, 15)),
    *(f"cmu_94_{take}" for take in (13, 14, 15, 16)),
    *("Dance5_Hype", "Dance7_Party", "Dance9_PeaceMaker", "Dance17_Shuffle"),
    *(f"cmu_05_{take}" for take in (17, 18, 19, 20)),
    *("_mLH4_", "_mPO1_"),
)
_VALIDATION = ("cmu_60_11", "cmu_61_11", "cmu_94_11", "cmu_94_12", "Dance6_Sassy", "Dance8_WestCoast", "_mHO5_")

_VALIDATION_SONGS = (
    "bydariogamer_piloting_waves",
    "ds10_health_safety_light_flashes",
    "linietsky_mr_mrs_robot",
    "macleod_gold_rush",
    "maddirtmonkey_electronic_happy_song",
    "tad_florist",
)

_SMPL_NAME = {
    "Hips": "pelvis", "Spine": "spine1", "Chest": "spine2", "UpperChest": "spine3", "Neck": "neck", "Head": "head",
    **{
        f"{side}{theirs}": f"{side.lower()}_{ours}"
        for side in ("Left", "Right")
        for theirs, ours in (
            ("Shoulder", "collar"), ("UpperArm", "shoulder"), ("LowerArm", "elbow"), ("Hand", "wrist"),
            ("UpperLeg", "hip"), ("LowerLeg", "knee"), ("Foot", "ankle"), ("Toes", "foot"),
        )
    },
}  # fmt: skip

_CERTAIN = 2.5
"""A recovered tempo counts as known above this z-score (the pack's own advice)."""


@dataclass(frozen=True, eq=False)
class BeatGrid:
    """The clock a clip was danced to: ``bpm``, ``phase`` (seconds of the first beat), ``certain`` or a guess."""

    bpm: float
    phase: float
    certain: bool

    def beats(self, seconds: float) -> np.ndarray:
        """Beat times in [0, seconds]."""
        return np.arange(self.phase, seconds, 60.0 / self.bpm)


@dataclass(frozen=True, eq=False)
class SourceClip:
    """A clip of the pack: facing forward, with what is known about it; ``low_motion`` marks takes that hardly move."""

    clip: MotionClip
    genre: str
    split: Split
    grid: BeatGrid | None
    low_motion: bool = False

    @property
    def name(self) -> str:
        return self.clip.name


@dataclass(frozen=True, eq=False)
class SourceSong:
    """A song of the pack with its features; ``tempo`` in beats per minute and ``beats`` (B,) seconds are measured here."""

    name: str
    split: Split
    music: Music
    features: MusicFeatures
    beats: np.ndarray


def split_of(name: str) -> Split:
    """The fixed split of a motion clip, by its name."""
    for split, keys in (("test", _TEST), ("validation", _VALIDATION)):
        if any(name == key or (not key.startswith("cmu") and key in name) for key in keys):
            return split
    return "train"


def genre_of(name: str, style: str) -> str:
    """One of ``GENRES`` for a clip; studio pop and show routines without a style of their own are "pop"."""
    return "pop" if name.startswith("g1_") and style != "jazzwalk" else _GENRE_OF_STYLE.get(style, "pop")


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"the data folder has no {path.name}, expected {path}",
            hint="Point --data to the folder that holds motion/, music/ and their index files.",
        ) from None
    except ValueError as error:
        raise DataError(f"{path} is not readable JSON ({error})", hint="Copy the data pack again.") from None


def _read_motion(path: Path, joints: list[str], offsets_to: np.ndarray) -> MotionClip:
    try:
        with np.load(path, allow_pickle=False) as data:
            local, root = data["rot6d"].astype(np.float32), data["root"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"the motion clip {path} cannot be read ({error})", hint="Copy the data pack again.") from None
    if local.shape[1:] != (len(joints), 6):
        raise DataError(f"{path} has rotations {local.shape}, expected (T, {len(joints)}, 6)", hint="Copy the data pack again.")
    rot6d = np.zeros((len(local), 24, 6), np.float32)
    rot6d[..., [0, 4]] = 1.0
    rot6d[:, offsets_to] = local
    return MotionClip(rot6d, root, name=path.stem)


def load_motion(data: Path, auxiliary: bool = False) -> list[SourceClip]:
    """Every clip of ``motion/`` (or of ``motion_aux/``: not dance, for the tokenizers only), sorted by name. DataError if incomplete."""
    index = _read_json(data / "motion_index.json")
    joint_order = np.array([INDEX[_SMPL_NAME[name]] for name in index["joints"]])
    tempo = _read_json(data / "motion_tempo.json")
    about = {entry["id"]: entry for entry in index["clips"]}
    folder = data / ("motion_aux" if auxiliary else "motion")
    clips = []
    for path in sorted(folder.glob("*.npz")):
        clip = face_forward(_read_motion(path, index["joints"], joint_order))
        entry, grid = about.get(path.stem, {}), tempo.get(path.stem)
        clips.append(
            SourceClip(
                clip=replace(clip, info={"source": path.stem}),
                genre=genre_of(path.stem, entry.get("style", "")),
                split="train" if auxiliary else split_of(path.stem),
                grid=grid and BeatGrid(grid["bpm"], grid["phase"], grid["z"] is None or grid["z"] > _CERTAIN),
                low_motion=bool(entry.get("low_motion")),
            )
        )
    if not clips:
        raise DataError(f"no motion clips in {folder}, expected *.npz", hint="Point --data to the folder that holds motion/.")
    return clips


def load_songs(data: Path) -> Iterator[SourceSong]:
    """Every song of ``music/`` with its features, sorted by name."""
    for entry in sorted(_read_json(data / "music_index.json"), key=lambda entry: entry["file"]):
        path = data / "music" / entry["file"]
        music = audio.load(path)
        heard = features.extract(music)
        split: Split = "validation" if path.stem in _VALIDATION_SONGS else "train"
        yield SourceSong(path.stem, split, music, heard, features.beat_frames(heard) / 30.0)
