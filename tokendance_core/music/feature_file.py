"""The features of a song as a file, for a machine that shall learn from songs without having them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.files import limits
from tokendance_core.files.array_file import open_npz
from tokendance_core.files.atomic import write_aside
from tokendance_core.files.guarded import guarded
from tokendance_core.music.features import DEFINITION, FEATURE_NAMES
from tokendance_core.types import MusicFeatures

_AGAIN = "Make the folder of features again with this version of the program."


def write(song: MusicFeatures, path: Path) -> None:
    """Write the features aside in half precision, then put the file in place."""
    values = np.ascontiguousarray(song.values.T.astype(np.float16))  # columns compress better than frames
    with write_aside(path) as aside:
        np.savez_compressed(aside, values=values, definition=np.array(DEFINITION))


@guarded(DataError, "holds no features that can be read", _AGAIN)
def read(path: Path) -> MusicFeatures:
    """Features that :func:`write` wrote. DataError when the file is damaged, or features were another thing then."""
    with open_npz(path, limits.CLIP_BYTES) as file:
        values, definition = file["values"].T, int(file["definition"])
    if definition != DEFINITION:
        raise DataError(
            f"The features {path} are of definition {definition}, this program computes {DEFINITION}.", hint=_AGAIN
        )
    if (
        values.dtype.kind != "f"
        or values.ndim != 2
        or values.shape[1] != len(FEATURE_NAMES)
        or not np.isfinite(values).all()
    ):
        raise DataError(
            f"The features {path} are {values.shape}, expected finite numbers (T, {len(FEATURE_NAMES)}).", hint=_AGAIN
        )
    return MusicFeatures(np.ascontiguousarray(values, np.float32))
