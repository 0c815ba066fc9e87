"""Decodes the first sound track of any file by an installed ffmpeg.

Its samples come through a pipe: no temporary file can fill a disk or be left behind, and ffmpeg ends with the one who
reads, however that one ends. AU is the container, because its header is six numbers in every version of ffmpeg.

Source: Sun's "Audio File Format" (.au), as Oracle's audio(7I) documents it.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from tokendance_core.errors import AudioError
from tokendance_core.files import limits

_HEADER = struct.Struct(">4s5I")
_FLOAT = 6
"""Coding of 32-bit floats in AU."""

_SPARE = 1.0
"""Seconds that are asked for in addition: some decoders count what they drop at the beginning."""

_LINES = 20
"""Last lines that ffmpeg wrote, which are kept."""


class FfmpegSound:
    """The first ``seconds`` of the sound of ``path``: ``samplerate`` frames a second, ``frames`` of them at most.

    A context manager, at whose end ffmpeg ends too. Raises AudioError where ffmpeg is missing, cannot read the file, or
    breaks off.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        self._name = path.name
        # A playlist must not reach the network.
        source = ["-protocol_whitelist", "file,pipe", "-i", f"file:{path.absolute()}"]
        track = ["-map", "0:a:0", "-t", f"{seconds + _SPARE:.3f}", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
        self._command = [find() or "ffmpeg", "-nostdin", "-v", "error", *source, *track]
        self._start()
        self.frames = round(seconds * self.samplerate)

    def __enter__(self) -> FfmpegSound:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def seek(self, frame: int) -> int:
        """Go on reading at ``frame`` or before; where that is: always at 0."""
        if self._read:
            self._end()
            self._start()
        return 0

    def read(self, count: int) -> np.ndarray:
        """The next (N, channels) float32 frames, fewer than ``count`` at the end."""
        count = min(count, limits.SAMPLES_AT_ONCE // self.channels)
        data = _open(self._process.stdout).read(count * self._frame_bytes)
        frames = len(data) // self._frame_bytes
        self._read += frames
        if frames < count:
            self._judge()
        stored = np.frombuffer(data, ">f4", frames * self.channels)
        return stored.astype(np.float32).reshape(frames, self.channels)

    def _start(self) -> None:
        self._said: deque[str] = deque(maxlen=_LINES)
        self._read = 0
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise AudioError(
                f"{self._name} needs ffmpeg to be read, and ffmpeg cannot be started: {error.strerror}.",
                hint="Install ffmpeg so that it is on the PATH, or convert the song to WAV, FLAC, OGG or MP3.",
            ) from error
        self._listener = threading.Thread(target=_keep_lines, args=(self._process.stderr, self._said), daemon=True)
        self._listener.start()
        try:
            self._read_header()
        except BaseException:
            self._end()
            raise

    def _read_header(self) -> None:
        output = _open(self._process.stdout)
        header = output.read(_HEADER.size)
        if len(header) < _HEADER.size:
            self._listener.join()
            raise self._unreadable()
        magic, first, _, coding, self.samplerate, self.channels = _HEADER.unpack(header)
        is_sane = 1 <= self.samplerate <= limits.SOUND_RATE and 1 <= self.channels <= limits.SOUND_CHANNELS
        if magic != b".snd" or coding != _FLOAT or not is_sane:
            raise self._unreadable()
        self._frame_bytes = 4 * self.channels
        output.read(first - _HEADER.size)

    def _judge(self) -> None:
        """AudioError unless ffmpeg ended as it should."""
        code = self._process.wait()
        self._listener.join()
        if code and not self._read:
            raise self._unreadable()
        if code:
            heard = self._read / self.samplerate
            raise AudioError(
                f"{self._name} was decoded to {heard:.1f} s, where ffmpeg broke off{self._reason()}.",
                hint="Try again; if that does not help, convert the song to WAV, FLAC, OGG or MP3.",
            )

    def _unreadable(self) -> AudioError:
        return AudioError(
            f"{self._name} is damaged or not a sound file that can be read here{self._reason()}.",
            hint="Choose a WAV, FLAC, OGG or MP3 file, or export the song again.",
        )

    def _reason(self) -> str:
        """What ffmpeg said last, in brackets."""
        last = self._said[-1].rpartition(": ")[2].rstrip(".") if self._said else ""
        return f" ({last})" if last else ""

    def _end(self) -> None:
        self._process.kill()
        _open(self._process.stdout).close()
        self._process.wait()
        self._listener.join()


def find() -> str | None:
    """The ffmpeg on the PATH."""
    return shutil.which("ffmpeg")


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    """A stream that was asked to be a pipe."""
    assert stream is not None
    return stream


def _keep_lines(stream: IO[bytes], said: deque[str]) -> None:
    """Read all that ffmpeg says, so that it never waits for a reader."""
    with stream:
        said.extend(line for raw in stream if (line := raw.decode("utf-8", "replace").strip()))
