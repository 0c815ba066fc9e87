"""The most that a file may ask for, each limit declared once; rates of motion are limited by ``types.MotionClip``.

A reader compares before it allocates, so that no small file takes the memory or the time of the program that opens it.
Every limit is far beyond what our own writers and the makers of the formats put into a file.
"""

from __future__ import annotations

CLIP_FRAMES = 300_000
"""Of a motion file: twenty minutes, the longest song, at 240 frames a second."""

CLIP_SECONDS = 7200
"""Of a motion: twenty minutes of song played at a quarter of its speed, and then some."""

FARTHEST = 1e6
"""Metres from the origin, or whatever unit a file has."""

CLIP_BYTES = 500_000_000
"""Of all arrays that are read of a motion file, unpacked: ``CLIP_FRAMES`` of AMASS take 400 MB."""

KEPT_BYTES = 250_000_000
"""Of a take that is kept in a .blend, unpacked: ``CLIP_FRAMES`` take 180 MB."""

POSES = 400
"""Numbers of a frame of AMASS: SMPL-X has 165."""

NPZ_MEMBERS = 64

NPZ_BYTES = 2_000_000_000
"""Of all arrays that are read of one npz, unpacked: SMPL-X with every shape and expression takes 1 GB."""

BVH_BYTES = 400_000_000
"""Twenty minutes of 75 joints at 60 frames a second, as text."""

BVH_JOINTS = 2000
BVH_NUMBERS = 40_000_000
"""Of all frames: 320 MB."""

BVH_LINE = 100_000
"""Letters of a line above the frames."""

PICKLE_BYTES = 2_000_000_000
"""Of a body model; SMPL-H takes 300 MB, SMPL-X 800 MB."""

PICKLE_OPCODES = 2_000_000

TEXT_BYTES = 16_000_000
"""Of JSON and tables."""

JSON_DEPTH = 40
JSON_DIGITS = 40
"""Of a whole number."""

SAMPLES_AT_ONCE = 4_000_000
"""Of all channels of a sound together, decoded in one block."""

SOUND_BYTES = 1 << 40
SOUND_RATE = 1_000_000
SOUND_CHANNELS = 64

CHECKPOINT_BYTES = 2_000_000_000
HEADER_BYTES = 4_000_000
"""Of a checkpoint: ten times what our largest needs."""


def expect_length(frames: int, fps: float) -> None:
    """ValueError for a motion that is longer than any dance."""
    if frames > CLIP_FRAMES:
        raise ValueError(f"it has {frames} frames, expected {CLIP_FRAMES} at most")
    if frames / fps > CLIP_SECONDS:
        raise ValueError(f"it lasts {frames / fps:.0f} seconds, expected {CLIP_SECONDS} at most")
