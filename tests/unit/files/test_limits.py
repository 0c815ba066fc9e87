"""Small files that ask for much: each is refused, or read, without the memory and the time that it asks for."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.unit import dancers
from tokendance_core.errors import ClipError
from tokendance_core.files import bvh, clip, limits
from tokendance_core.retarget import read_bvh

_USE = """
import sys, time
from pathlib import Path
import numpy
from tests.peak_memory import peak_bytes
from tokendance_core.errors import TokenDanceError
from tokendance_core.files import clip
from tokendance_core.motion import contacts, kinematics
from tokendance_core.retarget import read_bvh
from tokendance_core.rigs import map_file
path = Path(sys.argv[2])
before, since = peak_bytes(), time.process_time()
try:
    {use}
    print("read", end=" ")
except TokenDanceError as error:
    assert error.hint and not isinstance(error.__cause__, MemoryError), error
    print("refused", end=" ")
print((peak_bytes() - before) / 1e6, time.process_time() - since)
"""

LOAD = "contacts.stand_on_floor(kinematics.resample_to_fps(clip.load(path), 30))"
UNPACK = "clip.from_bytes(path.read_bytes())"
BVH = "read_bvh.read(path)"
MAP = "map_file.load_rig_map(path)"


def taken(use: str, path: Path) -> tuple[str, float, float]:
    """What became of a file in a process of its own, the megabytes that this took, and the seconds of work."""
    code = _USE.format(use=use)
    done = subprocess.run(
        [sys.executable, "-c", code, "-", path], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcome, megabytes, seconds = done.stdout.split()
    return outcome, float(megabytes), float(seconds)


def own(frames: int, **changes: object) -> dict[str, object]:
    return {
        "format": clip.FORMAT,
        "version": clip.FORMAT_VERSION,
        "rot6d": np.zeros((frames, 24, 6), np.float32),
        "root": np.zeros((frames, 3), np.float32),
        "fps": 30.0,
        "name": "x",
        "info": "{}",
        **changes,
    }


def amass(frames: int, numbers: int, rate: float) -> dict[str, object]:
    return {"poses": np.zeros((frames, numbers)), "trans": np.zeros((frames, 3)), "mocap_framerate": rate}


def compressed(path: Path, fields: dict[str, object]) -> Path:
    np.savez_compressed(path, **fields)
    return path


def header_alone(path: Path, shape: tuple[int, ...], name: str = "rot6d") -> Path:
    """An npz whose array says more than is there."""
    fields = {key: np.asarray(value) for key, value in own(2).items()}
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in fields.items():
            packed = io.BytesIO()
            if key == name:
                np.lib.format.write_array_header_1_0(packed, {"shape": shape, "fortran_order": False, "descr": "<f4"})
            else:
                np.save(packed, array)
            archive.writestr(f"{key}.npy", packed.getvalue())
    return path


def zlib_bomb(path: Path, megabytes: int) -> Path:
    packer = zlib.compressobj(1)
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())
    return path


def wide_bvh(path: Path, joints: int) -> Path:
    names = [f"joint{number}" for number in range(joints)]
    opening = "".join(f"JOINT {name}\n{{\nOFFSET 0 1 0\nCHANNELS 1 Xrotation\n" for name in names)
    head = "HIERARCHY\n" + opening.replace("JOINT", "ROOT", 1) + "}\n" * joints
    path.write_text(head + "MOTION\nFrames: 1\nFrame Time: 0.1\n" + " ".join("0" * joints) + "\n")
    return path


def one_name_bvh(path: Path, joints: int) -> Path:
    wide_bvh(path, joints)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join("JOINT a\n" if "JOINT" in line else line for line in lines))
    return path


def long_line(path: Path, megabytes: int) -> Path:
    with path.open("w") as file:
        file.write("HIERARCHY\nROOT ")
        for _ in range(megabytes):
            file.write("x" * (1 << 20))
    return path


@dataclass(frozen=True)
class Bomb:
    use: str
    name: str
    make: Callable[[Path], Path]


BOMBS = {
    "frames of zeros": Bomb(LOAD, "a.npz", lambda path: compressed(path, own(limits.CLIP_FRAMES + 1))),
    "a rate that makes it long": Bomb(LOAD, "a.npz", lambda path: compressed(path, own(40, fps=1e-5))),
    "a thousandth of a frame a second": Bomb(LOAD, "a.npz", lambda path: compressed(path, own(40, fps=1e-3))),
    "a frame a second for a day": Bomb(LOAD, "a.npz", lambda path: compressed(path, own(86_400, fps=1.0))),
    "a header alone": Bomb(LOAD, "a.npz", lambda path: header_alone(path, (10**9, 24, 6))),
    "a header beyond numbers": Bomb(LOAD, "a.npz", lambda path: header_alone(path, (99_999_999_999,))),
    "a header of noughts": Bomb(LOAD, "a.npz", lambda path: header_alone(path, (0, 10**18))),
    "AMASS at a rate that makes it long": Bomb(LOAD, "a.smpl.npz", lambda path: compressed(path, amass(40, 72, 1e-4))),
    "AMASS of many joints": Bomb(LOAD, "a.smpl.npz", lambda path: compressed(path, amass(9, 3_000_000, 30.0))),
    "a kept motion": Bomb(UNPACK, "a.kept", lambda path: zlib_bomb(path, 300)),
    "joints": Bomb(BVH, "a.bvh", lambda path: wide_bvh(path, 20_000)),
    "joints, as many as may be": Bomb(BVH, "a.bvh", lambda path: wide_bvh(path, limits.BVH_JOINTS)),
    "joints of one name": Bomb(BVH, "a.bvh", lambda path: one_name_bvh(path, limits.BVH_JOINTS)),
    "a line": Bomb(BVH, "a.bvh", lambda path: long_line(path, 200)),
    "a JSON": Bomb(MAP, "a.json", lambda path: path.write_text("[[]" + ",[]" * 6_000_000 + "]") and path),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_take_little(name: str, tmp_path: Path) -> None:
    bomb = BOMBS[name]
    outcome, megabytes, seconds = taken(bomb.use, bomb.make(tmp_path / bomb.name))
    assert outcome == "refused"
    assert megabytes < 700
    assert seconds < 15


@pytest.mark.parametrize("suffix", [*clip.SUFFIXES, ".json"])
def test_pipes_and_devices_are_no_files(tmp_path: Path, suffix: str) -> None:
    """To open a pipe is to wait for ever, and /dev/zero never ends."""
    pipe, device = tmp_path / f"pipe{suffix}", tmp_path / f"device{suffix}"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for path in (pipe, device):
        assert taken(MAP if suffix == ".json" else LOAD, path)[0] == "refused"
    if suffix == ".bvh":
        with pytest.raises(ClipError, match="a device or a pipe"):
            read_bvh.read(pipe)


def test_the_longest_dance_that_is_written_is_read(tmp_path: Path) -> None:
    frames = 1200 * 240
    still = dancers.standing(1)
    long = type(still)(np.tile(still.rot6d, (frames, 1, 1)), np.tile(still.root, (frames, 1)), 240.0)
    clip.save(long, tmp_path / "dance.npz")
    assert clip.load(tmp_path / "dance.npz").frames == frames
    assert clip.from_bytes(clip.to_bytes(long)).frames == frames
    assert frames * 228 < limits.BVH_NUMBERS * 2  # as BVH: twenty minutes at 120 frames a second


def test_a_bvh_of_many_frames_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip.save(dancers.bobbing(100), tmp_path / "dance.bvh")
    whole = bvh.parse(tmp_path / "dance.bvh").table
    for block in (64, 1000, 4097):
        monkeypatch.setattr(bvh, "_BLOCK", block)
        np.testing.assert_array_equal(bvh.parse(tmp_path / "dance.bvh").table, whole)
