"""AIST++: dances at 60 frames a second as SMPL poses (``motions/``, ``splits/``, ``ignore_list.txt``), and the music of
AIST.

Layout (google/aistplusplus_api): ``motions/gBR_sBM_cAll_d04_mBR0_ch01.pkl`` with ``smpl_poses`` (T, 72) axis-angle,
``smpl_trans`` (T, 3) and ``smpl_scaling`` (1,); dividing the path by the scaling gives metres of the SMPL body, Y up.
Songs are named by their id (``mBR0.wav``) or after the dance, in ``wav/``, ``wavs/`` or ``music/``. The benchmark of 40
dances is the 20 of ``crossmodal_test.txt`` with the 20 of ``crossmodal_val.txt``: same dancers and songs, another
choreography; the pool is every motion that is not ignored (1,320).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tokendance_core.datasets.recording import Recording, files, sounds
from tokendance_core.errors import DataError
from tokendance_core.files import limits, safe_pickle
from tokendance_core.files.guarded import guarded
from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import stand_on_floor
from tokendance_core.motion.skeleton import JOINTS
from tokendance_core.types import MotionClip

FPS = 60.0

GENRES = {
    "gBR": "break", "gPO": "pop", "gLO": "lock", "gMH": "middle hip-hop", "gLH": "LA hip-hop",
    "gHO": "house", "gWA": "waack", "gKR": "krump", "gJS": "street jazz", "gJB": "ballet jazz",
}  # fmt: skip
"""Genre by the first tag of a name."""

_MUSIC_FOLDERS = ("wav", "wavs", "music")
_BENCHMARK = ("crossmodal_test.txt", "crossmodal_val.txt")


def load(folder: Path) -> Iterator[Recording]:
    """Every dance of AIST++ that is not on the ignore list. Raises DataError for a missing list, folder or field."""
    ignored = _names(folder / "ignore_list.txt")
    benchmark = set().union(*(_names(folder / "splits" / name) for name in _BENCHMARK))
    songs = {stem: path for name in reversed(_MUSIC_FOLDERS) for stem, path in sounds(folder / name).items()}
    for path in files(folder / "motions", ".pkl", "AIST++"):
        if path.stem not in ignored:
            genre = GENRES.get(path.stem.split("_")[0], "any")
            music = songs.get(path.stem) or songs.get(music_of(path.stem))
            yield Recording(read_motion(path), genre, music, "test" if path.stem in benchmark else "train")


def music_of(name: str) -> str:
    """The song id in a dance's name: gBR_sBM_cAll_d04_mBR0_ch01 -> mBR0; empty when there is none."""
    return next((tag for tag in name.split("_") if len(tag) > 1 and tag[0] == "m" and tag[1].isupper()), "")


@guarded(DataError, "is no motion of AIST++ or is damaged", "Download the annotations again.")
def read_motion(path: Path) -> MotionClip:
    """One ``.pkl`` of ``motions/`` as a clip on the floor. Raises DataError."""
    data = safe_pickle.read(path)
    poses = _field(data, "smpl_poses", path)
    frames = len(poses) if poses.ndim else 0
    limits.expect_length(frames, FPS)
    if frames == 0 or poses.size != frames * 3 * len(JOINTS):
        raise DataError(
            f"{path.name} has smpl_poses {poses.shape}, expected (T, {3 * len(JOINTS)}).",
            hint="Download the annotations again.",
        )
    path_of_root, scaling = _field(data, "smpl_trans", path), _field(data, "smpl_scaling", path)
    if path_of_root.shape != (frames, 3) or scaling.size != 1 or not scaling.item() > 0:
        raise DataError(
            f"{path.name} has smpl_trans {path_of_root.shape} and smpl_scaling {scaling}, expected ({frames}, 3) and a "
            "positive number.",
            hint="Download the annotations again.",
        )
    matrices = rotation.matrix_from_axis_angle(poses.reshape(frames, len(JOINTS), 3))
    root = (path_of_root / scaling.item()).astype(np.float32)
    return stand_on_floor(MotionClip(rotation.rot6d_from_matrix(matrices).astype(np.float32), root, FPS, path.stem))


def _field(data: Mapping[str, object], key: str, path: Path) -> np.ndarray:
    try:
        values = safe_pickle.plain_array(data[key]).astype(np.float64)
    except (KeyError, TypeError, ValueError):
        raise DataError(
            f"{path.name} has no numbers named {key}, found {sorted(map(str, data))}.",
            hint="Use motions/ of the AIST++ annotations.",
        ) from None
    if not np.isfinite(values).all():
        raise DataError(f"{path.name} has values in {key} that are not finite.", hint="Download the annotations again.")
    return values


def _names(path: Path) -> set[str]:
    """The names in a list of the annotations, one to a line."""
    try:
        return set(path.read_text(encoding="utf-8").split())
    except OSError:
        raise DataError(
            f"AIST++ has no {path.name}, expected {path}.",
            hint="Point to the unpacked annotations: the folder with motions/, splits/ and ignore_list.txt.",
        ) from None
