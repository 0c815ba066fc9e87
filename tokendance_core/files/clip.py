"""Motion files: our own npz, SMPL parameters as AMASS stores them, and BVH; the suffix chooses.

=============  =========================================================================================================
``.npz``       ours: format, version, and ``rot6d``, ``root``, ``fps``, ``name``, ``info`` (JSON) of a ``MotionClip``
``.smpl.npz``  AMASS: ``poses`` (T, 72) axis-angle radians, ``trans`` (T, 3) metres, Z up, ``mocap_framerate``
``.bvh``       metres, Y up, facing +Z
=============  =========================================================================================================

SMPL places the pelvis at ``trans`` plus the rest position of joint 0. That position belongs to a body model, which we
do not ship: we read and write as if it were zero, so a body may need one constant shift (about 0.2 m).
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tokendance_core.errors import ClipError, SettingError
from tokendance_core.files import bvh, limits
from tokendance_core.files.array_file import Arrays, open_npz
from tokendance_core.files.atomic import write_aside
from tokendance_core.files.guarded import guarded
from tokendance_core.files.json_file import parse_json
from tokendance_core.motion import rotation
from tokendance_core.motion.kinematics import resample_to_fps
from tokendance_core.motion.skeleton import BODY_JOINTS, JOINTS
from tokendance_core.types import MotionClip

FORMAT = "tokendance-clip"
FORMAT_VERSION = 1

_FLATTEST = 1e-4
"""Area between the two columns of a rotation, 1 where it is exact."""

_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Our Y-up world -> AMASS's Z-up world: (x, y, z) -> (x, -z, y)."""


def _write_npz(path: Path | BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an uncompressed npz whose bytes depend on nothing but ``arrays``: every member carries the same date."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(member, "w", force_zip64=True) as file:
                # numpy 1.26 publishes no type of this function.
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)  # type: ignore[no-untyped-call]


def _save_own(clip: MotionClip, path: Path | BinaryIO) -> None:
    arrays = {
        "format": np.array(FORMAT),
        "version": np.array(FORMAT_VERSION),
        "rot6d": clip.rot6d,
        "root": clip.root,
        "fps": np.array(clip.fps, np.float64),
        "name": np.array(clip.name),
        "info": np.array(json.dumps(dict(clip.info), sort_keys=True, default=str)),
    }
    _write_npz(path, arrays)


def _floats(file: Arrays, name: str) -> np.ndarray:
    """The array ``name`` of one motion, in this machine's byte order."""
    array = file[name]
    if array.dtype.kind != "f":
        raise ValueError(f"{name} holds {array.dtype}, expected numbers with a point")
    if array.dtype.itemsize < 4:  # half precision is for storing alone
        return array.astype(np.float32)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _load_own(file: Arrays, path: Path) -> MotionClip:
    if str(file["format"]) != FORMAT or int(file["version"]) != FORMAT_VERSION:
        raise ClipError(
            f"{path.name} is {file['format']} version {file['version']}, expected {FORMAT} version {FORMAT_VERSION}.",
            hint="Generate it again, or update TokenDance.",
        )
    root, fps = _floats(file, "root"), float(file["fps"])
    limits.expect_length(len(root), fps)
    info = parse_json(str(file["info"]), is_strict=False)
    return MotionClip(_floats(file, "rot6d"), root, fps, str(file["name"]), info)


def _save_smpl(clip: MotionClip, path: Path) -> None:
    matrices = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    matrices[:, 0] = _Z_UP @ matrices[:, 0]
    arrays = {
        "poses": rotation.axis_angle_from_matrix(matrices).reshape(clip.frames, -1).astype(np.float32),
        "trans": (clip.root @ _Z_UP.T).astype(np.float32),
        "betas": np.zeros(10, np.float32),
        "gender": np.array("neutral"),
        "mocap_framerate": np.array(clip.fps, np.float64),
    }
    _write_npz(path, arrays)


