"""BVH files: writes and reads our own skeleton, parses any.

Written in metres, Y up, facing +Z, as Blender's importer expects by default. Each joint turns by ``Z @ X @ Y``, the
file's channel order; the angles are continuous over time, so that curves made from them can be interpolated between
frames.
"""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np

from tokendance_core.errors import ClipError
from tokendance_core.files import limits
from tokendance_core.files.guarded import guarded
from tokendance_core.files.regular_file import open_regular
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import JOINTS, OFFSETS, PARENTS, TIPS
from tokendance_core.types import FASTEST_FPS, SLOWEST_FPS, MotionClip

_AXES = {"X": 0, "Y": 1, "Z": 2}
_ROTATIONS = "Zrotation Xrotation Yrotation"
_POSITIONS = "Xposition Yposition Zposition"

_CHANNELS = {*_ROTATIONS.split(), *_POSITIONS.split(), "Xscale", "Yscale", "Zscale"}
"""What a file may have; scales are passed over, as Blender does."""

_BLOCK = 1 << 22
"""Letters that are read at once."""

_DAMAGED = "is not a complete BVH file"
_EXPORT = "Export it again; the file may have been cut short."

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


@dataclass
class _Skeleton:
    """The joints of a HIERARCHY block, in file order."""

    names: dict[str, None] = field(default_factory=dict)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    channels: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, name: str, parent: int) -> None:
        if len(self.names) == limits.BVH_JOINTS:
            raise ValueError(f"it has more than {limits.BVH_JOINTS} joints")
        if not name:
            raise ValueError("a joint has no name")
        self.names[next(unique for unique in _spellings(name) if unique not in self.names)] = None
        self.parents.append(parent)
        self.channels.append(())


def _spellings(name: str) -> Iterator[str]:
    """The name, then with a number behind it, as Blender tells joints of one name apart."""
    yield name
    yield from (f"{name}.{number:03}" for number in itertools.count(1))


def _lines(file: TextIO) -> Iterator[list[str]]:
    """The words of every line that has some."""
    while line := file.readline(limits.BVH_LINE):
        if len(line) == limits.BVH_LINE:
            raise ValueError(f"a line above its frames has more than {limits.BVH_LINE} letters")
        if words := line.split():
            yield words


def _parse_hierarchy(lines: Iterator[list[str]]) -> _Skeleton:
    """The joints that the lines up to MOTION tell of; keywords in any case, names joined where they have blanks."""
    found = _Skeleton()
    open_joints: list[int | None] = []  # None for an end site
    opening: int | None = None
    for words in lines:
        if (word := words[0].lower()) == "motion":
            break
        if word in ("root", "joint"):
            parent = open_joints[-1] if open_joints else -1
            opening = len(found.names)
            found.add("_".join(name for name in words[1:] if name != "{"), -1 if parent is None else parent)
        elif word == "end":
            opening = None
        elif word == "offset" and open_joints[-1] is not None:
            found.offsets.append([float(value) for value in words[1:4]])
        elif word == "channels":
            found.channels[-1] = _channels(words[2:], int(words[1]))
        for brace in words:
            if brace == "{":
                open_joints.append(opening)
            elif brace == "}":
                open_joints.pop()
    return found


def _channels(words: list[str], count: int) -> tuple[str, ...]:
    names = tuple(word.capitalize() for word in words if word not in ("{", "}"))
    unknown = [name for name in names if name not in _CHANNELS]
    if unknown or len(names) != count:
        raise ValueError(f"a joint has the channels {' '.join(names)[:80]}, expected {count} positions and rotations")
    return names


def _rate(lines: Iterator[list[str]]) -> tuple[int, float]:
    """How many frames there are said to be, and how many a second."""
    told = " ".join(next(lines)).lower(), " ".join(next(lines)).lower()
    if not (told[0].startswith("frames:") and told[1].startswith("frame time:")):
        raise ValueError("the lines “Frames:” and “Frame Time:” are missing")
    count, seconds = int(told[0].partition(":")[2]), abs(float(told[1].partition(":")[2]))
    if count < 0 or not 1 / FASTEST_FPS <= seconds <= 1 / SLOWEST_FPS * 1.001:
        raise ValueError(f"{count} frames of {seconds:g} seconds, expected {SLOWEST_FPS:g} to {FASTEST_FPS:g} a second")
    return count, _rounded(1 / seconds)


def _rounded(rate: float) -> float:
    """``rate`` rounded where a frame time of few digits missed a whole number; 29.97 and the like stay."""
    return float(round(rate)) if abs(rate - round(rate)) < 0.01 else round(rate, 9)


def _table(file: TextIO, columns: int) -> np.ndarray:
    """(T, columns) of the numbers that follow, read in blocks."""
    blocks, rest, count = [np.empty(0)], "", 0
    while block := file.read(_BLOCK):
        whole, rest = _at_last_blank(rest + block)
        blocks.append(_numbers_of(whole))
        count += len(blocks[-1])
        if count > min(limits.BVH_NUMBERS, limits.CLIP_FRAMES * columns) or len(rest) > _BLOCK:
            raise ValueError(f"it holds more than {limits.CLIP_FRAMES} frames or {limits.BVH_NUMBERS} numbers")
    numbers: np.ndarray = np.concatenate((*blocks, _numbers_of(rest)))
    if not columns or len(numbers) % columns:
        raise ValueError(f"its frames have {columns} numbers each, and the last of them has fewer")
    return numbers.reshape(-1, columns)


def _at_last_blank(text: str) -> tuple[str, str]:
    """What stands before the last line break or blank, and what stands behind it."""
    at = max(text.rfind(blank) for blank in "\n \t") + 1
    return text[:at], text[at:]


def _numbers_of(text: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # how numpy says that it met something else
        try:
            numbers: np.ndarray = np.fromstring(text, sep=" ") if text.strip() else np.empty(0)
        except DeprecationWarning:
            raise ValueError("its frames hold something that is no number") from None
    return numbers


@guarded(ClipError, _DAMAGED, _EXPORT)
def parse(path: Path) -> BvhFile:
    """Read a BVH file of any skeleton and any order of channels; raises ClipError when it is not complete.

    What other programs write is read as Blender reads it: keywords in any case, names with blanks (joined by
    underscores) or of two joints, a negative frame time, and more frames than the file says.
    """
    with open_regular(path, limits.BVH_BYTES) as raw, io.TextIOWrapper(raw, "utf-8-sig", errors="replace") as file:
        lines = _lines(file)
        joints = _parse_hierarchy(lines)
        said, fps = _rate(lines)
        table = _table(file, sum(map(len, joints.channels)))
    if len(table) < said:
        raise ClipError(
            f"{path.name} is not a complete BVH file: it says {said} frames and holds {len(table)}.", hint=_EXPORT
        )
    limits.expect_length(len(table), fps)
    if not all(joints.channels) or not np.isfinite(table).all():
        raise ClipError(
            f"{path.name} has joints without channels or values that are not numbers.", hint="Export it again."
        )
    places = np.array(joints.offsets).reshape(len(joints.names), 3)
    if not max(np.abs(places).max(initial=0), np.abs(table).max(initial=0)) <= limits.FARTHEST:
        raise ValueError(f"it has numbers beyond {limits.FARTHEST:g}")
    return BvhFile(tuple(joints.names), tuple(joints.parents), places, tuple(joints.channels), table, fps)


@guarded(ClipError, _DAMAGED, _EXPORT)
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
