"""Which sound strip is danced to, and why: one answer for the panel, the operators, the command line and the takes.

What Blender plays is the truth: a strip may be muted, itself or with its channel, and lie in meta strips.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import bpy

from tokendance_core import AudioError, SettingError

from .. import compat


@dataclass(frozen=True)
class Placed:
    """A sound strip where it is heard: from frame ``left`` up to but not with ``right``, also by the meta strips around
    it; ``silent`` says why it is not heard at all, in the words that follow the strip's name.
    """

    strip: bpy.types.SoundStrip
    left: int
    right: int
    silent: str
    is_selected: bool


@dataclass(frozen=True)
class Choice:
    """The strip that is danced to and the ``reason`` in one sentence; without one, the ``problem`` and a ``hint``, or
    neither: then no strip plays the song.
    """

    strip: bpy.types.SoundStrip | None = None
    reason: str = ""
    problem: str = ""
    hint: str = ""

    def checked(self) -> bpy.types.SoundStrip | None:
        """The strip, if there is one; SettingError for a problem."""
        if self.problem:
            raise SettingError(self.problem, hint=self.hint)
        return self.strip

    def required(self) -> bpy.types.SoundStrip:
        """The strip; SettingError when there is none."""
        if self.checked() is None or self.strip is None:
            raise SettingError("No strip plays the song.", hint="Put the song into the sequencer.")
        return self.strip


def sound_strips(scene: bpy.types.Scene) -> list[Placed]:
    """Sound strips that have a file, those inside meta strips too, earliest first."""
    editor = scene.sequence_editor
    found = _placed(compat.existing_strips(scene), editor, _EVERYWHERE) if editor is not None else ()
    return sorted(found, key=lambda placed: (placed.left, placed.strip.channel, placed.strip.name))


def placed(strip: bpy.types.SoundStrip) -> Placed:
    """Where a strip of a scene is heard."""
    return next(one for one in sound_strips(cast("bpy.types.Scene", strip.id_data)) if one.strip == strip)


@dataclass(frozen=True)
class _Around:
    """What the meta strips around a strip do to it."""

    left: int
    right: int
    silent: str = ""
    is_selected: bool = False


_EVERYWHERE = _Around(-(2**31), 2**31)


def _placed(
    strips: Iterable[bpy.types.Strip], owner: bpy.types.SequenceEditor | bpy.types.MetaStrip, around: _Around
) -> Iterator[Placed]:
    for strip in strips:
        timing = compat.strip_timing(strip)
        inside = _Around(
            max(timing.left, around.left),
            min(timing.right, around.right),
            around.silent or _silenced(strip, owner),
            around.is_selected or strip.select,
        )
        if strip.type == "META":
            yield from _placed(compat.children(strip), cast("bpy.types.MetaStrip", strip), inside)
        elif strip.type == "SOUND":
            sound = cast("bpy.types.SoundStrip", strip)
            if sound.sound is not None:
                outside = "" if inside.left < inside.right else "lies outside of its meta strip"
                yield Placed(sound, inside.left, inside.right, inside.silent or outside, inside.is_selected)


def _silenced(strip: bpy.types.Strip, owner: bpy.types.SequenceEditor | bpy.types.MetaStrip) -> str:
    """Why a strip, or all that lies in it, is not heard; empty if it is."""
    whose = "its meta strip" if strip.type == "META" else ""
    if strip.mute:
        return f"is muted{whose and f' with {whose}'}"
    if owner.channels[strip.channel].mute:
        return f"lies in the muted channel “{owner.channels[strip.channel].name}”"
    volume = getattr(strip, "volume", 1.0)
    if volume == 0 and not _is_animated(strip):
        return f"has no volume{whose and f' in {whose}'}"
    return ""


def _is_animated(strip: bpy.types.Strip) -> bool:
    """Whether the volume of a strip changes with time, or follows something."""
    path = f"{strip.path_from_id()}.volume"
    return any(curve.data_path == path for curve in compat.curves_of(strip.id_data))


def sound_file(strip: bpy.types.SoundStrip) -> str:
    """The path of the file that a sound strip plays, whether it is there or not; always spelt alike."""
    return os.path.normpath(bpy.path.abspath(strip.sound.filepath, library=strip.sound.library))


def song_path(strip: bpy.types.SoundStrip) -> Path:
    """The file that a sound strip plays; AudioError when it is packed or gone."""
    sound, path = strip.sound, Path(sound_file(strip))
    if not os.path.isfile(path):
        hint = (
            "Unpack it (File > External Data)."
            if sound.packed_file
            else "Find it again (File > External Data > Find Missing Files)."
        )
        raise AudioError(f"The sound file of the strip “{strip.name}” is not on disk: {path}.", hint=hint)
    return path


def choose(
    scene: bpy.types.Scene, name: str = "", song: str = "", same: Callable[[str], str] = os.path.realpath
) -> Choice:
    """Which strip of the scene is danced to: the one called ``name``, else the one that plays the file ``song``, else
    the selected one, else the only one. One that is heard comes before one that is not, and between two that are heard
    nobody chooses but the user. ``same`` spells two paths of one file alike.
    """
    strips = sound_strips(scene)
    if name:
        named = next((placed for placed in strips if placed.strip.name == name), None)
        if named is None:
            return Choice(
                problem=f"There is no sound strip named “{name}” in the scene “{scene.name}”.",
                hint="Pick one of its sound strips.",
            )
        if not named.silent:
            return Choice(named.strip, f"“{name}”, the strip that was chosen.")
        others = [placed for placed in _playing(strips, sound_file(named.strip), os.path.normpath) if not placed.silent]
        return _one_of(others, f"because “{name}” {named.silent}") or _silent(named)
    if song:
        candidates = _playing(strips, song, same)
        if not candidates:
            return Choice()
        return _heard_first(candidates, "the strip that plays the song")
    if not strips:
        return Choice(problem="No song was chosen.", hint="Give filepath, or the name of a sound strip.")
    return _heard_first(strips, "the only sound strip")


def _playing(strips: Iterable[Placed], song: str, same: Callable[[str], str]) -> list[Placed]:
    wanted = same(song)
    return [placed for placed in strips if same(sound_file(placed.strip)) == wanted]


def _heard_first(candidates: list[Placed], which: str) -> Choice:
    heard = [placed for placed in candidates if not placed.silent]
    if not heard and len(candidates) == 1:
        return _silent(candidates[0])
    if not heard:
        return Choice(
            problem=f"There are {len(candidates)} sound strips and none of them is heard.",
            hint="Unmute the one to dance to, or choose it in Music.",
        )
    if len(heard) > 1:
        which = "the selected strip"
    elif len(candidates) > 1:
        which += " that is heard"
    found = _one_of(heard, which)
    assert found is not None
    return found


def _one_of(heard: list[Placed], why: str) -> Choice | None:
    """The only one, or the only one that is selected; else a problem. None where there is none."""
    if not heard:
        return None
    selected = heard if len(heard) == 1 else [placed for placed in heard if placed.is_selected]
    if len(selected) == 1:
        strip = selected[0].strip
        return Choice(strip, f"“{strip.name}”, {why}.")
    names = ", ".join(f"“{placed.strip.name}”" for placed in heard)
    return Choice(
        problem=f"There are {len(heard)} sound strips that are heard ({names}) and none was chosen.",
        hint="Choose one in Music, select it alone, or give its name.",
    )


def _silent(placed: Placed) -> Choice:
    return Choice(placed.strip, f"“{placed.strip.name}”, although it {placed.silent}.")
