"""What a strip lets be heard of its song: where on the timeline, from which second, at which speed.

``sound.mixdown`` is the judge: the tests mix clicks down and look where they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import bpy

from tokendance_core import SettingError, SongPart

from .. import compat
from . import speeds
from .strip import Placed, placed, song_path, sound_file

_EXACT = 1e-4
_NEARLY = 0.1
"""Frames: a song that begins this little after a whole one begins with it."""


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


@dataclass(frozen=True)
class Playing:
    """How a strip plays its song from frame ``first`` up to but not with ``last``: second 0 would be heard on frame
    ``zero``, between two if need be, and its content ends at ``end``.
    """

    zero: float
    speed: float
    first: int
    last: int
    end: float

    def frame_of(self, second: float, fps: float) -> float:
        """The frame, between two if need be, on which a second of the song is heard."""
        return self.zero + second / self.speed * fps

    def second_of(self, frame: float, fps: float) -> float:
        """The second of the song that is heard on a frame."""
        return (frame - self.zero) / fps * self.speed


def playing(here: Placed, fps: float) -> Playing:
    """How a strip that is not retimed plays its song; looks at no file."""
    timing = compat.strip_timing(here.strip)
    delay = timing.delay * fps
    zero = timing.left - timing.skipped + delay
    return _cut_out(here, zero, 1.0, timing.right + timing.cut + delay)


def _cut_out(here: Placed, zero: float, speed: float, end: float) -> Playing:
    return Playing(zero, speed, max(here.left, math.ceil(zero - _NEARLY)), here.right, end)


def _retimed(here: Placed, song: str, fps: float) -> Playing:
    """How a retimed strip plays its song; SettingError when its speed changes while it is heard."""
    strip = here.strip
    delay = compat.strip_timing(strip).delay * fps
    seconds = compat.sound_seconds(song)
    segments = speeds.segments(strip, seconds, fps) if seconds is not None else ()
    heard = [part for part in segments if part.first + delay < here.right and part.last + delay > here.left]
    if not heard or not speeds.are_one(heard):
        raise SettingError(
            f"The strip “{strip.name}” changes its speed while it is heard.",
            hint="Give it one speed (Strip > Retiming), or render the sound and use that file.",
        )
    first, last = heard[0], heard[-1]
    end = last.start + (last.last - last.first) / fps * (last.speed or 1.0)
    speed = (end - first.start) / (last.last - first.first) * fps
    return _cut_out(here, first.first - first.start / speed * fps + delay, speed, segments[-1].last + delay)


def how_it_plays(strip: bpy.types.SoundStrip, fps: float) -> Playing:
    """How a strip plays its song. AudioError when the file is gone, SettingError when its speed changes on the way."""
    here = placed(strip)
    return _retimed(here, str(song_path(strip)), fps) if compat.retiming(strip) else playing(here, fps)


def state(strip: bpy.types.SoundStrip, fps: float) -> tuple[object, ...]:
    """What a strip lets be heard of its song, as far as that can be told without looking at files: of two strips of one
    state the same is heard.
    """
    here, keys, timing = placed(strip), compat.retiming(strip), compat.strip_timing(strip)
    file = sound_file(strip)
    if keys:
        window = (here.left, here.right)
        return file, round(fps, 3), round(timing.delay, 4), *(round(frame - keys[0], 2) for frame in (*keys, *window))
    now = playing(here, fps)
    return file, *(round(now.second_of(frame, fps), 3) for frame in (now.first, min(now.last, now.end)))


def retimed_state(strip: bpy.types.SoundStrip) -> tuple[float, ...]:
    """What a take remembers of a retimed strip: where its keys are, and how late its sound is; empty for others."""
    keys = compat.retiming(strip)
    return (*keys, round(compat.strip_timing(strip).delay, 6)) if keys else ()


def passage(strip: bpy.types.SoundStrip, fps: float) -> Passage:
    """What can be heard of a strip's song in a scene of ``fps`` frames per second. Raises as ``how_it_plays``, and
    SettingError when that is nothing.
    """
    song, now = str(song_path(strip)), how_it_plays(strip, fps)
    start = max(now.second_of(now.first, fps), 0.0)
    if now.first >= min(now.last, now.end):
        raise SettingError(
            f"Nothing of the song is heard in the strip “{strip.name}”.", hint="Make it longer, or move its sound back."
        )
    is_cut = now.end > now.last + _EXACT
    return Passage(
        song=song,
        frame=now.first,
        start=start if start > _EXACT / fps else 0.0,
        duration=now.second_of(now.last, fps) - start if is_cut else None,
        speed=now.speed,
    )


def follow(strip: bpy.types.SoundStrip, former: Passage, fps: float) -> Passage:
    """The passage where the strip plays it now."""
    now = how_it_plays(strip, fps)
    return replace(former, frame=round(now.frame_of(former.start, fps)))


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
    # Strips lie on whole frames, and a part may begin between two.
    compat.delay_sound(strip, round(heard.start * fps) / fps - heard.start)
    compat.show_in_sequencer(context, scene)
    return strip
