"""The section *GPU and Training* of the preferences: what is set up or named, and how to set it up or remove it."""

from __future__ import annotations

import bpy

from .. import session
from ..interface.drawing import sentence
from ..interface.translate import iface
from . import plan as runtime_plan
from . import set_up as runtime_set_up
from .interpreter import Facts
from .wording import DEVICE_NAMES, description, known_versions

_PURPOSE = (
    "Dances are made without it. It is for training, for long batches, and for a graphics card: NVIDIA's, or Apple's "
    "through Metal"
)


def draw(
    context: bpy.types.Context,
    layout: bpy.types.UILayout,
    chosen: bpy.types.AddonPreferences,
    wheels: str,
    found: Facts | None,
) -> None:
    """Draw it; ``wheels`` is the folder of wheels in full, ``found`` is None while nothing is known yet."""
    sentence(context, layout, _PURPOSE, icon="INFO")
    _draw_found(context, layout, found)
    _draw_set_up(context, layout, chosen, wheels, found)


def _draw_found(context: bpy.types.Context, layout: bpy.types.UILayout, found: Facts | None) -> None:
    """The Python that is set up or named, with what is known of it, and what can be done about it."""
    if found is None:
        return
    if not found.is_own:
        column = layout.column(align=True)
        column.label(text=f"{iface(found.source)}: {found.python}", translate=False)
        column.label(text=known_versions(found.versions), translate=False)
    if found.missing:
        text = iface("PyTorch finds no {device} here, so dances are made on the processor")
        sentence(context, layout, text.format(device=iface(DEVICE_NAMES[found.missing])), icon="ERROR")
    checks = session.current().checks
    if problem := checks.problem(found.python):
        sentence(context, layout, problem, icon="ERROR")
    row = layout.row()
    if not found.is_own:
        row.operator("tokendance.check_runtime", text="Checking…" if checks.is_checking else "Check", icon="VIEWZOOM")
    if found.is_set_up:
        row.operator("tokendance.remove_runtime", text="Remove", icon="TRASH")


def _draw_set_up(
    context: bpy.types.Context,
    layout: bpy.types.UILayout,
    chosen: bpy.types.AddonPreferences,
    wheels: str,
    found: Facts | None,
) -> None:
    layout.separator(type="LINE")
    work = session.current().set_ups.latest
    if work is not None and not work.progress.outcome:
        _draw_progress(layout, work)
        return
    plan = runtime_plan.plan()
    if plan is None:
        sentence(context, layout, runtime_set_up.NO_CHOICE, icon="INFO")
        return
    column = layout.column()
    column.use_property_split = True
    column.prop(chosen, "wheels")
    for line in description(plan, wheels, found.place if found is not None else ""):
        sentence(context, layout, line, icon="BLANK1")
    reason = runtime_set_up.why_offline(wheels)
    if reason:
        sentence(context, layout, reason, icon="INFO")
        if not bpy.app.online_access_override:
            layout.prop(context.preferences.system, "use_online_access")
    row = layout.row()
    row.enabled = not reason
    row.operator("tokendance.set_up_runtime", text="Set Up", icon="IMPORT")
    if work is not None and work.progress.outcome in ("failed", "cancelled"):
        _draw_outcome(context, layout, work)


def _draw_progress(layout: bpy.types.UILayout, work: runtime_set_up.SetUp) -> None:
    progress = work.progress
    text = iface("Stopping") if work.is_stopping else iface(progress.stage)
    if progress.megabytes and not work.is_stopping:
        amount = iface("{there:.0f} of {all:.0f} MB").format(there=progress.megabytes, all=progress.of_megabytes)
        text = ", ".join(part for part in (f"{text} {progress.package}".strip(), amount) if part)
    row = layout.split(factor=0.75)
    row.progress(factor=progress.fraction, type="BAR", text=text)
    row.operator("tokendance.cancel_runtime_set_up", text="Cancel", icon="X")


def _draw_outcome(context: bpy.types.Context, layout: bpy.types.UILayout, work: runtime_set_up.SetUp) -> None:
    failed = work.progress.outcome == "failed"
    sentence(context, layout, work.progress.message, icon="ERROR" if failed else "INFO")
    if failed:
        sentence(context, layout, work.progress.hint, icon="BLANK1")
        row = layout.row()
        row.operator("tokendance.set_up_runtime", text="Retry", icon="FILE_REFRESH")
        row.operator("tokendance.copy_diagnostics", icon="COPYDOWN")
