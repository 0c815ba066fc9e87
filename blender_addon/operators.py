"""The operators ``bpy.ops.tokendance.generate`` and ``bpy.ops.tokendance.add_mannequin``.

``execute()`` waits for the dance, so scripts and background runs simply work.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import bpy

from tokendance_core import (
    AudioError,
    ClipError,
    MotionClip,
    RigError,
    TokenDanceError,
    load_clip,
    read_bvh,
    resample_to_fps,
    stand_on_floor,
)

from . import audio_strip, holds, rig, worker_client
from .audio_strip import Passage
from .mannequin import build
from .placement import PlacementOptions, place, scene_fps
from .preferences import runtime
from .scene_guard import all_or_nothing, restored

SONG_FILES = "*.wav;*.flac;*.ogg;*.opus;*.mp3;*.m4a;*.aac;*.aif;*.aiff"


def _report(operator: bpy.types.Operator, error: TokenDanceError) -> set[str]:
    operator.report({"ERROR"}, f"{error} {error.hint}".strip())
    return {"CANCELLED"}


class AddMannequin(bpy.types.Operator):
    """Add a skinned dancer with SMPL bone names at the 3D cursor"""

    bl_idname = "tokendance.add_mannequin"
    bl_label = "Add Mannequin"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Switch to object mode first")
        return context.mode == "OBJECT"

    def execute(self, context: bpy.types.Context) -> set[str]:
        with all_or_nothing(context.scene), restored(context):
            name = build.add(context).name
        for item in context.selected_objects:
            item.select_set(False)
        armature = context.view_layer.objects[name]
        armature.select_set(True)
        context.view_layer.objects.active = armature
        return {"FINISHED"}


class GenerateDance(PlacementOptions, bpy.types.Operator):
    """Make a dance for a song and key it on an armature"""

    bl_idname = "tokendance.generate"
    bl_label = "Generate Dance"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="Song", description="Sound file to dance to; empty: the sound strip", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default=SONG_FILES, options={"HIDDEN", "SKIP_SAVE"})
    strip: bpy.props.StringProperty(
        name="Sound Strip",
        description="Strip to dance to, as it is trimmed; empty: the one that plays the song, or the only one",
        options={"SKIP_SAVE"},
    )
    armature: bpy.props.StringProperty(
        name="Armature",
        description="Armature that dances; empty: the active one, else the first that is recognised, else a new mannequin",
        options={"SKIP_SAVE"},
    )
    genre: bpy.props.StringProperty(name="Genre", description="Style of the dance, or any", default="any")
    seed: bpy.props.IntProperty(name="Seed", description="Another number, another dance", default=0, min=0)
    steps: bpy.props.IntProperty(
        name="Steps", description="Passes of refinement: more take longer, one is the draft", default=8, min=1, max=64
    )
    temperature: bpy.props.FloatProperty(
        name="Temperature", description="0 is the likeliest dance, above 1 is wilder", default=1.0, min=0.0, soft_max=2.0
    )
    energy: bpy.props.FloatProperty(
        name="Energy", description="0 follows the song, below dances smaller, above bigger", default=0.0, min=-2.0, max=2.0
    )
    frame_start: bpy.props.IntProperty(
        name="Start Frame", description="Where a song without a strip begins; unset: the first frame of the scene", options={"SKIP_SAVE"}
    )
    add_strip: bpy.props.BoolProperty(name="Add Sound", description="Add a sound strip for a song that has none", default=True)
    fit_frame_range: bpy.props.BoolProperty(
        name="Extend Frame Range", description="Move the end of the scene so that it covers the dance", default=False
    )
    action_name: bpy.props.StringProperty(
        name="Action", description="Name of the new action; empty: song, genre and seed", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath or self.strip or any(audio_strip.sound_strips(context.scene)):
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            passage, strip = self._passage(context.scene)
            armature = rig.find_armature(context, self.armature)
            if armature is not None:
                rig.check(armature)
            clip = self._make(context, passage)
            with all_or_nothing(context.scene), restored(context):
                self._place(context, clip, passage, armature, needs_strip=strip is None)
        except TokenDanceError as error:
            return _report(self, error)
        return {"FINISHED"}

    def _passage(self, scene: bpy.types.Scene) -> tuple[Passage, bpy.types.ID | None]:
        """What to dance to, and the strip that plays it, if one does."""
        song = bpy.path.abspath(self.filepath) if self.filepath else ""
        strip = audio_strip.find(scene, self.strip, song)
        if strip is not None:
            return audio_strip.passage(strip, scene_fps(scene)), strip
        if not Path(song).is_file():
            raise AudioError(f"There is no file {song}.", hint="Check the path of the song.")
        frame = self.frame_start if self.properties.is_property_set("frame_start") else scene.frame_start
        return Passage(str(Path(song).resolve()), frame), None

    def _make(self, context: bpy.types.Context, passage: Passage) -> MotionClip:
        """The dance, one sample per scene frame; the scene is not touched."""
        settings = runtime(context)
        request = worker_client.Request(
            song=passage.song,
            genre=self.genre,
            seed=self.seed,
            steps=self.steps,
            temperature=self.temperature,
            energy=self.energy,
            start=passage.start,
            duration=passage.duration,
            device=settings.device,
            checkpoint=settings.checkpoint,
        )
        manager = context.window_manager
        manager.progress_begin(0, 100)
        try:
            python = worker_client.find_python(settings.python)
            clip = worker_client.generate(python, request, lambda stage, fraction: manager.progress_update(100 * fraction))
        finally:
            manager.progress_end()
        return resample_to_fps(clip, scene_fps(context.scene))

    def _place(
        self, context: bpy.types.Context, clip: MotionClip, passage: Passage, armature: bpy.types.Object | None, *, needs_strip: bool
    ) -> None:
        """Put the dance into the scene; the active action changes last, when nothing can fail any more."""
        scene = context.scene
        if armature is None:
            armature = build.add(context)
            context.view_layer.update()
        if needs_strip and self.add_strip and audio_strip.add(context, passage.song, passage.frame) is None:
            self.report({"WARNING"}, "This Blender cannot play the song: the dance comes without a sound strip")
        scene.sync_mode = "AUDIO_SYNC"
        last = passage.frame + clip.frames - 1
        if self.fit_frame_range:
            scene.frame_start, scene.frame_end = min(scene.frame_start, passage.frame), max(scene.frame_end, last)
        elif last > scene.frame_end:
            self.report({"INFO"}, f"The dance goes on to frame {last}, after the end of the scene")
        for warning in place(
            context,
            self,
            clip,
            armature,
            name=self.action_name or f"{Path(passage.song).stem} {self.genre} {self.seed}",
            frame=passage.frame,
            recipe=self._song_recipe(passage),
        ):
            self.report({"WARNING"}, warning)

    def _song_recipe(self, passage: Passage) -> dict[str, object]:
        return {
            "song": passage.song,
            "start": passage.start,
            "genre": self.genre,
            "seed": self.seed,
            "steps": self.steps,
            "temperature": self.temperature,
            "energy": self.energy,
        }


class ApplyMotion(PlacementOptions, bpy.types.Operator):
    """Put a motion file on an armature: npz of TokenDance, AMASS or SMPL, or a BVH file of any person"""

    bl_idname = "tokendance.apply_motion"
    bl_label = "Apply Motion File"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(name="File", description="Motion file", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.npz;*.bvh", options={"HIDDEN", "SKIP_SAVE"})
    armature: bpy.props.StringProperty(
        name="Armature", description="Armature that dances; empty: the active one, else the first recognised", options={"SKIP_SAVE"}
    )
    frame_start: bpy.props.IntProperty(
        name="Start Frame", description="Where the motion begins; unset: the first frame of the scene", options={"SKIP_SAVE"}
    )
    action_name: bpy.props.StringProperty(name="Action", description="Name of the new action; empty: the file's", options={"SKIP_SAVE"})
    level: bpy.props.BoolProperty(
        name="Level Floor", description="Bring the motion's floor to the character's; AMASS files do not tell theirs", default=True
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        frame = self.frame_start if self.properties.is_property_set("frame_start") else scene.frame_start
        path = Path(bpy.path.abspath(self.filepath))
        try:
            armature = rig.find_armature(context, self.armature)
            if armature is None:
                raise RigError("There is no character in the scene.", hint="Add one, or add TokenDance's mannequin.")
            clip = resample_to_fps(self._clip(path), scene_fps(scene))
            with all_or_nothing(scene), restored(context):
                name = self.action_name or path.name.split(".")[0]
                warnings = place(context, self, clip, armature, name=name, frame=frame, recipe={"file": str(path)})
        except TokenDanceError as error:
            return _report(self, error)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        return {"FINISHED"}

    def _clip(self, path: Path) -> MotionClip:
        """The motion; TokenDanceError when the file is missing or is none."""
        if not path.is_file():
            raise ClipError(f"There is no file {path}.", hint="Check the path of the motion file.")
        clip = read_bvh(path) if path.suffix.lower() == ".bvh" else load_clip(path)
        return stand_on_floor(clip) if self.level else clip


class RestoreRig(bpy.types.Operator):
    """Give IK/FK switches, constraints and drivers of the active armature the values that they had before the first dance"""

    bl_idname = "tokendance.restore_rig"
    bl_label = "Restore Rig"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        ready = (
            context.active_object is not None and context.active_object.type == "ARMATURE" and bool(context.active_object.tokendance_former)
        )
        if not ready:
            cls.poll_message_set("Nothing was changed on the active armature")
        return ready

    def execute(self, context: bpy.types.Context) -> set[str]:
        count = holds.restore(context.active_object)
        self.report({"INFO"}, f"{count} settings of the rig are as they were before the dance")
        return {"FINISHED"}


CLASSES = (AddMannequin, GenerateDance, ApplyMotion, RestoreRig)
