"""Every choice about a dance as Blender sees it: the core's options as properties, and those of the add-on itself.

A choice is declared once, in the core or in a dataclass here. Properties of operators and of the scene, presets, table
columns, command lines and what a take remembers are derived from it. Where the add-on wants another default than the
core, it says so here.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

import bpy

from tokendance_core import (
    FinishSettings,
    GenerateSettings,
    Option,
    RetargetSettings,
    SongPart,
    check_options,
    declare_like,
    declare_option,
    declared_options,
)

from .compat import RELATIVE_PATH

# --- the add-on's own choices -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """How a dance is put on a character: what changes its keys. Kept with a take, and can be changed afterwards."""

    # What people want to see; the core's defaults are the exact transfer.
    foot_lock: float = declare_like(RetargetSettings, "foot_lock", default=1.0)
    arm_spacing: float = declare_like(RetargetSettings, "arm_spacing", default=1.0)
    smoothing: float = declare_like(FinishSettings, "smoothing")
    stage: float = declare_like(FinishSettings, "stage")
    root_motion: str = declare_like(RetargetSettings, "root_motion")
    travel: float = declare_like(RetargetSettings, "travel")
    turn: float = declare_like(RetargetSettings, "turn")
    aside: float = declare_like(RetargetSettings, "aside")
    ahead: float = declare_like(RetargetSettings, "ahead")
    floor: float = declare_like(RetargetSettings, "floor")
    mirror: bool = declare_like(RetargetSettings, "mirror")
    key_ik: bool = declare_like(RetargetSettings, "key_ik")
    pose_as_rest: bool = declare_like(RetargetSettings, "pose_as_rest")

    def __post_init__(self) -> None:
        check_options(self)

    def fitting(self) -> Fitting:
        """These choices alone, without those about the action."""
        return Fitting(**{name: getattr(self, name) for name in FITTING})

    def retarget_settings(self) -> RetargetSettings:
        """The choices that the transfer knows."""
        return RetargetSettings(**{name: getattr(self, name) for name in declared_options(RetargetSettings)})

    def finish_settings(self) -> FinishSettings:
        """The choices that the finishing knows: one slider holds the dancer's feet and the character's."""
        return FinishSettings(smoothing=self.smoothing, foot_lock=self.foot_lock, stage=self.stage)


FITTING = tuple(declared_options(Fitting))
"""Names of the choices that change the keys."""


@dataclass(frozen=True, kw_only=True)
class Placement(Fitting):
    """How a dance is put on a character, and where its action goes."""

    replace: bool = declare_option(
        False, "Remove the dance that is active on the armature now, instead of keeping it as a take"
    )
    push_to_nla: bool = declare_option(
        False, "Put the action on an NLA track of its own instead of making it active", label="Push to NLA"
    )
    mark_asset: bool = declare_option(False, "Show the action in the asset browser", label="Mark as Asset")


@dataclass(frozen=True, kw_only=True)
class FilePlacement(Placement):
    """How the motion of a file is put on a character: as it is, unless something else is asked for."""

    smoothing: float = declare_like(FinishSettings, "smoothing", default=0.0)
    stage: float = 0.0  # no choice: only dances of the network are staged


EXACT = Placement(foot_lock=0.0, arm_spacing=0.0, smoothing=0.0, stage=0.0)
"""The exact transfer, for where nobody is asked."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What *Generate Dance* is asked for: a ``song`` (a file) or a ``strip`` (its name); neither: what is at hand.

    ``part`` holds for a song that no strip plays; ``frame_start`` None is the scene's first frame. Somebody may have
    ``pointed`` at who dances; a file that no user looks at is searched. Raises SettingError.
    """

    song: str = declare_option("", "Sound file to dance to; empty: the sound strip", unit="file", once=True)
    strip: str = declare_option(
        "",
        "Strip to dance to, as it is trimmed; empty: the one that plays the song, or the only one",
        label="Sound Strip",
        once=True,
    )
    armature: str = declare_option(
        "",
        "Armature that dances; empty: the panel's character, else that of the active object, else the only one that "
        "is seen, else a new mannequin",
        once=True,
    )
    in_range: bool = declare_option(False, "Dance only between the first and the last frame of the scene")
    variations: int = declare_option(
        1, "Number of dances to generate, using this seed and the following ones", least=1, most=16
    )
    add_strip: bool = declare_option(True, "Add a sound strip for a song that has none", label="Add Sound")
    fit_frame_range: bool = declare_option(
        False, "Move the end of the scene so that it covers the dance", label="Extend Frame Range"
    )
    action_name: str = declare_option(
        "", "Name of the new action; empty: song, genre and seed", label="Action", once=True
    )
    frame_start: int | None = None
    pointed: bool = True
    settings: GenerateSettings = field(default_factory=GenerateSettings)
    part: SongPart = field(default_factory=SongPart)
    placement: Placement = field(default_factory=Placement)

    def __post_init__(self) -> None:
        check_options(self)


QUALITY_STEPS = {"draft": 1, "final": GenerateSettings().steps}
"""Quality -> passes of refinement."""


def quality_of(steps: int) -> str:
    """The quality that has this many passes of refinement, else "custom"."""
    return next((quality for quality, passes in QUALITY_STEPS.items() if passes == steps), "custom")


# --- as Blender has them ----------------------------------------------------------------------------------------------

_SUBTYPES = {"part": "FACTOR", "s": "TIME_ABSOLUTE", "m": "DISTANCE", "file": "FILE_PATH"}
_MAKERS: dict[type, Callable[..., Any]] = {
    bool: bpy.props.BoolProperty,
    int: bpy.props.IntProperty,
    float: bpy.props.FloatProperty,
    str: bpy.props.StringProperty,
}


def blender_property(declared: Option) -> Any:
    """A property of an operator or a property group: for its annotations."""
    flags = ({"SKIP_SAVE"} if declared.once else set()) | (RELATIVE_PATH if declared.unit == "file" else set())
    common: dict[str, Any] = {
        "name": declared.label,
        "description": declared.text,
        "default": declared.default,
        "options": flags,
    }
    if declared.choices:
        items = tuple((value, label, text) for value, (label, text) in declared.choices.items())
        return bpy.props.EnumProperty(items=items, **common)
    limits = {"min": declared.least, "max": declared.most, "soft_max": declared.usual}
    numbers = {name: declared.kind(limit) for name, limit in limits.items() if limit is not None}
    if declared.unit in _SUBTYPES:
        common["subtype"] = _SUBTYPES[declared.unit]
    return _MAKERS[declared.kind](**numbers, **common)


def blender_properties(settings: type, without: Container[str] = ()) -> dict[str, Any]:
    """Name -> property of every option of a class; ``song`` is called as Blender's file browser has it."""
    return {
        "filepath" if name == "song" else name: blender_property(declared)
        for name, declared in declared_options(settings).items()
        if name not in without
    }


def chosen(settings: type, owner: Any, without: Container[str] = ()) -> dict[str, Any]:
    """Name -> value of every option of a class that an operator or a property group holds."""
    names = [name for name in declared_options(settings) if name not in without]
    return {name: plain(getattr(owner, "filepath" if name == "song" else name)) for name in names}


def plain(value: Any) -> Any:
    """A value without the noise of single precision, in which Blender keeps numbers: 0.1, not 0.10000000149."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def options_of(settings: type, without: Container[str] = ()) -> type:
    """A base class of operators and property groups that have a property for every option of ``settings``."""
    return type(f"{settings.__name__}Options", (), {"__annotations__": blender_properties(settings, without)})
