"""The tab in the 3D view's sidebar, in the order of work: music, character (``character_panel``), dance, generate,
takes, finish.
"""

from __future__ import annotations

import bpy

from tokendance_core import option_values

from .. import compat, session
from ..armature.recipe import Recipe
from ..character import dancer as dancers
from ..dance import properties
from ..dance.generation import Generation, Outcome
from ..interface.drawing import Icon, SidebarPanel, clock, sentence
from ..interface.timeline import scene_fps
from ..interface.translate import iface
from ..options import FITTING
from ..song import operators as song_operators
from ..song import strip as audio_strip
from ..takes import compare, retiming
from ..takes import operators as take_operators
from ..takes import properties as take_properties
from ..takes import store as takes
from . import presets, readiness

_WIDE = 340
"""Pixels from which on the list of takes has room for genre and seed."""


class MusicPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_music"
    bl_label = "Music"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        if not any(audio_strip.sound_strips(scene)):
            layout.operator("tokendance.use_song", icon="FILE_SOUND")
            sentence(context, layout, "Or drop a sound file into this view")
            return
        row = layout.row(align=True)
        row.prop(properties.of_scene(scene), "strip", text="", icon="SOUND")
        row.operator("tokendance.use_song", text="", icon="FILEBROWSER")
        strip, _ = readiness.song(scene)
        if strip is None:
            return
        self._facts(context, strip)
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
        timing = compat.strip_timing(strip)
        start = max(timing.skipped, 0) / fps
        end = start + timing.heard / fps
        path = audio_strip.sound_file(strip)
        songs = session.current().songs
        facts = songs.look_up(path)
        part = f"{clock(start)}–{clock(end)}"
        if facts is not None:
            tempo = iface("{bpm:.0f} bpm").format(bpm=facts.bpm) if facts.bpm else iface("no clear beat")
            text = iface("{part} of {length}, {tempo}").format(part=part, length=clock(facts.seconds), tempo=tempo)
            column.label(text=text, icon="TIME", translate=False)
            return
        column.label(text=part, icon="TIME", translate=False)
        if songs.is_asked(path):
            column.label(text="Listening…", icon="PLAY_SOUND")
        elif songs.why_unknown(path):
            sentence(context, column, songs.why_unknown(path), icon="ERROR")
        if not songs.is_asked(path):
            column.operator("tokendance.listen", icon="PLAY_SOUND")


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
        if settings.quality == "custom":
            layout.prop(settings, "steps")
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
        layout = self.layout
        now = session.current()
        if now.generation is not None:
            self._running(now.generation)
            return
        reason = readiness.why_not(context)
        row = layout.row()
        row.scale_y = 1.8
        row.enabled = not reason
        row.operator("tokendance.generate", icon="PLAY")
        if reason:
            sentence(context, layout, reason, icon="INFO")
        if notice := readiness.runtime_notice(context):
            sentence(context, layout, notice, icon="ERROR")
            layout.operator("tokendance.show_preferences", icon="PREFERENCES")
        if now.outcome is not None:
            self._outcome(context, now.outcome)

    def _running(self, running: Generation) -> None:
        bar = self.layout.row()
        bar.scale_y = 1.8
        bar.progress(
            factor=running.fraction, type="BAR", text=f"{iface(running.stage)}, {100 * running.fraction:.0f} %"
        )
        row = self.layout.split(factor=0.6)
        number, count = running.place_in_line
        parts = [iface("{number} of {count}").format(number=number, count=count)] if count > 1 else []
        if running.remaining_seconds is not None:
            parts.append(iface("{time} left").format(time=clock(running.remaining_seconds)))
        row.label(text=", ".join(parts) or "Esc stops it", translate=not parts)
        row.operator("tokendance.cancel", text="Cancel", icon="X")

    def _outcome(self, context: bpy.types.Context, outcome: Outcome) -> None:
        icons = {"done": "CHECKMARK", "cancelled": "CANCEL", "failed": "ERROR"}
        sentence(context, self.layout, outcome.message, icon=icons[outcome.status])
        if outcome.hint:
            sentence(context, self.layout, outcome.hint, icon="BLANK1")
        if outcome.status == "failed":
            self.layout.operator("tokendance.copy_diagnostics", icon="COPYDOWN")


