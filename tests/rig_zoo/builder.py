"""Skeletons at rest from a few lines of text: bone names, one indented below another, each at a place of the body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.types import Rig

Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
Y_UP = np.eye(3)

# Metres, Y up, facing +Z, left = +X. Sided places are those of the left side.
_PLACES = {
    "floor": (0.0, 0.0, 0.0),
    "pelvis": (0.0, 0.95, 0.0),
    "chest": (0.0, 1.26, -0.02),
    "nape": (0.0, 1.44, -0.03),
    "head": (0.0, 1.56, 0.0),
    "top": (0.0, 1.76, 0.01),
    "jaw": (0.0, 1.58, 0.04),
    "eye": (0.03, 1.63, 0.09),
    "breast": (0.08, 1.28, 0.08),
    "hip": (0.09, 0.91, 0.0),
    "knee": (0.095, 0.50, 0.015),
    "ankle": (0.10, 0.09, -0.02),
    "ball": (0.11, 0.02, 0.11),
    "toe": (0.115, 0.015, 0.19),
    "heel": (0.10, 0.0, -0.06),
    "clavicle": (0.02, 1.40, 0.02),
    "shoulder": (0.17, 1.41, -0.03),
}
_SPANS = {"spine": ("pelvis", "nape"), "neck": ("nape", "head"), "thigh": ("hip", "knee"), "shin": ("knee", "ankle")}
_SPANS |= {"upperarm": ("shoulder", "elbow"), "forearm": ("elbow", "wrist"), "collar": ("clavicle", "shoulder")}
_FINGERS = {
    "thumb": (0.025, 0.03),
    "index": (0.09, 0.03),
    "middle": (0.092, 0.01),
    "ring": (0.088, -0.01),
    "pinky": (0.08, -0.03),
}


@dataclass(frozen=True)
class Specimen:
    """A rig and what has to be recognised in it.

    ``bones``: one bone a line, ``name @ place``, indented below its parent; ``[L|R]`` in a name makes it, and all
    below, two-sided. ``expected``: ``joint name; joint name``; ``twist``, ``followers``, ``ik`` likewise, several bones
    parted by commas. ``arm``: degrees by which the arms hang; ``unit``: armature units to a metre; ``driven``: pattern
    of names that constraints move; ``reaches``: ``bone target pole; …`` of bones with inverse kinematics, the pole may
    be absent; ``turn``: degrees about left, up and front through the pelvis.
    """

    family: str
    bones: str
    expected: str
    twist: str = ""
    followers: str = ""
    ik: str = ""
    path: str = ""
    switches: tuple[tuple[str, str, float], ...] = ()
    arm: float = 0.0
    unit: float = 1.0
    axes: np.ndarray = field(default_factory=lambda: Z_UP)
    driven: str = ""
    tails: bool = True
    reaches: str = ""
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)


def _place(words: str, arm: float) -> np.ndarray:
    """Where a bone begins: a place, a part of the way between two (``thigh 0.5``), a finger (``index1``) or three
    numbers.
    """
    along = np.array([np.cos(np.radians(arm)), -np.sin(np.radians(arm)), 0.0])
    places = {name: np.array(place) for name, place in _PLACES.items()}
    places["elbow"] = places["shoulder"] + 0.28 * along
    places["wrist"] = places["elbow"] + 0.25 * along + [0, 0, 0.01]
    places["palm"] = places["wrist"] + 0.03 * along
    name, *numbers = words.split()
    if name in places:
        return places[name]
    if name in _SPANS:
        start, end = (places[end] for end in _SPANS[name])
        return start + float(numbers[0]) * (end - start)
    if finger := re.fullmatch(r"([a-z]+)(\d)", name):
        start, aside = _FINGERS[finger[1]]
        return places["wrist"] + (start + 0.03 * (int(finger[2]) - 1)) * along + [0, 0, aside]
    return np.array([float(number) for number in words.split()])


def _one_side(text: str, side: int) -> str:
    return re.sub(r"\[([^|\]]*)\|([^\]]*)\]", lambda found: found[side + 1], text)


def _fingers(line: str, indent: str) -> list[str]:
    """``*fingers [L|R]Hand{}1 Thumb …`` -> three bones a finger; the number counts on."""
    _, pattern, *fingers = line.split()
    lines = []
    for place, finger in zip(_FINGERS, fingers, strict=False):
        for number in range(3):
            name = re.sub(r"#(\d)", lambda found, n=number: str(int(found[1]) + n), pattern.replace("{}", finger))
            lines.append(f"{indent}{' ' * number}{name} @ {place}{number + 1}")
    return lines


def _lines(text: str) -> list[tuple[int, str, str]]:
    """Depth, name and place of every bone, both sides written out."""
    raw: list[str] = []
    for line in (line for line in text.splitlines() if line.strip()):
        indent = line[: len(line) - len(line.lstrip())]
        raw += _fingers(line.strip(), indent) if line.strip().startswith("*") else [line]
    found, number = [], 0
    while number < len(raw):
        depth = len(raw[number]) - len(raw[number].lstrip())
        end = number + 1
        if "[" in raw[number]:
            while end < len(raw) and len(raw[end]) - len(raw[end].lstrip()) > depth:
                end += 1
        sides = (0, 1) if "[" in raw[number] else (0,)
        for side in sides:
            for line in raw[number:end]:
                name, place = _one_side(line, side).strip().split(" @ ")
                found.append((len(line) - len(line.lstrip()), name, ("-" if side else "+") + place))
        number = end
    return found


def _reaching(text: str, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """``reaches`` and ``poles`` of a rig, from the lines of ``Specimen.reaches``; the bone and the one above are driven."""
    found = {"reaches": np.full(len(names), -1), "poles": np.full(len(names), -1)}
    for part in (part.strip() for part in text.split(";") if part.strip()):
        for side in (0, 1):
            words = [names.index(word) for word in _one_side(part, side).split()]
            for trait, bone in zip(found, words[1:], strict=False):
                found[trait][words[0]] = bone
    return found


def build(
    text: str, *, arm=0.0, unit=1.0, axes=Z_UP, driven="", tails=True, reaches="", turn=(0.0, 0.0, 0.0), seed=0
) -> Rig:
    """The rig of a text: every bone points at its first child and rolls at random."""
    lines = _lines(text)
    names = tuple(name for _, name, _ in lines)
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    parents, open_bones = [], []
    for bone, (depth, _, _) in enumerate(lines):
        open_bones = [(d, b) for d, b in open_bones if d < depth]
        parents.append(open_bones[-1][1] if open_bones else -1)
        open_bones.append((depth, bone))
    heads = np.array([_place(place[1:], arm) * [-1 if place[0] == "-" else 1, 1, 1] for _, _, place in lines]).reshape(
        -1, 3
    )
    around = np.array(_PLACES["pelvis"])
    heads = (heads - around) @ rotation.matrix_from_axis_angle(np.radians(turn)).T + around
    rng = np.random.default_rng(seed)
    rest, lengths = np.tile(np.eye(4), (len(names), 1, 1)), np.zeros(len(names))
    for bone in range(len(names)):
        children = [child for child in range(len(names)) if parents[child] == bone]
        spans = [heads[child] - heads[bone] for child in children if np.linalg.norm(heads[child] - heads[bone]) > 1e-6]
        back = heads[bone] - heads[parents[bone]] if parents[bone] >= 0 else np.zeros(3)
        span = (
            spans[0]
            if spans
            else (0.05 * back / np.linalg.norm(back) if np.linalg.norm(back) > 1e-6 else np.array([0, 0.05, 0]))
        )
        lengths[bone] = np.linalg.norm(span)
        y = axes @ span / lengths[bone]
        x = np.cross(y, rng.normal(size=3))
        x /= np.linalg.norm(x)
        rest[bone, :3, :3] = np.stack((x, y, np.cross(x, y)), -1)
    rest[:, :3, 3] = unit * heads @ axes.T
    world = np.diag([1 / unit] * 3 + [1.0])
    world[:3, :3] = world[:3, :3] @ (Z_UP @ axes.T)
    ik = _reaching(reaches, names)
    moved = np.array([bool(driven and re.match(driven, name)) for name in names], bool)
    for bone in np.flatnonzero(ik["reaches"] >= 0):
        moved[[bone, parents[bone]]] = True  # a chain of two bones
    return Rig.plain(names, np.array(parents, int), rest, world, lengths=lengths * unit * tails, driven=moved, **ik)


def rig_of(specimen: Specimen, seed: int = 0) -> Rig:
    """The specimen's rig."""
    made = {name: getattr(specimen, name) for name in ("arm", "unit", "axes", "driven", "tails", "reaches", "turn")}
    return build(specimen.bones, seed=seed, **made)


def pairs(text: str) -> dict[str, str]:
    """``joint name; joint name`` as a mapping, both sides written out."""
    found = {}
    for part in (part.strip() for part in text.split(";") if part.strip()):
        joint, _, name = part.partition(" ")
        for side, word in enumerate(("left_", "right_") if "[" in part else ("",)):
            found[word + joint] = _one_side(name.strip(), side)
    return found


def lists(text: str) -> dict[str, tuple[str, ...]]:
    """As ``pairs``, several bones to a joint."""
    return {joint: tuple(name.strip() for name in names.split(",")) for joint, names in pairs(text).items()}
