"""One press of *Generate Dance*, from the click to the keys.

Everything in Blender is remembered by name, never by pointer: files are saved, steps undone and characters deleted while the worker
dances. The scene is touched once, at the end, and then completely or not at all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import bpy

from tokendance_core import AudioError, FinishSettings, MotionClip, RigError, SettingError, finish, resample_to_fps

from . import audio_strip, rig, takes, worker_client
from .audio_strip import Passage
from .mannequin import build
from .placement import Placement, place, scene_fps
from .preferences import runtime
from .runtime import find_python
from .scene_guard import all_or_nothing, restored
from .worker_client import Request, Task

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

_TELLS = 0.1
"""Fraction of the work after which its speed says something about the rest."""


@dataclass(frozen=True)
class Order:
    """What is asked for: a ``song`` (a file) or a ``strip`` (its name) and the ``armature`` (its name), each empty for what is at hand.

    ``start`` and ``duration`` in seconds hold for a song that no strip plays; ``duration`` 0 is to its end, ``frame_start`` None the
    scene's first frame. The rest as the core's ``GenerateSettings``.
    """

    song: str = ""
    strip: str = ""
    armature: str = ""
    genre: str = "any"
    seed: int = 0
    steps: int = 8
    temperature: float = 1.0
    energy: float = 0.0
    start: float = 0.0
    duration: float = 0.0
    in_range: bool = False
    variations: int = 1
    frame_start: int | None = None
    add_strip: bool = True
    fit_frame_range: bool = False
    action_name: str = ""
    placement: Placement = field(default_factory=Placement)


@dataclass(frozen=True)
class Target:
    """Where the dance will go, by name; ``armature`` is empty for a new mannequin, ``strip`` while no strip plays the song."""

    scene: str
    armature: str
    strip: str
    passage: Passage


@dataclass(frozen=True)
class Outcome:
    """How the last generation ended; ``details`` are for the diagnostics."""

    status: Literal["done", "cancelled", "failed"]
    message: str
    hint: str = ""
    details: str = ""


running: Generation | None = None
outcome: Outcome | None = None


def forget_all() -> None:
    """Stop what is being made, when the add-on goes."""
    global running, outcome
    if running is not None:
        running.cancel()
    running = outcome = None


class Generation:
    """The dances of one order while the worker makes them."""

    def __init__(self, order: Order, target: Target, requests: list[Request], tasks: list[Task]) -> None:
        self.order = order
        self.target = target
        self._requests = requests
        self._tasks = tasks
        self._clips: list[MotionClip] = []
        self._started = time.monotonic()

    def poll(self) -> bool:
        """True once all dances are there; never waits. Raises what went wrong as TokenDanceError."""
        while len(self._clips) < len(self._tasks) and self._tasks[len(self._clips)].poll():
            self._clips.append(self._tasks[len(self._clips)].clip())
        return len(self._clips) == len(self._tasks)

    def wait(self, on_progress: worker_client.Progress) -> None:
        """Poll until all dances are there; what ``on_progress`` raises cancels."""
        for task in self._tasks:
            task.wait(lambda stage, fraction: on_progress(self.stage, self.fraction))
            self.poll()

    def cancel(self) -> None:
        """Ask the worker to stop; the next ``poll`` but a few raises Cancelled."""
        for task in self._tasks:
            task.cancel()

    @property
    def stage(self) -> str:
        """What is being done now, in a word or two of English."""
        return STAGES.get(self._task.stage, "Dancing")

    @property
    def fraction(self) -> float:
        """How much of the whole is done, 0 to 1."""
        begun = self._task.fraction if len(self._clips) < len(self._tasks) else 0.0
        return (len(self._clips) + begun) / len(self._tasks)

    @property
    def place_in_line(self) -> tuple[int, int]:
        """Number of the dance that is made now, and how many there will be."""
        return min(len(self._clips) + 1, len(self._tasks)), len(self._tasks)

    @property
    def remaining_seconds(self) -> float | None:
        """About how long it still takes; None while that cannot be said."""
        done = self.fraction
        return (time.monotonic() - self._started) * (1 - done) / done if done > _TELLS else None

    @property
    def _task(self) -> Task:
        return self._tasks[min(len(self._clips), len(self._tasks) - 1)]

    def dances(self) -> Iterator[tuple[Request, MotionClip]]:
        """Each request with its dance, as the network made it."""
        return zip(self._requests, self._clips, strict=True)

    def details(self) -> str:
        """For the diagnostics: what was asked for, and the end of the worker's log."""
        worker = self._tasks[0].worker
        asked = "\n".join(json.dumps(asdict(request), ensure_ascii=False) for request in self._requests)
        return f"{self.target}\n{asked}\n{worker.log(20)}"


def begin(context: bpy.types.Context, order: Order) -> Generation:
    """Ask the worker for the dances; TokenDanceError for whatever can be seen to be wrong now. The scene is not touched."""
    scene, settings = context.scene, runtime(context)
    passage, strip = _passage(scene, order)
    armature = rig.find_armature(context, order.armature)
    if armature is not None:
        rig.check(armature)
    requests = [
        Request(
            song=passage.song,
            genre=order.genre,
            seed=(order.seed + number) % 2**31,
            steps=order.steps,
            temperature=order.temperature,
            energy=order.energy,
            start=passage.start,
            duration=passage.duration,
            speed=passage.speed,
            device=settings.device,
            checkpoint=settings.checkpoint,
        )
        for number in range(order.variations)
    ]
    worker = worker_client.shared(find_python(settings.python), settings.idle_minutes)
    target = Target(scene.name, armature.name if armature else "", strip.name if strip else "", passage)
    return Generation(order, target, requests, [worker.dance(request) for request in requests])


