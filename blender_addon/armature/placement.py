"""Put a dance on an armature: what the user may choose about it, the keys, and a look at whether the rig obeys them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, fields

import bpy
import numpy as np

from tokendance_core import (
    FinishSettings,
    MotionClip,
    RetargetSettings,
    Rig,
    RigAnimation,
    RigMap,
    finish,
    predicted_heads,
    retarget_clip,
)

from .. import compat
from ..interface.timeline import scene_fps
from . import action, preview, rig

_OBEYS = 0.01
"""Part of the character's height by which a joint may miss its place before the user is told."""


FITTING = ("foot_lock", "arm_spacing", "smoothing", "root_motion", "travel", "floor", "mirror", "key_ik")
"""Options that change the keys; they are kept with a take and can be changed afterwards."""


@dataclass(frozen=True)
class Placement:
    """How a dance is put on an armature, as plain data; ``PlacementOptions`` says what each choice means."""

    foot_lock: float = 1.0
    arm_spacing: float = 1.0
    root_motion: str = "hips"
    travel: float = 1.0
    floor: float = 0.0
    mirror: bool = False
    key_ik: bool = False
    smoothing: float = 1.0
    replace: bool = False
    push_to_nla: bool = False
    mark_asset: bool = False

    def retarget_settings(self) -> RetargetSettings:
        """The options that the core's transfer knows."""
        return RetargetSettings(
            root_motion=self.root_motion,
            travel=self.travel,
            floor=self.floor,
            foot_lock=self.foot_lock,
            arm_spacing=self.arm_spacing,
            mirror=self.mirror,
            ik=self.key_ik,
        )

    def recipe(self) -> dict[str, object]:
        """The options as they go into the action's custom properties."""
        return {name: getattr(self, name) for name in FITTING}


EXACT = Placement(foot_lock=0.0, arm_spacing=0.0, smoothing=0.0)
"""The exact transfer, for where nobody is asked."""

_USUAL = Placement()


def smoothing_property(default: float) -> object:
    return bpy.props.FloatProperty(
        name="Smoothing",
        description="Calm the joints: width of a low pass in frames at 30 a second, 0 is off",
        default=default,
        min=0.0,
        max=10.0,
    )


class PlacementOptions:
    """Properties of every operator that puts a dance on an armature."""

    foot_lock: bpy.props.FloatProperty(
        name="Foot Lock",
        description="Hold standing feet in place on the character's own proportions; 0 keeps the dancer's leg "
        "directions exactly",
        default=_USUAL.foot_lock,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    arm_spacing: bpy.props.FloatProperty(
        name="Arm Spacing",
        description="Keep hands out of a wide body, and let hands that meet meet; 0 keeps the dancer's arm directions "
        "exactly",
        default=_USUAL.arm_spacing,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    root_motion: bpy.props.EnumProperty(
        name="Root Motion",
        description="Which bone carries the path over the floor",
        items=(
            ("hips", "Hips", "The hips carry the whole path"),
            ("root", "Root Bone", "A separate root bone carries the path over the floor, the hips the rest"),
            ("in_place", "In Place", "The dancer stays where it is"),
        ),
    )
    travel: bpy.props.FloatProperty(
        name="Travel", description="Size of the path over the floor", default=_USUAL.travel, min=0.0, max=10.0
    )
    floor: bpy.props.FloatProperty(
        name="Floor",
        description="Height of the floor above the one that the character rests on",
        default=0.0,
        subtype="DISTANCE",
    )
    mirror: bpy.props.BoolProperty(name="Mirror", description="Swap left and right", default=False)
    key_ik: bpy.props.BoolProperty(
        name="Key IK Controls",
        description="Key IK hands, feet and poles too, so that limbs can be switched to IK",
        default=False,
    )
    smoothing: smoothing_property(_USUAL.smoothing)
    replace: bpy.props.BoolProperty(
        name="Replace",
        description="Remove the dance that is active on the armature now, instead of keeping it as a take",
        default=False,
    )
    push_to_nla: bpy.props.BoolProperty(
        name="Push to NLA",
        description="Put the action on an NLA track of its own instead of making it active",
        default=False,
    )
    mark_asset: bpy.props.BoolProperty(
        name="Mark as Asset", description="Show the action in the asset browser", default=False
    )

    def placement(self) -> Placement:
        """The choices as plain data."""
        return Placement(**{field.name: getattr(self, field.name) for field in fields(Placement)})


def place(
    context: bpy.types.Context,
    options: Placement,
    clip: MotionClip,
    armature: bpy.types.Object,
    *,
    name: str,
    frame: float,
    recipe: Mapping[str, object],
    replace: bool = False,
) -> tuple[bpy.types.Action, list[str]]:
    """Key ``clip``, one sample a scene frame, on ``armature`` from ``frame`` on; the action, and sentences on what the
    rig does not obey.

    With ``replace`` the dance that was active goes. The active action changes last, when nothing can fail any more.
    RigError when the armature cannot dance.
    """
    read, rig_map = rig.recognise(armature)
    animation = retarget_clip(clip, read, rig_map, options.retarget_settings())
    former = armature.animation_data.action if armature.animation_data else None
    fps = scene_fps(context.scene)
    whole = {**recipe, **options.recipe(), "rig": rig_map.family}
    made = action.write(armature, animation, name=name, frame_start=frame, scene_fps=fps, recipe=whole)
    if former is not None and former.library is None:
        former.use_fake_user = True  # what the user made by hand must outlive the file's next save
    if replace and former is not None and retire(former):
        made.name = name
    warnings = disobedience(context, armature, read, rig_map, animation, frame, fps)
    if options.mark_asset:
        made.asset_mark()
        preview.draw(made, read, rig_map, animation)
    if options.push_to_nla:
        push_to_nla(armature, made, frame)
    return made, warnings


def finished(clip: MotionClip, options: Placement) -> MotionClip:
    """A motion of the network with calm joints and standing feet; any other motion only as smooth as asked for."""
    if clip.info.get("finished") is False:
        return finish(clip, FinishSettings(options.smoothing, options.foot_lock), end=clip.info.get("last_beat"))
    return finish(clip, FinishSettings(options.smoothing, foot_lock=0.0, ground=False, settle=0.0))


def at_speed(clip: MotionClip, recipe: Mapping[str, object]) -> MotionClip:
    """The motion of a take as fast as its song is played now: the strip's speed may have changed since it was
    generated.
    """
    return dataclasses.replace(
        clip, fps=clip.fps * float(recipe.get("speed", 1.0)) / float(recipe.get("made_for_speed", 1.0))
    )


def retire(former: bpy.types.Action) -> bool:
    """Remove a dance that another one takes the place of; False when it is none of ours, or is still used."""
    gone = action.RECIPE in former and former.users <= former.use_fake_user
    if gone:
        bpy.data.actions.remove(former)
    return gone


def push_to_nla(armature: bpy.types.Object, made: bpy.types.Action, frame: float) -> bpy.types.NlaStrip:
    """Move the action from the armature's hands onto an NLA track of its own."""
    data = armature.animation_data
    data.action = None
    track = data.nla_tracks.new()
    track.name = made.name
    strip = track.strips.new(made.name, round(frame), made)
    compat.choose_slot(strip, made)
    return strip


def disobedience(
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
