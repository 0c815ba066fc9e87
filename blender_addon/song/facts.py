"""The facts of a song: length, tempo and beats, analysed once per file by the worker."""

from __future__ import annotations

import os

import bpy

from tokendance_core import AudioError, ListenRequest, SettingError, SongFacts, SongPart, TokenDanceError, WarmRequest

from .. import session
from ..interface import scene_settings
from ..interface.ticker import Ticker, redraw
from ..runtime import preferences
from ..runtime.worker import Task, Worker
from . import strip as audio_strip
from .decoding import Asking, DecodedSongs


class KnownSongs:
    """What a session knows of songs, each by its path; ``decoded`` are their samples."""

    def __init__(self, ticker: Ticker) -> None:
        self.decoded = DecodedSongs(ticker)
        self._ticker = ticker
        self._facts: dict[str, tuple[float, SongFacts]] = {}
        self._asked: dict[str, Asking] = {}
        self._failed: dict[str, str] = {}

    def look_up(self, path: str) -> SongFacts | None:
        """The facts if they are known, perhaps of an older version of the file; costs nothing."""
        return self._facts[path][1] if path in self._facts else None

    def is_asked(self, path: str) -> bool:
        return path in self._asked

    def why_unknown(self, path: str) -> str:
        """Why the last analysis failed; empty if it did not."""
        return self._failed.get(path, "")

    def is_fresh(self, path: str) -> bool:
        """Whether the facts are known and the file has not changed since."""
        return path in self._facts and os.path.exists(path) and os.path.getmtime(path) == self._facts[path][0]

    def ask(self, path: str, worker: Worker) -> None:
        """Have a song analysed while the user goes on, unless it is known or asked for; TokenDanceError when that
        cannot start.
        """
        if not self.is_fresh(path) and path not in self._asked:
            asking = self._asked[path] = self.asking(path, worker)
            self._ticker.add(lambda: self._goes_on(path, asking))

    def asking(self, path: str, worker: Worker) -> Asking:
        """The analysis of a song, to be polled or waited for."""
        return Asking(self.decoded.ask(path, SongPart(), worker.folder), worker, [ListenRequest(song=path)])

    def keep(self, path: str, task: Task) -> SongFacts:
        """Remember the answer to a task that is done; TokenDanceError when it holds no facts."""
        facts = task.answer()
        if not isinstance(facts, SongFacts):
            raise SettingError("The analysis of the song cannot be understood.", hint="Try again.")
        try:
            self._facts[path] = os.path.getmtime(path), facts
        except OSError as error:
            raise AudioError(f"The song {path} is gone: {error.strerror}.", hint="Choose the song again.") from None
        self._failed.pop(path, None)
        return facts

    def _goes_on(self, path: str, asking: Asking) -> bool:
        try:
            if not asking.poll() or not asking.tasks[0].poll():
                return True
            self.keep(path, asking.tasks[0])
        except TokenDanceError as error:
            self._failed[path] = error.text
        self._asked.pop(path, None)
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
    path = str(audio_strip.song_path(audio_strip.find(scene, scene_settings.of_scene(scene).strip, "")))
    worker, settings = preferences.worker(context), preferences.runtime(context)
    session.current().songs.ask(path, worker)
    if settings.warm_up and not worker.is_warm:
        worker.ask(WarmRequest(run=settings.run))


def listen(context: bpy.types.Context, path: str) -> SongFacts:
    """The facts of a song, analysed now if necessary; TokenDanceError when that fails."""
    songs = session.current().songs
    known = songs.look_up(path) if songs.is_fresh(path) else None
    if known is not None:
        return known
    (task,) = songs.asking(path, preferences.worker(context)).wait()
    return songs.keep(path, task.wait())
