"""BVH of our own skeleton: metres, Y up, facing +Z, as Blender's importer expects with its default settings.

Each joint turns by ``Z @ X @ Y`` (the file's channel order); the angles are kept continuous over time, so that curves made
from them can be interpolated between frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tokendance_core import rotation
from tokendance_core.errors import ClipError
from tokendance_core.skeleton import JOINTS, OFFSETS, PARENTS
from tokendance_core.types import MotionClip

_AXES = {"X": 0, "Y": 1, "Z": 2}
_ROTATIONS = "Zrotation Xrotation Yrotation"
_POSITIONS = "Xposition Yposition Zposition"

_TIPS = {"head": (0.0, 0.18, 0.0), "foot": (0.0, 0.0, 0.07), "left_hand": (0.09, 0.0, 0.0), "right_hand": (-0.09, 0.0, 0.0)}
"""End sites in metres from the last joint of a chain: crown, toes and finger tips."""

_CHILDREN = {joint: [i for i, parent in enumerate(PARENTS) if parent == joint] for joint in range(len(JOINTS))}


def _depth_first(joint: int = 0) -> Iterator[int]:
    yield joint
    for child in _CHILDREN[joint]:
        yield from _depth_first(child)


_ORDER = tuple(_depth_first())
"""Joints in the order in which a BVH file lists them and their channels."""


def _numbers(values: np.ndarray | tuple[float, ...]) -> str:
    return " ".join(f"{value:.6f}" for value in values)


def _hierarchy(joint: int = 0, depth: int = 0) -> Iterator[str]:
    """Lines of the HIERARCHY block below ``joint``."""
    name, tab = JOINTS[joint], "\t" * depth
    yield f"{tab}{'JOINT' if depth else 'ROOT'} {name}"
    yield f"{tab}{{"
    yield f"{tab}\tOFFSET {_numbers(OFFSETS[joint])}"
    yield f"{tab}\tCHANNELS {f'3 {_ROTATIONS}' if depth else f'6 {_POSITIONS} {_ROTATIONS}'}"
    for child in _CHILDREN[joint]:
        yield from _hierarchy(child, depth + 1)
    if not _CHILDREN[joint]:
        tip = _TIPS.get(name) or _TIPS[name.split("_")[1]]
        yield from (f"{tab}\tEnd Site", f"{tab}\t{{", f"{tab}\t\tOFFSET {_numbers(tip)}", f"{tab}\t}}")
    yield f"{tab}}}"


def euler_zxy(matrices: np.ndarray) -> np.ndarray:
    """(T, …, 3, 3) -> (T, …, 3) radians (z, x, y) with ``matrix = Z @ X @ Y``, continuous over time, also through gimbal lock."""
    m = np.asarray(matrices, np.float64)
    cosine = np.hypot(m[..., 0, 1], m[..., 1, 1])
    locked = cosine < 1e-6  # only the sum of z and y is known: leave it all to y
    z = np.where(locked, 0.0, np.arctan2(-m[..., 0, 1], m[..., 1, 1]))
    y = np.where(locked, np.arctan2(m[..., 0, 2], m[..., 0, 0]), np.arctan2(-m[..., 2, 0], m[..., 2, 2]))
    first = np.stack((z, np.arctan2(m[..., 2, 1], cosine), y), -1)
    second = np.stack((z + np.pi, np.pi - first[..., 1], y + np.pi), -1)

    def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (1 - np.cos(a - b)).sum(-1)

    # Both triples mean the same rotation and going from one to the other keeps distances, so the parity of the flips chooses.
    flips = distance(second[1:], first[:-1]) < distance(first[1:], first[:-1])
    flipped = np.concatenate((np.zeros_like(flips[:1]), np.cumsum(flips, axis=0) % 2 == 1)) if len(flips) else np.zeros_like(z, bool)
    return np.unwrap(np.where(flipped[..., None], second, first), axis=0)


def write(clip: MotionClip, path: Path) -> None:
    """Write ``clip`` to ``path``: positions in metres, angles in degrees, six decimals."""
    matrices = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    angles = np.degrees(euler_zxy(matrices))[:, list(_ORDER)]
    table = np.concatenate((clip.root, angles.reshape(clip.frames, -1)), axis=1)
    row = " ".join(["%.6f"] * table.shape[1]) + "\n"
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write("HIERARCHY\n" + "\n".join(_hierarchy()) + "\n")
        file.write(f"MOTION\nFrames: {clip.frames}\nFrame Time: {1 / clip.fps:.12g}\n")
        file.writelines(row % tuple(frame) for frame in table.tolist())


def _parse_hierarchy(words: list[str]) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    """Words of a HIERARCHY block -> offset (3,) and channel names by joint name, in file order."""
    offsets: dict[str, np.ndarray] = {}
    channels: dict[str, list[str]] = {}
    joint = ""
    for i, word in enumerate(words):
        if word in ("ROOT", "JOINT"):
            joint = words[i + 1]
        elif word == "OFFSET":
            # An end site's offset follows its joint's own, which counts.
            offsets.setdefault(joint, np.array(words[i + 1 : i + 4], np.float64))
        elif word == "CHANNELS":
            channels[joint] = words[i + 2 : i + 2 + int(words[i + 1])]
    return offsets, channels


def _axis_rotation(axis: int, degrees: np.ndarray) -> np.ndarray:
    return rotation.matrix_from_axis_angle(np.radians(degrees)[:, None] * np.eye(3)[axis])


def read(path: Path) -> MotionClip:
    """Read a BVH file of our own skeleton, any order of rotation channels; raises ClipError for every other skeleton."""
    try:
        head, _, motion = path.read_text(encoding="utf-8").partition("MOTION")
        offsets, channels = _parse_hierarchy(head.split())
        words = motion.split()
        frames, frame_time = int(words[1]), float(words[4])
        table = np.array(words[5:], np.float64).reshape(frames, sum(map(len, channels.values())))
        fps = round(1 / frame_time, 9)
    except (ValueError, IndexError, ZeroDivisionError) as problem:
        raise ClipError(f"{path.name} is not a complete BVH file", "Export it again; the file may have been cut short.") from problem
    missing = [name for name in JOINTS if name not in channels]
    if missing:
        raise ClipError(
            f"{path.name} has another skeleton: {missing[0]} and {len(missing) - 1} more of our {len(JOINTS)} joints are missing",
            "Only BVH files written by TokenDance can be read back.",
        )
    if any(np.abs(offsets[name] - OFFSETS[i]).max() > 1e-3 for i, name in enumerate(JOINTS) if i):
        raise ClipError(f"{path.name} has other bone lengths than TokenDance's skeleton", "Export it without scaling, in metres.")
    starts = dict(zip(channels, np.cumsum([0, *map(len, channels.values())]), strict=False))
    matrices = np.broadcast_to(np.eye(3), (frames, len(JOINTS), 3, 3)).copy()
    root = np.zeros((frames, 3))
    for name, names in channels.items():
        for column, channel in enumerate(names, start=starts[name]):
            axis = _AXES[channel[0].upper()]
            if channel.endswith("rotation"):
                matrices[:, JOINTS.index(name)] @= _axis_rotation(axis, table[:, column])
            elif name == JOINTS[0]:
                root[:, axis] = table[:, column]
    rot6d = rotation.rot6d_from_matrix(matrices).astype(np.float32)
    return MotionClip(rot6d, root.astype(np.float32), fps=fps, name=path.stem)
