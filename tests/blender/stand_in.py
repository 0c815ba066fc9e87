"""Takes the place of the core's command line in these tests: a dance of known poses at once, or a chosen misfortune.

``STAND_IN`` in the environment chooses: dance, error, crash, silent, garbage, hang. ``STAND_IN_CALL`` names a file for its arguments.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from tokendance_core import JOINTS, MotionClip, save_clip

SECONDS = 4.0


def known_dance(seconds: float = SECONDS, fps: float = 30.0) -> MotionClip:
    """Walks in a circle, turns round, swings an arm and bends a knee; smooth, so that any frame rate shows the same."""
    frames = round(seconds * fps)
    time_ = np.arange(frames) / fps
    rot6d = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (frames, 24, 1))
    for joint, axis, rate in (("pelvis", 1, 1.5), ("left_shoulder", 2, -0.9), ("right_elbow", 1, 0.8), ("left_knee", 0, 0.6)):
        angle = rate * (time_ if joint == "pelvis" else np.sin(2 * time_))
        first, second = (axis + 1) % 3, (axis + 2) % 3
        matrix = np.tile(np.eye(3), (frames, 1, 1))
        matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
        matrix[:, second, first] = np.sin(angle)
        matrix[:, first, second] = -np.sin(angle)
        rot6d[:, JOINTS.index(joint)] = np.concatenate((matrix[:, :, 0], matrix[:, :, 1]), -1)
    root = np.stack((np.sin(time_), 0.94 - 0.05 * np.sin(time_) ** 2, 1 - np.cos(time_)), -1)
    return MotionClip(rot6d, root.astype(np.float32), fps)


def report(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def option(name: str, default: str = "") -> str:
    return next((value.split("=", 1)[1] for value in sys.argv if value.startswith(f"--{name}=")), default)


def main() -> None:
    if call := os.environ.get("STAND_IN_CALL"):
        Path(call).write_text(json.dumps({"argv": sys.argv[1:], "pid": os.getpid()}), encoding="utf-8")
    fate = os.environ.get("STAND_IN", "dance")
    report(event="progress", stage="generator", fraction=0.25)
    if fate == "hang":
        time.sleep(60)
    if fate == "error":
        report(event="error", message="the song is silent", hint="Use a song with sound.", exit_code=3)
        sys.exit(3)
    if fate == "crash":
        os.abort()
    if fate == "silent":
        sys.exit("a library went wrong")
    if fate == "garbage":
        sys.stdout.write('not JSON\n[1, 2]\n{"half":\n')
    output = Path(sys.argv[sys.argv.index("--output") + 1])
    clip = known_dance(float(option("duration", str(SECONDS))))
    save_clip(clip, output)
    report(event="done", path=str(output), frames=clip.frames, seconds=clip.seconds, fps=clip.fps, stages={})


if __name__ == "__main__":
    main()
