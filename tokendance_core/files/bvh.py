"""BVH files: writes and reads our own skeleton, parses any.

Written in metres, Y up, facing +Z, as Blender's importer expects by default. Each joint turns by ``Z @ X @ Y``, the
file's channel order; the angles are continuous over time, so that curves made from them can be interpolated between
frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tokendance_core.errors import ClipError
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import JOINTS, OFFSETS, PARENTS, TIPS
from tokendance_core.types import MotionClip

_AXES = {"X": 0, "Y": 1, "Z": 2}
_ROTATIONS = "Zrotation Xrotation Yrotation"
_POSITIONS = "Xposition Yposition Zposition"

_CHILDREN = {joint: [i for i, parent in enumerate(PARENTS) if parent == joint] for joint in range(len(JOINTS))}


def _depth_first(joint: int = 0) -> Iterator[int]:
    """``joint`` and everything that hangs on it."""
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
        yield from (f"{tab}\tEnd Site", f"{tab}\t{{", f"{tab}\t\tOFFSET {_numbers(TIPS[name])}", f"{tab}\t}}")
    yield f"{tab}}}"


def write(clip: MotionClip, path: Path) -> None:
    """Write ``clip`` to ``path``: positions in metres, angles in degrees, six decimals."""
    matrices = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    angles = np.degrees(rotation.euler_angles(matrices, "ZXY"))[:, list(_ORDER)]
    table = np.concatenate((clip.root, angles.reshape(clip.frames, -1)), axis=1)
    row = " ".join(["%.6f"] * table.shape[1]) + "\n"
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write("HIERARCHY\n" + "\n".join(_hierarchy()) + "\n")
        file.write(f"MOTION\nFrames: {clip.frames}\nFrame Time: {1 / clip.fps:.12g}\n")
        file.writelines(row % tuple(frame) for frame in table.tolist())


@dataclass(frozen=True, eq=False)
class BvhFile:
    """A BVH file of any skeleton, in its own units and axes.

    ``names`` (J,), parents before children; ``parents`` (J,), -1 for the root; ``offsets`` (J, 3) from the parent;
    ``channels`` (J,) tuples such as ("Xposition", "Zrotation"); ``table`` (T, C): their values, joint by joint, angles
    in degrees.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    channels: tuple[tuple[str, ...], ...]
    table: np.ndarray
    fps: float

    def _values(self, joint: int, kind: str) -> Iterator[tuple[int, np.ndarray]]:
        """Axis and values (T,) of the joint's "rotation" or "position" channels, in the file's order."""
        first = sum(map(len, self.channels[:joint]))
        for column, channel in enumerate(self.channels[joint], start=first):
            if channel.lower().endswith(kind):
                yield _AXES[channel[0].upper()], self.table[:, column]

    def rotations(self, joint: int) -> np.ndarray:
        """(T, 3, 3) relative to the parent."""
        matrices = np.broadcast_to(np.eye(3), (len(self.table), 3, 3))
        for axis, degrees in self._values(joint, "rotation"):
            matrices = matrices @ rotation.matrix_from_axis_angle(np.radians(degrees)[:, None] * np.eye(3)[axis])
        return matrices

    def positions(self, joint: int) -> np.ndarray:
        """(T, 3) relative to the parent: the position channels, or the offset on axes that have none."""
        places = np.tile(self.offsets[joint], (len(self.table), 1))
        for axis, values in self._values(joint, "position"):
            places[:, axis] = values
        return places


def _parse_hierarchy(words: list[str]) -> tuple[list[str], list[int], list[list[float]], list[tuple[str, ...]]]:
    """Words of a HIERARCHY block -> names, parents, offsets and channels of the joints, in file order."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[str, ...]] = []
    open_joints: list[int | None] = []  # None for an end site
    opening: int | None = None
    for i, word in enumerate(words):
        if word in ("ROOT", "JOINT"):
            parent = open_joints[-1] if open_joints else -1
            opening = len(names)
            names.append(words[i + 1])
            parents.append(-1 if parent is None else parent)
        elif word == "End":
            opening = None
        elif word == "{":
            open_joints.append(opening)
        elif word == "}":
            open_joints.pop()
        elif word == "OFFSET" and open_joints[-1] is not None:
            offsets.append([float(value) for value in words[i + 1 : i + 4]])
        elif word == "CHANNELS":
            channels.append(tuple(words[i + 2 : i + 2 + int(words[i + 1])]))
    return names, parents, offsets, channels


def _rounded(rate: float) -> float:
    """``rate`` rounded where a frame time of few digits missed a whole number; 29.97 and the like stay."""
    return float(round(rate)) if abs(rate - round(rate)) < 0.01 else round(rate, 9)


def parse(path: Path) -> BvhFile:
    """Read a BVH file of any skeleton and any order of channels; raises ClipError when it is not complete."""
    try:
        head, _, motion = path.read_text(encoding="utf-8", errors="replace").partition("MOTION")
        names, parents, offsets, channels = _parse_hierarchy(head.split())
        words = motion.split()
        frames, frame_time = int(words[1]), float(words[4])
        table = np.fromiter(map(float, words[5:]), np.float64).reshape(frames, sum(map(len, channels)))
        places = np.array(offsets).reshape(len(names), 3)
        fps = _rounded(1 / frame_time)
    except (ValueError, IndexError, ZeroDivisionError) as problem:
        raise ClipError(
            f"{path.name} is not a complete BVH file.", hint="Export it again; the file may have been cut short."
        ) from problem
    if len(channels) != len(names) or not np.isfinite(table).all():
        raise ClipError(
            f"{path.name} has joints without channels or values that are not numbers.", hint="Export it again."
        )
    return BvhFile(tuple(names), tuple(parents), places, tuple(channels), table, fps)


def read(path: Path) -> MotionClip:
    """Read a BVH file of our own skeleton, any order of rotation channels; raises ClipError for every other
    skeleton.
    """
    file = parse(path)
    missing = [name for name in JOINTS if name not in file.names]
    if missing:
        raise ClipError(
            f"{path.name} has another skeleton: {missing[0]} and {len(missing) - 1} more of our {len(JOINTS)} joints "
            "are missing.",
            hint="Only BVH files written by TokenDance can be read back.",
        )
    order = [file.names.index(name) for name in JOINTS]
    if np.abs(file.offsets[order] - OFFSETS)[1:].max() > 1e-3:
        raise ClipError(
            f"{path.name} has other bone lengths than TokenDance's skeleton.",
            hint="Export it without scaling, in metres.",
        )
    rot6d = rotation.rot6d_from_matrix(np.stack([file.rotations(joint) for joint in order], 1)).astype(np.float32)
    return MotionClip(rot6d, file.positions(order[0]).astype(np.float32), fps=file.fps, name=path.stem)
