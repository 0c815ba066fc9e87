"""The takes of the character in the sidebar, newest first below their songs, and how the danced one is fitted to it.

What depends on the danced take has a fixed number of lines: nothing moves under the mouse when another one is danced.
"""

from __future__ import annotations

import bpy

from ..armature.recipe import Recipe
from ..character import dancer as dancers
from ..dance import properties
from ..interface.drawing import Icon, SidebarPanel, clock, sentence
from ..interface.timeline import scene_fps
from ..interface.translate import iface
from ..options import FITTING
from ..takes import compare, naming
from ..takes import operators as take_operators
from ..takes import properties as take_properties
from ..takes import store as takes

_ROWS = 4
"""Takes of a song that are seen at once."""


class TakeList(bpy.types.UIList):
    """The takes of one song, whose key is the list's ``list_id``."""

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
        name = row.row(align=True)
        name.alignment = "LEFT"
        name.operator(
            "tokendance.activate_take", text=naming.title(item), translate=False, emboss=False
        ).take = item.name
        length = row.row(align=True)
        length.alignment = "RIGHT"
        if takes.tracks(dancers.dancer(context), item):
            length.label(text="", icon="NLA")
        first, last = takes.frame_range(item)
        length.label(text=clock((last - first + 1) / scene_fps(context.scene)), translate=False)

    def filter_items(self, context: bpy.types.Context, data: object, property_name: str) -> tuple[list[int], list[int]]:
        armature, actions = dancers.dancer(context), list(getattr(data, property_name))
        searched = self.filter_name.lower()
        newest = sorted(actions, key=lambda item: take_properties.of_action(item).made, reverse=True)
        places = {item: place for place, item in enumerate(newest)}
        keep = [
            takes.is_take(item, armature)
            and naming.song_key(item) == self.list_id
            and searched in f"{item.name} {naming.title(item)}".lower()
            for item in actions
        ]
        return [self.bitflag_filter_item if kept else 0 for kept in keep], [places[item] for item in actions]


class TakesPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_takes"
    bl_label = "Takes"
    bl_order = 4

    def draw(self, context: bpy.types.Context) -> None:
        layout, armature = self.layout, dancers.dancer(context)
        listed = takes.newest_first(armature)
        if not listed:
            sentence(context, layout, "Dances that were generated are listed here", icon="INFO")
            if takes.of_others(armature):
                layout.menu("TOKENDANCE_MT_other_takes", icon="APPEND_BLEND")
            return
        take = takes.played(armature)
        self._songs(context, listed, take)
        row = layout.row(align=True)
        on_take = row.row(align=True)
        on_take.enabled = take is not None
        on_take.operator("tokendance.recall_settings", text="", icon="LOOP_BACK")
        on_take.operator("tokendance.push_take", text="", icon="NLA_PUSHDOWN")
        on_take.operator("tokendance.export_take", text="", icon="EXPORT")
        on_take.operator("tokendance.delete_take", text="", icon="TRASH")
        others = row.row(align=True)
        others.enabled = bool(takes.of_others(armature))
        others.menu("TOKENDANCE_MT_other_takes", text="", icon="APPEND_BLEND")
        if compare.is_on(context.scene):
            row.operator("tokendance.end_comparison", icon="X")
        else:
            row.operator("tokendance.compare_takes", icon="MOD_ARRAY")
        if take is not None:
            self._danced(context, armature, take)
        else:
            sentence(context, layout, dancers.locked(armature) or "Click a take to dance it", icon="INFO")

    def _songs(
        self, context: bpy.types.Context, listed: list[bpy.types.Action], danced: bpy.types.Action | None
    ) -> None:
        """A list for each song, the one with the newest take first."""
        songs = {naming.song_key(take): naming.song(take) for take in listed}
        opened = naming.song_key(danced or listed[0])
        for key, song in songs.items():
            header, body = self.layout.panel(f"TOKENDANCE_takes_{key}", default_closed=key != opened)
            header.label(text=song, icon="SOUND", translate=False)
            if body is not None:
                settings = properties.of_scene(context.scene)
                body.template_list(
                    "TOKENDANCE_UL_takes", key, bpy.data, "actions", settings, "take_index", rows=_ROWS, maxrows=_ROWS
                )

    def _danced(self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action) -> None:
        made, scene = Recipe.of(take), context.scene
        column = self.layout.column(align=True)
        column.prop(take, "name", text="", icon="ACTION")
        first, last = takes.frame_range(take)
        frames = iface("frames {first} to {last}").format(first=first, last=last)
        told, where = frames.capitalize(), takes.tracks(armature, take)
        if made.kind == "song":
            column.label(text=f"{made.genre.capitalize()}, {naming.passes(made.settings.steps)}", translate=False)
            told = iface("Seed {seed}, {frames}").format(seed=made.settings.seed, frames=frames)
        if where:
            told = iface("On the NLA track “{track}”").format(track=where[0])
        column.label(text=told, translate=False)
        row = column.row(align=True)
        playing = context.screen.is_animation_playing
        row.operator("screen.animation_play", text="Pause" if playing else "Play", icon="PAUSE" if playing else "PLAY")
        reaches_out = row.row(align=True)
        reaches_out.enabled = last > scene.frame_end or first < scene.frame_start
        reaches_out.operator("tokendance.fit_frame_range", text="Fit Range", icon="PREVIEW_RANGE")


class FinishPanel(SidebarPanel, bpy.types.Panel):
    """The button comes first and its sentence has one line: it stays where it is whatever is changed below."""

    bl_idname = "TOKENDANCE_PT_finish"
    bl_label = "Finish"
    bl_order = 5

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, properties.of_scene(context.scene)
        take = takes.active(dancers.dancer(context))
        differs = take is not None and take_operators.differs(settings, take)
        row = layout.row()
        row.enabled = differs
        row.operator("tokendance.finish_take", icon="MODIFIER")
        if take is None:
            layout.label(text="For the next dance", icon="INFO")
        else:
            layout.label(
                text="Not in the take yet" if differs else "As in the take", icon="INFO" if differs else "CHECKMARK"
            )
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        for name in FITTING:
            column.prop(settings, name)


CLASSES = (TakeList, TakesPanel, FinishPanel)
