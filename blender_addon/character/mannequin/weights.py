"""Skin weights of the mannequin: each joint owns what lies beyond a plane through it, with a soft edge.

A joint's share of a vertex is what reaches it minus what its children take, so the shares of a vertex always add
up to one and only neighbours in the tree ever mix: a hand beside a hip never pulls at it.
"""

from __future__ import annotations

import numpy as np

from tokendance_core import JOINTS, OFFSETS, PARENTS, REST_HEIGHT

# joint: direction the plane looks to, half width of its soft edge in metres, shift of the plane along the direction
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
"""Joints between two arms keep to the middle: half breadth of what they own and half width of its edge, in metres."""

_YIELDS = {"left_collar": "neck", "right_collar": "neck"}
"""Joints that take only what the other one leaves: the shoulders' planes reach above the head."""

_SIDE_EDGE = 0.010
"""Half width in metres of the edge between left and right: the skin between the legs shares a stride, the thighs do
not.
"""


def joint_positions() -> np.ndarray:
    """(24, 3) metres in the T-pose, floor at y = 0."""
    positions = np.zeros((len(JOINTS), 3))
    positions[0, 1] = REST_HEIGHT
    for joint, parent in enumerate(PARENTS[1:], start=1):
        positions[joint] = positions[parent] + OFFSETS[joint]
    return positions


def _soft_step(distance: np.ndarray, half_width: float) -> np.ndarray:
    t = np.clip(distance / (2 * half_width) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _beyond(name: str, joint: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """(V,) in [0, 1]: how far each vertex lies beyond the plane of the joint ``name`` at ``joint``."""
    side, _, part = name.rpartition("_")
    direction, half_width, shift = _PLANES[part]
    sign = {"left": 1.0, "right": -1.0, "": 0.0}[side]
    normal = np.array(direction) * ((sign, 1, 1) if side else (1, 1, 1))
    normal /= np.linalg.norm(normal)
    share = _soft_step((vertices - joint) @ normal - shift, half_width)
    if side:
        return share * _soft_step(vertices[:, 0] * sign, _SIDE_EDGE)
    breadth, edge = _MIDLINE.get(part, (np.inf, 1.0))
    return share * _soft_step(breadth - np.abs(vertices[:, 0]), edge)


def skin_weights(vertices: np.ndarray) -> np.ndarray:
    """(V, 3) metres in the T-pose -> (V, 24) weights of the joints, each row adding up to one."""
    joints = joint_positions()
    reach = np.ones((len(vertices), len(JOINTS)))
    taken = np.zeros_like(reach)
    for index in range(1, len(JOINTS)):
        reach[:, index] = _beyond(JOINTS[index], joints[index], vertices)
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
