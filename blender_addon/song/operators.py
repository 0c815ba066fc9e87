"""The song: choose or drop it, hear its tempo, mark its beats, and let takes follow their strip."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import bpy

from tokendance_core import AudioError, SettingError, TokenDanceError

from ..compat import RELATIVE_PATH
from ..interface import scene_settings
from ..interface.mixins import OperatorMixin
from ..interface.reports import told
from ..interface.scene_guard import all_or_nothing
from ..interface.timeline import scene_fps
from ..interface.translate import iface, rpt
from . import facts as song_facts
from . import passage as passages
from . import strip as audio_strip
from .passage import Passage

SONG_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff")
MARKER = "beat"
"""First word of the names of beat markers."""


class UseSong(bpy.types.Operator):
    """Put a song into the sequencer, from the first frame of the scene on, and dance to it"""

    bl_idname = "tokendance.use_song"
    bl_label = "Open Song"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="Song", description="Sound file", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE_PATH}
    )
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in SONG_SUFFIXES), options={"HIDDEN", "SKIP_SAVE"}
    )
    frame_start: bpy.props.IntProperty(
        name="Start Frame",
        description="Where the song begins; unset: the first frame of the scene",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath or self.files:
            return self.execute(context)
        if not self.properties.is_property_set("frame_start"):
            self.frame_start = context.scene.frame_start  # what the file browser shows is what happens
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        try:
            with all_or_nothing(scene):
                song = self._song()
                strip = audio_strip.choose(scene, song=song).checked()
                if strip is None:
                    frame = self.frame_start if self.properties.is_property_set("frame_start") else scene.frame_start
                    strip = passages.add(context, Passage(song, frame), scene_fps(scene))
                if strip is None:
                    raise AudioError(
                        f"{Path(song).name} cannot be played here.", hint="Choose a WAV, FLAC, OGG or MP3 file."
                    )
        except TokenDanceError as error:
            return told(self, error)
        scene.sync_mode = "AUDIO_SYNC"
        scene_settings.of_scene(scene).strip = strip.name
        return {"FINISHED"}

    def _song(self) -> str:
        names = [self.files[0].name] if self.files and self.directory else []
        path = Path(bpy.path.abspath(self.filepath or str(Path(self.directory, *names))))
        if not os.path.isfile(path):
            raise AudioError(f"There is no file {path}.", hint="Choose a sound file.")
        return str(path.resolve())


class SongDrop(bpy.types.FileHandler):
    bl_idname = "TOKENDANCE_FH_song"
    bl_label = "Song to dance to"
    bl_import_operator = UseSong.bl_idname
    bl_file_extensions = ";".join(SONG_SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


class _OnSong(OperatorMixin):
    """Operators on the song that the panel shows."""

    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            strip = audio_strip.choose(context.scene, scene_settings.of_scene(context.scene).strip).required()
            return self.work(context, strip)
        except TokenDanceError as error:
            return told(self, error)

    def work(self, context: bpy.types.Context, strip: bpy.types.SoundStrip) -> set[str]:
        """What the operator does with the song's strip."""
        raise NotImplementedError


class Listen(_OnSong, bpy.types.Operator):
    """Find the length and the tempo of the song"""

    bl_idname = "tokendance.listen"
    bl_label = "Find Tempo"
    bl_options = {"REGISTER"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            song_facts.ask(context, context.scene)
        except TokenDanceError as error:
            return told(self, error)
        return {"FINISHED"}

    def work(self, context: bpy.types.Context, strip: bpy.types.SoundStrip) -> set[str]:
        facts = song_facts.listen(context, context.scene, strip)
        self.report(
            {"INFO"}, rpt("{seconds:.1f} s, {bpm:.1f} beats a minute").format(seconds=facts.seconds, bpm=facts.bpm)
        )
        return {"FINISHED"}


class AddBeatMarkers(_OnSong, bpy.types.Operator):
    """Mark the beats of the song on the timeline: first it is said how many they are"""

    bl_idname = "tokendance.add_beat_markers"
    bl_label = "Mark Beats"

    every: bpy.props.IntProperty(name="Every", description="A marker on every so many beats", default=1, min=1, max=64)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.properties.is_property_set("every"):
            return self.execute(context)
        try:
            self._found = _beats(context, audio_strip.choose(context.scene, _chosen(context)).required())
        except TokenDanceError as error:
            return told(self, error)
        return set(context.window_manager.invoke_props_dialog(self, title="Mark Beats", confirm_text="Mark"))

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop(self, "every")
        count = len(self._on(self._found))
        self.layout.label(text=iface("{count} markers will be added").format(count=count), translate=False)

    def work(self, context: bpy.types.Context, strip: bpy.types.SoundStrip) -> set[str]:
        scene, marked = context.scene, self._on(_beats(context, strip))
        remove_beat_markers(scene)
        for number, frame in marked:
            scene.timeline_markers.new(f"{MARKER} {number}", frame=frame)
        self.report({"INFO"}, rpt("{count} markers were added: Clear Beats removes them").format(count=len(marked)))
        return {"FINISHED"}

    def _on(self, beats: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The beats that get a marker."""
        return [(number, frame) for number, frame in beats if (number - 1) % self.every == 0]


def _chosen(context: bpy.types.Context) -> str:
    return scene_settings.of_scene(context.scene).strip


def _beats(context: bpy.types.Context, strip: bpy.types.SoundStrip) -> list[tuple[int, int]]:
    """Number, from 1, and frame of every beat that the strip lets be heard; TokenDanceError when there is none."""
    fps = scene_fps(context.scene)
    heard = passages.passage(strip, fps)
    facts = song_facts.listen(context, context.scene, strip)
    if not facts.beats:
        raise SettingError(
            "No beat was found in the song.", hint="Set markers by hand: M with the mouse over the timeline."
        )
    return [(number, round(heard.frame + second / heard.speed * fps)) for number, second in enumerate(facts.beats, 1)]


class RemoveBeatMarkers(bpy.types.Operator):
    """Take the beat markers away; other markers stay"""

    bl_idname = "tokendance.remove_beat_markers"
    bl_label = "Clear Beats"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not any(beat_markers(context.scene)):
            cls.poll_message_set("There are no beat markers")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        remove_beat_markers(context.scene)
        return {"FINISHED"}


def beat_markers(scene: bpy.types.Scene) -> Iterable[bpy.types.TimelineMarker]:
    return (marker for marker in scene.timeline_markers if re.fullmatch(rf"{MARKER} \d+", marker.name))


def remove_beat_markers(scene: bpy.types.Scene) -> None:
    for marker in list(beat_markers(scene)):
        scene.timeline_markers.remove(marker)


CLASSES = (UseSong, SongDrop, Listen, AddBeatMarkers, RemoveBeatMarkers)
