"""The short evaluation: what can be said about a checkpoint within two minutes, always on the same songs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tokendance_core.dance import pipeline
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.datasets import pack
from tokendance_core.datasets.pack import SourceClip, SourceSong
from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics import feet
from tokendance_core.evaluate.metrics.statistics import interval
from tokendance_core.evaluate.metrics.tempo_lock import WINDOW
from tokendance_core.evaluate.results import Cell, Report, Section, cells
from tokendance_core.evaluate.study import tokenizers
from tokendance_core.evaluate.study.material import (
    CLOCKED,
    COMPOSED,
    MODEL,
    RANDOM_CLIP,
    RAW,
    RECONSTRUCTED,
    TRAINING,
    Dances,
    Log,
    check_clips,
    controls,
    music_of,
)
from tokendance_core.evaluate.study.rhythm import (
    FEWEST_BEATS,
    OWN,
    REAL,
    Timing,
    real_dance,
    share_gates,
    timing,
)
from tokendance_core.evaluate.study.staging import Staging, stage_and_facing, staging_gates
from tokendance_core.evaluate.timed_dances import Kind, Moves, exact_clips
from tokendance_core.finishing.finish import complete
from tokendance_core.types import FPS

SONGS, SECONDS = 8, 45.0
"""How many songs that nothing was trained on, one of an artist, and how much of each."""

TIMING = (
    *("lock_excess", "deceleration_lock_excess", "footfall_lock_excess"),
    *("minima_gain", "deceleration_gain", "footfall_gain"),
)
"""Columns of ``Timing`` that are shown."""

_NOTE = (
    f"The first {SECONDS:g} s of {SONGS} songs that nothing was trained on, one seed, beats by our own tracker: "
    "differences between checkpoints are real only when they are large. Composed dances are placed by clip clocks that "
    "are found from decelerations and footfalls; real dance is on its exact clock. The whole study explains the rest."
)


def quick(model: Checkpoint, data: Path, settings: GenerateSettings, log: Log) -> Report:
    """The tokenizers on held-out dance, and, if the checkpoint has a generator, its dances beside real and composed
    ones. Raises DataError when the pack lacks what is needed.
    """
    log("reading the data")
    clips = pack.load_motion(data)
    check_clips(clips)
    log("measuring: tokenizers")
    sections = {"Tokenizers": tokenizers.held_out(model.dance_codec, clips)}
    if model.generator:
        sections["Dances"] = _dances(model, clips, _songs(data, log), settings, log)
    gates = [gate for section in sections.values() for gate in section.gates]
    return Report(about={"checkpoint": model.id}, gates=gates, sections=sections)


def _songs(data: Path, log: Log) -> list[SourceSong]:
    """The first songs that nothing was trained on, one of an artist."""
    by_artist: dict[str, SourceSong] = {}
    for song in pack.load_songs(data, log, splits=("validation", "test"), seconds=SECONDS):
        if song.features.frames >= WINDOW * FPS and len(song.beats) >= FEWEST_BEATS:
            by_artist.setdefault(song.artist or song.name, song)
    if not by_artist:
        raise DataError(
            f"No song of the data that is not trained on lasts {WINDOW:g} s and has a beat, expected one or more.",
            hint="Give songs the “split” “test” in music_index.json.",
        )
    return list(by_artist.values())[:SONGS]


def _dances(
    model: Checkpoint, clips: list[SourceClip], songs: list[SourceSong], settings: GenerateSettings, log: Log
) -> Section:
    """One table: lock, gains, feet, whips, stage and facing by kind of dance."""
    log(f"dancing to {len(songs)} songs")
    music = music_of(songs, SECONDS)
    raw = [pipeline.generate(song, model, replace(settings, finish=None)) for song in music]
    finished = [complete(clip, settings.finish) for clip in raw] if settings.finish else raw
    log("composing the controls")
    made = controls(model, clips, songs, music, np.random.default_rng(0))
    log("measuring: dances")
    dances = {
        MODEL: finished,
        RAW: raw,
        **{kind: made[kind] for kind in (RECONSTRUCTED, COMPOSED, CLOCKED, RANDOM_CLIP)},
    }
    beats, artists = [song.beats for song in songs], [song.artist or song.name for song in songs]
    kinds = {kind: Kind([[Moves.of(clip) for clip in some]], beats, artists) for kind, some in dances.items()}
    kept = {kind: timing(found) for kind, found in (kinds | real_dance(clips)).items()}
    dances |= {REAL: [c.clip for c in exact_clips(clips)], TRAINING: [c.clip for c in clips if c.split == "train"]}
    stages = {kind: stage_and_facing(some) for kind, some in dances.items() if some}
    rows = {kind: _row(dances[kind], kept.get(kind), stages[kind]) for kind in stages}
    gates = [*share_gates(OWN, kept), *staging_gates(stages[MODEL], stages[TRAINING])]
    return Section(_NOTE, {"Dances": rows}, gates)


def _row(clips: Dances, kept: Timing | None, stage: Staging) -> dict[str, Cell]:
    """The figures of one kind of dance; without ``kept`` none that need beats."""
    keeping = {column: figure for column, figure in cells(kept).items() if column in TIMING} if kept else {}
    low_feet = 100 * np.concatenate([feet.low_foot_speeds(clip) for clip in clips])
    sliding: dict[str, Cell] = {
        "foot_slide_cm_s": interval([100 * feet.foot_slide(clip) for clip in clips], [clip.frames for clip in clips]),
        "low_feet_p90_cm_s": float(np.percentile(low_feet, 90)) if len(low_feet) else float("nan"),
    }
    return {**keeping, **sliding, **cells(stage)}
