"""The sound strip that is danced to: find it, add it, and say which part of the song it lets be heard."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import bpy

from tokendance_core import AudioError, SettingError, SongPart

from .. import compat


@dataclass(frozen=True)
class Passage:
    """A part of a song on the timeline: ``frame`` where it is first heard, ``start`` and ``duration`` in seconds of the
    song.

    ``duration`` is None when the song is heard to its end; ``speed`` is how many times as fast as its file the song is
    played.
    """

    song: str
    frame: int
    start: float = 0.0
    duration: float | None = None
    speed: float = 1.0

    @property
    def part(self) -> SongPart:
        """What of the song is danced to; AudioError for a speed that is out of reach."""
        return SongPart(start=round(self.start, 6), duration=round(self.duration or 0.0, 6), speed=self.speed)

    def within(self, first: int, last: int, fps: float) -> Passage:
        """What of it is heard from frame ``first`` to frame ``last``; SettingError when that is nothing."""
        rate = self.speed / fps
        skipped = max(first - self.frame, 0)
        left = last + 1 - max(first, self.frame)
        if left <= 0 or (self.duration is not None and skipped * rate >= self.duration):
            raise SettingError(
                "The song is not heard inside the scene's frame range.", hint="Move the strip or the frame range."
            )
        rest = math.inf if self.duration is None else self.duration - skipped * rate
        return replace(
            self, frame=self.frame + skipped, start=self.start + skipped * rate, duration=min(rest, left * rate)
        )


def sound_strips(scene: bpy.types.Scene) -> Iterator[bpy.types.SoundStrip]:
    """Sound strips that have a file, earliest first."""
    sounds = (cast("bpy.types.SoundStrip", strip) for strip in compat.existing_strips(scene) if strip.type == "SOUND")
    found = (strip for strip in sounds if strip.sound is not None)
    return iter(sorted(found, key=lambda strip: (compat.strip_timing(strip).left, strip.channel)))


def sound_file(strip: bpy.types.SoundStrip) -> str:
    """The path of the file that a sound strip plays, whether it is there or not; always spelt alike."""
    return os.path.normpath(bpy.path.abspath(strip.sound.filepath, library=strip.sound.library))


def song_path(strip: bpy.types.SoundStrip) -> Path:
    """The file that a sound strip plays; AudioError when it is packed or gone."""
    sound, path = strip.sound, Path(sound_file(strip))
    if not path.is_file():
        hint = (
            "Unpack it (File > External Data)."
            if sound.packed_file
            else "Find it again (File > External Data > Find Missing Files)."
        )
        raise AudioError(f"The sound file of the strip “{strip.name}” is not on disk: {path}.", hint=hint)
    return path


def find(scene: bpy.types.Scene, name: str, song: str) -> bpy.types.SoundStrip | None:
    """The strip called ``name``, else the first that plays the file ``song``; without either, the only sound strip.

    SettingError when ``name`` is no sound strip, or when there is no song and no single strip to take one from.
    """
    strips = list(sound_strips(scene))
    if name:
        found = next((strip for strip in strips if strip.name == name), None)
        if found is None:
            raise SettingError(
                f"There is no sound strip named “{name}” in the scene “{scene.name}”.",
                hint="Pick one of its sound strips.",
            )
        return found
    if song:
        wanted = Path(song).resolve()
        return next((strip for strip in strips if Path(sound_file(strip)).resolve() == wanted), None)
    if len(strips) == 1:
        return strips[0]
    raise SettingError(
        "No song was chosen." if not strips else f"There are {len(strips)} sound strips and none was chosen.",
        hint="Give filepath, or the name of a sound strip.",
    )


def passage(strip: bpy.types.SoundStrip, fps: float) -> Passage:
    """What can be heard of a strip's song in a scene of ``fps`` frames per second; SettingError when its speed changes
    along the strip.
    """
    song = str(song_path(strip))
    speed = compat.playback_speed(strip, song, fps)
    if speed is None:
        raise SettingError(
            f"The strip “{strip.name}” changes its speed on the way.",
            hint="Give it one speed (Strip > Retiming), or render the sound and use that file.",
        )
    timing = compat.strip_timing(strip)
    return Passage(
        song=song,
        frame=timing.first,
        start=max(timing.skipped, 0) / fps * speed,
        duration=timing.heard / fps * speed if timing.cut > 0 else None,
        speed=speed,
    )


def follow(strip: bpy.types.SoundStrip, passage: Passage, fps: float) -> Passage:
    """The passage where the strip plays it now."""
    return replace(passage, frame=round(frame_of(strip, passage.start, passage.speed, fps)))


def frame_of(strip: bpy.types.SoundStrip, second: float, speed: float, fps: float) -> float:
    """The frame, between two if need be, on which the strip plays ``second`` of its song at ``speed``."""
    timing = compat.strip_timing(strip)
    return timing.left - timing.skipped + second / speed * fps


def add(context: bpy.types.Context, heard: Passage, fps: float) -> bpy.types.SoundStrip | None:
    """Add a strip that lets ``heard`` be heard, at the speed of its file, in the lowest free channel.

    None when this Blender has no sound or cannot read the file: Blender would make a broken strip of one frame without
    a word.
    """
    if not compat.plays_sound():
        return None
    known = set(bpy.data.sounds)
    sound = bpy.data.sounds.load(heard.song, check_existing=True)
    if sound.samplerate == 0:
        if sound not in known:
            bpy.data.sounds.remove(sound)
        return None
    scene = context.scene
    used = {strip.channel for strip in compat.existing_strips(scene)}
    channel = next(number for number in range(1, len(used) + 2) if number not in used)
    name, frame = Path(heard.song).stem[:60], heard.frame - round(heard.start * fps)
    strip = cast("bpy.types.SoundStrip", compat.strips(scene).new_sound(name, heard.song, channel, frame))
    if heard.start or heard.duration is not None:
        end = compat.strip_timing(strip).right
        compat.trim(
            strip, heard.frame, end if heard.duration is None else min(heard.frame + round(heard.duration * fps), end)
        )
    compat.show_in_sequencer(context, scene)
    return strip
