"""What can be done with takes: danced, starred, compared, finished anew, pushed to the NLA, deleted, and their settings
recalled.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import bpy

from tokendance_core import SettingError, TokenDanceError, option_values

from .. import compat, options
from ..armature import own_keys, placement
from ..armature.placement import fitted, place
from ..armature.recipe import Recipe
from ..character import dancer as dancers
from ..interface import scene_settings
from ..interface.mixins import OperatorMixin
from ..interface.reports import told
from ..interface.scene_guard import all_or_nothing, restored
from ..interface.timeline import scene_fps
from ..interface.translate import rpt
from ..options import FITTING, Fitting, Placement, quality_of
from . import compare, naming, properties, retiming, rotation_modes
from . import store as takes

_NEW_DANCES = ("replace",)
"""Choices that make no sense for a dance that is there already."""


class FinishOptions(options.options_of(Placement, _NEW_DANCES)):
    """How the take is fitted anew: as the panel shows, unless it is said."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        for name in FITTING:
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(scene_settings.of_scene(context.scene), name))
        return self.execute(context)

    def fit(
        self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action, name: str
    ) -> bpy.types.Action:
        """A new take called ``name``: the motion of ``take``, fitted to the character anew, where it begins; warnings
        are reported. TokenDanceError when that cannot be.
        """
        clip, former = takes.motion(take), Recipe.of(take)
        chosen = Placement(**options.chosen(Placement, self, _NEW_DANCES))
        dance = fitted(clip, chosen, scene_fps(context.scene), former)
        recipe = replace(former, frame=takes.frame_range(take)[0])
        made, warnings = place(context, chosen, dance, armature, name=name, made=recipe)
        takes.remember(armature, made, clip)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        return made


_CHOOSE = "Choose a take in the list first"


class _OnTake(OperatorMixin):
    """Operators on a take of the character: the named one, else the one that it dances now."""

    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(
        name="Take", description="Name of the take; empty: the one that is danced", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = dancers.dancer(context)
        reason = dancers.locked(armature) or ("" if takes.of(armature) else _CHOOSE)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        armature = dancers.dancer(context)
        try:
            return self.work(context, armature, self._chosen(armature))
        except TokenDanceError as error:
            return told(self, error)

    def _chosen(self, armature: bpy.types.Object) -> bpy.types.Action:
        """The take that it is about; SettingError when there is none."""
        found: bpy.types.Action | None = bpy.data.actions.get(self.take) if self.take else takes.played(armature)
        if found is None and not self.take:
            raise SettingError(f"{_CHOOSE}.")
        if found is None or not takes.is_take(found, armature):
            raise SettingError(_unknown(armature, self.take), hint="Choose one of its takes.")
        return found

    def work(self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action) -> set[str]:
        """What the operator does with the take; TokenDanceError when it cannot."""
        raise NotImplementedError


def _unknown(armature: bpy.types.Object, name: str) -> str:
    return f"“{armature.name}” has no take named “{name}”."


class ActivateTake(bpy.types.Operator):
    """Let the character dance a take"""

    bl_idname = "tokendance.activate_take"
    bl_label = "Dance Take"
    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(name="Take", description="Name of the take", options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """The whole of the take that a row of the list has no room for."""
        take: bpy.types.Action | None = bpy.data.actions.get(getattr(properties, "take", ""))
        return naming.in_full(take, scene_fps(context.scene)) if take is not None else ""

    def execute(self, context: bpy.types.Context) -> set[str]:
        armature = dancers.dancer(context)
        action: bpy.types.Action | None = bpy.data.actions.get(self.take)
        reason = dancers.locked(armature)
        if not reason and (action is None or not takes.is_take(action, armature)):
            reason = f"{_unknown(armature, self.take)} Choose one of its takes."
        if reason:
            self.report({"ERROR"}, reason)
            return {"CANCELLED"}
        for sentence in takes.dance(armature, action):
            self.report({"INFO"}, sentence)
        return {"FINISHED"}


class DeleteTake(_OnTake, bpy.types.Operator):
    """Delete the take; if it was danced, the next one is, and after the last one what was played before. A take that
    another character dances too is only taken off this one
    """

    bl_idname = "tokendance.delete_take"
    bl_label = "Delete Take"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action) -> set[str]:
        order = takes.of(armature)
        number = order.index(take)
        following = order[number + 1 :] + order[:number][-1:]
        others, own = takes.also_danced_by(take, armature), own_keys.of(take)
        takes.stop(armature, take)
        if others:
            text = rpt("“{other}” dances “{take}” too: it was only taken off “{name}”")
            self.report({"INFO"}, text.format(other=others[0], take=take.name, name=armature.name))
        else:
            bpy.data.actions.remove(take)
        if armature.animation_data.action is not None:
            return {"FINISHED"}  # another one is danced
        if following:
            compat.use_action(armature, following[0])
            rotation_modes.follow(armature)
        elif own is not None:
            compat.use_action(armature, own.action, own.slot)
        return {"FINISHED"}


class PushTake(_OnTake, bpy.types.Operator):
    """Move the take onto an NLA track of its own"""

    bl_idname = "tokendance.push_take"
    bl_label = "Push to NLA"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action) -> set[str]:
        with takes.danced_as_before(armature, take):
            if takes.tracks(armature, take):  # it lies there already
                armature.animation_data.action = None
            else:
                placement.push_to_nla(armature, take, takes.frame_range(take)[0])
        text = rpt("“{take}” lies on the NLA track “{track}”")
        self.report({"INFO"}, text.format(take=take.name, track=takes.tracks(armature, take)[0]))
        return {"FINISHED"}


