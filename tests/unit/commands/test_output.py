"""What is printed may have no reader, no room, or no code for a letter: the work is done, and no traceback is seen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tokendance_core.errors import FileError

COMMAND = [sys.executable, "-m", "tokendance_core"]


@pytest.fixture(scope="module")
def body(tmp_path_factory) -> list[str]:
    """A command that prints a few lines and writes a file, without the networks."""
    from tests import body_models
    from tests.unit import dancers
    from tokendance_core.files import clip

    folder = tmp_path_factory.mktemp("body")
    clip.save(dancers.standing(5), folder / "dance.npz")
    model = body_models.write(folder / "model.npz", "smpl")
    return ["body", str(folder / "dance.npz"), "--model", str(model)]


def start(words: list[str], **options) -> subprocess.CompletedProcess:
    return subprocess.run([*COMMAND, *words], cwd=ROOT, check=False, **{"stderr": subprocess.PIPE, **options})


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_nobody_reads_to_the_end(body, tmp_path: Path, more: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)  # as head does once it has its line
    ended = start([*body, "-o", str(tmp_path / "out.npz"), *more], stdout=writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["info"], ["generate", "--help"]])
def test_nobody_reads_what_other_commands_print(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = start(words, stdout=writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("more", [None, [], ["--json"]])
def test_there_is_no_room(body, tmp_path: Path, more: list[str] | None) -> None:
    words = ["info"] if more is None else [*body, "-o", str(tmp_path / "out.npz"), *more]
    with open("/dev/full", "wb") as full:
        ended = start(words, stdout=full)
    assert ended.returncode == FileError.exit_code
    assert b"Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) <= 1


def test_there_is_no_output_at_all(body, tmp_path: Path) -> None:
    words = " ".join(f"'{word}'" for word in [*COMMAND, *body, "-o", str(tmp_path / "out.npz")])
    ended = subprocess.run(["sh", "-c", f"{words} >&-"], cwd=ROOT, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("coding", ["ascii", "cp1252", "cp932", "latin-1:strict"])
def test_letters_without_a_code_are_escaped(body, tmp_path: Path, coding: str) -> None:
    for name in ("é.npz", "夏.npz", "💃.npz"):
        path = tmp_path / name
        environment = os.environ | {"PYTHONIOENCODING": coding, "PYTHONUTF8": "0"}
        ended = start([*body, "-o", str(path)], env=environment, stdout=subprocess.PIPE)
        assert (ended.returncode, ended.stderr) == (0, b"")
        assert b"5 frames" in ended.stdout
        refused = start(["listen", str(tmp_path / f"{name}.wav")], env=environment, stdout=subprocess.PIPE)
        assert (refused.returncode, refused.stdout) == (3, b"")
        assert b"There is no file" in refused.stderr
