"""BVH files as other programs write them are read as Blender's importer reads them, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.dance_files import mixamo_bvh
from tokendance_core.errors import ClipError
from tokendance_core.files import bvh
from tokendance_core.retarget import read_bvh

TEXT = mixamo_bvh()


def parsed(folder: Path, text: str) -> bvh.BvhFile:
    (folder / "dance.bvh").write_text(text, encoding="utf-8")
    return bvh.parse(folder / "dance.bvh")


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ClipError) as caught:
        parsed(folder, text)
    assert caught.value.hint
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title, str.swapcase])
def test_keywords_and_channels_of_any_case(tmp_path: Path, spell) -> None:
    words = "HIERARCHY|ROOT|JOINT|End Site|OFFSET|CHANNELS|MOTION|Frames:|Frame Time:|rotation|position"
    text = TEXT
    for word in words.split("|"):
        text = text.replace(word, spell(word))
    found, expected = parsed(tmp_path, text), parsed(tmp_path, TEXT)
    assert (found.names, found.channels, found.fps) == (expected.names, expected.channels, expected.fps)
    np.testing.assert_array_equal(found.table, expected.table)


def test_blanks_in_names_become_underscores(tmp_path: Path) -> None:
    text = TEXT.replace("LeftUpLeg", "Bip01 L  Thigh").replace("JOINT RightUpLeg\n", "JOINT   R Thigh  \r\n")
    assert {"Bip01_L_Thigh", "R_Thigh"} <= set(parsed(tmp_path, text).names)


def test_a_brace_may_follow_the_name(tmp_path: Path) -> None:
    compact = "\n".join(line.strip() for line in TEXT.splitlines()).replace("\n{", " {")
    assert parsed(tmp_path, compact).names == parsed(tmp_path, TEXT).names


def test_joints_of_one_name_are_told_apart(tmp_path: Path) -> None:
    names = parsed(tmp_path, TEXT.replace("RightUpLeg", "LeftUpLeg").replace("RightLeg", "LeftUpLeg")).names
    assert {"LeftUpLeg", "LeftUpLeg.001", "LeftUpLeg.002"} <= set(names)


def timed(seconds: str) -> str:
    return "\n".join(f"Frame Time: {seconds}" if line.startswith("Frame Time") else line for line in TEXT.splitlines())


@pytest.mark.parametrize(
    ("seconds", "fps"),
    [("-0.0333", 30.03), ("-0.0333333", 30.0), ("0.04", 25.0), ("  0.0333667 ", 29.97), ("1", 1.0), ("1e-3", 1000.0)],
)
def test_frame_times(tmp_path: Path, seconds: str, fps: float) -> None:
    assert parsed(tmp_path, timed(seconds)).fps == pytest.approx(fps, rel=1e-4)


@pytest.mark.parametrize("seconds", ["0", "-0", "1e-320", "1e-9", "inf", "nan", "1e9", "2", "-1e300", "x", "", "0,04"])
def test_frame_times_that_make_no_sense(tmp_path: Path, seconds: str) -> None:
    assert "not a complete BVH file" in refused(tmp_path, timed(seconds))


def counted(count: str, rows: int) -> str:
    lines = TEXT.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("Frames"))
    return "\n".join([*lines[:at], f"Frames: {count}", lines[at + 1], *[lines[at + 2]] * rows])


@pytest.mark.parametrize(("count", "rows"), [("2", 2), ("1", 5), ("0", 3), ("4", 4)])
def test_more_frames_than_the_file_says_are_read(tmp_path: Path, count: str, rows: int) -> None:
    assert len(parsed(tmp_path, counted(count, rows)).table) == rows


def test_fewer_frames_than_the_file_says_are_told_once(tmp_path: Path) -> None:
    message = refused(tmp_path, counted("12", 10))
    assert message == "dance.bvh is not a complete BVH file: it says 12 frames and holds 10."


@pytest.mark.parametrize("count", ["-1", "x", "", "1e3", "9" * 5000])
def test_numbers_of_frames_that_make_no_sense(tmp_path: Path, count: str) -> None:
    assert "not a complete BVH file" in refused(tmp_path, counted(count, 2))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Zrotation", "Wrotation"),
        ("CHANNELS 3 ", "CHANNELS 9 "),
        ("CHANNELS 3 ", "CHANNELS x "),
        ("OFFSET ", "OFFSET x "),
        ("OFFSET ", "OFFSETS "),
        ("JOINT LeftLeg", "JOINT"),
        ("MOTION", "MOTIONS"),
        ("Frame Time:", "Frames a second:"),
    ],
)
def test_skeletons_that_make_no_sense(tmp_path: Path, old: str, new: str) -> None:
    assert old in TEXT
    refused(tmp_path, TEXT.replace(old, new))


def test_scales_are_passed_over(tmp_path: Path) -> None:
    text = TEXT.replace("Zrotation Xrotation Yrotation", "Zscale Xrotation Yrotation")
    assert np.isfinite(parsed(tmp_path, text).rotations(1)).all()


@pytest.mark.parametrize("value", ["1e300", "-1e39", "nan", "inf", "1e7", "x", "0,5", "1__0"])
def test_frames_that_make_no_sense(tmp_path: Path, value: str) -> None:
    first, _, rest = TEXT.rpartition("\n" + TEXT.strip().splitlines()[-1].split()[0])
    path = tmp_path / "dance.bvh"
    path.write_text(f"{first}\n{value}{rest}")
    with pytest.raises(ClipError) as caught:
        read_bvh.read(path)
    assert caught.value.hint