class RecallSettings(_OnTake, bpy.types.Operator):
    """Set the panel to how the take was made"""

    bl_idname = "tokendance.recall_settings"
    bl_label = "Recall Settings"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action) -> set[str]:
        settings, made = scene_settings.of_scene(context.scene), Recipe.of(take)
        recalled = option_values(made.fitting)
        if made.kind == "song":
            recalled |= {**option_values(made.settings), "quality": quality_of(made.settings.steps)}
        for name, value in recalled.items():
            with suppress(TypeError):  # a genre may belong to another checkpoint, and is left out then
                setattr(settings, name, value)
        return {"FINISHED"}


class FinishTake(_OnTake, FinishOptions, bpy.types.Operator):
    """Fit the take to the character anew with these settings. Keys of the take are written anew: what was edited in
    them is lost
    """

    bl_idname = "tokendance.finish_take"
    bl_label = "Update Take"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action) -> set[str]:
        with takes.danced_as_before(armature, take):
            with all_or_nothing(context.scene, armature), restored(context):
                made = self.fit(context, armature, take, take.name)
                properties.keep_identity(take, made)
            takes.supersede(take, made)
        return {"FINISHED"}


class AdoptTake(FinishOptions, bpy.types.Operator):
    """Let the character dance what was made for another one, or came with another file: fitted to it anew"""

    bl_idname = "tokendance.adopt_take"
    bl_label = "Take Over"
    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(name="Take", description="Name of the other take", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = dancers.locked(dancers.dancer(context))
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        armature = dancers.dancer(context)
        take: bpy.types.Action | None = bpy.data.actions.get(self.take)
        try:
            if take is None or not properties.of_action(take).dancer:
                raise SettingError(f"There is no take named “{self.take}” in the file.", hint="Append it first.")
            with all_or_nothing(context.scene, armature), restored(context):
                self.fit(context, armature, take, naming.given(Recipe.of(take)))
        except TokenDanceError as error:
            return told(self, error)
        return {"FINISHED"}


def differs(settings: bpy.types.PropertyGroup, take: bpy.types.Action) -> bool:
    """Whether the take was fitted with other settings than the panel shows."""
    return Recipe.of(take).fitting != Fitting(**options.chosen(Fitting, settings))


class CompareTakes(bpy.types.Operator):
    """Show the starred takes side by side, each on a copy of the character, until the comparison is ended"""

    bl_idname = "tokendance.compare_takes"
    bl_label = "Compare Starred"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = dancers.locked(dancers.dancer(context)) or (
            "" if len(compare.candidates(dancers.dancer(context))) else "Star a take first"
        )
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        armature = dancers.dancer(context)
        compare.end()
        shown = compare.begin(context, armature)
        self.report({"INFO"}, rpt("{count} copies dance beside “{name}”").format(count=shown, name=armature.name))
        return {"FINISHED"}


class EndComparison(bpy.types.Operator):
    """Remove the copies that were made to compare takes"""

    bl_idname = "tokendance.end_comparison"
    bl_label = "End Comparison"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not compare.is_on(context.scene):
            cls.poll_message_set("Nothing is being compared")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        compare.end()
        return {"FINISHED"}


class NewSeed(bpy.types.Operator):
    """Pick the next seed that the character has no take of"""

    bl_idname = "tokendance.new_seed"
    bl_label = "New Seed"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        made = [Recipe.of(take) for take in takes.of(dancers.dancer(context))]
        used = {recipe.settings.seed for recipe in made if recipe.kind == "song"}
        settings = scene_settings.of_scene(context.scene)
        following = ((settings.seed + 1 + step) % 2**31 for step in range(len(used) + 1))
        settings.seed = next(seed for seed in following if seed not in used)
        return {"FINISHED"}


class FitFrameRange(_OnTake, bpy.types.Operator):
    """Let the scene's frame range begin and end with the take"""

    bl_idname = "tokendance.fit_frame_range"
    bl_label = "Fit Frame Range"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object, take: bpy.types.Action) -> set[str]:
        context.scene.frame_start, context.scene.frame_end = takes.frame_range(take)
        return {"FINISHED"}


class Resync(bpy.types.Operator):
    """Move the takes of the character to where their song plays now: after the strip, its speed or the frame rate was
    changed
    """

    bl_idname = "tokendance.resync"
    bl_label = "Sync to Strip"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not takes.of(dancers.dancer(context)):
            cls.poll_message_set("The character has no takes")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            moved = retiming.follow_strips(context.scene, dancers.dancer(context))
        except TokenDanceError as error:
            return told(self, error)
        self.report(
            {"INFO"},
            rpt("{count} takes were moved").format(count=moved) if moved else rpt("Every take is in sync already"),
        )
        return {"FINISHED"}


CLASSES = (
    ActivateTake,
    DeleteTake,
    PushTake,
    RecallSettings,
    FinishTake,
    AdoptTake,
    CompareTakes,
    EndComparison,
    NewSeed,
    FitFrameRange,
    Resync,
)
