"""One press of *Generate Dance*, from the click to the keys.

Everything in Blender is remembered by name, never by pointer: files are saved, steps undone and characters deleted
while the worker dances. The scene is touched only when all dances are there (``delivery``).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from tokendance_core import AudioError, DanceRequest, MotionClip, request_to_json

from .. import session
from ..armature import rig
from ..character import dancer as dancers
from ..character import mannequin, map_test
from ..interface.timeline import check_clock, chosen_range, scene_fps
from ..options import Order
from ..runtime import preferences
from ..runtime import worker as worker_client
from ..runtime.worker import Task
from ..song import passage as passages
from ..song import strip as audio_strip
from ..song.decoding import Asking
from ..song.passage import Passage

STAGES = {
    "": "Starting",
    "start": "Starting",
    "load": "Reading the song",
    "checkpoint": "Loading the network",
    "features": "Listening",
    "tokens": "Listening",
    "generator": "Dancing",
    "decode": "Dancing",
    "finishing": "Dancing",
    "export": "Writing",
}
"""What the worker calls a stage -> what the panel calls it."""

_LOG_LINES = 20
DECODING = 0.05
"""Share of the worker's dances that is decoding the song."""

_WORKER, _KEYS = 2.0, 2.5
"""What the worker does beside the passes of refinement, and what putting a dance on the character takes, in passes."""

_TELLS = 0.1
"""Fraction of the work after which its speed says something about the rest."""


@dataclass(frozen=True)
class Target:
    """Where the dance will go, by name; ``armature`` is empty for a new mannequin, ``strip`` while no strip plays the
    song. ``scene_uid`` is Blender's number of the scene: a scene of another file may have the name.
    """

    scene: str
    scene_uid: int
    armature: str
    strip: str
    passage: Passage


class Generation:
    """The dances of one order while the worker makes them."""

    def __init__(self, order: Order, target: Target, requests: list[DanceRequest], asking: Asking) -> None:
        self.order = order
        self.target = target
        self._requests = requests
        self._asking = asking
        self._clips: list[MotionClip] = []
        self.is_cancelled = False
        self.written = 0.0
        """How much of the dances is on the character, 0 to 1: told by the delivery."""
        self._started = time.monotonic()

    def poll(self) -> bool:
        """True once all dances are there; never waits. Raises what went wrong as TokenDanceError."""
        if not self._asking.poll():
            return False
        while len(self._clips) < len(self._tasks) and self._tasks[len(self._clips)].poll():
            self._clips.append(self._tasks[len(self._clips)].clip())
        return len(self._clips) == len(self._tasks)

    def wait(self, on_progress: worker_client.Progress) -> None:
        """Poll until all dances are there; what ``on_progress`` raises cancels."""
        for task in self._asking.wait(lambda fraction: on_progress(self.stage, self.fraction)):
            task.wait(lambda stage, fraction: on_progress(self.stage, self.fraction))
            self.poll()

    def cancel(self) -> None:
        """Ask the worker to stop; the next ``poll`` but a few raises Cancelled."""
        self.is_cancelled = True
        self._asking.cancel()

    @property
    def stage(self) -> str:
        """What is being done now, in a word or two of English."""
        if len(self._clips) == len(self._requests):
            return "Writing keys"
        return STAGES.get(self._task.stage, "Dancing") if self._tasks else STAGES["load"]

    @property
    def fraction(self) -> float:
        """How much of the whole is done, 0 to 1."""
        begun = self._task.fraction if len(self._clips) < len(self._tasks) else 0.0
        danced = (len(self._clips) + begun) / len(self._requests)
        made = DECODING * self._asking.fraction + (1 - DECODING) * danced
        return made * (1 - self.writing) + self.written * self.writing

    @property
    def writing(self) -> float:
        """Share of the whole that is putting the dances on the character."""
        return _KEYS / (_KEYS + _WORKER + self.order.settings.steps)

    @property
    def place_in_line(self) -> tuple[int, int]:
        """Number of the dance that is made now, and how many there will be."""
        return min(len(self._clips) + 1, len(self._requests)), len(self._requests)

    @property
    def remaining_seconds(self) -> float | None:
        """About how long it still takes; None while that cannot be said."""
        done = self.fraction
        return (time.monotonic() - self._started) * (1 - done) / done if done > _TELLS else None

    @property
    def _tasks(self) -> list[Task]:
        """One for each request, none before the song is decoded."""
        return self._asking.tasks

    @property
    def _task(self) -> Task:
        return self._tasks[min(len(self._clips), len(self._tasks) - 1)]

    def warnings(self) -> list[str]:
        """What the user is told of the song, once for all dances."""
        return list(dict.fromkeys(warning for task in self._tasks for warning in task.warnings()))

    def dances(self) -> list[tuple[DanceRequest, MotionClip]]:
        """Each request with its dance, as the network made it, in the order of their seeds."""
        return list(zip(self._requests, self._clips, strict=True))

    def details(self) -> str:
        """For the diagnostics: what was asked for, and the end of the worker's log."""
        asked = [request_to_json(request) for request in self._requests]
        return "\n".join([str(self.target), *asked, *self._asking.worker.log(_LOG_LINES)])


def begin(context: bpy.types.Context, order: Order) -> Generation:
    """Ask the worker for the dances; TokenDanceError for whatever can be seen to be wrong now. The scene is not
    touched.
    """
    map_test.end_all()
    scene, settings = context.scene, preferences.runtime(context)
    check_clock(scene)
    passage, strip = _passage(scene, order)
    armature = dancers.who(context, order.armature, pointed=order.pointed).ready()
    if armature is not None:
        rig.check(armature)
    requests = [
        DanceRequest(
            song=passage.song,
            settings=replace(order.settings, seed=(order.settings.seed + number) % 2**31, finish=None),
            part=passage.part,
            run=settings.run,
        )
        for number in range(order.variations)
    ]
    worker = preferences.worker(context)
    target = Target(
        scene.name, scene.session_uid, armature.name if armature else "", strip.name if strip else "", passage
    )
    decoding = session.current().songs.decoded.ask(passage.song, passage.part, worker.folder)
    if armature is None:
        mannequin.prepare()
    return Generation(order, target, requests, Asking(decoding, worker, requests))


def _passage(scene: bpy.types.Scene, order: Order) -> tuple[Passage, bpy.types.SoundStrip | None]:
    """What to dance to, and the strip that plays it, if one does."""
    song, fps = bpy.path.abspath(order.song) if order.song else "", scene_fps(scene)
    strip = audio_strip.choose(scene, order.strip, song).checked()
    if strip is not None:
        heard = passages.passage(strip, fps)
    elif os.path.isfile(song):
        frame = scene.frame_start if order.frame_start is None else order.frame_start
        heard = Passage(str(Path(song).resolve()), frame, order.part.start, order.part.duration or None)
    else:
        raise AudioError(f"There is no file {song}.", hint="Check the path of the song.")
    return heard.within(*chosen_range(scene), fps) if order.in_range else heard, strip
