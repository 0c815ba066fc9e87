"""Preferences: what makes the dances, and how PyTorch is set up for those who want it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import bpy

from tokendance_core import RunSettings, declared_options

from .. import session
from ..addon import NAME
from ..compat import RELATIVE_PATH
from ..interface.drawing import sentence
from ..interface.translate import iface
from ..options import chosen as chosen_options
from ..options import options_of
from . import plan as runtime_plan
from . import set_up as runtime_set_up
from .interpreter import Facts, Versions, find_python
from .worker import Worker

_PACKAGES = "PyTorch, NumPy, SoundFile, SoXR, safetensors"
_PURPOSE = (
    "Dances are made without it. It is for training, for long batches, and for a graphics card: NVIDIA's, or Apple's "
    "through Metal"
)
_DEVICE_NAMES = {"cpu": "Processor", "cuda": "CUDA", "mps": "Metal"}


class TokenDancePreferences(options_of(RunSettings), bpy.types.AddonPreferences):
    bl_idname = NAME

    show_optional: bpy.props.BoolProperty(
        name="GPU and Training (Optional)",
        description="Show how PyTorch is set up, without which dances are made as well",
        default=False,
    )
    wheels: bpy.props.StringProperty(
        name="Wheel Folder",
        description="Folder with package files (*.whl), for a computer without network; empty: the packages are "
        "downloaded",
        subtype="DIR_PATH",
        options=RELATIVE_PATH,
    )
    python: bpy.props.StringProperty(
        name="Your Own Python",
        description="A Python interpreter that has PyTorch installed, used instead of the one that is set up here",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
    )
    warm_up: bpy.props.BoolProperty(
        name="Warm Up",
        description="Load the network as soon as a song is chosen, so that the first dance starts without delay",
        default=True,
    )
    idle_minutes: bpy.props.IntProperty(
        name="Idle Minutes",
        description="Minutes without use after which the process that makes dances ends and frees its memory",
        default=15,
        min=1,
        max=600,
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        found = session.current().runtimes.known(bpy.path.abspath(self.python))
        _draw_maker(context, layout, found, RunSettings(engine=self.engine, device=self.device))
        column = layout.column()
        column.use_property_split = True
        for name in ("checkpoint", "warm_up", "idle_minutes"):
            column.prop(self, name)
        header, body = layout.panel_prop(self, "show_optional")
        header.label(text="GPU and Training (Optional)")
        if body is not None:
            sentence(context, body, _PURPOSE, icon="INFO")
            _draw_found(context, body, found)
            _draw_set_up(context, body, self, found)
            column = body.column()
            column.use_property_split = True
            for name in ("python", *(name for name in declared_options(RunSettings) if name != "checkpoint")):
                column.prop(self, name)


def _draw_maker(context: bpy.types.Context, layout: bpy.types.UILayout, found: Facts | None, run: RunSettings) -> None:
    """One line: what makes the dances now; a second one when it is not what was asked for."""
    if found is None:
        layout.label(text="Looking…", icon="TIME")
        return
    if found.python:
        layout.label(text=maker(found, run), icon="CHECKMARK", translate=False)
    if reason := notice(found):
        sentence(context, layout, reason, icon="ERROR")


def notice(found: Facts) -> str:
    """Why the Python that was asked for does not make the dances; empty when it does, or while that is not known."""
    return found.notice or session.current().worker.notice(found.python)


def maker(found: Facts, run: RunSettings) -> str:
    """What makes the dances with the engine and the device that are chosen, in a few words."""
    versions = found.versions
    wanted = ("cuda",) if run.device == "auto" else (run.device,)
    device = next((name for name in wanted if name in versions.devices), "cpu")
    if versions.torch and (run.engine == "torch" or (run.engine == "auto" and device != "cpu")):
        return iface("{device}: PyTorch {torch}, Python {python}").format(
            device=iface(_DEVICE_NAMES[device]), torch=versions.torch, python=versions.python
        )
    if not versions.python:
        return f"{iface(found.source)}: {found.python}"
    return iface("{source}: {python}, NumPy {numpy}").format(
        source=iface(found.source), python=versions.python, numpy=versions.numpy
    )


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
        sentence(context, layout, text.format(device=iface(_DEVICE_NAMES[found.missing])), icon="ERROR")
    checks = session.current().checks
    if checks.latest is not None and checks.latest.problem:
        sentence(context, layout, checks.latest.problem, icon="ERROR")
    row = layout.row()
    if not found.is_own:
        row.operator("tokendance.check_runtime", text="Checking…" if checks.is_checking else "Check", icon="VIEWZOOM")
    if found.is_set_up:
        row.operator("tokendance.remove_runtime", text="Remove", icon="TRASH")


def known_versions(versions: Versions) -> str:
    """The versions of a Python and what its torch can use; what to do about it while they are unknown."""
    if not versions.python:
        return iface("Press Check to see its versions and devices")
    devices = ", ".join(iface(_DEVICE_NAMES.get(name, name)) for name in versions.devices)
    return iface("Python {python}, PyTorch {torch}, on {devices}").format(
        python=versions.python, torch=versions.torch or "–", devices=devices
    )


def _draw_set_up(
    context: bpy.types.Context, layout: bpy.types.UILayout, chosen: TokenDancePreferences, found: Facts | None
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
    for line in description(plan, bpy.path.abspath(chosen.wheels), found.place if found is not None else ""):
        sentence(context, layout, line, icon="BLANK1")
    reason = runtime_set_up.why_offline(chosen.wheels)
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


def description(plan: runtime_plan.Plan, wheels: str, place: str) -> tuple[str, ...]:
    """What a set-up installs, from where, into which folder, and how large it is: one line each."""
    source = iface("From the folder {folder}, without network").format(folder=wheels)
    hosts = iface(" and ").join(plan.hosts)
    size = iface("About {disk} on the disk") if wheels else iface("About {download} to download, {disk} on the disk")
    return (
        iface("A separate Python with {packages}").format(packages=_PACKAGES),
        source if wheels else iface("From {hosts}, unless your pip is configured otherwise").format(hosts=hosts),
        *((iface("Into {folder}").format(folder=place),) if place else ()),
        size.format(download=_gigabytes(plan.download_mb), disk=_gigabytes(plan.disk_mb)),
    )


def _gigabytes(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{round(megabytes, -1)} MB"


@dataclass(frozen=True)
class Runtime:
    """The preferences as plain data, with the defaults for an add-on that is registered without preferences."""

    python: str = ""
    run: RunSettings = field(default_factory=RunSettings)
    warm_up: bool = True
    idle_minutes: int = 15
    wheels: str = ""


def runtime(context: bpy.types.Context) -> Runtime:
    addon: bpy.types.Addon | None = context.preferences.addons.get(NAME)
    if addon is None or addon.preferences is None:
        return Runtime()
    chosen = cast("TokenDancePreferences", addon.preferences)
    return Runtime(
        python=bpy.path.abspath(chosen.python),
        run=RunSettings(**(chosen_options(RunSettings, chosen) | {"checkpoint": bpy.path.abspath(chosen.checkpoint)})),
        warm_up=chosen.warm_up,
        idle_minutes=chosen.idle_minutes,
        wheels=bpy.path.abspath(chosen.wheels),
    )


def worker(context: bpy.types.Context) -> Worker:
    """The worker that the preferences ask for, started if necessary and, where there is a window, watched by the
    ticker; SettingError if it cannot start.
    """
    chosen, now = runtime(context), session.current()
    found = now.worker.start(find_python(chosen.python), chosen.idle_minutes)
    if not bpy.app.background:
        now.ticker.add(now.worker.reap)
    return found


CLASSES = (TokenDancePreferences,)
