"""Operators of the preferences: set up, cancel, remove and check the runtime for graphics cards, and show them."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from tokendance_core import SettingError, TokenDanceError

from .. import session
from ..addon import NAME
from ..compat import RELATIVE_PATH
from ..interface.reports import told
from ..interface.ticker import redraw
from . import interpreter
from . import plan as runtime_plan
from . import set_up as runtime_set_up
from .preferences import runtime
from .wording import description, known_versions

_POLL_SECONDS = 0.05
_DIALOG_WIDTH = 520


class SetUpRuntime(bpy.types.Operator):
    """Install PyTorch and its companion packages into a separate folder, outside of Blender"""

    bl_idname = "tokendance.set_up_runtime"
    bl_label = "Set Up"
    bl_options = {"REGISTER", "INTERNAL"}

    wheels: bpy.props.StringProperty(
        name="Wheel Folder",
        description="Folder with package files (*.whl); unset: as in the preferences",
        subtype="DIR_PATH",
        options={"SKIP_SAVE", *RELATIVE_PATH},
    )
    consent: bpy.props.BoolProperty(
        name="Consent",
        description="Agree to the packages, their source and the folder they are installed into",
        default=False,
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        is_working = session.current().set_ups.is_working
        if is_working:
            cls.poll_message_set("A set-up is already in progress")
        elif runtime_plan.plan() is None:
            cls.poll_message_set(runtime_set_up.NO_CHOICE)
        return not is_working and runtime_plan.plan() is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            self._fill(context)
            self._refuse_offline()
        except SettingError as error:
            return told(self, error)
        self.consent = True  # the button of the dialog gives it
        button = "Install" if self.wheels else "Download and Install"
        return set(
            context.window_manager.invoke_props_dialog(
                self, width=_DIALOG_WIDTH, title="Set Up PyTorch", confirm_text=button
            )
        )

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        for line in description(runtime_plan.plan(), self.wheels, str(interpreter.folder())):
            column.label(text=line, translate=False)
        column.separator()
        column.label(text="Blender itself is not changed. To delete all of it, press Remove in the preferences.")

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self._fill(context)
            if not self.consent:
                raise SettingError(
                    "Nothing is installed without consent.",
                    hint="Press Set Up in the preferences, or pass consent=True.",
                )
            self._refuse_offline()
            now = session.current()
            now.worker.stop()  # it may run from the folder that is replaced
            _wait_or_watch(now.set_ups.start(self.wheels))
        except TokenDanceError as error:
            return told(self, error)
        return {"FINISHED"}

    def _fill(self, context: bpy.types.Context) -> None:
        asked_for = self.wheels if self.properties.is_property_set("wheels") else runtime(context).wheels
        self.wheels = bpy.path.abspath(asked_for)

    def _refuse_offline(self) -> None:
        if reason := runtime_set_up.why_offline(self.wheels):
            raise SettingError(f"{reason}.")


class CancelRuntimeSetUp(bpy.types.Operator):
    """Stop the set-up and remove everything it has installed so far"""

    bl_idname = "tokendance.cancel_runtime_set_up"
    bl_label = "Cancel Set-Up"
    bl_options = {"REGISTER", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        set_ups = session.current().set_ups
        work = set_ups.latest
        if work is None or not set_ups.is_working:
            cls.poll_message_set("No set-up is in progress")
        elif work.is_stopping or work.progress.stage == "Removing":
            cls.poll_message_set("It is being removed")
        else:
            return True
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        session.current().set_ups.latest.cancel()
        redraw()
        return {"FINISHED"}


class RemoveRuntime(bpy.types.Operator):
    """Delete everything that Set Up installed; songs, dances and settings are kept"""

    bl_idname = "tokendance.remove_runtime"
    bl_label = "Remove PyTorch"
    bl_options = {"REGISTER", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        is_working = session.current().set_ups.is_working
        if is_working:
            cls.poll_message_set("A set-up is in progress: cancel it first")
        return not is_working

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, context: bpy.types.Context) -> set[str]:
        now = session.current()
        now.worker.stop()
        try:
            _wait_or_watch(now.set_ups.start_removal())
        except TokenDanceError as error:
            return told(self, error)
        return {"FINISHED"}


class CheckRuntime(bpy.types.Operator):
    """Start the Python that makes the dances and ask it for its versions and devices"""

    bl_idname = "tokendance.check_runtime"
    bl_label = "Check"
    bl_options = {"REGISTER", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        now = session.current()
        if now.checks.is_checking:
            cls.poll_message_set("A check is already in progress")
        elif now.set_ups.is_working:
            cls.poll_message_set("Wait until the set-up is done")
        return not now.checks.is_checking and not now.set_ups.is_working

    def execute(self, context: bpy.types.Context) -> set[str]:
        python, now = runtime(context).python, session.current()
        try:
            check = now.checks.start(interpreter.find_python(python))
        except TokenDanceError as error:
            return told(self, error)
        if not bpy.app.background:
            now.ticker.add(now.checks.watch)
            return {"FINISHED"}
        while now.checks.watch():
            time.sleep(_POLL_SECONDS)
        if check.problem:
            return told(self, SettingError(check.problem))
        self.report({"INFO"}, known_versions(check.versions))
        return {"FINISHED"}


def _wait_or_watch(work: runtime_set_up.SetUp) -> None:
    """In background mode wait for the end, TokenDanceError when it fails; in a window leave it to the ticker."""
    now = session.current()
    if bpy.app.background:
        try:
            work.wait()
        finally:
            now.runtimes.forget()
    else:
        now.ticker.add(now.set_ups.watch)


class ShowPreferences(bpy.types.Operator):
    """Open the add-on's preferences, which say what makes the dances"""

    bl_idname = "tokendance.show_preferences"
    bl_label = "Open Preferences"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return bpy.ops.preferences.addon_show(module=NAME)


class ShowHelp(bpy.types.Operator):
    """Read how TokenDance is used"""

    bl_idname = "tokendance.show_help"
    bl_label = "Help"

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = Path(__file__).parents[1]
        shipped, source = folder / "help.txt", folder.parent / "README.md"
        return bpy.ops.wm.path_open(filepath=str(shipped if shipped.is_file() else source))


CLASSES = (SetUpRuntime, CancelRuntimeSetUp, RemoveRuntime, CheckRuntime, ShowPreferences, ShowHelp)
