"""The tab in the 3D view's sidebar, in the order of work: music, character (``character_panel``), dance, generate,
takes, finish.
"""

from __future__ import annotations

import bpy

from .. import compat, session
from ..character import dancer as dancers
from ..dance import properties
from ..dance.generation import Generation
from ..dance.outcome import Outcome, Situation
from ..interface.drawing import LINE, Icon, SidebarPanel, clock, sentence
from ..interface.timeline import scene_fps
from ..interface.translate import iface
from ..song import facts as song_facts
from ..song import operators as song_operators
from ..song import passage as passages
from ..song import strip as audio_strip
from ..takes import retiming
from ..takes import store as takes
from . import presets, readiness

_BUTTON, _LINES = 1.8, 2
"""Height of *Generate Dance* and lines below it, the same whether a dance is made or not: nothing may move under the
mouse.
"""

_ICONS: dict[str, Icon] = {"done": "CHECKMARK", "cancelled": "CANCEL", "failed": "ERROR"}


class MusicPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_music"
    bl_label = "Music"
    bl_order = 0

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        self.layout.operator("tokendance.show_help", text="", icon="HELP", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        if not any(audio_strip.sound_strips(scene)):
            layout.operator("tokendance.use_song", icon="FILE_SOUND")
            sentence(context, layout, "Or drop a sound file into this view")
            return
        row = layout.row(align=True)
        row.prop(properties.of_scene(scene), "strip", text="", icon="SOUND")
        row.operator("tokendance.use_song", text="", icon="FILEBROWSER")
        choice = readiness.song(scene)
        if choice.strip is None:
            sentence(context, layout, f"{choice.problem} {choice.hint}", icon="INFO")
            return
        if choice.strip.name != properties.of_scene(scene).strip:
            sentence(context, layout, choice.reason)
        self._facts(context, choice.strip)
        corrections = layout.row(align=True)
        corrections.prop(properties.of_scene(scene), "tempo", text="")
        corrections.prop(properties.of_scene(scene), "beat_shift", text="")
        row = layout.row()
        markers = row.row(align=True)
        markers.operator("tokendance.add_beat_markers", icon="MARKER_HLT")
        if any(song_operators.beat_markers(scene)):
            markers.operator("tokendance.remove_beat_markers", text="", icon="X")
        row.prop(properties.of_scene(scene), "in_range", toggle=True, icon="PREVIEW_RANGE")
        take = takes.active(dancers.dancer(context))
        if take is not None and retiming.is_off(scene, take):
            sentence(context, layout, "The strip or the frame rate was changed: the take is out of sync", icon="ERROR")
            layout.operator("tokendance.resync", icon="FILE_REFRESH")

    def _facts(self, context: bpy.types.Context, strip: bpy.types.SoundStrip) -> None:
        """Which part of the song is heard, and what it is like."""
        column, fps = self.layout.column(align=True), scene_fps(context.scene)
        heard, songs = _heard(strip, fps), session.current().songs
        state = song_facts.state(context.scene, strip)
        facts = songs.look_up(state)
        if facts is not None:
            tempo = iface("{bpm:.0f} bpm").format(bpm=facts.bpm) if facts.bpm else iface("no clear beat")
            text = iface("{part}, {tempo}").format(part=heard, tempo=tempo)
            column.label(text=text, icon="TIME", translate=False)
            for warning in facts.warnings:
                sentence(context, column, warning, icon="ERROR")
            return
        row = column.row(align=True)  # one line, as when all is known: nothing may move under the mouse
        if songs.is_asked(state):
            row.label(text=iface("{part}, listening…").format(part=heard), icon="PLAY_SOUND", translate=False)
            return
        row.label(text=heard, icon="TIME", translate=False)
        row.operator("tokendance.listen", icon="PLAY_SOUND")
        if songs.why_unknown(state):
            sentence(context, column, songs.why_unknown(state), icon="ERROR")


def _heard(strip: bpy.types.SoundStrip, fps: float) -> str:
    """Which part of the song is heard; of a retimed strip for how long, as its part cannot be told without its file."""
    here = audio_strip.placed(strip)
    if compat.retiming(strip):
        return iface("retimed, {length}").format(length=clock((here.right - here.left) / fps))
    plays = passages.playing(here, fps)
    frames = (plays.first, min(plays.last, plays.end), plays.end)
    start, end, length = (plays.second_of(frame, fps) for frame in frames)
    return iface("{part} of {length}").format(part=f"{clock(start)}–{clock(end)}", length=clock(length))


class DancePanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_dance"
    bl_label = "Dance"
    bl_order = 2

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        presets.TOKENDANCE_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, properties.of_scene(context.scene)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "genre")
        row = layout.row(align=True)
        row.prop(settings, "seed")
        row.operator("tokendance.new_seed", text="", icon="FILE_REFRESH")
        layout.row().prop(settings, "quality", expand=True)
        passes = layout.row()
        passes.enabled = settings.quality == "custom"
        passes.prop(settings, "steps" if passes.enabled else "passes", text="Passes")
        layout.prop(settings, "energy", slider=True)
        layout.prop(settings, "variations")


class AdvancedPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_advanced"
    bl_parent_id = "TOKENDANCE_PT_dance"
    bl_label = "Advanced"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, properties.of_scene(context.scene)
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("temperature", "variety", "accents", "returns", "replace", "push_to_nla", "mark_asset"):
            layout.prop(settings, name)


class GeneratePanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_generate"
    bl_label = "Generate"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        now = session.current()
        outcome = now.outcome if now.generation is None else None
        if outcome is not None and not outcome.holds(Situation.here(context)):
            outcome = None
        if now.generation is not None:
            self._running(now.generation)
        else:
            self._button(context, outcome)
        if notice := readiness.runtime_notice(context):
            sentence(context, self.layout, notice, icon="ERROR")
            self.layout.operator("tokendance.show_preferences", icon="PREFERENCES")
        if outcome is not None and outcome.hint:
            sentence(context, self.layout, outcome.hint, icon="BLANK1")
        if outcome is not None and outcome.status == "failed":
            self.layout.operator("tokendance.copy_diagnostics", icon="COPYDOWN")

    def _button(self, context: bpy.types.Context, outcome: Outcome | None) -> None:
        """The button, and below it why it cannot be pressed and how the last dance ended: two lines at least."""
        reason = readiness.why_not(context)
        row = self.layout.row()
        row.scale_y = _BUTTON
        row.enabled = not reason
        row.operator("tokendance.generate", icon="PLAY")
        told: list[tuple[str, Icon]] = [(reason, "INFO")] if reason else []
        if outcome is not None:
            told.append((outcome.message, _ICONS[outcome.status]))
        for text, icon in told or [("", "NONE")]:
            sentence(context, self.layout, text, icon=icon, least=_LINES)

    def _running(self, running: Generation) -> None:
        """In the place of the button and its two lines."""
        bar = self.layout.row()
        bar.scale_y = _BUTTON
        bar.progress(
            factor=running.fraction, type="BAR", text=f"{iface(running.stage)}, {100 * running.fraction:.0f} %"
        )
        row = self.layout.split(factor=0.6)
        row.scale_y = _LINES * LINE
        number, count = running.place_in_line
        parts = [iface("{number} of {count}").format(number=number, count=count)] if count > 1 else []
        if running.remaining_seconds is not None:
            parts.append(iface("{time} left").format(time=clock(max(running.remaining_seconds, 1.0))))
        row.label(text=", ".join(parts) or "Esc stops it", translate=not parts)
        row.operator("tokendance.cancel", text="Cancel", icon="X")


CLASSES = (MusicPanel, DancePanel, AdvancedPanel, GeneratePanel)
