"""*Generate Dance* and its *Cancel*: waiting in a script, beside the user's work in a window."""

from __future__ import annotations

import traceback

import bpy

from tokendance_core import Cancelled, GenerateSettings, SongPart, TokenDanceError

from .. import session
from ..character import dancer as dancers
from ..interface import ticker
from ..interface.reports import told
from ..interface.translate import rpt
from ..options import Order, Placement, chosen, options_of
from . import delivery, generation, properties
from .delivery import Delivery
from .generation import Outcome


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
            return self._failed(error)
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
            self._generation.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            if not self._advance(context):
                ticker.redraw()
                return {"PASS_THROUGH"}
        except TokenDanceError as error:
            return self._failed(error)
        except Exception as error:
            return self._broken(error)
        dancers.show(context, self._delivery.dancer)
        self._end(Outcome("done", "The dance is on the character"))
        for warning in self._delivery.messages:
            self.report({"WARNING"}, warning)
        return {"FINISHED"}

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
            self._end(Outcome("cancelled", "Stopped, because another file was opened or the window was closed"))

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

    def _failed(self, error: TokenDanceError) -> set[str]:
        if isinstance(error, Cancelled):
            self._end(Outcome("cancelled", "Stopped: nothing was changed"))
            return {"CANCELLED"}
        self._end(Outcome("failed", str(error), error.hint, self._details()))
        # Not an error: its pop-up would cover the panel, which says the same and stays.
        self.report({"WARNING"}, error.text)
        return {"CANCELLED"}

    def _broken(self, error: Exception) -> set[str]:
        """A fault of ours: nothing was changed, and the user can tell us about it."""
        message = f"The add-on failed: {type(error).__name__}: {error}"
        self._end(
            Outcome(
                "failed",
                message,
                "Copy the diagnostics and report this.",
                f"{traceback.format_exc()}\n{self._details()}",
            )
        )
        self.report({"WARNING"}, message)
        return {"CANCELLED"}

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
