from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tokendance_core.errors import CheckpointError, FileError
from tokendance_core.files.atomic import check_writable, write_aside


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    path.write_text("old")
    with write_aside(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert (temporary.parent, temporary.suffix) == (path.parent, path.suffix)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_a_failure_leaves_nothing_half_written(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "file.npz"
    path.write_text("old")

    def fail_half_way() -> None:
        with write_aside(path) as temporary:
            temporary.write_text("ne")
            raise failure

    with pytest.raises(failure):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "not allowed"),
        (errno.EROFS, "not allowed"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_system_errors_become_sentences(tmp_path: Path, number: int, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught, write_aside(tmp_path / "file.npz", CheckpointError):
        raise OSError(number, os.strerror(number))
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_motion_file_unless_said(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "report.json"
    with pytest.raises(FileError, match="folder does not exist") as caught, write_aside(missing):
        raise AssertionError("nothing is worked on for a file that cannot be made")
    assert caught.value.exit_code == 8
    with pytest.raises(FileError, match="folder does not exist"):
        check_writable(missing)
    with pytest.raises(CheckpointError, match="a folder has that name"):
        check_writable(tmp_path, CheckpointError)
    check_writable(tmp_path / "report.json")
    assert not list(tmp_path.iterdir())