def _passage(scene: bpy.types.Scene, order: Order) -> tuple[Passage, bpy.types.ID | None]:
    """What to dance to, and the strip that plays it, if one does."""
    song, fps = bpy.path.abspath(order.song) if order.song else "", scene_fps(scene)
    strip = audio_strip.find(scene, order.strip, song)
    if strip is not None:
        heard = audio_strip.passage(strip, fps)
    elif Path(song).is_file():
        frame = scene.frame_start if order.frame_start is None else order.frame_start
        heard = Passage(str(Path(song).resolve()), frame, order.start, order.duration or None)
    else:
        raise AudioError(f"There is no file {song}.", hint="Check the path of the song.")
    return heard.within(scene.frame_start, scene.frame_end, fps) if order.in_range else heard, strip


def put(context: bpy.types.Context, made: Generation) -> tuple[str, list[str]]:
    """Put the dances into the scene they were asked for, the first one active; the armature's name, and sentences for the user.

    TokenDanceError when the target is gone, and then, as after any other error, the scene is as it was.
    """
    scene = bpy.data.scenes.get(made.target.scene)
    if scene is None:
        raise SettingError(f"The scene “{made.target.scene}” is gone.", hint="The dance was not placed: generate it again.")
    layer = context.view_layer if context.scene == scene else scene.view_layers[0]
    with context.temp_override(scene=scene, view_layer=layer), all_or_nothing(scene), restored(context):
        return _put(bpy.context, made)


def generate(context: bpy.types.Context, order: Order, on_progress: worker_client.Progress) -> tuple[str, list[str]]:
    """Make the dances and put them into the scene, waiting for them; what ``put`` returns. Raises TokenDanceError."""
    made = begin(context, order)
    made.wait(on_progress)
    return put(context, made)


def _put(context: bpy.types.Context, made: Generation) -> tuple[str, list[str]]:
    scene, target, order, placement = context.scene, made.target, made.order, made.order.placement
    passage, messages = _where_now(scene, target), []
    armature = _dancer(context, target)
    fps = scene_fps(scene)
    if not target.strip and order.add_strip:
        strip = audio_strip.add(context, passage, fps)
        target = replace(target, strip=strip.name if strip is not None else "")
        messages += [] if strip is not None else ["This Blender cannot play the song: the dance comes without a sound strip"]
    scene.sync_mode = "AUDIO_SYNC"
    last = passage.frame
    # The last one placed is the active one: the seed that was asked for.
    for number, (request, clip) in reversed(list(enumerate(made.dances()))):
        dance = resample_to_fps(finished(clip, placement), fps)
        last = max(last, passage.frame + dance.frames - 1)
        name = order.action_name or f"{Path(passage.song).stem} {request.genre} {request.seed}"
        recipe = _recipe(request, target, passage, fps)
        instead = placement.replace and number == 0
        action, warnings = place(context, placement, dance, armature, name=name, frame=passage.frame, recipe=recipe, replace=instead)
        takes.remember(armature, action, clip)
    if order.fit_frame_range:
        scene.frame_start, scene.frame_end = min(scene.frame_start, passage.frame), max(scene.frame_end, last)
    return armature.name, messages + warnings


def finished(clip: MotionClip, options: Placement) -> MotionClip:
    """A motion of the network with calm joints and standing feet; any other motion only as smooth as asked for."""
    if clip.info.get("finished") is False:
        return finish(clip, FinishSettings(options.smoothing, options.foot_lock), end=clip.info.get("last_beat"))
    return finish(clip, FinishSettings(options.smoothing, foot_lock=0.0, ground=False, settle=0.0))


def at_speed(clip: MotionClip, recipe: Mapping[str, object]) -> MotionClip:
    """The motion of a take as fast as its song is played now: the strip's speed may have changed since it was generated."""
    return replace(clip, fps=clip.fps * float(recipe.get("speed", 1.0)) / float(recipe.get("made_for_speed", 1.0)))


def _dancer(context: bpy.types.Context, target: Target) -> bpy.types.Object:
    if not target.armature:
        armature = build.add(context)
        context.view_layer.update()
        return armature
    found = context.scene.objects.get(target.armature)
    if found is None or found.type != "ARMATURE":
        raise RigError(f"The character “{target.armature}” is gone.", hint="The dance was not placed: choose another character.")
    return rig.animatable(found)


def _where_now(scene: bpy.types.Scene, target: Target) -> Passage:
    """The passage, moved along with its strip if that was moved in the meantime."""
    strip = next((item for item in audio_strip.sound_strips(scene) if item.name == target.strip), None)
    return audio_strip.follow(strip, target.passage, scene_fps(scene)) if strip is not None else target.passage


def _recipe(request: Request, target: Target, passage: Passage, fps: float) -> dict[str, object]:
    """How the dance was made, and where on the timeline it lies: enough to make it again, and to follow the strip."""
    asked = {name: getattr(request, name) for name in ("song", "start", "speed", "genre", "seed", "steps", "temperature", "energy")}
    asked["made_for_speed"] = request.speed
    return asked | {"duration": request.duration or 0.0, "strip": target.strip, "frame": passage.frame, "fps": fps}
