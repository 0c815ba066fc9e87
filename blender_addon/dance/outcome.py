"""How a generation ended, and of what that is told: the panel says it where it is still true and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import bpy

from ..character import dancer as dancers
from ..interface import scene_settings
from ..song import strip as audio_strip
from ..takes import properties
from ..takes import store as takes


@dataclass(frozen=True)
class Situation:
    """What the panel shows: scene and character by Blender's numbers, which undo keeps and no other file shares, 0 for
    none; the take that plays by its mark; the song by its file, None for whichever.
    """

    scene: int
    character: int
    take: str
    song: str | None

    @classmethod
    def here(cls, context: bpy.types.Context) -> Situation:
        """The one that the panel shows now; reads no file."""
        return cls.of(context.scene, dancers.dancer(context))

    @classmethod
    def of(cls, scene: bpy.types.Scene, armature: bpy.types.Object | None) -> Situation:
        """The one that the panel shows in ``scene`` while ``armature`` is its character."""
        played = takes.played(armature)
        return cls(
            scene=scene.session_uid,
            character=armature.session_uid if armature is not None else 0,
            take=properties.of_action(played).made if played is not None else "",
            song=_song(scene),
        )

    @property
    def with_any_song(self) -> Situation:
        """The same, whichever song is chosen."""
        return replace(self, song=None)


@dataclass(frozen=True)
class Outcome:
    """How the last generation ended, and ``about`` what: None where that is gone. ``details`` are for the
    diagnostics.
    """

    status: Literal["done", "cancelled", "failed"]
    message: str
    hint: str = ""
    details: str = ""
    about: Situation | None = None

    def holds(self, now: Situation) -> bool:
        """Whether it is true of what the panel shows now."""
        return self.about in (now, now.with_any_song)


def _song(scene: bpy.types.Scene) -> str:
    """The file that the chosen strip plays; empty while none is chosen."""
    strip = audio_strip.choose(scene, scene_settings.of_scene(scene).strip).strip
    return audio_strip.sound_file(strip) if strip is not None else ""
