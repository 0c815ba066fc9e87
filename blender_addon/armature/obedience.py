"""A look at a character that has just been given a dance: whether it is where its keys put it, whether that is what the
dancer did, and if not, why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import bpy
import numpy as np

from tokendance_core import (
    MotionClip,
    RetargetSettings,
    Rig,
    RigAnimation,
    RigMap,
    directed_clip,
    measure_rig,
    predicted_heads,
    read_rest_pose,
)

from . import traits as rig_traits

_OBEYS = 0.01
"""Part of the character's height by which a joint may miss its place before the user is told."""

_LOOKS = 5
"""Frames that are looked at."""

_AT_MOST = {"hip line": 12.0, "shoulder line": 60.0, "trunk": 40.0, "feet": 75.0, "stretch": 10.0, "floor": 12.0}
"""Measure of a posed rig -> what build, held feet and spaced arms may do to it before the user is told."""

_SAID = {
    "hip line": "The line of the hips is turned by up to {:.0f} degrees against the dancer's, at “{}”",
    "shoulder line": "The line of the shoulders is turned by up to {:.0f} degrees against the dancer's, at “{}”",
    "trunk": "The trunk leans by up to {:.0f} degrees more than the dancer's, at “{}”",
    "feet": "A foot points up to {:.0f} degrees away from the dancer's, at “{}”",
    "stretch": "The skeleton is stretched by up to {:.0f} %, at “{}”",
    "floor": "The floor is not level: feet are up to {:.0f} % of the height off it, at “{}”",
}


@dataclass(frozen=True, eq=False)
class Danced:
    """What was put on a character: the ``clip`` as it was finished, the ``animation`` that the transfer made of it, and
    the frame and rate of its keys.
    """

    rig: Rig
    rig_map: RigMap
    clip: MotionClip
    animation: RigAnimation
    settings: RetargetSettings
    frame: float
    fps: float


def warnings(context: bpy.types.Context, armature: bpy.types.Object, danced: Danced) -> list[str]:
    """Sentences on a rest pose that looks wrong, and on the worst that can be seen of the dance, with its reason."""
    rest = read_rest_pose(danced.rig, danced.rig_map, pose_as_rest=danced.settings.pose_as_rest)
    told = [f"{rest.remark}; “Pose as Rest” takes another one"] if rest.remark else []
    samples = np.unique(np.linspace(0, danced.clip.frames - 1, _LOOKS).astype(int)).tolist()
    posed = _posed(context, armature, [danced.frame + sample * danced.fps / danced.animation.fps for sample in samples])
    if posed is None:
        return told
    heads = np.array([rest.posture.heads[bone][0] for bone in range(len(danced.rig.names))])
    return told + (_disobeyed(armature, danced, samples, posed) or _unlike(danced, samples, posed, heads))


def _disobeyed(
    armature: bpy.types.Object, danced: Danced, samples: list[int], posed: dict[str, np.ndarray]
) -> list[str]:
    """One sentence for the joint that is furthest from where its keys put it, if that can be seen."""
    joints = {bone: joint for joint, bone in danced.rig_map.bones.items()}
    expected = predicted_heads(danced.rig, danced.animation, samples)
    missed = {
        bone: float(np.linalg.norm(posed[bone][:, :3, 3] - expected[bone], axis=-1).max())
        for bone in joints.keys() & expected.keys()
    }
    worst = max(missed, key=lambda bone: missed[bone])
    height = _height(danced.rig, expected)
    if missed[worst] <= _OBEYS * height:
        return []
    return [
        f"{joints[worst]} (“{worst}”) is {100 * missed[worst] / height:.0f} % of the character's height from where "
        f"its keys put it: {_reason(armature, armature.pose.bones[worst])}"
    ]


def _height(rig: Rig, expected: dict[str, np.ndarray]) -> float:
    """Of the character, at rest or as it dances: some rest with all bones at one place."""
    dancing = (np.ptp([heads[row] for heads in expected.values()], axis=0) for row in (0, -1))
    return float(np.max([np.ptp(rig.heads, axis=0), *dancing]))


def _unlike(danced: Danced, samples: list[int], posed: dict[str, np.ndarray], heads: np.ndarray) -> list[str]:
    """Sentences on what the rig shows that the dancer did not do; the user's own turns are no faults."""
    if danced.rig_map.offsets:
        return []
    clip = directed_clip(danced.clip, danced.settings)
    clip = replace(clip, rot6d=clip.rot6d[samples], root=clip.root[samples])
    found = measure_rig(danced.rig, danced.rig_map, clip, posed, heads)
    return [
        _SAID[name].format(miss.worst, miss.bone) + ": look at which bones play these joints in the map"
        for name, miss in found.items()
        if miss.worst > _AT_MOST.get(name, np.inf)
    ]


