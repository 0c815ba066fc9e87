"""*Generate Dance* and its *Cancel*: waiting in a script, beside the user's work in a window."""

from __future__ import annotations

import traceback
from typing import Literal

import bpy

from tokendance_core import Cancelled, GenerateSettings, SongPart, TokenDanceError

from .. import session
from ..character import dancer as dancers
from ..interface import playback, ticker
from ..interface.reports import told
from ..interface.translate import rpt
from ..options import Order, Placement, chosen, options_of
from . import delivery, generation, properties
from .delivery import Delivery
from .outcome import Outcome, Situation

_STOPPED_BY_ESC: tuple[Literal["RENDER", "OBJECT_BAKE"], ...] = ("RENDER", "OBJECT_BAKE")
"""Jobs of Blender beside the user's work that Esc stops."""


class GenerateDance(
    options_of(Placement),
    options_of(GenerateSettings),
    options_of(SongPart, without=("speed",)),  # a strip tells it
    options_of(Order),
    bpy.types.Operator,
):
    """Make a dance for a song and key it on a character. Goes on while you work; Esc stops it"""

    bl_idname = "tokendance.generate"
    bl_label = "Generate Dance"
    bl_options = {"UNDO"}

    frame_start: bpy.props.IntProperty(
        name="Start Frame",
        description="Where a song without a strip begins; unset: the first frame of the scene",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        properties.fill(self, context)
        now = session.current()
        if now.generation is not None:
            self.report({"WARNING"}, rpt("A dance is being made already"))
            return {"CANCELLED"}
        try:
            now.generation = self._generation = generation.begin(context, self._order())
        except TokenDanceError as error:
            return self._failed(context, error)
        now.outcome = None
        self._delivery: Delivery | None = None
        context.window_manager.modal_handler_add(self)
        now.wake_up = context.window_manager.event_timer_add(ticker.SECONDS, window=context.window)
        ticker.redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if session.current().generation is not self._generation:  # the add-on was disabled and enabled again
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            return self._escaped()
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            if not self._advance(context):
                ticker.redraw()
                return {"PASS_THROUGH"}
        except TokenDanceError as error:
            return self._failed(context, error)
        except Exception as error:
            return self._broken(context, error)
        dancers.show(context, self._delivery.dancer)
        self._end(Outcome("done", "The dance is on the character", about=self._where(context, any_song=True)))
        for warning in self._delivery.messages:
            self.report({"WARNING"}, warning)
        return {"FINISHED"}

    def _escaped(self) -> set[str]:
        """Esc stops one thing at a time: playback first, then what Blender itself works on, then the generation."""
        if playback.is_on():
            playback.cancel()
            return {"RUNNING_MODAL"}
        if any(bpy.app.is_job_running(kind) for kind in _STOPPED_BY_ESC):
            return {"PASS_THROUGH"}
        self._generation.cancel()
        return {"RUNNING_MODAL"}

    def _advance(self, context: bpy.types.Context) -> bool:
        """Look at the worker, or place one dance; True when all are placed."""
        running = self._generation
        if self._delivery is None:
            if not running.poll():
                return False
            self._delivery = Delivery(running)
            return False
        if running.is_cancelled:
            self._delivery.take_back()
            raise Cancelled("Stopped; the scene is as it was.")
        return self._delivery.step(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Another file is opened, the window is closed, or Blender ends."""
        if session.current().generation is self._generation:
            if self._delivery is not None:
                self._delivery.take_back()
            message = "Stopped, because another file was opened or the window was closed"
            self._end(Outcome("cancelled", message, about=self._where(context)))

    def execute(self, context: bpy.types.Context) -> set[str]:
        manager = context.window_manager
        manager.progress_begin(0, 100)
        try:
            _, warnings = delivery.generate(
                context, self._order(), lambda stage, fraction: manager.progress_update(100 * fraction)
            )
            for warning in warnings:
                self.report({"WARNING"}, warning)
        except TokenDanceError as error:
            return told(self, error)
        finally:
            manager.progress_end()
        return {"FINISHED"}

    def _order(self) -> Order:
        return Order(
            **chosen(Order, self),
            frame_start=self.frame_start if self.properties.is_property_set("frame_start") else None,
            settings=GenerateSettings(**chosen(GenerateSettings, self)),
            part=SongPart(**chosen(SongPart, self, without=("speed",))),
            placement=Placement(**chosen(Placement, self)),
        )

    def _failed(self, context: bpy.types.Context, error: TokenDanceError) -> set[str]:
        about = self._where(context)
        if isinstance(error, Cancelled):
            self._end(Outcome("cancelled", "Stopped: nothing was changed", about=about))
            return {"CANCELLED"}
        self._end(Outcome("failed", str(error), error.hint, self._details(), about))
        # Not an error: its pop-up would cover the panel, which says the same and stays.
        self.report({"WARNING"}, error.text)
        return {"CANCELLED"}

    def _broken(self, context: bpy.types.Context, error: Exception) -> set[str]:
        """A fault of ours: nothing was changed, and the user can tell us about it."""
        message = f"The add-on failed: {type(error).__name__}: {error}"
        details, hint = f"{traceback.format_exc()}\n{self._details()}", "Copy the diagnostics and report this."
        self._end(Outcome("failed", message, hint, details, self._where(context)))
        self.report({"WARNING"}, message)
        return {"CANCELLED"}

    def _where(self, context: bpy.types.Context, *, any_song: bool = False) -> Situation | None:
        """Where the end of the generation is to be read: at the character and in the scene that it was for, which need
        not be shown now; None when the scene is gone.
        """
        running = session.current().generation
        if running is None:  # it has not even begun
            return Situation.here(context)
        target = running.target
        scene = next((one for one in bpy.data.scenes if one.session_uid == target.scene_uid), None)
        if scene is None:
            return None
        name = self._delivery.dancer if self._delivery is not None else target.armature
        armature: bpy.types.Object | None = scene.objects.get(name)
        with context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
            found = Situation.of(scene, armature or dancers.dancer(bpy.context))
        return found.with_any_song if any_song else found

    def _details(self) -> str:
        running = session.current().generation
        return running.details() if running is not None else ""

    def _end(self, outcome: Outcome) -> None:
        session.current().end_generation(outcome)
        ticker.redraw()


class CancelGeneration(bpy.types.Operator):
    """Stop making the dance; the scene stays as it is"""

    bl_idname = "tokendance.cancel"
    bl_label = "Cancel Dance"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        is_running = session.current().generation is not None
        if not is_running:
            cls.poll_message_set("No dance is being made")
        return is_running

    def execute(self, context: bpy.types.Context) -> set[str]:
        session.current().generation.cancel()
        return {"FINISHED"}


CLASSES = (GenerateDance, CancelGeneration)
