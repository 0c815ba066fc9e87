"""The command ``body``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests import body_models
from tests.unit import dancers
from tokendance_core.__main__ import main
from tokendance_core.files import clip as clip_file
from tokendance_core.smpl.skinning import skin

pytest.importorskip("smplx")


@pytest.fixture
def smpl(tmp_path) -> Path:
    return body_models.write(tmp_path / "SMPL_NEUTRAL.npz", "smpl")


@pytest.fixture
def dance(tmp_path) -> Path:
    clip_file.save(dancers.tumbling(frames=31), tmp_path / "dance.npz")
    return tmp_path / "dance.npz"


def _command(*words: object) -> int:
    return main([str(word) for word in ("body", *words)])


def test_command_writes_what_skin_makes(dance, smpl, tmp_path, capsys):
    assert _command(dance, "--model", smpl, "-o", tmp_path / "out.npz", "--betas", 1, -0.5, "--json") == 0
    *progress, done = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["fraction"] for event in progress] == sorted(event["fraction"] for event in progress)
    assert (done["event"], done["frames"], done["fps"], list(done["stages"])) == (
        "done",
        31,
        30.0,
        ["load", "body", "export"],
    )
    with np.load(tmp_path / "out.npz") as file:
        np.testing.assert_array_equal(file["vertices"], skin(clip_file.load(dance), smpl, betas=(1, -0.5)).vertices)


def test_command_at_another_frame_rate(dance, smpl, tmp_path, capsys):
    assert _command(dance, "--model", smpl, "-o", tmp_path / "out.pc2", "--fps", 24) == 0
    assert "25 frames, 1.0 s at 24 fps" in capsys.readouterr().out
    assert len((tmp_path / "out.pc2").read_bytes()) == 32 + 25 * 144 * 12


@pytest.mark.parametrize(
    ("changes", "exit_code", "word"),
    [
        ({"-o": "out.fbx"}, 5, "suffix"),
        ({"-o": "missing/out.pc2"}, 5, "folder does not exist"),
        ({"-o": "dance.npz"}, 2, "written over"),
        ({"-o": "SMPL_NEUTRAL.npz"}, 2, "written over"),
        ({"--model": "none.npz"}, 5, "no body model"),
        ({"--model": "dance.npz"}, 5, "not a body model"),
        ({"--fps": 0}, 2, "fps"),
        ({"--betas": "nan"}, 2, "betas"),
        ({"dance": "none.npz"}, 5, "no file"),
    ],
)
def test_command_tells_a_problem_in_a_sentence(dance, smpl, tmp_path, capsys, monkeypatch, changes, exit_code, word):
    monkeypatch.chdir(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    words = {"dance": dance.name, "--model": smpl.name, "-o": "out.pc2", **changes}
    motion = words.pop("dance")
    assert _command(motion, *(word for pair in words.items() for word in pair)) == exit_code
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert word in said.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
