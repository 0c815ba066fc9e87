"""The features of a song as a file, for a machine that shall learn from songs without having them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.files.atomic import write_aside
from tokendance_core.music.features import DEFINITION, FEATURE_NAMES
from tokendance_core.types import MusicFeatures

_AGAIN = "Make the folder of features again with this version of the program."


def write(song: MusicFeatures, path: Path) -> None:
    """Write the features aside in half precision, then put the file in place."""
    values = np.ascontiguousarray(song.values.T.astype(np.float16))  # columns compress better than frames
    with write_aside(path) as aside:
        np.savez_compressed(aside, values=values, definition=np.array(DEFINITION))


def read(path: Path) -> MusicFeatures:
    """Features that :func:`write` wrote. DataError when the file is damaged, or features were another thing then."""
    try:
        with np.load(path, allow_pickle=False) as file:
            values, definition = file["values"].T.astype(np.float32), int(file["definition"])
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"The features {path} cannot be read ({error}).", hint=_AGAIN) from None
    if definition != DEFINITION:
        raise DataError(
            f"The features {path} are of definition {definition}, this program computes {DEFINITION}.", hint=_AGAIN
        )
    if values.ndim != 2 or values.shape[1] != len(FEATURE_NAMES) or not np.isfinite(values).all():
        raise DataError(
            f"The features {path} are {values.shape}, expected finite numbers (T, {len(FEATURE_NAMES)}).", hint=_AGAIN
        )
    return MusicFeatures(np.ascontiguousarray(values))
