"""Put a dance on an armature: the keys, where they go, and a look at whether the rig obeys them."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from tokendance_core import (
    MotionClip,
    Rig,
    RigAnimation,
    RigMap,
    complete,
    predicted_heads,
    resample_to_fps,
    retarget_clip,
)

from .. import compat
from ..interface.timeline import scene_fps
from ..options import Fitting, Placement
from . import action, body_mesh, own_keys, preview, recipe, rig
from .recipe import Recipe

_OBEYS = 0.01
"""Part of the character's height by which a joint may miss its place before the user is told."""


def place(
    context: bpy.types.Context,
    options: Placement,
    clip: MotionClip,
    armature: bpy.types.Object,
    *,
    name: str,
    made: Recipe,
) -> tuple[bpy.types.Action, list[str]]:
    """Key ``clip``, one sample a scene frame, on ``armature`` from ``made.frame`` on; the action, and sentences on what
    the rig does not obey.

    What was played before stays in the file, see ``retire``. RigError when the armature cannot dance.
    """
    read, rig_map = rig.recognise(armature)
    body = body_mesh.read(armature, read, rig_map)
    animation = retarget_clip(clip, read, rig_map, options.retarget_settings(), body)
    played = own_keys.played(armature)
    fps = scene_fps(context.scene)
    written = action.write(armature, animation, name=name, frame_start=made.frame, scene_fps=fps)
    replace(made, fps=fps, fitting=options.fitting(), rig=rig_map.family).keep(written)
    own_keys.mark(armature)
    told = own_keys.carry(armature, played)
    if played is not None and played.action.library is None:
        played.action.use_fake_user = True  # what the user made by hand must outlive the file's next save
    warnings = told + retarget_errors(context, armature, read, rig_map, animation, made.frame, fps)
    if options.mark_asset:
        written.asset_mark()
        preview.draw(written, read, rig_map, animation)
    if options.push_to_nla:
        push_to_nla(armature, written, made.frame)
    return written, warnings


def retire(former: bpy.types.Action) -> bool:
    """Remove a dance that another one takes the place of; False when it is none of ours, or is still used."""
    gone = recipe.is_kept(former) and former.users <= former.use_fake_user
    if gone:
        bpy.data.actions.remove(former)
    return gone


def fitted(clip: MotionClip, options: Fitting, fps: float, made: Recipe | None = None) -> MotionClip:
    """A motion finished as asked for, at ``fps``, as fast as its song is played now where ``made`` tells of one."""
    clip = complete(clip, options.finish_settings())
    if made is not None:
        clip = replace(clip, fps=clip.fps * made.part.speed / made.made_for_speed)
    return resample_to_fps(clip, fps)


def push_to_nla(armature: bpy.types.Object, made: bpy.types.Action, frame: float) -> bpy.types.NlaStrip:
    """Move the action from the armature's hands onto an NLA track of its own."""
    data = armature.animation_data
    data.action = None
    track = data.nla_tracks.new()
    track.name = made.name
    strip = track.strips.new(made.name, round(frame), made)
    compat.choose_slot(strip, made)
    return strip


def retarget_errors(
    context: bpy.types.Context,
    armature: bpy.types.Object,
    read: Rig,
    rig_map: RigMap,
    animation: RigAnimation,
    frame: float,
    fps: float,
) -> list[str]:
    """One sentence for the joint that is furthest from where its keys put it, if that can be seen; looks at three
    frames.
    """
    scene, joints = context.scene, {bone: joint for joint, bone in rig_map.bones.items()}
    now = scene.frame_current, scene.frame_subframe
    last = len(animation.quaternions) - 1
    samples = sorted({last // 4, last // 2, 3 * last // 4})
    expected = predicted_heads(read, animation, samples)
    worst, where = 0.0, ""
    try:
        for row, sample in enumerate(samples):
            at = frame + sample * fps / animation.fps
            scene.frame_set(int(np.floor(at)), subframe=float(at - np.floor(at)))
            posed = armature.evaluated_get(context.evaluated_depsgraph_get()).pose.bones
            for bone in joints.keys() & expected.keys():
                missed = float(np.linalg.norm(np.array(posed[bone].head) - expected[bone][row]))
                worst, where = max((worst, where), (missed, bone))
    finally:
        scene.frame_set(now[0], subframe=now[1])
    height = float(np.ptp(read.heads, axis=0).max())
    if worst <= _OBEYS * height:
        return []
    reason = (
        "it shows its rest pose"
        if armature.data.pose_position == "REST"
        else "constraints or drivers of the rig hold it"
    )
    return [
        f"{joints[where]} (“{where}”) is {100 * worst / height:.0f} % of the character's height from where its keys "
        f"put it: {reason}"
    ]
