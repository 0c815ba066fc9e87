"""The dancer's skeleton: the 24 joints of SMPL with our own neutral proportions.

SMPL's names and tree are common property; the offsets are our own round numbers (leg 0.82 m), so no licensed body model
is needed. In the T-pose every rotation is the identity. Y up, facing +Z, left = +X, metres.
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np

SIDES = ("left", "right")
"""How the names of paired joints begin; the left comes first wherever both are listed."""

UP = np.array([0, 1, 0], np.float32)
UP.setflags(write=False)
"""(3,) the vertical axis; a position times ``UP`` keeps its height alone."""

HORIZONTAL = [0, 2]
"""The two coordinates of a position over the floor."""

OVER_THE_FLOOR = 1 - UP
OVER_THE_FLOOR.setflags(write=False)
"""(3,) a position times this is the point of the floor below it."""

# name, parent, offset from the parent in metres
_JOINTS = (
    ("pelvis", None, (0.0, 0.0, 0.0)),
    ("left_hip", "pelvis", (0.09, -0.06, 0.0)),
    ("right_hip", "pelvis", (-0.09, -0.06, 0.0)),
    ("spine1", "pelvis", (0.0, 0.10, 0.0)),
    ("left_knee", "left_hip", (0.0, -0.41, 0.0)),
    ("right_knee", "right_hip", (0.0, -0.41, 0.0)),
    ("spine2", "spine1", (0.0, 0.12, 0.0)),
    ("left_ankle", "left_knee", (0.0, -0.41, 0.0)),
    ("right_ankle", "right_knee", (0.0, -0.41, 0.0)),
    ("spine3", "spine2", (0.0, 0.12, 0.0)),
    ("left_foot", "left_ankle", (0.0, -0.06, 0.14)),
    ("right_foot", "right_ankle", (0.0, -0.06, 0.14)),
    ("neck", "spine3", (0.0, 0.15, 0.0)),
    ("left_collar", "spine3", (0.04, 0.11, 0.0)),
    ("right_collar", "spine3", (-0.04, 0.11, 0.0)),
    ("head", "neck", (0.0, 0.10, 0.01)),
    ("left_shoulder", "left_collar", (0.14, 0.0, 0.0)),
    ("right_shoulder", "right_collar", (-0.14, 0.0, 0.0)),
    ("left_elbow", "left_shoulder", (0.28, 0.0, 0.0)),
    ("right_elbow", "right_shoulder", (-0.28, 0.0, 0.0)),
    ("left_wrist", "left_elbow", (0.25, 0.0, 0.0)),
    ("right_wrist", "right_elbow", (-0.25, 0.0, 0.0)),
    ("left_hand", "left_wrist", (0.08, 0.0, 0.0)),
    ("right_hand", "right_wrist", (-0.08, 0.0, 0.0)),
)

JOINTS: tuple[str, ...] = tuple(name for name, _, _ in _JOINTS)
"""The 24 joint names in SMPL's order, parents before children."""

INDEX = {name: i for i, name in enumerate(JOINTS)}

PARENTS: tuple[int, ...] = tuple(-1 if parent is None else INDEX[parent] for _, parent, _ in _JOINTS)

OFFSETS = np.array([offset for _, _, offset in _JOINTS], np.float32)
"""(24, 3) metres from the parent, in the T-pose."""
OFFSETS.setflags(write=False)

T_POSE = OFFSETS.astype(np.float64)
for _joint, _parent in enumerate(PARENTS):
    if _parent >= 0:
        T_POSE[_joint] += T_POSE[_parent]
T_POSE.setflags(write=False)
"""(24, 3) joint positions in metres in the T-pose, the pelvis at the origin."""

BODY_JOINTS = 22
"""SMPL-H and SMPL-X share the first 22 joints with SMPL; behind them come fingers and face."""

TIPS = {
    "head": (0.0, 0.18, 0.0),
    "left_foot": (0.0, 0.0, 0.07),
    "right_foot": (0.0, 0.0, 0.07),
    "left_hand": (0.09, 0.0, 0.0),
    "right_hand": (-0.09, 0.0, 0.0),
}
"""Last joint of a chain -> metres from there to the end of the body: crown, toes and finger tips."""

UPPER = (3, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
"""Joints of the upper-body stream (15)."""

LOWER = (0, 1, 2, 4, 5, 7, 8, 10, 11)
"""Joints of the lower-body stream (9), the pelvis among them."""

FEET = tuple(INDEX[f"{side}_{joint}"] for side in SIDES for joint in ("ankle", "foot"))
"""Joints that may touch the floor: left ankle, left toe, right ankle, right toe."""

MIRROR = tuple(
    INDEX[name.replace("left", "right") if "left" in name else name.replace("right", "left")] for name in JOINTS
)
"""Index of each joint's partner on the other side of the body (itself on the spine)."""

REST_HEIGHT = 0.94
"""Pelvis height in metres with straight legs and the toes on the floor."""

ANKLE_HEIGHT = 0.06
"""Ankle height in metres of a foot that stands flat on the floor."""

FLAT = np.array([ANKLE_HEIGHT, 0.0, ANKLE_HEIGHT, 0.0])
FLAT.setflags(write=False)
"""(4,) heights in metres of ``FEET`` when both feet stand flat."""


def joint_above(joint: str, known: Container[str]) -> str | None:
    """The nearest of the ``known`` joints above a joint in the body; None for the topmost and for what is no joint."""
    number = PARENTS[INDEX[joint]] if joint in INDEX else -1
    while number >= 0 and JOINTS[number] not in known:
        number = PARENTS[number]
    return JOINTS[number] if number >= 0 else None
