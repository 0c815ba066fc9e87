"""No command writes over what it reads, however both are spelt; what was there stays as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import body_models
from tests.unit import dancers
from tokendance_core.__main__ import main
from tokendance_core.errors import SettingError
from tokendance_core.files import clip

SPELLINGS = {
    "itself": lambda path: path,
    "by a longer way": lambda path: path.parent / ".." / path.parent.name / path.name,
    "by a symbolic link": lambda path: _link(path, os.symlink),
    "by a hard link": lambda path: _link(path, os.link),
}


def _link(path: Path, make) -> Path:
    link = path.with_name(f"link{path.suffix}")
    make(path, link)
    return link


@pytest.fixture(params=SPELLINGS)
def spelt(request):
    """Another way to write a path."""
    return SPELLINGS[request.param]


def refused(words: list[object], path: Path, capsys: pytest.CaptureFixture) -> None:
    before = path.read_bytes()
    assert main([str(word) for word in words]) == SettingError.exit_code
    assert "would be written over" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_generate(tmp_path, tiny_checkpoint_file, song, spelt, capsys):
    checkpoint = tmp_path / "weights.npz"
    checkpoint.write_bytes(tiny_checkpoint_file.read_bytes())
    refused(["generate", song, "-o", spelt(checkpoint), "--checkpoint", checkpoint], checkpoint, capsys)
    sound = tmp_path / "song.bvh"
    sound.write_bytes(song.read_bytes())
    link = tmp_path / "other.bvh"
    link.symlink_to(sound)
    refused(["generate", link, "-o", sound], sound, capsys)


def test_body(tmp_path, spelt, capsys):
    dance, model = tmp_path / "dance.npz", body_models.write(tmp_path / "model.npz", "smpl")
    clip.save(dancers.standing(3), dance)
    refused(["body", dance, "--model", model, "-o", spelt(dance)], dance, capsys)
    (tmp_path / "link.npz").unlink(missing_ok=True)
    refused(["body", dance, "--model", model, "-o", spelt(model)], model, capsys)


def test_a_dance_keeps_the_permissions_of_the_file_it_replaces(tmp_path, song, tiny_checkpoint_file):
    path = tmp_path / "dance.npz"
    path.touch(mode=0o600)
    words = ["generate", song, "-o", path, "--checkpoint", tiny_checkpoint_file, "--duration", "3", "--steps", "1"]
    assert main([str(word) for word in words]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert clip.load(path).frames == 90
