"""Skin weights of the mannequin: each joint moves what lies beyond a plane through it, with a soft edge.

A joint's share of a vertex is what reaches it minus what its children take. So the shares of a vertex always add up to
one, and only neighbours in the tree ever mix: a hand beside a hip never pulls at it.
"""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.skeleton import JOINTS, PARENTS, REST_HEIGHT, T_POSE

JOINT_POSITIONS = T_POSE + np.array([0.0, REST_HEIGHT, 0.0])
"""(24, 3) metres in the T-pose, floor at y = 0."""
JOINT_POSITIONS.setflags(write=False)

# joint -> direction in which the plane faces, half width of its soft edge, shift along that direction, both in metres
_PLANES = {
    "hip": ((0.42, -0.91, 0.0), 0.070, 0.0),
    "knee": ((0.0, -1.0, 0.0), 0.055, 0.0),
    "ankle": ((0.0, -0.94, 0.34), 0.030, 0.0),
    "foot": ((0.0, 0.0, 1.0), 0.030, 0.0),
    "spine1": ((0.0, 1.0, 0.0), 0.060, 0.0),
    "spine2": ((0.0, 1.0, 0.0), 0.075, 0.0),
    "spine3": ((0.0, 1.0, 0.0), 0.075, 0.0),
    "neck": ((0.0, 1.0, -0.1), 0.040, 0.0),
    "head": ((0.0, 0.95, 0.3), 0.035, 0.0),
    "collar": ((0.90, 0.43, 0.0), 0.060, 0.015),
    "shoulder": ((1.0, 0.0, 0.0), 0.060, 0.0),
    "elbow": ((1.0, 0.0, 0.0), 0.050, 0.0),
    "wrist": ((1.0, 0.0, 0.0), 0.025, 0.0),
    "hand": ((1.0, 0.0, 0.0), 0.020, 0.0),
}

_MIDLINE = {"neck": (0.120, 0.030)}
"""Joints that keep to the middle, between the arms: half the breadth of what they move and half the width of its edge,
in metres.
"""

_YIELDS = {"left_collar": "neck", "right_collar": "neck"}
"""Joints that get only what another one leaves: the planes of the shoulders reach above the head."""

_SIDE_EDGE = 0.010
"""Half the width in metres of the edge between left and right: the legs share the skin between them, not the thighs.
"""


def _soft_step(distance: np.ndarray, half_width: float) -> np.ndarray:
    """0 below zero distance, 1 above, in an S between."""
    t = np.clip(distance / (2 * half_width) + 0.5, 0, 1)
    step: np.ndarray = t * t * (3 - 2 * t)
    return step


def _beyond(name: str, joint: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """(V,) in [0, 1]: how far each vertex lies beyond the plane of the joint ``name`` at ``joint`` (3,)."""
    side, _, part = name.rpartition("_")
    direction, half_width, shift = _PLANES[part]
    sign = -1.0 if side == "right" else 1.0
    normal = np.array(direction) * (sign, 1.0, 1.0)
    normal /= np.linalg.norm(normal)
    share: np.ndarray = _soft_step((vertices - joint) @ normal - shift, half_width)
    if side:
        share = share * _soft_step(vertices[:, 0] * sign, _SIDE_EDGE)
    elif part in _MIDLINE:
        breadth, edge = _MIDLINE[part]
        share = share * _soft_step(breadth - np.abs(vertices[:, 0]), edge)
    return share


def skin_weights(vertices: np.ndarray) -> np.ndarray:
    """(V, 3) metres in the T-pose -> (V, 24) weights of the joints, each row adding up to one."""
    reach = np.ones((len(vertices), len(JOINTS)))
    taken = np.zeros_like(reach)
    for index in range(1, len(JOINTS)):
        reach[:, index] = _beyond(JOINTS[index], JOINT_POSITIONS[index], vertices)
    for joint, other in _YIELDS.items():
        reach[:, JOINTS.index(joint)] *= 1 - reach[:, JOINTS.index(other)]
    for parent in range(len(JOINTS)):
        children = [child for child, above in enumerate(PARENTS) if above == parent]
        if not children:
            continue
        claims = reach[:, children] / np.maximum(reach[:, children].sum(1, keepdims=True), 1)
        reach[:, children] = claims * reach[:, [parent]]
        taken[:, parent] = reach[:, children].sum(1)
    return reach - taken
