"""Geometric features, the space of FID_g and Div_g: shares of time in which 32 relations between joints hold.

The relations are those of Müller and Röder (Motion Templates, SCA 2006) as chosen by fairmotion and the AIST++ API.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.motion.skeleton import INDEX

_ALIASES = {
    "root": "pelvis", "belly": "spine1", "chest": "spine3", "neck": "neck",
    "lhip": "left_hip", "rhip": "right_hip", "lknee": "left_knee", "rknee": "right_knee",
    "lankle": "left_ankle", "rankle": "right_ankle", "ltoes": "left_foot", "rtoes": "right_foot",
    "lshoulder": "left_shoulder", "rshoulder": "right_shoulder", "lelbow": "left_elbow", "relbow": "right_elbow",
    "lwrist": "left_wrist", "rwrist": "right_wrist",
}  # fmt: skip
_POINTS = {"zero": (0.0, 0.0, 0.0), "up": (0.0, 1.0, 0.0), "down": (0.0, -1.0, 0.0)}

_MORE = float("inf")

# relation, joints a b c d, (least, most) in units of "h" humerus, "s" shoulder width, "w" hip width or "°" degrees
_TEMPLATES: tuple[tuple[str, str, tuple[float, float], str], ...] = (
    ("normal_speed", "neck rhip lhip rwrist", (1.8, _MORE), "h"),  # right hand moves forwards
    ("normal_speed", "neck rhip lhip lwrist", (1.8, _MORE), "h"),
    ("beyond", "chest neck neck rwrist", (0.2, _MORE), "h"),  # right hand above the neck
    ("beyond", "chest neck neck lwrist", (0.2, _MORE), "h"),
    ("speed_along", "belly chest chest rwrist", (1.8, _MORE), "h"),  # right hand moves up
    ("speed_along", "belly chest chest lwrist", (1.8, _MORE), "h"),
    ("angle", "relbow rshoulder relbow rwrist", (0, 110), "°"),  # right elbow bent
    ("angle", "lelbow lshoulder lelbow lwrist", (0, 110), "°"),
    ("beyond", "lshoulder rshoulder lwrist rwrist", (2.5, _MORE), "s"),  # hands apart
    ("speed_along", "lwrist rwrist rwrist lwrist", (1.4, _MORE), "h"),  # hands approach each other
    ("speed_along", "rwrist root rwrist root", (1.4, _MORE), "h"),  # right hand leaves the pelvis
    ("speed_along", "lwrist root lwrist root", (1.4, _MORE), "h"),
    ("speed", "rwrist", (2.5, _MORE), "h"),
    ("speed", "lwrist", (2.5, _MORE), "h"),
    ("plane", "root lhip ltoes rankle", (0.38, _MORE), "h"),  # right foot behind the left leg
    ("plane", "root rtoes rhip lankle", (0.38, _MORE), "h"),
    ("beyond", "zero up lowest rankle", (1.2, _MORE), "h"),  # right foot raised
    ("beyond", "zero up lowest lankle", (1.2, _MORE), "h"),
    ("beyond", "lhip rhip lankle rankle", (2.1, _MORE), "w"),  # feet apart
    ("angle", "rknee rhip rknee rankle", (0, 110), "°"),  # right knee bent
    ("angle", "lknee lhip lknee lankle", (0, 110), "°"),
    ("speed", "rankle", (2.5, _MORE), "h"),
    ("speed", "lankle", (2.5, _MORE), "h"),
    ("angle", "neck root rshoulder relbow", (25, 180), "°"),  # right upper arm away from the trunk
    ("angle", "neck root lshoulder lelbow", (25, 180), "°"),
    ("angle", "neck root rhip rknee", (50, 180), "°"),  # right thigh away from the trunk
    ("angle", "neck root lhip lknee", (50, 180), "°"),
    ("plane", "rankle neck lankle root", (0.5, _MORE), "h"),  # pelvis behind ankles and neck
    ("angle", "neck root zero up", (70, 110), "°"),  # spine level
    ("beyond", "zero down lowest rwrist", (-1.2, _MORE), "h"),  # right hand low
    ("beyond", "zero down lowest lwrist", (-1.2, _MORE), "h"),
    ("speed", "root", (2.3, _MORE), "h"),
)

# What upstream's code computes where it departs from the relation that is meant, by row.
_UPSTREAM = {
    0: "neck lhip rhip rwrist",  # backwards
    4: "belly chest belly chest",  # the trunk against itself: the hand is never looked at
    5: "belly chest belly chest",
    9: "lwrist rwrist lwrist rwrist",  # hands part
    10: "rwrist root rwrist lwrist",
    11: "lwrist root lwrist rwrist",
    14: "root ltoes lhip rankle",  # before, not behind
    27: "rankle lankle neck root",
}
_UPSTREAM_FPS = 120.0
_UPSTREAM_SIZES = {"h": 0.2568381092115207, "s": 0.39084835854945527, "w": 0.11924706586886204}
"""Metres of SMPL's neutral body: humerus, distance of the shoulders, distance of the hips."""

