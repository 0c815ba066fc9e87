"""What was heard in a song: length, tempo, beats. Asked of the worker once for each file, and remembered."""

from __future__ import annotations

import os
from dataclasses import dataclass

import bpy

from tokendance_core import SettingError, TokenDanceError

from ..interface import ticker
from ..runtime import preferences
from ..runtime import worker as worker_client
from . import strip as audio_strip


@dataclass(frozen=True)
class SongFacts:
    """Seconds of the song, beats a minute (0 without a pulse), and the seconds of its beats."""

    seconds: float
    bpm: float
    beats: tuple[float, ...]


_known: dict[str, tuple[float, SongFacts]] = {}
_asked: dict[str, worker_client.Task] = {}
_failed: dict[str, str] = {}


def look_up(path: str) -> SongFacts | None:
    """What is known of a song; costs nothing."""
    return _known[path][1] if path in _known else None


def is_asked(path: str) -> bool:
    return path in _asked


def why_unknown(path: str) -> str:
    """The sentence that came instead of facts; empty if none did."""
    return _failed.get(path, "")


def ask(context: bpy.types.Context, scene: bpy.types.Scene) -> None:
    """Have the chosen song listened to, and the network warmed up, while the user goes on; TokenDanceError when that
    cannot start.
    """
    path = str(audio_strip.song_path(audio_strip.find(scene, scene.tokendance.strip, "")))
    worker = preferences.worker(context)
    if not is_fresh(path) and path not in _asked:
        task = _asked[path] = worker.ask(["listen", "--", path])
        ticker.add(lambda: _goes_on(path, task))
    settings = preferences.runtime(context)
    if settings.warm_up and not worker.is_warm:
        worker.warm(settings.device, settings.checkpoint)


def listen(context: bpy.types.Context, path: str) -> SongFacts:
    """The facts of a song, waited for; TokenDanceError when they cannot be had."""
    if not is_fresh(path):
        _keep(path, preferences.worker(context).ask(["listen", "--", path]).wait())
    return _known[path][1]


def is_fresh(path: str) -> bool:
    """Whether the song is known as the file is now."""
    return path in _known and os.path.exists(path) and os.path.getmtime(path) == _known[path][0]


def forget_all() -> None:
    """Drop what is remembered, when the add-on goes."""
    for memory in (_known, _asked, _failed):
        memory.clear()


def _goes_on(path: str, task: worker_client.Task) -> bool:
    if not task.poll():
        return True
    _asked.pop(path, None)
    try:
        _keep(path, task)
    except TokenDanceError as error:
        _failed[path] = error.text
    ticker.redraw()
    return False


def _keep(path: str, task: worker_client.Task) -> None:
    answer = task.answer()
    try:
        facts = SongFacts(float(answer["seconds"]), float(answer["bpm"]), tuple(map(float, answer["beats"])))
        _known[path] = os.path.getmtime(path), facts
    except (KeyError, TypeError, ValueError, OSError):
        raise SettingError(
            "What was heard in the song cannot be understood, or the song is gone.", hint="Try again."
        ) from None
    _failed.pop(path, None)
