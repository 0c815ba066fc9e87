"""How a take was made, kept with its action: enough to make it again, and to follow the song's strip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import bpy

from tokendance_core import GenerateSettings, SongPart, option_values, options_from_mapping

from ..options import Fitting, plain

KEY = "tokendance"
"""Custom property of an action."""

_UNSTAGED = {"stage": 0.0}
"""A take that keeps no stage was made before there was one."""

_LAST_FRAME = 1_048_574.0
"""Of Blender's time line."""

_FPS = 0.01, 100_000.0
"""What Blender lets a scene have, and more."""

_SPEED = 0.01, 100.0

Kind = Literal["song", "file", "test"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What was put on an armature and how, and where it lies on the time line.

    ``kind`` and ``source``: a dance to a song (its file), the motion of a file, the test motion of a rig map (name of
    the armature). ``frame``: of the first key; ``fps``: of the scene at that time; ``rig``: family of the rig.
    Of a dance to a song only: ``settings`` and ``part``, the genre that is ``danced``, the name of the ``strip``
    that plays it, the speed of the song that the motion was made for (the strip may play at another one since), and how
    a retimed strip lets it be ``heard``: the frames of its keys, then the seconds by which its sound is late.
    """

    kind: Kind
    source: str
    frame: float
    fps: float
    rig: str = ""
    fitting: Fitting = field(default_factory=Fitting)
    settings: GenerateSettings = field(default_factory=GenerateSettings)
    part: SongPart = field(default_factory=SongPart)
    danced: str = ""
    strip: str = ""
    made_for_speed: float = 1.0
    heard: tuple[float, ...] = ()

    @property
    def genre(self) -> str:
        """The genre of a dance to a song, as a user reads it: “street (any)” where the song chose it."""
        asked = self.settings.genre
        return f"{self.danced} ({asked})" if self.danced not in ("", asked) else asked

    @classmethod
    def of(cls, action: bpy.types.Action) -> Recipe:
        """The recipe of an action. What is missing or was damaged by hand is as usual: a file that has no name."""
        found = {name: plain(value) for name, value in _kept(action).items()}
        kind: Kind = next((kind for kind in get_args(Kind) if kind in found), "file")
        return cls(
            kind=kind,
            source=str(found.get(kind, "")),
            frame=_number(found, "frame", 1.0, -_LAST_FRAME, _LAST_FRAME),
            fps=_number(found, "fps", 30.0, *_FPS),
            rig=str(found.get("rig", "")),
            fitting=options_from_mapping(Fitting, _UNSTAGED | found),
            settings=options_from_mapping(GenerateSettings, found),
            part=options_from_mapping(SongPart, found),
            danced=str(found.get("danced", "")),
            strip=str(found.get("strip", "")),
            made_for_speed=_number(found, "made_for_speed", 1.0, *_SPEED),
            heard=_numbers(found.get("heard")),
        )

    def keep(self, action: bpy.types.Action) -> None:
        """Write it into the action's custom properties."""
        kept: dict[str, Any] = {self.kind: self.source, "frame": self.frame, "fps": self.fps, "rig": self.rig}
        if self.kind == "song":
            kept |= {**option_values(self.settings), **option_values(self.part)}
            kept |= {"danced": self.danced, "strip": self.strip, "made_for_speed": self.made_for_speed}
            kept |= {"heard": list(self.heard)} if self.heard else {}
        action[KEY] = kept | option_values(self.fitting)


def is_kept(action: bpy.types.Action) -> bool:
    """Whether the add-on made the action."""
    return action.get(KEY) is not None


def _kept(action: bpy.types.Action) -> Mapping[str, Any]:
    return getattr(action.get(KEY), "to_dict", dict)()


def _number(found: Mapping[str, Any], name: str, usual: float, least: float, most: float) -> float:
    """What is kept under a name; ``usual`` where that is no number from ``least`` to ``most``."""
    value = found.get(name, usual)
    return float(value) if isinstance(value, int | float) and least <= value <= most else usual


def _numbers(value: object) -> tuple[float, ...]:
    held = value if isinstance(value, list) else ()
    return tuple(float(one) for one in held if isinstance(one, int | float) and math.isfinite(one))