# --- what Blender shows -----------------------------------------------------------------------------------------------


def _posed(context: bpy.types.Context, armature: bpy.types.Object, frames: list[float]) -> dict[str, np.ndarray] | None:
    """Bone -> (N, 4, 4) armature-space matrices on some frames; None where Blender does not evaluate the character.

    In a scene that holds nothing else: the user's may be slow, or exclude the character from its view layer.
    """
    found: dict[str, list[np.ndarray]] = {bone.name: [] for bone in armature.pose.bones}
    with _alone(context, armature) as scene:
        for frame in frames:
            scene.frame_set(int(np.floor(frame)), subframe=float(frame - np.floor(frame)))
            shown = armature.evaluated_get(scene.view_layers[0].depsgraph)
            if not shown.is_evaluated:
                return None
            for bone in shown.pose.bones:
                found[bone.name].append(np.array(bone.matrix))
    return {name: np.array(matrices) for name, matrices in found.items()}


@contextmanager
def _alone(context: bpy.types.Context, armature: bpy.types.Object) -> Iterator[bpy.types.Scene]:
    """A scene with nothing but the character; the user's is brought up to date afterwards."""
    scene = bpy.data.scenes.new("TokenDance")
    try:
        scene.collection.objects.link(armature)
        yield scene
    finally:
        bpy.data.scenes.remove(scene)
        context.scene.frame_set(context.scene.frame_current, subframe=context.scene.frame_subframe)


# --- why --------------------------------------------------------------------------------------------------------------


def _reason(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    """Why a bone is not where its keys put it: the first of the causes that is there."""
    return next(reason for reason in (cause(armature, bone) for cause in CAUSES) if reason)


def _at_rest(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    return "it shows its rest pose" if armature.data.pose_position == "REST" else ""


def _solo(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    track = next((track for track in armature.animation_data.nla_tracks if track.is_solo), None)
    return f"the NLA track “{track.name}” is solo, so it alone plays" if track is not None else ""


def _nla_is_off(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    data = armature.animation_data
    return "the dance is on the NLA, which is switched off" if data.action is None and not data.use_nla else ""


def _above(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    """An action that is no longer active is the topmost strip."""
    data = armature.animation_data
    playing = [track for track in data.nla_tracks if not track.mute and track.strips]
    top = playing[-1] if data.action is None and len(playing) > 1 else None
    return f"the NLA track “{top.name}” plays above it" if top is not None else ""


def _blended(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    data = armature.animation_data
    if data.action is None or not any(track.strips and not track.mute for track in data.nla_tracks):
        return ""
    if data.action_blend_type != "REPLACE":
        return f"its action is blended with the NLA tracks below it ({data.action_blend_type.title()})"
    return ""


def _faded(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    data = armature.animation_data
    is_faded = data.action is not None and data.action_influence < 1.0
    return f"the influence of its action is {data.action_influence:.2f}" if is_faded else ""


def _lineage(bone: bpy.types.PoseBone) -> list[bpy.types.PoseBone]:
    return [bone, *bone.parent_recursive]


def _constrained(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    names = {one.name for one in _lineage(bone)}
    for owner in armature.pose.bones:
        for constraint in owner.constraints:
            if rig_traits.acts(constraint) and names & rig_traits.moved_by(owner, constraint):
                return f"the constraint “{constraint.name}” of “{owner.name}” holds it"
    return ""


def _driven(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    names = {one.name for one in _lineage(bone)}
    driven = next((name for name, _ in rig_traits.channel_drivers(armature) if name in names), "")
    return f"a driver moves “{driven}”" if driven else ""


def _scaled(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    scaled = next((one.name for one in _lineage(bone) if np.ptp(one.scale[:]) > _UNEVEN), "")
    return f"“{scaled}” is scaled unevenly in the pose" if scaled else ""


def _something(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str:
    return "something else in this file moves it"


_UNEVEN = 1e-4

Cause = Callable[[bpy.types.Object, bpy.types.PoseBone], str]

CAUSES: tuple[Cause, ...] = (
    _at_rest,
    _solo,
    _nla_is_off,
    _above,
    _blended,
    _faded,
    _constrained,
    _driven,
    _scaled,
    _something,
)
"""What may keep a bone from where its keys put it, the most telling first; each names itself where it is there."""
