"""Preferences: what makes the dances, and how PyTorch is set up for those who want it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import bpy

from tokendance_core import RunSettings, SettingError, declared_options

from .. import session
from ..addon import NAME
from ..compat import RELATIVE_PATH
from ..interface.drawing import sentence
from ..options import chosen as chosen_options
from ..options import options_of
from . import optional_section
from .interpreter import Facts, find_python
from .wording import maker
from .worker import Worker


def _python_named(chosen: TokenDancePreferences, _context: bpy.types.Context) -> None:
    """Have a Python looked into as soon as it is named; where that cannot be, the preferences say why."""
    now = session.current()
    now.runtimes.forget()
    if chosen.python and not bpy.app.background:
        with suppress(SettingError):
            named = find_python(bpy.path.abspath(chosen.python))
            if not named.notice:
                now.checks.look_into(named)


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
        update=_python_named,
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
        layout.operator("tokendance.show_help", icon="HELP")
        header, body = layout.panel_prop(self, "show_optional")
        header.label(text="GPU and Training (Optional)")
        if body is not None:
            optional_section.draw(context, body, self, bpy.path.abspath(self.wheels), found)
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
    """Why the Python that was asked for does not make the dances, or will not; empty when it does, or while that is not
    known.
    """
    now = session.current()
    return found.notice or now.worker.notice(found.python) or now.checks.problem(found.python)


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
