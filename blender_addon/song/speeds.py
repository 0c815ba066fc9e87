"""How fast a retimed strip plays its song, from key to key.

Blender tells the frames of the keys but not which part of the song lies between them. Between two keys it is all of the
song; between more, Blender is asked: it mixes a ramp in place of the song, in a scene of its own, and the height of the
ramp at a frame is the second of the song.
"""

from __future__ import annotations

import itertools
import tempfile
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import bpy
import numpy as np

from tokendance_core import WaveFile

from .. import compat

RAMP_RATE, MIX_RATE = 1000, 8000
_INSIDE = (0.2, 0.5, 0.8)
"""Where between two keys the ramp is looked at: at the keys themselves the mixer is a little early or late."""

_SAME_SPEED = 2e-3
_DEPTH = 2**23
"""Height of the ramp: samples of 24 bits tell the hundredth of a millisecond in 20 minutes."""


@dataclass(frozen=True)
class Segment:
    """Between the frames ``first`` and ``last`` a strip plays its song from second ``start`` on at one ``speed``; that
    is None where it changes.
    """

    first: float
    last: float
    start: float
    speed: float | None


def segments(strip: bpy.types.SoundStrip, seconds: float, fps: float) -> tuple[Segment, ...]:
    """What a strip with retiming keys plays of a song that lasts so many ``seconds``."""
    keys = compat.retiming(strip)
    if len(keys) < 2 or not keys[-1] > keys[0]:
        return ()
    zero, stretch = compat.retimed_stretch(strip, round(seconds * fps))
    if len(keys) == 2:
        return (Segment(zero, zero + seconds * fps * stretch, 0.0, 1 / stretch),)
    return tuple(_measured(strip, seconds, fps, zero - keys[0]))


def are_one(heard: Sequence[Segment]) -> bool:
    """Whether segments that follow each other have one speed."""
    found = [segment.speed for segment in heard if segment.speed is not None]
    return len(found) == len(heard) and min(found) > 0 and max(found) <= min(found) * (1 + _SAME_SPEED)


def _measured(strip: bpy.types.SoundStrip, seconds: float, fps: float, shift: float) -> Iterator[Segment]:
    keys, start = compat.retiming(strip), 0.0
    height = _ramp_as_played(strip, seconds, fps)
    for first, last in itertools.pairwise(keys):
        at = (first - keys[0] + (last - first) * np.array(_INSIDE)) / fps
        heard = seconds * height[np.minimum((at * MIX_RATE).astype(int), len(height) - 1)]
        early, late = np.diff(heard) / np.diff(at)
        speed = (early + late) / 2
        is_one = abs(early - late) <= max(_SAME_SPEED * abs(speed), 1e-3)
        yield Segment(first + shift, last + shift, start, float(speed) if is_one else None)
        start += float(speed) * (last - first) / fps


def _ramp_as_played(strip: bpy.types.SoundStrip, seconds: float, fps: float) -> np.ndarray:
    """(N,) samples at ``MIX_RATE`` of a ramp from 0 to 1 that the strip plays in place of its song, from its first
    retiming key on.
    """
    keys = compat.retiming(strip)
    with tempfile.TemporaryDirectory(prefix="tokendance-") as folder, _copied(strip) as (scene, copy):
        _write_ramp(Path(folder, "ramp.wav"), seconds)
        sound = bpy.data.sounds.load(str(Path(folder, "ramp.wav")))
        try:
            compat.play_plainly(copy, sound)
            _let_be_heard(copy, keys)
            mixed = Path(folder, "mixed.wav")
            with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
                bpy.ops.sound.mixdown(
                    filepath=str(mixed), container="WAV", codec="PCM", format="F32", mixrate=MIX_RATE, accuracy=1024
                )
            heard = WaveFile(mixed)
            return heard.read(heard.frames)[:, 0]
        finally:
            bpy.data.sounds.remove(sound)


@contextmanager
def _copied(strip: bpy.types.SoundStrip) -> Iterator[tuple[bpy.types.Scene, bpy.types.SoundStrip]]:
    """A scene with the sequencer of the strip's and nothing else, and the strip in it; both are gone afterwards."""
    scene = cast("bpy.types.Scene", strip.id_data).copy()
    try:
        scene.animation_data_clear()
        for held in list(scene.collection.objects):
            scene.collection.objects.unlink(held)
        for folder in list(scene.collection.children):
            scene.collection.children.unlink(folder)
        yield scene, compat.strip_named(scene, strip.name)
    finally:
        bpy.data.scenes.remove(scene)


def _let_be_heard(strip: bpy.types.SoundStrip, keys: Sequence[float]) -> None:
    """Let nothing but the whole of the strip be heard in its scene, whose frames begin with it: at 1, as no scene
    begins before 0.
    """
    scene = cast("bpy.types.Scene", strip.id_data)
    compat.move(strip, 1 - round(keys[0]))
    length = round(keys[-1] - keys[0])
    around = list(compat.parents(strip))
    for other in compat.all_strips(scene):
        other.mute = other != strip and other not in around
    for one in (strip, *around):
        compat.trim(one, 1, 1 + length)
    for channel in (*scene.sequence_editor.channels, *(channel for meta in around for channel in meta.channels)):
        channel.mute = False
    scene.audio_volume, scene.use_preview_range = 1.0, False
    scene.frame_start, scene.frame_end = 1, 1 + length


def _write_ramp(path: Path, seconds: float) -> None:
    count = round(seconds * RAMP_RATE)
    height = (np.arange(count) / count * (_DEPTH - 1)).astype("<i4")
    samples = np.repeat(height.view(np.uint8).reshape(count, 4)[:, :3], 2, axis=0)  # both channels
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(RAMP_RATE)
        file.writeframes(samples.tobytes())
