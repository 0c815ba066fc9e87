"""The data pack on disk: motion clips with their genre, split and beat grid, and songs with their split.

Layout: ``motion/*.npz`` and ``motion_aux/*.npz`` with ``rot6d`` (T, 22, 6) and ``root`` (T, 3) beside
``motion_index.json`` (joint names, clips) and ``motion_tempo.json`` (grids); ``music/*.ogg`` beside
``music_index.json`` (file, split), and beside or in place of ``music/`` its features in ``features/*.npz``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np

from tokendance_core.datasets.stillness import dance_span
from tokendance_core.errors import AudioError, DataError
from tokendance_core.files import limits
from tokendance_core.files.array_file import open_npz
from tokendance_core.files.guarded import guarded
from tokendance_core.files.json_file import load_json
from tokendance_core.motion.edits import face_forward
from tokendance_core.motion.skeleton import INDEX, JOINTS
from tokendance_core.music import feature_file, features
from tokendance_core.types import FPS, MotionClip, MusicFeatures

Split = Literal["train", "validation", "test"]

GENRES = ("any", "salsa", "indian", "modern", "jazz", "pop", "street", "break")
"""Genres of the pack; index 0 asks for none in particular."""

ON_REQUEST = ("break", "pop", "jazz", "indian")
"""Genres left out of "any": floor work amid steps looks like a fall, the studio takes of "pop" are calm, there is one
minute of "jazz", and the clocks of "indian" are hardly known.
"""

_STYLES = {
    "salsa": ("salsa", "lambada"),
    "indian": ("indian",),
    "modern": ("modern",),
    "jazz": ("ballet_jazz", "street_jazz", "charleston", "broadway", "jazzwalk"),
    "pop": ("disco", "macarena", "party, arms"),
    "street": (
        *("pop", "lock", "krump", "la_hiphop", "middle_hiphop", "house", "waack"),  # AIST++, where pop is popping
        *("pop_mj", "hiphop", "robot", "tecktonik", "twerk"),
    ),
    "break": ("break", "breakdance", "acrobatic", "footwork"),
}
_GENRE_OF_STYLE = {style: genre for genre, styles in _STYLES.items() for style in styles}

# Fixed by the description of the data; partners and dancers of one choreography are in the same split.
_TEST = (
    *(f"cmu_{subject}_{take}" for subject in (60, 61) for take in (13, 14, 15)),
    *(f"cmu_94_{take}" for take in (13, 14, 15, 16)),
    *("Dance5_Hype", "Dance7_Party", "Dance9_PeaceMaker", "Dance17_Shuffle"),
    *(f"cmu_05_{take}" for take in (17, 18, 19, 20)),
    *("_mLH4_", "_mPO1_"),
)
_VALIDATION = ("cmu_60_11", "cmu_61_11", "cmu_94_11", "cmu_94_12", "Dance6_Sassy", "Dance8_WestCoast", "_mHO5_")

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
"""The tempo recovered for a salsa take counts as known above this z-score; for other mocap it stays a guess (the pack's
own advice).
"""


@dataclass(frozen=True, eq=False)
class BeatGrid:
    """The clock a clip was danced to: ``bpm`` and ``phase``, the seconds of its first beat; not ``exact`` if it was
    recovered from the motion.
    """

    bpm: float
    phase: float
    exact: bool = True

    def beats(self, seconds: float) -> np.ndarray:
        """Beat times in [0, seconds]."""
        return np.arange(self.phase, seconds, 60.0 / self.bpm)

    def after(self, seconds: float) -> BeatGrid:
        """The grid of a clip whose first ``seconds`` are cut off."""
        return replace(self, phase=(self.phase - seconds) % (60.0 / self.bpm))


@dataclass(frozen=True, eq=False, kw_only=True)
class SourceClip:
    """A clip of the pack: facing forward, with what is known about it.

    ``grid`` is None unless the clock is known for certain; ``low_motion`` marks takes that hardly move, ``loop`` clips
    that can be repeated.
    """

    clip: MotionClip
    genre: str
    split: Split
    grid: BeatGrid | None
    low_motion: bool = False
    loop: bool = False

    @property
    def name(self) -> str:
        return self.clip.name


@dataclass(frozen=True, eq=False, kw_only=True)
class SourceSong:
    """A song with its features; ``beats`` (B,) seconds of the sound itself; ``path`` is None for a song that was never
    a file, ``artist`` empty where the index names none.
    """

    name: str
    split: Split
    features: MusicFeatures
    beats: np.ndarray
    path: Path | None = None
    artist: str = ""


def split_of(name: str) -> Split:
    """The fixed split of a motion clip, by its name."""
    if _is_listed(name, _TEST):
        return "test"
    return "validation" if _is_listed(name, _VALIDATION) else "train"


def _is_listed(name: str, keys: tuple[str, ...]) -> bool:
    """Whether a key is the name, or part of it: takes of CMU are listed one by one."""
    return any(name == key or (not key.startswith("cmu") and key in name) for key in keys)


def genre_of(name: str, style: str) -> str:
    """One of ``GENRES`` for a clip; studio pop and show routines without a style of their own are "pop"."""
    return "pop" if name.startswith("g1_") and style != "jazzwalk" else _GENRE_OF_STYLE.get(style, "pop")


def _known_grid(name: str, entry: dict[str, Any] | None) -> BeatGrid | None:
    """The grid, if it is exact (z is null: from the music's id) or recovered from both salsa partners."""
    if entry is None:
        return None
    exact = entry["z"] is None
    recovered = not exact and name.startswith(("cmu_60_", "cmu_61_")) and entry["z"] > _CERTAIN
    return BeatGrid(entry["bpm"], entry["phase"], exact) if exact or recovered else None


@guarded(DataError, "is not readable JSON", "Copy the data pack again.")
def _read_json(path: Path) -> Any:
    try:
        return load_json(path)
    except FileNotFoundError:
        raise DataError(
            f"The data folder has no {path.name}, expected {path}.",
            hint="Point --data to the folder that holds motion/, music/ and their index files.",
        ) from None


@guarded(DataError, "is no motion clip of the data pack or is damaged", "Copy the data pack again.")
def _read_motion(path: Path, joints: list[str], indices: np.ndarray) -> MotionClip:
    """The clip with the rotations of the pack's ``joints`` at their ``indices`` in the skeleton."""
    with open_npz(path, limits.CLIP_BYTES) as data:
        local, root = data["rot6d"].astype(np.float32), data["root"].astype(np.float32)
    limits.expect_length(len(root), FPS)
    if local.shape[1:] != (len(joints), 6):
        raise DataError(
            f"{path} has rotations {local.shape}, expected (T, {len(joints)}, 6).", hint="Copy the data pack again."
        )
    rot6d = np.zeros((len(local), len(JOINTS), 6), np.float32)
    rot6d[..., [0, 4]] = 1.0
    rot6d[:, indices] = local
    return MotionClip(rot6d, root, name=path.stem)


def _trimmed(source: SourceClip) -> SourceClip:
    """The clip without somebody standing before and after the dance. A loop stays whole, and so does an excerpt of an
    exact clock: its music plays from its first frame.
    """
    if source.loop or (source.grid and source.grid.exact):
        return source
    start, stop = dance_span(source.clip)
    grid = source.grid and source.grid.after(start / FPS)
    return replace(source, clip=source.clip.cut(start, stop), grid=grid)


def load_motion(data: Path, auxiliary: bool = False) -> list[SourceClip]:
    """Every clip of ``motion/``, without the standing before and after the dance, or of ``motion_aux/`` (not dance, for
    the tokenizers only), by name. Raises DataError when something is missing.
    """
    index = _read_json(data / "motion_index.json")
    indices = np.array([INDEX[_SMPL_NAME[name]] for name in index["joints"]])
    tempo = _read_json(data / "motion_tempo.json")
    about = {entry["id"]: entry for entry in index["clips"]}
    folder = data / ("motion_aux" if auxiliary else "motion")
    clips = []
    for path in sorted(folder.glob("*.npz")):
        clip = _read_motion(path, index["joints"], indices)
        entry = about.get(path.stem, {})
        source = SourceClip(
            clip=replace(clip, info={"source": path.stem}),
            genre=genre_of(path.stem, entry.get("style", "")),
            split="train" if auxiliary else split_of(path.stem),
            grid=_known_grid(path.stem, tempo.get(path.stem)),
            low_motion=bool(entry.get("low_motion")),
            loop=entry.get("style") == "loop",
        )
        dance = source if auxiliary else _trimmed(source)
        clips.append(replace(dance, clip=face_forward(dance.clip)))
    if not clips:
        raise DataError(
            f"No motion clips in {folder}, expected *.npz.", hint="Point --data to the folder that holds motion/."
        )
    return clips


def load_songs(
    data: Path,
    on_skipped: Callable[[str], None] | None = None,
    splits: Collection[Split] = get_args(Split),
    seconds: float | None = None,
) -> Iterator[SourceSong]:
    """Every song of ``music/`` in these ``splits`` with its features, or those of its first ``seconds``, sorted by
    name. Raises DataError before the first is heard when the index gives one no split.

    ``on_skipped`` is told, in sentences, of a song that cannot be decoded; without it such a song is an AudioError.
    """
    index = sorted(_read_json(data / "music_index.json"), key=lambda entry: entry["file"])
    for entry, split in [(entry, _split_of_song(entry)) for entry in index]:
        if split not in splits:
            continue
        path = data / "music" / entry["file"]
        try:
            song_features = _features(data, path, seconds)
        except AudioError as error:
            if on_skipped is None:
                raise
            on_skipped(f"{path.name} is left out. {error.text}")
            continue
        yield SourceSong(
            name=path.stem,
            split=split,
            features=song_features,
            beats=features.beat_times(song_features),
            path=path if path.exists() else None,
            artist=str(entry.get("artist", "")),
        )


def _features(data: Path, song: Path, seconds: float | None) -> MusicFeatures:
    """The features of a song: those that lie ready, else what is heard in it, or in its first ``seconds``."""
    ready = data / "features" / f"{song.stem}.npz"
    if seconds is None and ready.exists():
        return feature_file.read(ready)
    from tokendance_core.music import audio  # decoders, which a machine that has the features can do without

    return features.extract(audio.load(song, duration=seconds))


def _split_of_song(entry: dict[str, Any]) -> Split:
    split = entry.get("split")
    if split not in get_args(Split):
        found = "no split" if split is None else f"the split {split!r}"
        raise DataError(
            f"The song {entry['file']} has {found} in music_index.json, expected one of: {', '.join(get_args(Split))}.",
            hint="Give its entry a “split”: “train” if it may be trained on.",
        )
    return cast(Split, split)
