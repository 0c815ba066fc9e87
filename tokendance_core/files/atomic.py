"""Atomic file writes: a file appears complete or not at all, and never in place of one that is read.

It is written beside its place under another name and moved there at the end. The name tells whose it is, so that what a
killed process left is known, and removed before the next work that goes into the folder.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import secrets
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tokendance_core.errors import FileError, SettingError, TokenDanceError

_NO_FOLDER = ("its folder does not exist", "Create the folder first, or choose another one.")
_FORBIDDEN = ("writing there is not allowed", "Choose a folder that you may write to.")
_FULL = ("the disk is full", "Free some space, or choose a folder on another disk.")
_TAKEN = ("a folder has that name", "Choose another file name.")
_NO_FILE = ("a device or a pipe has that name", "Choose another file name.")
_TOO_LONG = ("its name is too long", "Choose a shorter file name.")
_REASONS = {
    errno.ENOENT: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EISDIR: _TAKEN,
    errno.ENXIO: _NO_FILE,
    errno.ENAMETOOLONG: _TOO_LONG,
}

_LONGEST_SUFFIX = 20
"""Bytes; what is longer is part of a name."""

_TEMPORARY = re.compile(r"\.tokendance-(?P<place>[0-9a-f]{8})-(?P<process>\d{1,10})-[0-9a-f]{8}(\..*)?")


@contextmanager
def write_aside(
    path: Path | str, error: type[TokenDanceError] = FileError, *, is_lasting: bool = True
) -> Iterator[Path]:
    """Yield a temporary path (same folder, same suffix) that replaces ``path`` on success and disappears on any
    failure.

    A symbolic link is followed, and the permissions of a file that is replaced are kept. What is ``lasting`` is on the
    disk before it takes its place, so that a power failure leaves one of the two whole. Raises ``error`` when the
    folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    with _explained(path, error):
        target = _target(path)
        temporary = _temporary(target)
        try:
            # Checked now, not after minutes of work inside the block.
            temporary.touch()
            _take_permissions(target, temporary, stat.S_IWUSR)
            yield temporary
            if is_lasting:
                _flush(temporary)
            _take_permissions(target, temporary)  # again: some writers make the file anew
            os.replace(temporary, target)
        finally:
            with suppress(OSError):  # the folder itself may be missing or unreadable
                temporary.unlink(missing_ok=True)


def check_writable(path: Path | str, error: type[TokenDanceError] = FileError) -> None:
    """Raise ``error`` unless a file can be made at ``path``; for use before long work whose result goes there.

    Half-written files of killed processes are removed from the folder.
    """
    path = Path(path)
    with _explained(path, error):
        target = _target(path)
        sweep(target.parent)
        # A real file, because permission bits say nothing about read-only disks.
        temporary = _temporary(target)
        temporary.touch()
        temporary.unlink()


def check_outputs(outputs: Iterable[Path | str], inputs: Iterable[Path | str | None]) -> None:
    """SettingError where one of the ``outputs`` would be written over one of the ``inputs``, however both are spelt."""
    read = {_identity(Path(path)) for path in inputs if path} - {None}
    for path in map(Path, outputs):
        if _identity(path) in read:
            raise SettingError(
                f"{path} would be written over, and it is read for this.", hint="Choose another name for the output."
            )


def sweep(folder: Path) -> None:
    """Remove what processes that are gone have left half-written in ``folder``."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name)
            if found and found["place"] == _place() and _is_gone(int(found["process"])):
                with suppress(OSError):
                    os.unlink(entry.path)


def _target(path: Path) -> Path:
    """Where the file goes: behind symbolic links. Raises OSError where it cannot."""
    target = Path(os.path.realpath(path))
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
    return target


def _temporary(target: Path) -> Path:
    """A name of our own beside the target, of a length that every file system takes."""
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= _LONGEST_SUFFIX else ""
    return target.with_name(f".tokendance-{_place()}-{os.getpid()}-{secrets.token_hex(4)}{suffix}")


def _place() -> str:
    """Names the machine, and the sandbox if it counts processes for itself: elsewhere a number is another process."""
    try:
        sandbox = os.readlink("/proc/self/ns/pid")
    except OSError:
        sandbox = ""
    return f"{zlib.crc32(f'{platform.node()} {sandbox}'.encode()):08x}"


def _is_gone(process: int) -> bool:
    if sys.platform == "win32":  # which lets nobody remove a file that is open
        return process != os.getpid()
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False


def _take_permissions(target: Path, temporary: Path, more: int = 0) -> None:
    with suppress(FileNotFoundError):
        os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode) | more)


def _flush(path: Path) -> None:
    """Have the system bring a file to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _identity(path: Path) -> tuple[int, int] | None:
    """The same for every name of a file; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _explained(path: Path, error: type[TokenDanceError]) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        unforeseen = (problem.strerror or str(problem), "Choose another file name or folder.")
        reason, hint = _REASONS.get(problem.errno or 0, unforeseen)
        raise error(f"Cannot write {path}: {reason}.", hint=hint) from problem
