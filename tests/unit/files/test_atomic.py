from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tokendance_core.errors import CheckpointError, FileError, SettingError
from tokendance_core.files.atomic import check_outputs, check_writable, write_aside


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


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file.npz"
    path.write_text("old")
    path.chmod(mode)
    with write_aside(path) as temporary:
        temporary.unlink()  # as Blender does
        temporary.write_text("new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", mode)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_symbolic_link_is_followed(tmp_path: Path, is_there: bool) -> None:
    real, link = tmp_path / "real" / "file.npz", tmp_path / "link.npz"
    real.parent.mkdir()
    if is_there:
        real.write_text("old")
    link.symlink_to(real)
    check_writable(link)
    with write_aside(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert [*real.parent.iterdir()] == [real]


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "file.npz"
    os.mkfifo(pipe)
    for write in (lambda: check_writable(pipe), lambda: write_aside(pipe).__enter__()):
        with pytest.raises(FileError, match="a device or a pipe has that name"):
            write()
    assert pipe.is_fifo()


@pytest.mark.parametrize("bytes_of_name", [240, 247, 254, 255])
@pytest.mark.parametrize("suffix", [".npz", "." + "x" * 100])
def test_every_name_that_the_system_takes_can_be_written(tmp_path: Path, bytes_of_name: int, suffix: str) -> None:
    path = tmp_path / ("é" * 200).encode()[: bytes_of_name - len(suffix)].decode(errors="ignore")
    path = path.with_name(path.name + suffix)
    check_writable(path)
    with write_aside(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_a_name_that_is_too_long_is_told_before_the_work(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 300}.npz"
    with pytest.raises(FileError, match="its name is too long"):
        check_writable(path)
    with pytest.raises(FileError, match="its name is too long"), write_aside(path):
        raise AssertionError("nothing is worked on for a file that cannot be made")


_KILLED = """
import os, signal, sys
from tokendance_core.files.atomic import write_aside
with write_aside(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    others = [tmp_path / name for name in (".hidden", ".tokendance-notes", ".tokendance-00000000-1-00000000.npz")]
    for other in others:  # the last one is of another machine, on a shared disk
        other.touch()
    assert subprocess.run([sys.executable, "-c", _KILLED, path], check=False).returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == len(others) + 1
    with write_aside(path) as ours:  # what is being written now stays
        check_writable(path)
        assert ours.exists()
        ours.write_text("whole")
    assert {*tmp_path.iterdir()} == {path, *others}


def test_what_lasts_is_on_the_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch) -> None:
    done = []
    monkeypatch.setattr(os, "fsync", lambda file: done.append("fsync"))
    monkeypatch.setattr(os, "replace", lambda *paths: done.append("replace"))
    for is_lasting in (True, False):
        with write_aside(tmp_path / "file.npz", is_lasting=is_lasting):
            pass
    assert done == ["fsync", "replace", "replace"]


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    song = tmp_path / "song.wav"
    song.write_text("song")
    for name in ("link.wav", "folder/link.wav"):
        (tmp_path / name).symlink_to(song)
    os.link(song, tmp_path / "hard.wav")
    for spelling in ("song.wav", "folder/../song.wav", "link.wav", "folder/link.wav", "hard.wav"):
        with pytest.raises(SettingError, match=r"would be written over") as caught:
            check_outputs([tmp_path / "other.npz", tmp_path / spelling], [None, "", tmp_path / "no.wav", song])
        assert caught.value.hint
    check_outputs([tmp_path / "other.npz", tmp_path / "no.wav"], [song])