Places = dict[str, np.ndarray]


def _along(vector: np.ndarray, direction: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(direction, axis=-1)
    along: np.ndarray = np.einsum("tc,tc->t", vector, direction) / np.where(length > 0, length, 1.0)
    return along


def _normal(at: Places, a: str, b: str, c: str) -> np.ndarray:
    normal: np.ndarray = np.cross(at[b] - at[a], at[c] - at[a])
    return normal


def _angle(at: Places, moves: Places, a: str, b: str, c: str, d: str) -> np.ndarray:
    u, v = at[b] - at[a], at[d] - at[c]
    radians = np.arctan2(np.linalg.norm(np.cross(u, v), axis=-1), np.einsum("tc,tc->t", u, v))
    degrees: np.ndarray = np.degrees(radians)
    return degrees


# Each takes places (T - 1, 3) and velocities (T - 1, 3) by joint and the names of a row, and gives what is compared
# with its bounds.
_RELATIONS: dict[str, Callable[..., np.ndarray]] = {
    "plane": lambda at, moves, a, b, c, d: _along(at[d] - at[a], _normal(at, a, b, c)),
    "beyond": lambda at, moves, a, b, c, d: _along(at[d] - at[c], at[b] - at[a]),
    "angle": _angle,
    "speed": lambda at, moves, a: np.linalg.norm(moves[a], axis=-1),
    "speed_along": lambda at, moves, a, b, c, d: _along(moves[d] - moves[c], at[b] - at[a]),
    "normal_speed": lambda at, moves, a, b, c, d: _along(moves[d] - moves[a], _normal(at, a, b, c)),
}


def geometric_features(joints: np.ndarray, fps: float) -> np.ndarray:
    """Joints (T, 22 or 24, 3) metres, Y up -> (32,) shares of time, 0 to 1, in which each relation of Müller and Röder
    holds.

    Thresholds are multiples of the dancer's own humerus, shoulder and hip width, speeds are in seconds: size, place,
    heading and frame rate do not matter, and a mirrored dance swaps left and right. Raises DataError below 2 frames.
    Known defects: a boolean of a joint near its threshold follows noise; 32 shares tell nothing about order in time.
    """
    sizes = {"h": ("lshoulder", "lelbow"), "s": ("lshoulder", "rshoulder"), "w": ("lhip", "rhip")}
    at = {name: np.asarray(joints, np.float64)[:, INDEX[_ALIASES[name]]] for pair in sizes.values() for name in pair}
    measured = {unit: float(np.median(np.linalg.norm(at[a] - at[b], axis=-1))) for unit, (a, b) in sizes.items()}
    return _features(joints, fps, measured, {})


def geometric_features_legacy(joints: np.ndarray) -> np.ndarray:
    """Joints (T, 22 or 24, 3) -> (32,) as ``manual`` of the AIST++ API and ``manual_new`` of Bailando and LODGE (paper
    4.2).

    For comparison with published FID_g. Known defects: a frame is taken for 1/120 s, so that speeds double at 60 fps
    and quadruple at 30; sizes are those of one SMPL body; "move" ignores its fourth joint, so that "hand moves up"
    measures the trunk and "hands approach" measures hands that part; planes are oriented against the source in rows 0,
    14 and 27, so that left and right rows mean opposite things.
    """
    return _features(joints, _UPSTREAM_FPS, _UPSTREAM_SIZES, _UPSTREAM)


def _features(joints: np.ndarray, fps: float, sizes: dict[str, float], replaced: dict[int, str]) -> np.ndarray:
    joints = np.asarray(joints, np.float64)
    if len(joints) < 2:
        raise DataError(
            f"Geometric features need 2 frames or more, found {len(joints)}.", hint="Leave out clips this short."
        )
    at = {name: joints[1:, INDEX[joint]] for name, joint in _ALIASES.items()}
    moves = {name: np.diff(joints[:, INDEX[joint]], axis=0) * fps for name, joint in _ALIASES.items()}
    at |= {name: np.tile(point, (len(joints) - 1, 1)) for name, point in _POINTS.items()}
    at["lowest"] = joints[1:, :, 1].min(1)[:, None] * np.array([0.0, 1.0, 0.0])
    shares = []
    units = {**sizes, "°": 1.0}
    for row, (relation, names, (least, most), unit) in enumerate(_TEMPLATES):
        value = _RELATIONS[relation](at, moves, *replaced.get(row, names).split())
        shares.append(((value > least * units[unit]) & (value < most * units[unit])).mean())
    return np.array(shares)
