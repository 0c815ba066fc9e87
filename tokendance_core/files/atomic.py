"""Atomic file writes: a file appears complete or not at all.

It is written beside its place under another name and moved there at the end.
"""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokendance_core.errors import FileError, TokenDanceError

_NO_FOLDER = ("its folder does not exist", "Create the folder first, or choose another one.")
_FORBIDDEN = ("writing there is not allowed", "Choose a folder that you may write to.")
_FULL = ("the disk is full", "Free some space, or choose a folder on another disk.")
_TAKEN = ("a folder has that name", "Choose another file name.")
_REASONS = {
    errno.ENOENT: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EISDIR: _TAKEN,
}


@contextmanager
def write_aside(path: Path | str, error: type[TokenDanceError] = FileError) -> Iterator[Path]:
    """Yield a temporary path (same folder, same suffix) that replaces ``path`` on success and disappears on any
    failure.

    Raises ``error`` when the folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        with _explained(path, error):
            # Checked now, not after minutes of work inside the block.
            temporary.touch()
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            yield temporary
            os.replace(temporary, path)
    finally:
        # The folder itself may be missing or unreadable.
        if os.access(path.parent, os.X_OK):
            temporary.unlink(missing_ok=True)


def check_writable(path: Path | str, error: type[TokenDanceError] = FileError) -> None:
    """Raise ``error`` unless a file can be made at ``path``; for use before long work whose result goes there."""
    path = Path(path)
    with _explained(path, error):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        # A real file, because permission bits say nothing about read-only disks.
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass


@contextmanager
def _explained(path: Path, error: type[TokenDanceError]) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        unforeseen = (problem.strerror or str(problem), "Choose another file name or folder.")
        reason, hint = _REASONS.get(problem.errno or 0, unforeseen)
        raise error(f"Cannot write {path}: {reason}.", hint=hint) from problem
