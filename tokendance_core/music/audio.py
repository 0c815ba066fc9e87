"""Reads a sound file as ``Music``: mono, 15,360 Hz, at one loudness. Raises AudioError saying what is wrong with it.

libsndfile decodes WAV, FLAC, OGG, MP3 and its other formats; what it cannot decode (m4a, aac, wma, some Opus, the sound
of a video) goes through ffmpeg when that is installed. Decoding, mixing and resampling (soxr HQ) run block by block, so
that a long multichannel file never lies in memory as a whole.

Samples may exceed 1 once they are at that loudness: they are analysed, never played.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from tokendance_core.errors import AudioError
from tokendance_core.music import loudness
from tokendance_core.music.settings import MAX_SPEED, MIN_SPEED
from tokendance_core.types import SAMPLE_RATE, Music

MIN_SECONDS = 2.0
MAX_SECONDS = 1200.0

BLOCK_SECONDS = 4
SANE_PEAK = 1e12
"""Samples beyond this (or not finite) are damage; float files in integer units reach 2e9."""

MAX_DAMAGE = 0.01

NEEDS_FFMPEG = frozenset(
    (
        *(".aac", ".ac3", ".amr", ".ape", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp4"),
        *(".opus", ".webm", ".wma", ".wmv", ".wv"),
    )
)
"""Suffixes that libsndfile does not decode, or not in every file."""


def load(path: str | Path, *, start: float = 0.0, duration: float | None = None, speed: float = 1.0) -> Music:
    """Read a song, or ``duration`` seconds of it from ``start`` seconds on, as it sounds when played ``speed`` times as
    fast.

    Samples that are not finite are silenced when they are under 1 % of the file. Raises AudioError when the file is
    missing, no file, empty, not audio, damaged or silent, when ``start``, ``duration`` or ``speed`` make no sense, and
    when what is left is not 2 s to 20 min long.
    """
    path = Path(path)
    _check_span(start, duration, speed)
    _check_file(path)
    try:
        samples = _decode(path, path.name, start, duration, speed)
    except soundfile.SoundFileError:
        samples = _decode_with_ffmpeg(path, start, duration, speed)
    return Music(loudness.level(samples, path.name), path.name)


def _check_span(start: float, duration: float | None, speed: float) -> None:
    if not (math.isfinite(start) and start >= 0):
        raise AudioError(
            f"The start must be 0 seconds or later, found {start}.",
            hint="Give the second of the song at which the dance shall begin.",
        )
    if duration is not None and not (math.isfinite(duration) and duration >= MIN_SECONDS):
        raise AudioError(
            f"The duration must be at least {MIN_SECONDS:g} seconds, found {duration}.",
            hint="Leave it out to use the whole song.",
        )
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise AudioError(
            f"The speed must be from {MIN_SPEED:g} to {MAX_SPEED:g}, found {speed}.", hint="1 is the speed of the file."
        )


def _check_file(path: Path) -> None:
    if not os.path.exists(path):  # unlike Path.exists, False for names that the system refuses
        raise AudioError(f"There is no file {path}.", hint="Check the path and the spelling of the name.")
    if path.is_dir():
        raise AudioError(f"{path} is a folder, expected a sound file.", hint="Choose one song inside it.")
    if not path.is_file():
        raise AudioError(
            f"{path} is a device or a pipe, expected a sound file.", hint="Save the sound to a file first."
        )
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise AudioError(
            f"{path.name} cannot be opened: {error.strerror}.", hint="Check that you may read the file."
        ) from error
    if empty:
        raise AudioError(f"{path.name} is empty, expected a sound file.", hint="Copy or export the song again.")


def _longest(duration: float | None) -> float:
    """Seconds to read at most: one second over the limit, to detect songs that are too long."""
    return min(duration or math.inf, MAX_SECONDS + 1)


def _decode_with_ffmpeg(path: Path, start: float, duration: float | None, speed: float) -> np.ndarray:
    """Decode the first sound track of any file that ffmpeg reads, through a temporary mono float file."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None and path.suffix.lower() in NEEDS_FFMPEG:
        raise AudioError(
            f"{path.name} needs ffmpeg to be read, and ffmpeg was not found.",
            hint="Install ffmpeg so that it is on the PATH, or convert the song to WAV, FLAC, OGG or MP3.",
        )
    unreadable = AudioError(
        f"{path.name} is damaged or not a sound file that can be read here.",
        hint="Choose a WAV, FLAC, OGG or MP3 file, or export the song again"
        + (", or install ffmpeg." if ffmpeg is None else "."),
    )
    if ffmpeg is None:
        raise unreadable
    with tempfile.TemporaryDirectory(prefix="tokendance-") as folder:
        wave = Path(folder) / "song.w64"
        # A playlist must not reach the network.
        source = ["-protocol_whitelist", "file", "-i", f"file:{path.absolute()}"]
        track = ["-map", "0:a:0", "-ac", "1", "-t", f"{start + _longest(duration):.3f}"]
        subprocess.run(
            [ffmpeg, "-nostdin", "-v", "error", *source, *track, "-c:a", "pcm_f32le", "-f", "w64", str(wave)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,  # what was written decides: half a song can be danced to
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            return _decode(wave, path.name, start, duration, speed)
        except soundfile.SoundFileError as error:
            raise unreadable from error


def _decode(path: Path, name: str, start: float, duration: float | None, speed: float) -> np.ndarray:
    """The span as mono float32 at ``SAMPLE_RATE``; lengths are judged by what was read, as headers can be wrong.

    Raises SoundFileError when libsndfile cannot decode the file at all or to its end (some Opus files, FLAC streamed
    without a length).
    """
    with _open(path) as sound:
        rate = sound.samplerate
        if not sound.frames:
            raise AudioError(f"{name} holds no sound.", hint="Export the song again.")
        if start * rate >= sound.frames:
            raise AudioError(
                f"The start is at {start:g} s, but {name} ends at {sound.frames / rate:.1f} s.",
                hint="Choose an earlier start.",
            )
        sound.seek(round(start * rate))
        samples, read, damaged = _read(sound, round(_longest(duration) * rate), speed)
    if read < MIN_SECONDS * rate * speed:
        raise AudioError(
            f"{name} gives {read / rate / speed:.2f} s of sound, expected at least {MIN_SECONDS:g} s.",
            hint="Choose a longer stretch.",
        )
    if read > MAX_SECONDS * rate:
        raise AudioError(
            f"{name} is longer than {MAX_SECONDS / 60:g} minutes.",
            hint="Use --start and --duration to choose a part of it.",
        )
    if damaged > MAX_DAMAGE:
        raise AudioError(
            f"{damaged:.0%} of the samples of {name} are not numbers.",
            hint="The file is damaged: export the song again.",
        )
    return samples


def _open(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(path)
    except TypeError as error:  # a headerless .raw
        raise soundfile.SoundFileRuntimeError(str(error)) from error


def _read(sound: soundfile.SoundFile, limit: int, speed: float) -> tuple[np.ndarray, int, float]:
    """Up to ``limit`` frames, mixed and resampled, how many were read, and the share of damaged samples, which are set
    to 0.
    """
    resampler = soxr.ResampleStream(sound.samplerate * speed, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
    pieces, read, damaged = [], 0, 0
    while read < limit:
        block = sound.read(min(BLOCK_SECONDS * sound.samplerate, limit - read), dtype="float32", always_2d=True)
        if not len(block):
            break
        sane = np.abs(block) <= SANE_PEAK
        block[~sane] = 0
        damaged += sane.size - np.count_nonzero(sane)
        read += len(block)
        pieces.append(resampler.resample_chunk(block.mean(axis=1)))
    pieces.append(resampler.resample_chunk(np.empty(0, np.float32), last=True))
    return np.concatenate(pieces), read, damaged / max(read * sound.channels, 1)
