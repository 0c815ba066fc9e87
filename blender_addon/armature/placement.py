"""Put a dance on an armature: the keys, and where they go."""

from __future__ import annotations

from dataclasses import replace

import bpy

from tokendance_core import MotionClip, complete, resample_to_fps, rests_in_pose, retarget_clip

from .. import compat
from ..interface.timeline import scene_fps
from ..options import Fitting, Placement
from . import action, body_mesh, kept_pose, obedience, own_keys, preview, recipe, rig
from .obedience import Danced
from .recipe import Recipe


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
    if options.pose_as_rest or rests_in_pose(read):
        read = kept_pose.keep(armature, read)
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
    if options.mark_asset:
        written.asset_mark()
        preview.draw(written, read, rig_map, animation)
    if options.push_to_nla:
        push_to_nla(armature, written, made.frame)
    danced = Danced(read, rig_map, clip, animation, options.retarget_settings(), made.frame, fps)
    return written, told + obedience.warnings(context, armature, danced)


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
