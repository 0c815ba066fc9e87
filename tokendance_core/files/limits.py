"""The most that a file may ask for, each limit declared once; rates of motion are limited by ``types.MotionClip``.

A reader compares before it allocates, so that no small file takes the memory or the time of the program that opens it.
Every limit is far beyond what our own writers and the makers of the formats put into a file.
"""

from __future__ import annotations

CLIP_FRAMES = 300_000
"""Of a motion file: twenty minutes, the longest song, at 240 frames a second."""

CLIP_SECONDS = 7200
"""Of a motion: twenty minutes of song played at a quarter of its speed, and then some."""

POSES = 400
"""Numbers of a frame in an AMASS file: SMPL-X has 165."""

NPZ_MEMBERS = 64

NPZ_BYTES = 2_000_000_000
"""Of all arrays that are read of one npz, unpacked: SMPL-X with every shape and expression takes 1 GB."""

KEPT_BYTES = 250_000_000
"""Of a take that is kept in a .blend, unpacked: ``CLIP_FRAMES`` take 180 MB."""

BVH_BYTES = 400_000_000
"""Twenty minutes of 75 joints at 60 frames a second, as text."""

BVH_JOINTS = 2000
BVH_NUMBERS = 30_000_000
"""Of all frames: 240 MB."""

BVH_NAME = 200
"""Letters of a joint's name; Blender keeps 63 bytes."""

PICKLE_BYTES = 2_000_000_000
"""Of a body model; SMPL-H takes 300 MB, SMPL-X 800 MB."""

PICKLE_OPCODES = 2_000_000
PICKLE_DEPTH = 100
"""Values that contain each other."""

TEXT_BYTES = 16_000_000
"""Of JSON and tables."""

JSON_DEPTH = 40
JSON_DIGITS = 40
"""Of a whole number."""

TABLE_CELL = 20_000
"""Letters of a cell."""

TABLE_JOBS = 50_000

SAMPLES_AT_ONCE = 4_000_000
"""Of all channels of a sound together, decoded in one block."""

SOUND_RATE = 1_000_000
SOUND_CHANNELS = 64

CHECKPOINT_BYTES = 2_000_000_000
HEADER_BYTES = 4_000_000
"""Of a checkpoint: ten times what our largest needs."""
