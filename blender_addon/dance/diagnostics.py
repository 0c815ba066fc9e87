"""The text of a bug report, for the clipboard."""

from __future__ import annotations

import platform
from dataclasses import asdict

import bpy

from tokendance_core import __version__

from .. import compat, session
from ..interface.translate import rpt
from ..runtime import preferences
from ..runtime import set_up as runtime_set_up
from ..runtime.wording import maker

_LOG_LINES = 40


def text(context: bpy.types.Context) -> str:
    """Versions, machine, runtime, the last failure and the end of the worker's log; contains the user's file names."""
    settings, now = preferences.runtime(context), session.current()
    worker, outcome = now.worker.running(), now.outcome
    set_up = now.set_ups.latest.progress if now.set_ups.latest is not None else None
    python = now.runtimes.facts(settings.python)
    versions = ", ".join(f"{name} {value}" for name, value in asdict(python.versions).items() if value)
    facts = {
        "TokenDance": __version__,
        "Blender": compat.blender_version(),
        "System": platform.platform(),
        "Python of Blender": platform.python_version(),
        "Makes the dances": f"{maker(python, settings.run)} ({python.python})",
        "Its versions": versions or "unknown",
        "Notice": preferences.notice(python) or "none",
        "Engine": settings.run.engine,
        "Device": settings.run.device,
        "Checkpoint": settings.run.checkpoint or "shipped",
        "Worker": "running" if worker is not None else "not running",
        "Longest tick": f"{1000 * now.ticker.worst_seconds:.1f} ms",
        "Set-up": f"{set_up.outcome} {set_up.message} {set_up.hint}".strip() if set_up is not None else "none",
        "Last outcome": f"{outcome.status}: {outcome.message} {outcome.hint}" if outcome is not None else "none",
    }
    lines = [f"{name}: {value}" for name, value in facts.items()]
    log = worker.log(_LOG_LINES) if worker is not None else []
    details = outcome.details if outcome is not None else ""
    return "\n".join([*lines, "", details, *log, runtime_set_up.log(_LOG_LINES)]).strip() + "\n"


class CopyDiagnostics(bpy.types.Operator):
    """Copy the facts for a bug report to the clipboard: versions, settings, the last failure. Check it before you share
    it: it contains your file names
    """

    bl_idname = "tokendance.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = text(context)
        self.report({"INFO"}, rpt("Copied the diagnostics to the clipboard"))
        return {"FINISHED"}


CLASSES = (CopyDiagnostics,)
