"""A song as ``Music``: mono, 15,360 Hz, at one loudness, from a sound file or from samples that are decoded already.

Blender decodes songs itself and hands over samples (the add-on's ``song/decoding.py``); everybody else has sound files.
What a song must be is said in ``excerpt.py`` for both.

Samples may exceed 1 once they are at that loudness: they are analysed, never played.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tokendance_core.errors import AudioError
from tokendance_core.files.atomic import write_aside
from tokendance_core.files.guarded import guarded
from tokendance_core.music import decode, loudness
from tokendance_core.music.excerpt import MAX_SECONDS, Span, check_file, check_length
from tokendance_core.music.settings import MIN_SPEED, SongPart
from tokendance_core.music.sources import promised
from tokendance_core.types import SAMPLE_RATE, Music, OnShare, nobody

MISSING_SECONDS, MISSING_PART = 1.0, 0.02
"""By how much a header may be wrong: encoders add and take away some hundredths of a second."""


@guarded(
    AudioError,
    "is damaged or not a sound file that can be read here",
    "Choose a WAV, FLAC, OGG or MP3 file, or export the song again.",
)
def load(
    path: str | Path,
    *,
    start: float = 0.0,
    duration: float | None = None,
    speed: float = 1.0,
    on_share: OnShare = nobody,
) -> Music:
    """Read a song, or ``duration`` seconds of it from ``start`` seconds on, as it sounds when played ``speed`` times as
    fast. ``on_share`` hears of every few seconds.

    Samples that are not finite are silenced when they are under 1 % of the file. Raises AudioError when the file is
    missing, no file, empty, not audio, damaged or silent, when ``start``, ``duration`` or ``speed`` make no sense, when
    what is left is not 2 s to 20 min long, and when the packages that decode are missing.
    """
    path, span = Path(path), Span(start=start, duration=duration, speed=speed)
    check_file(path)
    return Music(loudness.level(decode.decode(path, span, on_share), path.name), path.name)


def load_asked(song: str, samples: str, part: SongPart, on_share: OnShare = nobody) -> tuple[Music, tuple[str, ...]]:
    """The ``part`` of the file ``song``, and sentences about what is missing of it; where there are ``samples``, they
    are it. Raises AudioError.
    """
    if samples:
        music = load_samples(samples, Path(song).name)
    else:
        music = load(song, start=part.start, duration=part.duration or None, speed=part.speed, on_share=on_share)
    return music, missing(song, part, music.seconds * part.speed)


def missing(song: str | Path, part: SongPart, heard: float) -> tuple[str, ...]:
    """What a user is told when the ``heard`` seconds of ``part`` end before the file says: it was cut short, by a
    download for one. AudioError when most is missing.
    """
    path = Path(song)
    promised_end = promised.seconds(path)
    asked_end = part.start + part.duration if part.duration else math.inf
    end = part.start + heard
    if promised_end is None:
        is_short = end < asked_end - MISSING_SECONDS and promised.breaks_off(path)
        return (f"{path.name} breaks off at {end:.1f} s: the file is cut short.",) if is_short else ()
    expected_end = min(promised_end, asked_end)
    if expected_end - end <= max(MISSING_SECONDS, MISSING_PART * promised_end):
        return ()
    text = f"{path.name} breaks off at {end:.1f} s of {promised_end:.1f} s: the file is cut short."
    if heard < (expected_end - part.start) / 2:
        raise AudioError(text, hint="Copy, download or export the song again.")
    return (text,)


def save_samples(path: str | Path, samples: np.ndarray) -> None:
    """Write (N,) float32 mono samples at ``SAMPLE_RATE`` as a NumPy file, complete from its first moment on.

    Raises AudioError when that is not possible.
    """
    with write_aside(Path(path), AudioError) as aside, aside.open("wb") as file:
        np.save(file, samples.astype("<f4", copy=False), allow_pickle=False)


@guarded(AudioError, "does not hold the samples of a song", "Try again: they are decoded anew.")
def load_samples(path: str | Path, name: str) -> Music:
    """Read what ``save_samples`` wrote of the song ``name``. Raises AudioError when it is anything else, and when the
    song is silent or of no length to dance to.
    """
    path = Path(path)
    check_file(path)
    damaged = AudioError(f"{path} does not hold the samples of {name}.", hint="Try again: they are decoded anew.")
    with path.open("rb") as file:
        if file.read(len(np.lib.format.MAGIC_PREFIX)) != np.lib.format.MAGIC_PREFIX:
            raise damaged
    try:
        stored = np.load(path, mmap_mode="r", allow_pickle=False)  # nothing is allocated before it is looked at
    except (ValueError, OSError, EOFError) as error:
        raise damaged from error
    if stored.dtype != np.dtype("<f4") or stored.ndim != 1:
        raise damaged
    if len(stored) > MAX_SECONDS / MIN_SPEED * SAMPLE_RATE or not np.isfinite(stored).all():
        raise damaged
    samples = np.array(stored)
    seconds = len(samples) / SAMPLE_RATE
    check_length(name, seconds * MIN_SPEED, seconds)
    return Music(loudness.level(samples, name), name)
