"""A plain folder of dances: every ``*.bvh`` beside a sound file of the same name, optionally in sub-folders named after
genres.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tokendance_core.datasets.recording import SOUND_SUFFIXES, Recording, sounds
from tokendance_core.errors import DataError
from tokendance_core.retarget import read_bvh


def load(folder: Path) -> Iterator[Recording]:
    """Every dance of ``folder`` and its sub-folders, one level deep. Raises DataError when there is none, or one has no
    music.
    """
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {folder}.", hint="Give a folder with *.bvh files and sound files of the same names."
        )
    dances = sorted(path for path in (*folder.glob("*"), *folder.glob("*/*")) if path.suffix.lower() == ".bvh")
    if not dances:
        raise DataError(
            f"No *.bvh files in {folder} or its sub-folders.", hint="Give a folder with *.bvh files and their music."
        )
    songs = {parent: sounds(parent) for parent in {path.parent for path in dances}}
    silent = [path for path in dances if path.stem not in songs[path.parent]]
    if silent:
        raise DataError(
            f"{len(silent)} of {len(dances)} dances have no music, among them {silent[0].relative_to(folder)}.",
            hint=f"Put a sound file of the same name beside it ({', '.join(SOUND_SUFFIXES)}).",
        )
    for path in dances:
        genre = "any" if path.parent == folder else path.parent.name
        yield Recording(read_bvh.read(path), genre, songs[path.parent][path.stem])
