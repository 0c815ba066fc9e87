"""The facts of a song: length, tempo and beats of what a strip plays of it, analysed once by the worker."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass

import bpy

from tokendance_core import (
    AudioError,
    BeatSettings,
    ListenRequest,
    SettingError,
    SongFacts,
    SongPart,
    TokenDanceError,
    WarmRequest,
)

from .. import session
from ..interface import scene_settings
from ..interface.ticker import Ticker, redraw
from ..interface.timeline import scene_fps
from ..runtime import preferences
from ..runtime.worker import Task, Worker
from . import passage as passages
from . import strip as audio_strip
from .decoding import Asking, DecodedSongs

State = tuple[object, ...]


@dataclass(frozen=True)
class Question:
    """What is asked of the worker about a strip in a ``state``: the facts of a ``part`` of a file, at its own speed,
    with its ``beats`` put right.
    """

    state: State
    path: str
    part: SongPart
    beats: BeatSettings


def state(scene: bpy.types.Scene, strip: bpy.types.SoundStrip) -> State:
    """By what the facts of a strip are known: what it lets be heard, and how its beats are put right."""
    return *passages.state(strip, scene_fps(scene)), *asdict(_corrections(scene)).values()


def _corrections(scene: bpy.types.Scene) -> BeatSettings:
    chosen = scene_settings.of_scene(scene)
    return BeatSettings(tempo=chosen.tempo, beat_shift=chosen.beat_shift)


def question(scene: bpy.types.Scene, strip: bpy.types.SoundStrip) -> Question:
    """What there is to know of what a strip plays; TokenDanceError when that cannot be told."""
    heard = passages.passage(strip, scene_fps(scene))
    part = SongPart(start=round(heard.start, 3), duration=round(heard.duration or 0.0, 3))
    return Question(state(scene, strip), heard.song, part, _corrections(scene))


class KnownSongs:
    """What a session knows of songs, by what is heard of them; ``decoded`` are their samples."""

    def __init__(self, ticker: Ticker) -> None:
        self.decoded = DecodedSongs(ticker)
        self._ticker = ticker
        self._facts: dict[State, tuple[float, SongFacts]] = {}
        self._asked: dict[State, Asking] = {}
        self._failed: dict[State, str] = {}

    def look_up(self, state: State) -> SongFacts | None:
        """The facts if they are known, perhaps of an older version of the file; costs nothing."""
        return self._facts[state][1] if state in self._facts else None

    def is_asked(self, state: State) -> bool:
        return state in self._asked

    def why_unknown(self, state: State) -> str:
        """Why the last analysis failed; empty if it did not."""
        return self._failed.get(state, "")

    def is_fresh(self, asked: Question) -> bool:
        """Whether the facts are known and the file has not changed since."""
        known = self._facts.get(asked.state)
        return known is not None and os.path.exists(asked.path) and os.path.getmtime(asked.path) == known[0]

    def ask(self, asked: Question, worker: Worker) -> None:
        """Have it analysed while the user goes on, unless it is known or asked for; TokenDanceError when that cannot
        start.
        """
        if not self.is_fresh(asked) and asked.state not in self._asked:
            asking = self._asked[asked.state] = self.asking(asked, worker)
            self._ticker.add(lambda: self._goes_on(asked, asking))

    def asking(self, asked: Question, worker: Worker) -> Asking:
        """The analysis, to be polled or waited for."""
        decoding = self.decoded.ask(asked.path, asked.part, worker.folder)
        return Asking(decoding, worker, [ListenRequest(song=asked.path, part=asked.part, beats=asked.beats)])

    def keep(self, asked: Question, task: Task) -> SongFacts:
        """Remember the answer to a task that is done; TokenDanceError when it holds no facts."""
        facts = task.answer()
        if not isinstance(facts, SongFacts):
            raise SettingError("The analysis of the song cannot be understood.", hint="Try again.")
        try:
            self._facts[asked.state] = os.path.getmtime(asked.path), facts
        except OSError as error:
            raise AudioError(
                f"The song {asked.path} is gone: {error.strerror}.", hint="Choose the song again."
            ) from None
        self._failed.pop(asked.state, None)
        return facts

    def _goes_on(self, asked: Question, asking: Asking) -> bool:
        try:
            if not asking.poll() or not asking.tasks[0].poll():
                return True
            self.keep(asked, asking.tasks[0])
        except TokenDanceError as error:
            self._failed[asked.state] = error.text
        self._asked.pop(asked.state, None)
        redraw()
        return False

    def close(self) -> None:
        """Forget everything."""
        for memory in (self._facts, self._asked, self._failed):
            memory.clear()
        self.decoded.close()


def ask(context: bpy.types.Context, scene: bpy.types.Scene) -> None:
    """Have the chosen song analysed, and the network warmed up, while the user goes on; TokenDanceError when that
    cannot start.
    """
    strip = audio_strip.choose(scene, scene_settings.of_scene(scene).strip).required()
    asked = question(scene, strip)
    worker, settings = preferences.worker(context), preferences.runtime(context)
    session.current().songs.ask(asked, worker)
    if settings.warm_up and not worker.is_warm:
        worker.ask(WarmRequest(run=settings.run))


def listen(context: bpy.types.Context, scene: bpy.types.Scene, strip: bpy.types.SoundStrip) -> SongFacts:
    """The facts of what a strip plays, analysed now if necessary; TokenDanceError when that fails."""
    songs, asked = session.current().songs, question(scene, strip)
    known = songs.look_up(asked.state) if songs.is_fresh(asked) else None
    if known is not None:
        return known
    (task,) = songs.asking(asked, preferences.worker(context)).wait()
    return songs.keep(asked, task.wait())
