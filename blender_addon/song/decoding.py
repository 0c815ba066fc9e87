"""Songs on their way into files of samples, which the worker reads in place of the songs: it decodes nothing.

In a window the ticker decodes them piece by piece; who waits decodes at once.
"""

from __future__ import annotations

import os
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import bpy

from tokendance_core import (
    BlockResampler,
    Cancelled,
    DanceRequest,
    ListenRequest,
    SongExcerpt,
    SongPart,
    SongSpan,
    TokenDanceError,
    check_song_file,
    save_samples,
)

from ..interface.ticker import WORK_SECONDS, Ticker
from ..runtime.worker import Task, Worker
from .pieces import open_song

KEPT = 4
"""Songs, or parts of one, whose samples are kept for the next dance."""

TICK_SECONDS = 0.03
"""Time for decoding in one tick of a window, in which nothing else moves."""


class Decoding:
    """``part`` of a song while it is decoded into ``file``, and afterwards; the file goes with the last one who holds
    the decoding, and an unfinished one leaves none.
    """

    def __init__(self, song: str, part: SongPart, file: Path, on_done: Callable[[Decoding], None]) -> None:
        self.samples = ""
        self.fraction = 0.0
        self.is_done = False
        self._error: TokenDanceError | None = None
        self._on_done = on_done
        self._steps = _steps(Path(song), part, file)
        self._file = file
        weakref.finalize(self, _remove, file)

    def step(self) -> None:
        """Do the next few hundredths of a second of the work."""
        if self.is_done:
            return
        try:
            self.fraction = next(self._steps)
        except StopIteration as end:
            self.is_done, self.fraction = True, 1.0
            self.samples = str(self._file) if end.value else ""
            self._on_done(self)
        except TokenDanceError as error:
            self.is_done, self._error = True, error

    def result(self) -> str:
        """The file of samples, once it is done; empty where the worker must read the song itself. Raises what went
        wrong as TokenDanceError.
        """
        if self._error is not None:
            raise self._error
        return self.samples


def _steps(song: Path, part: SongPart, file: Path) -> Generator[float, None, bool]:
    """Decode a part of a song into ``file``, telling the fraction that is done; False at the end where Blender cannot
    decode it: the worker reads the song, if it can. Raises AudioError.
    """
    check_song_file(song)
    span = SongSpan(start=part.start, duration=part.duration or None, speed=part.speed)
    only: int | None = None
    while True:
        pieces = open_song(song)
        if pieces is None:
            return False
        excerpt = SongExcerpt(song.name, span, pieces.rate, BlockResampler(pieces.rate * span.speed), only=only)
        wanted = min(excerpt.missing, max(pieces.length, 1))
        read = 0
        for piece in pieces:
            excerpt.add(piece)
            read += len(piece)
            yield min(read / wanted, 1.0)
            if not excerpt.missing:
                break
        only = excerpt.lone()
        if only is None:
            break
    save_samples(file, excerpt.finish())
    return True


def _remove(file: Path) -> None:
    with suppress(OSError):  # the worker still reads it, or took its folder with it
        file.unlink(missing_ok=True)


class DecodedSongs:
    """The decodings of a session: each song and part once for a state of its file, the last few kept."""

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker
        self._all: weakref.WeakValueDictionary[tuple[object, ...], Decoding] = weakref.WeakValueDictionary()
        self._kept: deque[Decoding] = deque(maxlen=KEPT)
        self._count = 0

    def ask(self, song: str, part: SongPart, folder: Path) -> Decoding:
        """The samples of ``part`` of a song, which will lie in ``folder``; goes on while somebody holds it."""
        key = (*_state(song), part, folder)
        decoding = self._all.get(key)
        if decoding is None:
            self._count += 1
            decoding = Decoding(song, part, folder / f"song-{self._count}.npy", self._kept.append)
            self._all[key] = decoding
            held = weakref.ref(decoding)
            self._ticker.add(lambda: _goes_on(held()), WORK_SECONDS)
        return decoding

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._all.clear()


def _goes_on(decoding: Decoding | None) -> bool:
    """Step for ``TICK_SECONDS``: a window that is drawn slowly ticks seldom."""
    if decoding is None:
        return False
    until = time.perf_counter() + TICK_SECONDS
    decoding.step()
    while not decoding.is_done and time.perf_counter() < until:
        decoding.step()
    return not decoding.is_done


def _state(song: str) -> tuple[object, ...]:
    """What changes when a file does; a missing file has a state too."""
    try:
        state = os.stat(song)
    except OSError:
        return (song,)
    return song, state.st_mtime_ns, state.st_size


class Asking:
    """Requests about one song, which go to the worker once it is decoded."""

    def __init__(self, decoding: Decoding, worker: Worker, requests: Sequence[DanceRequest | ListenRequest]) -> None:
        self.worker = worker
        self.tasks: list[Task] = []
        self._decoding: Decoding | None = decoding
        self._requests = requests

    @property
    def fraction(self) -> float:
        """How much of the song is decoded."""
        return self._decoding.fraction if self._decoding is not None else 0.0

    def poll(self) -> bool:
        """True once the worker is asked. In background mode, where no ticker goes on with it, that is so at once.

        Raises what was wrong with the song as TokenDanceError, and Cancelled.
        """
        if self._decoding is None:
            raise Cancelled("Stopped; the scene is as it was.")
        while bpy.app.background and not self._decoding.is_done:
            self._decoding.step()
        if not self.tasks and self._decoding.is_done:
            samples = self._decoding.result()
            self.tasks = [self.worker.ask(replace(request, samples=samples)) for request in self._requests]
        return bool(self.tasks)

    def wait(self, on_progress: Callable[[float], None] = lambda fraction: None) -> list[Task]:
        """Poll until the worker is asked, telling the fraction that is decoded; what ``on_progress`` raises cancels."""
        while self._decoding is not None and not self._decoding.is_done:
            self._decoding.step()
            on_progress(self.fraction)
        self.poll()
        return self.tasks

    def cancel(self) -> None:
        """Let the song go, or tell the worker that its answers are not wanted."""
        for task in self.tasks:
            task.cancel()
        if not self.tasks:
            self._decoding = None
