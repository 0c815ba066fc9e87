"""FineDance: dances at 30 frames a second as SMPL-X poses, one song each (``motion/``, ``music_wav/`` and, if present,
``label_json/``).

Layout (li-ronghui/FineDance, li-ronghui/LODGE): ``motion/001.npy`` (T, 315) = pelvis path (3) in metres, Y up, and 52
joints x 6D: the 22 of the body, then 15 of each hand; Lodge's ``mofea319`` puts 4 contacts before them. Its 6D are the
first two *rows* of the matrix (the convention of pytorch3d), ours are columns. ``label_json/001.json`` names the genre:
``style2`` fine, ``style1`` coarse.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tokendance_core.datasets.recording import Recording, files, sounds
from tokendance_core.errors import DataError
from tokendance_core.files import limits
from tokendance_core.files.array_file import read_npy
from tokendance_core.files.guarded import guarded
from tokendance_core.files.json_file import load_json
from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import stand_on_floor
from tokendance_core.motion.skeleton import BODY_JOINTS, JOINTS
from tokendance_core.types import MotionClip

FPS = 30.0

TEST = frozenset(
    (
        "063",
        "132",
        "143",
        "036",
        "098",
        "198",
        "130",
        "012",
        "211",
        "193",
        "179",
        "065",
        "137",
        "161",
        "092",
        "120",
        "037",
        "109",
        "204",
        "144",
    )
)
"""The 20 cross-genre test songs of Lodge's evaluation."""

IGNORED = frozenset(("116", "117", "118", "119", "120", "121", "122", "123", "202")) - TEST
"""Recordings that Lodge leaves out. It ignores 120 as well where it trains, yet counts it among the 20 songs of its
test.
"""

_CONTACTS = {315: 0, 319: 4}
"""Columns before the pelvis path, by the width of the file."""


def load(folder: Path) -> Iterator[Recording]:
    """Every dance of FineDance that is not ignored. Raises DataError for a missing folder or a file of another
    layout.
    """
    songs = sounds(folder / "music_wav")
    for path in files(folder / "motion", ".npy", "FineDance"):
        if path.stem not in IGNORED:
            clip, genre = read_motion(path), _genre(folder / "label_json" / f"{path.stem}.json")
            yield Recording(clip, genre, songs.get(path.stem), "test" if path.stem in TEST else "train")


@guarded(DataError, "is no motion of FineDance or is damaged", "Unpack FineDance again.")
def read_motion(path: Path) -> MotionClip:
    """One file of ``motion/`` as a clip on the floor, fingers left out. Raises DataError."""
    try:
        values = read_npy(path)
    except (OSError, ValueError) as problem:
        raise DataError(
            f"{path.name} is not a numpy array of numbers ({problem}).", hint="Unpack FineDance again."
        ) from problem
    if values.ndim != 2 or values.shape[1] not in _CONTACTS or not len(values):
        raise DataError(
            f"{path.name} has shape {values.shape}, expected (T, 315): a path of 3 and 52 joints of 6.",
            hint="Use motion/ of the FineDance download; mofea319/ of Lodge, renamed, does as well.",
        )
    limits.expect_length(len(values), FPS)
    values = values[:, _CONTACTS[values.shape[1]] :].astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError(f"{path.name} has values that are not finite.", hint="Unpack FineDance again.")
    rows = values[:, 3 : 3 + 6 * BODY_JOINTS].reshape(-1, BODY_JOINTS, 6)
    matrices = np.broadcast_to(np.eye(3), (len(values), len(JOINTS), 3, 3)).copy()
    matrices[:, :BODY_JOINTS] = rotation.matrix_from_6d(rows).swapaxes(-1, -2)
    rot6d = rotation.rot6d_from_matrix(matrices).astype(np.float32)
    return stand_on_floor(MotionClip(rot6d, values[:, :3].astype(np.float32), FPS, path.stem))


@guarded(DataError, "is no label of FineDance or is damaged", "Unpack label_json/ again, or remove it.")
def _genre(path: Path) -> str:
    """The finest genre of a label file, "any" when there is no such file."""
    if not os.path.isfile(path):
        return "any"
    label = load_json(path)
    if not isinstance(label, dict):
        raise ValueError("it is no object")
    return str(label.get("style2") or label.get("style1") or "any")
