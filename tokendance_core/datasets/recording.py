"""A recorded dance with its song: what every importer makes of its data set, and what they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tokendance_core.errors import DataError
from tokendance_core.types import MotionClip

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
"""Sound files that count as a recording's music, the preferred one first."""


@dataclass(frozen=True, eq=False)
class Recording:
    """A dance at its native frame rate; ``genre`` as the data set names it, "any" when unknown; ``music`` None when
    there is none.

    ``split``: "test" if the data set's benchmark is danced to this song, "train" for the rest of its pool.
    """

    clip: MotionClip
    genre: str
    music: Path | None
    split: Literal["train", "test"] = "test"

    @property
    def name(self) -> str:
        return self.clip.name


class Importer(Protocol):
    """Reads a data set from its folder, sorted by name; raises DataError when a piece of it is missing or damaged."""

    def __call__(self, folder: Path) -> Iterator[Recording]: ...


def files(folder: Path, suffix: str, data_set: str) -> list[Path]:
    """The files of ``folder`` that end in ``suffix``, sorted; DataError when there is no such folder or file."""
    if not folder.is_dir():
        raise DataError(
            f"{data_set} has no folder {folder.name}, expected {folder}.",
            hint=f"Point to the folder that holds {folder.name}/.",
        )
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() == suffix)
    if not found:
        raise DataError(
            f"No *{suffix} files in {folder}, expected those of {data_set}.", hint="Unpack the data set again."
        )
    return found


def sounds(folder: Path) -> dict[str, Path]:
    """Stem -> sound file for everything audible in ``folder``; empty when there is no such folder."""
    paths = [path for path in folder.iterdir() if path.suffix.lower() in SOUND_SUFFIXES] if folder.is_dir() else []
    paths.sort(key=lambda path: SOUND_SUFFIXES.index(path.suffix.lower()), reverse=True)
    return {path.stem: path for path in paths}
