"""Decodes sound files where Blender's sound library is not there to do it: libsndfile reads WAV, FLAC, OGG, MP3 and its
other formats, WAV needs no library; what cannot be decoded so (m4a, aac, wma, some Opus, the sound of a video) goes
through ffmpeg when that is installed.

Decoding, mixing and resampling run block by block, so that a long multichannel file never lies in memory as a whole.
Packages are imported when a file is decoded: nothing else needs them, and Blender's Python has none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Protocol

import numpy as np

from tokendance_core.errors import AudioError
from tokendance_core.files import limits
from tokendance_core.music.excerpt import Excerpt, Resampler, Span, unreadable
from tokendance_core.music.resample import BlockResampler
from tokendance_core.music.sources import ffmpeg
from tokendance_core.music.wave_file import UnknownFormat, WaveFile
from tokendance_core.types import SAMPLE_RATE, OnShare, nobody

BLOCK_SECONDS = 4

NEEDS_FFMPEG = frozenset(
    (
        *(".aac", ".ac3", ".amr", ".ape", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp4"),
        *(".opus", ".webm", ".wma", ".wmv", ".wv"),
    )
)
"""Suffixes that libsndfile does not decode, or not in every file."""


class _Sound(Protocol):
    """The sound of a file: ``frames`` of it at most. ``seek`` goes on at a frame or before, and tells where that is;
    raises UnknownFormat.
    """

    samplerate: int
    frames: int

    def seek(self, frame: int) -> int: ...

    def read(self, count: int) -> np.ndarray: ...


def decode(path: Path, span: Span, on_share: OnShare = nobody) -> np.ndarray:
    """(N,) float32 mono at ``SAMPLE_RATE``; ``on_share`` hears of every few seconds. Raises AudioError."""
    try:
        return _decode(_open(path), path.name, span, on_share)
    except UnknownFormat:
        if ffmpeg.find() is None:
            raise _no_decoder(path) from None
    with ffmpeg.FfmpegSound(path, span.start + span.longest) as sound:
        return _decode(sound, path.name, span, on_share)


def _open(path: Path) -> _Sound:
    return _SoundFile(path) if _has_soundfile() else WaveFile(path)


def _has_soundfile() -> bool:
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError):  # OSError: the package without its library
        return False
    return True


class _SoundFile:
    """A sound file as libsndfile reads it. What it cannot decode to its end (some Opus files, FLAC streamed without a
    length) is an unknown format too.
    """

    def __init__(self, path: Path) -> None:
        import soundfile

        self._error = soundfile.SoundFileError
        try:
            # As bytes where names are bytes, which need not be text.
            self._sound = soundfile.SoundFile(path if sys.platform == "win32" else os.fsencode(path))
        except (self._error, TypeError) as error:  # TypeError: a headerless .raw
            raise UnknownFormat(str(error)) from error
        self._channels: int = self._sound.channels
        if self._channels > limits.SOUND_CHANNELS or self._sound.samplerate > limits.SOUND_RATE:
            raise AudioError(
                f"{path.name} has {self._channels} channels of {self._sound.samplerate} samples a second, expected at "
                f"most {limits.SOUND_CHANNELS} of {limits.SOUND_RATE}.",
                hint="Export the song again, in stereo.",
            )
        self.samplerate: int = self._sound.samplerate
        self.frames: int = self._sound.frames

    def seek(self, frame: int) -> int:
        try:
            return int(self._sound.seek(min(frame, self.frames)))
        except self._error as error:
            raise UnknownFormat(str(error)) from error

    def read(self, count: int) -> np.ndarray:
        try:
            count = min(count, limits.SAMPLES_AT_ONCE // self._channels)
            return np.asarray(self._sound.read(count, dtype="float32", always_2d=True))
        except (self._error, ValueError) as error:  # ValueError: a damaged MP3 is told to go on before its beginning
            raise UnknownFormat(str(error)) from error


class _Soxr:
    """Soxr's HQ resampler."""

    def __init__(self, rate: float) -> None:
        import soxr

        self._stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def feed(self, samples: np.ndarray) -> np.ndarray:
        return np.asarray(self._stream.resample_chunk(samples))

    def finish(self) -> np.ndarray:
        return np.asarray(self._stream.resample_chunk(np.empty(0, np.float32), last=True))


def _resampler(rate: float) -> Resampler:
    try:
        return _Soxr(rate)
    except (ImportError, OSError):
        return BlockResampler(rate)


def _no_decoder(path: Path) -> AudioError:
    """What is said of a file that cannot be read without ffmpeg."""
    if not _has_soundfile():
        return AudioError(
            f"{path.name} cannot be read: WAV files alone can where no sound decoder is installed.",
            hint="Save the song as a WAV file (PCM or float), or install ffmpeg so that it is on the PATH.",
        )
    if path.suffix.lower() in NEEDS_FFMPEG:
        return AudioError(
            f"{path.name} needs ffmpeg to be read, and ffmpeg was not found.",
            hint="Install ffmpeg so that it is on the PATH, or convert the song to WAV, FLAC, OGG or MP3.",
        )
    return unreadable(path.name, ", or install ffmpeg")


def _decode(sound: _Sound, name: str, span: Span, on_share: OnShare) -> np.ndarray:
    """The span of a sound; lengths are judged by what was read, as headers can be wrong. Raises UnknownFormat."""
    excerpt = _read(sound, name, span, None, on_share)
    if (lone := excerpt.lone()) is not None:
        excerpt = _read(sound, name, span, lone, on_share)
    return excerpt.finish()


def _read(sound: _Sound, name: str, span: Span, only: int | None, on_share: OnShare) -> Excerpt:
    rate = sound.samplerate
    first = sound.seek(round(min(span.start * rate, sound.frames)))
    excerpt = Excerpt(name, span, rate, _resampler(rate * span.speed), position=first, only=only)
    wanted = max(min(excerpt.missing, sound.frames - first), 1)
    read = 0
    while excerpt.missing:
        block = sound.read(min(BLOCK_SECONDS * rate, excerpt.missing))
        if not len(block):
            break
        excerpt.add(block)
        read += len(block)
        on_share(min(read / wanted, 1.0))
    return excerpt