def _load_smpl(file: Arrays, path: Path) -> MotionClip:
    rate = next((float(file[key]) for key in ("mocap_framerate", "mocap_frame_rate") if key in file), None)
    if rate is None:
        raise ClipError(
            f"{path.name} does not say its frame rate (mocap_framerate).",
            hint="Choose a pose file; shape files have no motion.",
        )
    parts = ("poses",) if "poses" in file else ("root_orient", "pose_body")
    poses = np.concatenate([_floats(file, name) for name in parts], -1)
    limits.expect_length(len(poses), rate)
    if poses[:1].size > limits.POSES:
        raise ValueError(f"a frame has {poses[:1].size} numbers, expected {limits.POSES} at most")
    joints = poses.reshape(len(poses), -1, 3)
    count = joints.shape[1]
    if count < BODY_JOINTS:
        raise ClipError(
            f"{path.name} poses {count} joints, expected at least {BODY_JOINTS}.",
            hint="Choose an SMPL, SMPL-H or SMPL-X file.",
        )
    # 24 joints are SMPL with its hand joints; in longer poses fingers or the jaw come next.
    shared = len(JOINTS) if count == len(JOINTS) else BODY_JOINTS
    matrices = np.broadcast_to(np.eye(3), (len(joints), len(JOINTS), 3, 3)).copy()
    matrices[:, :shared] = rotation.matrix_from_axis_angle(joints[:, :shared])
    matrices[:, 0] = _Z_UP.T @ matrices[:, 0]
    rot6d = rotation.rot6d_from_matrix(matrices).astype(np.float32)
    return MotionClip(rot6d, (_floats(file, "trans") @ _Z_UP).astype(np.float32), rate, path.name.split(".")[0])


def _load_npz(path: Path) -> MotionClip:
    with open_npz(path, limits.CLIP_BYTES) as file:
        return _load_own(file, path) if "format" in file else _load_smpl(file, path)


_FORMATS: dict[str, tuple[Callable[[MotionClip, Path], None], Callable[[Path], MotionClip]]] = {
    ".smpl.npz": (_save_smpl, _load_npz),
    ".npz": (_save_own, _load_npz),
    ".bvh": (bvh.write, bvh.read),
}

SUFFIXES = tuple(_FORMATS)


def _format_of(path: Path) -> tuple[Callable[[MotionClip, Path], None], Callable[[Path], MotionClip]]:
    found = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)
    if found is None:
        raise ClipError(
            f"{path.name} has no suffix of a motion file.", hint=f"Let its name end in {', '.join(SUFFIXES)}."
        )
    return _FORMATS[found]


def check_suffix(path: Path | str) -> None:
    """Raise ClipError unless ``save`` knows the suffix of ``path``; for use before a long generation."""
    _format_of(Path(path))


def save(clip: MotionClip, path: Path | str, *, fps: float | None = None) -> None:
    """Write ``clip`` in the format of the suffix, resampled if ``fps`` is given; the same clip gives the same bytes.

    Raises ClipError (suffix, folder, disk) and SettingError (``fps`` is not positive).
    """
    path = Path(path)
    write, _ = _format_of(path)
    if fps is not None:
        if not 0 < fps <= 1000:
            raise SettingError(
                f"A frame rate of {fps} is not possible.",
                hint="Give frames per second between 1 and 1000, for example 24.",
            )
        clip = resample_to_fps(clip, fps)
    with write_aside(path, ClipError) as temporary:
        write(clip, temporary)


def to_bytes(clip: MotionClip) -> bytes:
    """The clip as a lossless, deflated npz in memory, to be kept inside another file."""
    packed = io.BytesIO()
    _save_own(clip, packed)
    return zlib.compress(packed.getvalue(), 1)


@guarded(ClipError, "is not a kept motion or is damaged", "Generate the dance again.")
def from_bytes(packed: bytes) -> MotionClip:
    """The clip that ``to_bytes`` packed; ClipError when it is damaged."""
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(packed, limits.KEPT_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is cut short, or greater than any dance")
    with open_npz(io.BytesIO(content), limits.KEPT_BYTES) as file:
        return _load_own(file, Path("the kept motion"))


@guarded(ClipError, "is not a motion file or is damaged", "Generate or export it again.")
def load(path: Path | str) -> MotionClip:
    """Read a motion file that ``save`` wrote, or an AMASS file; raises ClipError for everything else.

    AMASS files have ``poses`` of 72 (SMPL), 156 (SMPL-H) or 165 values (SMPL-X), or ``root_orient`` (3) and
    ``pose_body`` (63) alone.
    """
    path = Path(path)
    _, read = _format_of(path)
    clip = read(path)
    if not clip.frames:
        raise ClipError(f"{path.name} holds no frames.", hint="Generate or export it again.")
    return checked(clip)


def checked(clip: MotionClip) -> MotionClip:
    """The clip; ClipError when its numbers are so great, or its rotations so far from being any, that nothing can be
    worked out from them.
    """
    if max(np.abs(clip.root).max(initial=0), np.abs(clip.rot6d).max(initial=0)) > limits.FARTHEST:
        raise ClipError(
            f"The motion “{clip.name}” reaches farther than {limits.FARTHEST:g} metres.",
            hint="Generate or export it again.",
        )
    if np.linalg.norm(np.cross(clip.rot6d[..., :3], clip.rot6d[..., 3:]), axis=-1).min(initial=1) < _FLATTEST:
        raise ClipError(
            f"The motion “{clip.name}” holds rotations whose two columns are one.", hint="Generate or export it again."
        )
    return clip
