"""Takes the place of the network in these tests: the real worker with known dances instead of the model, or a chosen
misfortune.

``STAND_IN`` in the environment chooses; ``STAND_IN_CALL`` names a file that gets the arguments of every dance asked
for.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

from tokendance_core import JOINTS, AudioError, DanceRequest, ListenRequest, MotionClip, WarmRequest, save_clip
from tokendance_core.commands import worker
from tokendance_core.commands.answers import Done, Ready, SongFacts

SECONDS = 4.0


def known_dance(seconds: float = SECONDS, fps: float = 30.0) -> MotionClip:
    """Walks in a circle, turns round, swings an arm and bends a knee; smooth, so that any frame rate shows the same."""
    frames = round(seconds * fps)
    time_ = np.arange(frames) / fps
    rot6d = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (frames, 24, 1))
    for joint, axis, rate in (
        ("pelvis", 1, 1.5),
        ("left_shoulder", 2, -0.9),
        ("right_elbow", 1, 0.8),
        ("left_knee", 0, 0.6),
    ):
        angle = rate * (time_ if joint == "pelvis" else np.sin(2 * time_))
        first, second = (axis + 1) % 3, (axis + 2) % 3
        matrix = np.tile(np.eye(3), (frames, 1, 1))
        matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
        matrix[:, second, first] = np.sin(angle)
        matrix[:, first, second] = -np.sin(angle)
        rot6d[:, JOINTS.index(joint)] = np.concatenate((matrix[:, :, 0], matrix[:, :, 1]), -1)
    root = np.stack((np.sin(time_), 0.94 - 0.05 * np.sin(time_) ** 2, 1 - np.cos(time_)), -1)
    return MotionClip(rot6d, root.astype(np.float32), fps)


def note(**facts: object) -> None:
    if call := os.environ.get("STAND_IN_CALL"):
        aside = Path(f"{call}.aside")
        aside.write_text(json.dumps(facts), encoding="utf-8")
        aside.replace(call)  # a test may look at any moment


def hang(report: worker.FolderReport) -> None:
    time.sleep(60)


def slow(report: worker.FolderReport) -> None:
    for step in range(200):
        report.progress("generator", 0.25 + 0.003 * step)
        time.sleep(0.02)


def fail(report: worker.FolderReport) -> None:
    raise AudioError("The song is silent.", hint="Use a song with sound.")


def use_up_memory(report: worker.FolderReport) -> None:
    raise MemoryError


def break_down(report: worker.FolderReport) -> None:
    raise KeyError("a tensor")


def say_nothing(report: worker.FolderReport) -> None:
    sys.exit("a library went wrong")


def talk_nonsense(report: worker.FolderReport) -> None:
    report._file("answer.json").write_text('[1, 2]\n{"half":', encoding="utf-8")
    time.sleep(60)


def write_half(report: worker.FolderReport) -> None:
    report._file("npz").write_bytes(b"PK half a file")
    report.answer(Done(path="", frames=1, seconds=0.1, fps=30.0))
    time.sleep(60)


MISFORTUNES = {
    "crash": lambda report: os.abort(),
    "error": fail,
    "fault": break_down,
    "garbage": talk_nonsense,
    "half": write_half,
    "hang": hang,
    "memory": use_up_memory,
    "silent": say_nothing,
    "slow": slow,
}


def danced(request: DanceRequest) -> str:
    """Every song is one for the street."""
    return "street" if request.settings.genre == "any" else request.settings.genre


def dance(request: DanceRequest, report: worker.FolderReport, load: object) -> None:
    note(pid=os.getpid(), **dataclasses.asdict(request))
    report.progress("generator", 0.25)
    MISFORTUNES.get(os.environ.get("STAND_IN", ""), lambda report: None)(report)
    clip = known_dance(request.part.duration or SECONDS)
    info: dict[str, object] = {"danced": danced(request)}
    if os.environ.get("STAND_IN") == "raw":
        info |= {"finished": False, "last_beat": clip.seconds - 0.5}
    clip = dataclasses.replace(clip, info=info)
    save_clip(clip, request.output)
    report.answer(Done(path=request.output, frames=clip.frames, seconds=clip.seconds, fps=clip.fps))


def hear(request: ListenRequest, report: worker.FolderReport, load: object) -> None:
    beats = tuple(np.arange(0.25, SECONDS, 0.5).tolist())
    report.answer(SongFacts(path=request.song, seconds=SECONDS, bpm=120.0, beats=beats))


def watch_parent(start_core: str, parent: int) -> None:
    """End with the one who asked, as the real child process does."""
    spec = importlib.util.spec_from_file_location("start_core", start_core)
    child = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(child)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=child._die_with, args=(parent,), daemon=True).start()


def main() -> None:
    first = next(number for number, word in enumerate(sys.argv) if word.endswith("start_core.py"))
    start_core, _, parent, _, _, command, *rest = sys.argv[first:]
    assert command == "worker"
    watch_parent(start_core, int(parent))
    worker.WORK |= {
        DanceRequest: dance,
        ListenRequest: hear,
        WarmRequest: lambda request, report, load: report.answer(Ready()),
    }
    parser = argparse.ArgumentParser()
    worker.add_arguments(parser)
    sys.exit(worker.run(parser.parse_args(rest)))


if __name__ == "__main__":
    main()