class TakeList(bpy.types.UIList):
    bl_idname = "TOKENDANCE_UL_takes"

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: object,
        item: bpy.types.Action,
        icon: int,
        active_data: object,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        row, take = layout.row(align=True), take_properties.of_action(item)
        star: Icon = "SOLO_ON" if take.starred else "SOLO_OFF"
        row.prop(take, "starred", text="", icon=star, emboss=False)
        row.prop(item, "name", text="", emboss=False)
        first, last = takes.frame_range(item)
        made = Recipe.of(item)
        if context.region.width > _WIDE * context.preferences.system.ui_scale and made.kind == "song":
            row.label(text=made.genre.capitalize())
            row.label(text=str(made.settings.seed), translate=False)
        length = row.row()
        length.alignment = "RIGHT"
        length.label(text=clock((last - first + 1) / scene_fps(context.scene)), translate=False)

    def filter_items(self, context: bpy.types.Context, data: object, property_name: str) -> tuple[list[int], list[int]]:
        armature = dancers.dancer(context)
        actions = getattr(data, property_name)
        shown = self.filter_name.lower()
        keep = [takes.is_take(item, armature) and shown in item.name.lower() for item in actions]
        return [self.bitflag_filter_item if kept else 0 for kept in keep], []


class TakesPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_takes"
    bl_label = "Takes"
    bl_order = 4

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, properties.of_scene(context.scene)
        armature = dancers.dancer(context)
        if not takes.of(armature):
            sentence(context, layout, "Dances that were generated are listed here", icon="INFO")
            return
        row = layout.row()
        row.template_list("TOKENDANCE_UL_takes", "", bpy.data, "actions", settings, "take_index", rows=3)
        side = row.column(align=True)
        side.operator("tokendance.recall_settings", text="", icon="LOOP_BACK")
        side.operator("tokendance.push_take", text="", icon="NLA_PUSHDOWN")
        side.operator("tokendance.delete_take", text="", icon="TRASH")
        take = takes.active(armature)
        if take is not None:
            self._active(context, take)
        elif dancers.locked(armature):
            sentence(context, layout, dancers.locked(armature), icon="INFO")
        else:
            sentence(context, layout, "Click a take to dance it", icon="INFO")
        if compare.is_on(context.scene):
            layout.operator("tokendance.end_comparison", icon="X")
        else:
            layout.operator("tokendance.compare_takes", icon="MOD_ARRAY")

    def _active(self, context: bpy.types.Context, take: bpy.types.Action) -> None:
        made, scene = Recipe.of(take), context.scene
        column = self.layout.column(align=True)
        if made.kind == "song":
            text = iface("{genre}, seed {seed}, {steps} steps").format(
                **option_values(made.settings) | {"genre": made.genre}
            )
            column.label(text=text[0].upper() + text[1:], translate=False)
        first, last = takes.frame_range(take)
        column.label(text=iface("Frames {first} to {last}").format(first=first, last=last), translate=False)
        if last > scene.frame_end or first < scene.frame_start:
            column.label(text="Reaches out of the scene's range", icon="INFO")
            column.operator("tokendance.fit_frame_range", icon="PREVIEW_RANGE")
        playing = context.screen.is_animation_playing
        self.layout.operator(
            "screen.animation_play", text="Pause" if playing else "Play", icon="PAUSE" if playing else "PLAY"
        )


class FinishPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_finish"
    bl_label = "Finish"
    bl_order = 5

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, properties.of_scene(context.scene)
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in FITTING:
            layout.prop(settings, name)
        take = takes.active(dancers.dancer(context))
        if take is None:
            sentence(context, layout, "For the next dance; choose a take to change it", icon="INFO")
            return
        row = layout.row()
        row.enabled = take_operators.differs(settings, take)
        row.operator("tokendance.finish_take", icon="MODIFIER")
        if not row.enabled:
            sentence(context, layout, "The take was made with these settings", icon="CHECKMARK")


CLASSES = (MusicPanel, DancePanel, AdvancedPanel, GeneratePanel, TakeList, TakesPanel, FinishPanel)
