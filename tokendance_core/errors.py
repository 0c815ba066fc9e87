"""Errors a user can cause, each with a way out.

    TokenDanceError
    ├── AudioError         the song cannot be read or danced to
    ├── CheckpointError    the weights file is missing, damaged or of another version
    ├── ClipError          a motion file cannot be read or written
    ├── RigError           the armature cannot take the dance
    ├── SettingError       an option has a value that makes no sense
    ├── DataError          training data is missing or damaged
    ├── FileError          a file that is no motion file cannot be written
    └── Cancelled          the user stopped the work

``str(error)`` is a sentence (what was found, what was expected); ``error.hint`` is another that says how to fix it.
"""

from __future__ import annotations

_LONGEST = 2000
"""Letters of a message; what a file holds is quoted in some."""


def _one_line(text: str) -> str:
    """Without line breaks and other control characters, which names in files may hold, and of a length to be read."""
    line = "".join(letter if letter.isprintable() else " " for letter in text.replace("\n", " "))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"


class TokenDanceError(Exception):
    """Base of every error that is the user's to solve; ``exit_code`` is what the command line returns."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(_one_line(message))
        self.hint = _one_line(hint)

    @property
    def text(self) -> str:
        """What was found, what was expected, and the way out: whole sentences for people."""
        return f"{self} {self.hint}".strip()


class AudioError(TokenDanceError):
    exit_code = 3


class CheckpointError(TokenDanceError):
    exit_code = 4


class ClipError(TokenDanceError):
    exit_code = 5


class RigError(TokenDanceError):
    exit_code = 6


class SettingError(TokenDanceError):
    exit_code = 2


class DataError(TokenDanceError):
    exit_code = 7


class FileError(TokenDanceError):
    exit_code = 8


class Cancelled(TokenDanceError):
    exit_code = 130


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; torch raises a RuntimeError with a message on a CPU, a subclass on a graphics card."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )
