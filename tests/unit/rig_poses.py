"""Characters in code for the tests of retargeting, and the slow, readable way to pose them."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import INDEX, JOINTS, OFFSETS, PARENTS, REST_HEIGHT
from tokendance_core.types import MotionClip, Rig, RigAnimation, RigMap

Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Our axes -> Blender's: (x, y, z) -> (x, -z, y)."""

LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))


def random_clip(seed: int = 0, frames: int = 12, spread: float = 0.8) -> MotionClip:
    rng = np.random.default_rng(seed)
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(rng.normal(size=(frames, 24, 3)) * spread))
    root = np.array([0, REST_HEIGHT, 0]) + rng.normal(size=(frames, 3)) * 0.3
    return MotionClip(rot6d.astype(np.float32), root.astype(np.float32), 30.0)


def t_pose_clip(frames: int = 3, root: np.ndarray | None = None) -> MotionClip:
    identity = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (frames, 24, 1))
    standing = np.tile(np.array([0, REST_HEIGHT, 0], np.float32), (frames, 1))
    return MotionClip(identity, standing if root is None else root.astype(np.float32), 30.0)


def resting(
    pose: dict[str, tuple[float, float, float]] | None = None, proportions: np.ndarray | None = None
) -> np.ndarray:
    """(24, 3) our joints in a pose of local rotation vectors by joint, with offsets scaled by ``proportions`` (24,)."""
    offsets = (OFFSETS if proportions is None else OFFSETS * proportions[:, None]).astype(float)
    vectors = np.zeros((24, 3))
    for joint, vector in (pose or {}).items():
        vectors[INDEX[joint]] = vector
    return kinematics.forward_kinematics(
        rotation.matrix_from_axis_angle(vectors), np.array([0, REST_HEIGHT, 0.0]), offsets
    )[0]


def character(
    seed: int = 0,
    *,
    scale: float = 1.0,
    axes: np.ndarray = Z_UP,
    drop: tuple[str, ...] = (),
    proportions: np.ndarray | None = None,
    pose: dict[str, tuple[float, float, float]] | None = None,
    rename=str,
    extra: bool = False,
    **traits,
) -> Rig:
    """A character with our tree less the joints in ``drop``, resting in ``pose``, every bone with random axes, in
    ``axes`` and ``scale``.

    ``extra`` puts a control bone above the pelvis and a helper bone in the middle of the left thigh. ``traits``: arrays
    of ``Rig``.
    """
    rng = np.random.default_rng(seed)
    world = resting(pose, proportions)
    places, parents = {}, {}
    if extra:
        places["control"], parents["control"] = np.zeros(3), None
    for joint, name in enumerate(JOINTS):
        if name in drop:
            continue
        above = PARENTS[joint]
        while above >= 0 and JOINTS[above] in drop:
            above = PARENTS[above]
        parents[name] = JOINTS[above] if above >= 0 else ("control" if extra else None)
        if extra and name == "left_knee":
            places["helper"], parents["helper"], parents[name] = (world[1] + world[4]) / 2, "left_hip", "helper"
        places[name] = world[joint]
    names = tuple(places)
    rest = np.tile(np.eye(4), (len(names), 1, 1))
    rest[:, :3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=(len(names), 3)) * 2)
    rest[:, :3, 3] = scale * np.array(list(places.values())) @ axes.T
    index = {name: i for i, name in enumerate(names)}
    above = np.array([index.get(parents[name], -1) for name in names])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=3)) / scale
    matrix[:3, 3] = rng.normal(size=3)
    return Rig.plain(tuple(map(rename, names)), above, rest, matrix, **traits)


def own_map(rig: Rig, **more) -> RigMap:
    return RigMap({joint: joint for joint in JOINTS if joint in rig.names}, "smpl", **more)


def posed(rig: Rig, animation: RigAnimation) -> np.ndarray:
    """(T, B, 4, 4) armature-space matrices as Blender poses them: pose = parent pose @ (parent rest^-1 @ rest) @
    channels.
    """
    frames = len(animation.quaternions)
    pose = np.empty((frames, len(rig.names), 4, 4))
    for bone, name in enumerate(rig.names):
        channels = np.tile(rig.basis[bone], (frames, 1, 1))
        if name in animation.bones:
            channels[:] = np.eye(4)
            turns = rotation.matrix_from_quaternion(animation.quaternions[:, animation.bones.index(name)])
            channels[:, :3, :3] = turns * animation.scales.get(name, 1.0)
        if name in animation.locations:
            channels[:, :3, 3] = animation.locations[name]
        parent = rig.parents[bone]
        before = pose[:, parent] @ np.linalg.inv(rig.rest[parent]) @ rig.rest[bone] if parent >= 0 else rig.rest[bone]
        before = np.broadcast_to(before, channels.shape).copy()
        place = before @ channels[:, :, 3:]
        if not rig.inherits_rotation[bone]:
            before[:, :3, :3] = rig.rest[bone, :3, :3]
        pose[:, bone] = before @ channels
        pose[:, bone, :, 3:] = place
    return pose


def bone_heads(rig: Rig, pose: np.ndarray, *names: str) -> np.ndarray:
    """(T, len(names), 3) where these bones begin in a pose (T, B, 4, 4)."""
    return pose[..., :3, 3][:, [rig.names.index(name) for name in names]]


def limb_error(clip: MotionClip, rig: Rig, rig_map: RigMap, animation: RigAnimation, axes: np.ndarray) -> float:
    """Largest angle in degrees between the dancer's thighs, shins, upper arms and forearms and the rig's."""
    ours = kinematics.joint_positions(clip) @ axes.T
    theirs = posed(rig, animation)[..., :3, 3]
    worst = 0.0
    for side in ("left", "right"):
        for start, end in ((f"{side}_{a}", f"{side}_{b}") for a, b in LIMBS):
            if start in rig_map.bones and end in rig_map.bones:
                a = ours[:, INDEX[end]] - ours[:, INDEX[start]]
                b = theirs[:, rig.names.index(rig_map.bones[end])] - theirs[:, rig.names.index(rig_map.bones[start])]
                sine = np.linalg.norm(np.cross(a, b), axis=-1)
                worst = max(worst, float(np.degrees(np.arctan2(sine, (a * b).sum(-1))).max()))
    return worst
