"""The takes of the character in the sidebar, and how the danced one is fitted to it."""

from __future__ import annotations

import bpy

from tokendance_core import option_values

from ..armature.recipe import Recipe
from ..character import dancer as dancers
from ..dance import properties
from ..interface.drawing import Icon, SidebarPanel, clock, sentence
from ..interface.timeline import scene_fps
from ..interface.translate import iface
from ..options import FITTING
from ..takes import compare
from ..takes import operators as take_operators
from ..takes import properties as take_properties
from ..takes import store as takes

_WIDE = 340
"""Pixels from which on the list of takes has room for genre and seed."""


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


CLASSES = (TakeList, TakesPanel, FinishPanel)
