"""What a table of bone names holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tokendance_core.motion.skeleton import JOINTS

Stems = tuple[str, ...]

SIDED = tuple(name.removeprefix("left_") for name in JOINTS if name.startswith("left_"))
"""Joints that come in pairs, without their side: hip (the thigh), foot (the toes), shoulder (the upper arm) and so on.
"""

ROOTS: Stems = (
    "root",
    "reference",
    "master",
    "armature",
    "origin",
    "trajectory",
    "全ての親",
    "motherbone",
    "boneroot",
    "cpos",
    "ctraj",
)
"""Stems of bones on the floor that carry the whole character."""


@dataclass(frozen=True)
class Family:
    """One way of naming the bones of a body. Bones are given by stems, as ``names.split`` gives them, without their
    side.

    ``name`` goes into ``RigMap.family``, ``title`` into sentences; ``joints``: joint (without its side, see ``SIDED``)
    -> stems, the likeliest first; ``spine``: stems of all bones above the pelvis up to the chest, shared out by their
    order in the rig; ``prefix``: regular expression of what every bone of the family begins with, empty for none;
    ``marks``: stems, one of which a rig of this family has, empty for no such sign;
    ``twist``, ``followers``, ``ik``: as in ``RigMap``, joints without their side; ``path``: stems of the bone that
    carries the path; ``switches``: (stem, property, value) of a control rig, for both sides where there are two bones
    of that stem; ``controls``: bones are an animator's controls, their hierarchy is not the body's; ``waist_is_split``:
    the pelvis carries the legs alone, beside the trunk.
    """

    name: str
    title: str
    joints: Mapping[str, Stems]
    spine: Stems = ()
    prefix: str = ""
    marks: Stems = ()
    twist: Mapping[str, Stems] = field(default_factory=dict)
    followers: Mapping[str, Stems] = field(default_factory=dict)
    ik: Mapping[str, Stems] = field(default_factory=dict)
    switches: tuple[tuple[str, str, float], ...] = ()
    path: Stems = ()
    controls: bool = False
    waist_is_split: bool = False
