"""A dance onto a rig: the whole transfer on one page.

A bone turns as its joint does, on top of what turns its resting limb into our T-pose: ``posed = C G A C' rest`` with
``G`` the joint's global rotation, ``A`` the alignment and ``C`` our axes expressed in the armature's. So limbs point
exactly where the dancer's do, whatever the bones' rolls, axes and rest pose. Everything is computed in armature space,
so that the dance moves along with the armature object, wherever it stands and whatever its scale.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.errors import RigError
from tokendance_core.motion import edits, rotation
from tokendance_core.motion.contacts import steady_contacts
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import forward_kinematics, mirror
from tokendance_core.motion.skeleton import INDEX, OVER_THE_FLOOR, SIDES, T_POSE
from tokendance_core.retarget import arm_spacing, bone_chains, ik_controls, posing, rest_pose, rig_feet
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.types import BodyShape, MotionClip, Rig, RigAnimation, RigMap

_HIPS = T_POSE[[INDEX["left_hip"], INDEX["right_hip"]]].mean(0)
_WANDERING = 0.5  # seconds; what is slower is removed from the path of a dance in place, what is quicker is sway


def retarget(
    clip: MotionClip,
    rig: Rig,
    rig_map: RigMap,
    settings: RetargetSettings | None = None,
    body: BodyShape | None = None,
) -> RigAnimation:
    """The keys that make ``rig`` dance ``clip``; bones outside ``rig_map`` keep their pose. Raises RigError.

    ``body``: what its skin looks like, by which feet stand and arms keep clear; without one, bones tell.
    """
    settings = settings or RetargetSettings()
    if settings.root_motion == "root" and "root" not in rig_map.bones:
        raise RigError(
            "This rig has no separate root bone to carry the path.",
            hint="Map one to root, or keep the path on the hips.",
        )
    rest = rest_pose.read(rig, rig_map, root_moves=settings.root_motion == "root", pose_as_rest=settings.pose_as_rest)
    clip = directed(clip, settings)
    positions, global_rotations = forward_kinematics(
        rotation.matrix_from_6d(clip.rot6d.astype(np.float64)),
        _travelled(clip.root.astype(np.float64), clip.fps, settings),
    )
    spaced = arm_spacing.joints(rest, body) if settings.arm_spacing else ()
    if spaced:
        still = _posed(rig, rig_map, rest, global_rotations, spaced)
        global_rotations = arm_spacing.space_arms(
            rig, rest, still, global_rotations, positions, clip.fps, settings.arm_spacing, body
        )
    global_rotations, path = _grounded(clip, rig, rig_map, rest, positions, global_rotations, settings, body)
    path += [
        _scene_length(rig, rest, axis, length)
        for axis, length in enumerate((settings.aside, settings.floor, settings.ahead))
    ]
    path = rest.scale * path @ rest.axes.T
    return _keys(rig, rig_map, rest, _targets(rig, rig_map, rest, global_rotations), path, clip.fps, settings)


def directed(clip: MotionClip, settings: RetargetSettings) -> MotionClip:
    """The dance mirrored and turned as the settings ask for."""
    return _turned(mirror(clip) if settings.mirror else clip, settings.turn)


def _travelled(root: np.ndarray, fps: float, settings: RetargetSettings) -> np.ndarray:
    """(T, 3): the pelvis path with its part over the floor scaled, or without its slow part."""
    if settings.root_motion == "in_place":
        slow = filtered(root, gaussian(_WANDERING * fps)) if len(root) > 1 else root
        travelled: np.ndarray = root - slow * OVER_THE_FLOOR
    else:
        travelled = root + (settings.travel - 1) * (root - root[:1]) * OVER_THE_FLOOR
    return travelled


def _turned(clip: MotionClip, degrees: float) -> MotionClip:
    """The dance turned about the vertical through the place where it begins."""
    if not degrees or not clip.frames:
        return clip
    turned = edits.turn(clip, float(np.radians(degrees)))
    return replace(turned, root=turned.root + (clip.root[0] - turned.root[0]) * OVER_THE_FLOOR)


def _scene_length(rig: Rig, rest: RestPose, axis: int, length: float) -> float:
    """A length in scene units along one of our axes as metres of our skeleton."""
    return length / max(float(np.linalg.norm(rig.world[:3, :3] @ rest.axes[:, axis])), 1e-12) / rest.scale


def _targets(rig: Rig, rig_map: RigMap, rest: RestPose, global_rotations: np.ndarray) -> dict[int, np.ndarray]:
    """Bone -> orientation (T, 3, 3) in armature space, of every bone that is keyed; ``global_rotations`` (T, 24, 3, 3)
    of our joints.
    """
    ours = {
        bone: global_rotations[:, INDEX[joint]] @ rest.alignment[INDEX[joint]]
        for joint, bone in rest.bones.items()
        if joint != "root"
    }
    ours |= bone_chains.trunk_turns(global_rotations, rig, rig_map, rest)
    ours |= bone_chains.twist_turns(global_rotations, rig, rig_map, rest)
    ours |= {
        bone: global_rotations[:, joint] @ rest.alignment[joint] for bone, joint in bone_chains.followers(rig, rig_map)
    }
    ours |= dict.fromkeys(rest.pelvis, global_rotations[:, INDEX["pelvis"]] @ rest.alignment[INDEX["pelvis"]])
    return {bone: rest.axes @ turn @ (rest.axes.T @ rest.posture.turns[bone]) for bone, turn in ours.items()}


def _posed(rig: Rig, rig_map: RigMap, rest: RestPose, global_rotations: np.ndarray, joints: tuple[str, ...]) -> Posture:
    """Where the bones of ``joints`` are when the body turns but is not moved."""
    return posing.pose(
        rig,
        [rest.bones[joint] for joint in joints],
        _targets(rig, rig_map, rest, global_rotations),
        rest.basis,
        rest.hung,
    )


def _grounded(
    clip: MotionClip,
    rig: Rig,
    rig_map: RigMap,
    rest: RestPose,
    positions: np.ndarray,
    global_rotations: np.ndarray,
    settings: RetargetSettings,
    body: BodyShape | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Global rotations (T, 24, 3, 3), and how the body is moved, metres (T, 3) in our axes: hips where the dancer's
    are, feet on the floor.
    """
    still = _posed(rig, rig_map, rest, global_rotations, tuple(rig_feet.LOWER_BODY))
    hips = np.mean([still.heads[rest.bones[f"{side}_hip"]] for side in SIDES], axis=0) @ rest.axes / rest.scale
    resting = np.mean([rest.head(f"{side}_hip") for side in SIDES], axis=0) @ rest.axes / rest.scale
    dancer = positions[:, 0] + global_rotations[:, 0] @ _HIPS
    path = dancer + resting * OVER_THE_FLOOR + [0.0, rest.floor / rest.scale, 0.0] - hips
    feet, clearance = rig_feet.Feet(rig, rest, body), rig_feet.clearances(positions)
    global_rotations, path = rig_feet.grounded(feet, rest, still, global_rotations, path, clearance.min(1))
    if settings.foot_lock and settings.root_motion != "in_place" and clip.frames > 1:
        contacts = steady_contacts(positions, clip.fps)
        global_rotations, path = rig_feet.lock_rig_feet(
            feet, rest, still, global_rotations, path, contacts, clearance, clip.fps, settings.foot_lock
        )
    return global_rotations, path


