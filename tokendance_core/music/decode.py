"""Decodes sound files where Blender is not there to do it: libsndfile reads WAV, FLAC, OGG, MP3 and its other formats;
what it cannot decode (m4a, aac, wma, some Opus, the sound of a video) goes through ffmpeg when that is installed.

Decoding, mixing and resampling (soxr HQ) run block by block, so that a long multichannel file never lies in memory as a
whole. Both packages are imported when a file is decoded: nothing else needs them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tokendance_core.errors import AudioError
from tokendance_core.music.excerpt import Excerpt, Span, unreadable
from tokendance_core.types import SAMPLE_RATE

if TYPE_CHECKING:
    import soundfile

BLOCK_SECONDS = 4

NEEDS_FFMPEG = frozenset(
    (
        *(".aac", ".ac3", ".amr", ".ape", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp4"),
        *(".opus", ".webm", ".wma", ".wmv", ".wv"),
    )
)
"""Suffixes that libsndfile does not decode, or not in every file."""


def decode(path: Path, span: Span) -> np.ndarray:
    """(N,) float32 mono at ``SAMPLE_RATE``; raises AudioError."""
    try:
        import soundfile
        import soxr  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: the package without its library
        raise AudioError(
            f"Reading a sound file needs the packages soundfile and soxr ({error}).",
            hint="Install them with “python -m pip install soundfile soxr”.",
        ) from error
    try:
        return _decode(path, path.name, span)
    except soundfile.SoundFileError:
        return _decode_with_ffmpeg(path, span)


class _Soxr:
    def __init__(self, rate: float) -> None:
        import soxr

        self._stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def feed(self, samples: np.ndarray) -> np.ndarray:
        return np.asarray(self._stream.resample_chunk(samples))

    def finish(self) -> np.ndarray:
        return np.asarray(self._stream.resample_chunk(np.empty(0, np.float32), last=True))


def _decode_with_ffmpeg(path: Path, span: Span) -> np.ndarray:
    """Decode the first sound track of any file that ffmpeg reads, through a temporary float file."""
    import soundfile

    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None and path.suffix.lower() in NEEDS_FFMPEG:
        raise AudioError(
            f"{path.name} needs ffmpeg to be read, and ffmpeg was not found.",
            hint="Install ffmpeg so that it is on the PATH, or convert the song to WAV, FLAC, OGG or MP3.",
        )
    if ffmpeg is None:
        raise unreadable(path.name, ", or install ffmpeg")
    with tempfile.TemporaryDirectory(prefix="tokendance-") as folder:
        wave = Path(folder) / "song.w64"
        # A playlist must not reach the network.
        source = ["-protocol_whitelist", "file", "-i", f"file:{path.absolute()}"]
        track = ["-map", "0:a:0", "-t", f"{span.start + span.longest:.3f}"]
        subprocess.run(
            [ffmpeg, "-nostdin", "-v", "error", *source, *track, "-c:a", "pcm_f32le", "-f", "w64", str(wave)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,  # what was written decides: half a song can be danced to
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            return _decode(wave, path.name, span)
        except soundfile.SoundFileError as error:
            raise unreadable(path.name) from error


def _decode(path: Path, name: str, span: Span) -> np.ndarray:
    """The span as libsndfile reads it; lengths are judged by what was read, as headers can be wrong.

    Raises SoundFileError when libsndfile cannot decode the file at all or to its end (some Opus files, FLAC streamed
    without a length).
    """
    with _open(path) as sound:
        excerpt = _read(sound, name, span, None)
        if (lone := excerpt.lone()) is not None:
            excerpt = _read(sound, name, span, lone)
    return excerpt.finish()


def _open(path: Path) -> soundfile.SoundFile:
    import soundfile

    try:
        return soundfile.SoundFile(path)
    except TypeError as error:  # a headerless .raw
        raise soundfile.SoundFileRuntimeError(str(error)) from error


def _read(sound: soundfile.SoundFile, name: str, span: Span, only: int | None) -> Excerpt:
    rate, first = sound.samplerate, round(min(span.start * sound.samplerate, sound.frames))
    excerpt = Excerpt(name, span, rate, _Soxr(rate * span.speed), position=first, only=only)
    if first < sound.frames:
        sound.seek(first)
        while excerpt.missing:
            block = sound.read(min(BLOCK_SECONDS * rate, excerpt.missing), dtype="float32", always_2d=True)
            if not len(block):
                break
            excerpt.add(block)
    return excerpt
