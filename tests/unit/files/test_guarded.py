from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tokendance_core.errors import AudioError, Cancelled, ClipError
from tokendance_core.files.guarded import guarded


def reader(problem: BaseException):
    @guarded(ClipError, "is not a motion file or is damaged", "Generate it again.")
    def read(path: Path) -> None:
        raise problem

    return read


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (ValueError("3 bytes too few."), "dance.npz is not a motion file or is damaged (3 bytes too few)."),
        (KeyError("W"), "dance.npz is not a motion file or is damaged (KeyError)."),
        (SystemError("inside"), "dance.npz is not a motion file or is damaged (SystemError)."),
        (RecursionError(), "dance.npz is not a motion file or is damaged (RecursionError)."),
        (MemoryError(), "dance.npz is not a motion file or is damaged (it takes more memory than there is)."),
        (OSError("Invalid data stream"), "dance.npz is not a motion file or is damaged (OSError)."),
        (FileNotFoundError(2, "No such file"), f"There is no file {Path('folder/dance.npz')}."),
        (PermissionError(13, "Permission denied"), f"Cannot read {Path('folder/dance.npz')}: Permission denied."),
        (ValueError("two\nlines\r\x1b[2J"), "dance.npz is not a motion file or is damaged (two lines  [2J)."),
    ],
)
def test_whatever_a_reader_raises_becomes_a_sentence_with_a_hint(problem, message, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ClipError) as caught:
        reader(problem)(Path("folder/dance.npz"))
    assert str(caught.value) == message
    assert caught.value.hint
    assert caught.value.__cause__ is problem
    assert caplog.records[0].exc_info


def test_what_is_told_already_stays() -> None:
    for problem in (AudioError("It is silent.", hint="Choose another."), Cancelled("Stopped."), KeyboardInterrupt()):
        with pytest.raises(type(problem)) as caught:
            reader(problem)("dance.npz")
        assert caught.value is problem


def test_a_reader_without_a_path() -> None:
    @guarded(ClipError, "is not a kept motion or is damaged", "Generate it again.")
    def read(packed: bytes) -> int:
        return 1 // len(packed)

    assert read(b"1") == 1
    with pytest.raises(ClipError, match=r"^This is not a kept motion or is damaged \(ZeroDivisionError\)\.$"):
        read(b"")