def _keys(
    rig: Rig,
    rig_map: RigMap,
    rest: RestPose,
    targets: dict[int, np.ndarray],
    path: np.ndarray,
    fps: float,
    settings: RetargetSettings,
) -> RigAnimation:
    """The channels in which the bones of ``targets`` take their orientations and the body moves by ``path`` (T, 3)
    armature units.
    """
    moves = {rest.root_bone: path}
    if settings.root_motion == "root" and rest.root_bone != rest.bones["root"]:
        over = path - (path @ rest.axes[:, 1:2]) * rest.axes[:, 1]
        moves = {rest.bones["root"]: over, rest.root_bone: path - over}
    controls = ik_controls.controls(rig, rig_map, rest, every_limb=settings.key_ik)
    posture = posing.pose(rig, [*targets, *moves, *controls], targets, rest.basis, rest.hung)
    channels = {
        bone: posing.carried(rig, bone, posture).swapaxes(-1, -2) @ target for bone, target in sorted(targets.items())
    }
    locations = {bone: posing.location_channel(rig, bone, posture, move) for bone, move in moves.items()}
    for bone in rest.hung.keys() - moves.keys():
        wanted = posture.heads[bone] + posing.displacement(rig, moves, bone, rest.hung)
        locations[bone] = posing.location_to(rig, bone, posture, wanted, moves, rest.hung)
    for bone, joint in controls.items():
        turn, locations[bone] = ik_controls.channels(rig, rest, posture, moves, bone, joint)
        if turn is not None:
            channels[bone] = turn
    frames = len(path)
    quaternions = [rotation.quaternion_from_matrix(np.broadcast_to(turn, (frames, 3, 3))) for turn in channels.values()]
    locations |= {
        bone: rest.basis[None, bone, :3, 3] for bone in rest.kept - locations.keys() if rest.basis[bone, :3, 3].any()
    }
    return RigAnimation(
        tuple(rig.names[bone] for bone in channels),
        rotation.continuous_quaternions(np.stack(quaternions, 1)),
        {rig.names[bone]: np.broadcast_to(location, (frames, 3)) for bone, location in locations.items()},
        fps,
        rig_map.switches,
        {rig.names[bone]: posing.uniform_scale(rest.basis[bone]) for bone in rest.kept},
    )
