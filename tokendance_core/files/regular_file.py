"""Opens what is to be read: regular files of a size that makes sense, never a pipe or a device, which might not end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from tokendance_core.files import limits


def open_regular(path: Path, most: int) -> BinaryIO:
    """The regular file at ``path``, of ``most`` bytes. Raises OSError, or ValueError saying what is wrong with it."""
    status = os.stat(path)  # before it is opened: to open a pipe is to wait for its writer
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, no regular file")
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is a device or a pipe, no regular file")
    if status.st_size > most:
        raise ValueError(f"it has {status.st_size} bytes, expected {most} at most")
    return path.open("rb")


def read_text(path: Path, most: int = limits.TEXT_BYTES) -> str:
    """The UTF-8 text of a regular file, without a byte order mark. Raises as ``open_regular``, and ValueError."""
    with open_regular(path, most) as file:
        content = file.read(most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not text, or not UTF-8") from None
