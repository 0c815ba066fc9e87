"""What ``data`` tells of a data pack and of a data set in another layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from tests.unit.motion_samples import still_clip
from tokendance_core.__main__ import main
from tokendance_core.files import bvh


def test_every_clip_of_a_pack_is_counted_under_its_genre(data: Path, capsys) -> None:
    assert main(["data", "--data", str(data)]) == 0
    table, *_ = capsys.readouterr().out.partition("\n\n")
    counts = {line[:16].strip(): line[16:].split()[:2] for line in table.splitlines()}
    assert counts == {
        "group": ["clips", "minutes"],
        "not dance": ["1", "0.2"],
        "pop": ["3", "0.5"],
        "salsa": ["4", "0.7"],
    }


def test_a_fault_is_told_by_the_name_of_its_clip(tmp_path: Path, capsys) -> None:
    clip = still_clip(150)
    arm = clip.rot6d.copy()
    arm[60, 16] = np.float32([0, 1, 0, -1, 0, 0])  # the left arm, up for one frame
    bvh.write(clip, tmp_path / "good.bvh")
    bvh.write(replace(clip, rot6d=arm), tmp_path / "bad.bvh")
    for name in ("good", "bad"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(800), 8000)
    assert main(["data", "--data", str(tmp_path), "--format", "folder"]) == 0
    said = capsys.readouterr().out
    assert said.count("bad, speed: The left hand moves at ") == 1
    assert "good" not in said


def test_missing_data_is_told_in_a_sentence(tmp_path: Path, capsys) -> None:
    assert main(["data", "--data", str(tmp_path / "nowhere")]) == 7
    assert "motion_index.json" in capsys.readouterr().err
