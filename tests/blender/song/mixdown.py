"""The oracle: clicks at known seconds, and where Blender's own mixdown of a scene lets them be heard."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import bpy
import numpy as np

from blender_addon import compat
from tokendance_core import WaveFile

RATE = 8000
GAP = 0.1
"""Seconds between clicks, at least, as played."""


def click_track(path: Path, seconds: float, clicks: Sequence[float], rate: int = RATE) -> Path:
    """A WAVE file with a click at each of ``clicks``, its first sample the loudest."""
    samples = np.zeros(round(seconds * rate), "<i2")
    for click in clicks:
        first = round(click * rate)
        length = len(samples[first : first + 200])
        samples[first : first + 200] = 20_000 * np.exp(-np.arange(length) / 20)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def heard_clicks(scene: bpy.types.Scene, first: int, last: int, folder: Path, rate: int = RATE) -> np.ndarray:
    """(N,) frames of ``scene``, from ``first`` up to but not with ``last``, at which clicks begin in its mixdown."""
    kept = scene.frame_start, scene.frame_end
    scene.frame_start, scene.frame_end = first, last
    path = folder / "mixed.wav"
    bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="F32", mixrate=rate, accuracy=1024)
    scene.frame_start, scene.frame_end = kept
    mixed = WaveFile(path)
    level = np.abs(mixed.read(mixed.frames)).max(axis=1)
    loud = np.flatnonzero(level > 0.3 * level.max(initial=1e-3))
    begins = np.diff(loud, prepend=-rate) > GAP * rate
    return first + loud[begins] / rate * scene.render.fps / scene.render.fps_base


def speed_up(scene: bpy.types.Scene, strip: bpy.types.SoundStrip, percent: float) -> None:
    """Give a strip one speed, as *Strip > Retiming > Set Speed* does."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    former, area.type = area.type, "SEQUENCE_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region, scene=scene):
        compat.show_in_sequencer(bpy.context, scene)
        for other in compat.all_strips(scene):
            other.select = other == strip
        scene.sequence_editor.active_strip = strip
        bpy.ops.sequencer.retiming_segment_speed_set(speed=percent)
    area.type = former
