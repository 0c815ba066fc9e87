"""The figures of a checkpoint for MODEL_CARD.md: tokenizers and generator beside ground truth and controls."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from tokendance_core import audio, pipeline
from tokendance_core.atomic import write_aside
from tokendance_core.checkpoint import STREAMS, Checkpoint
from tokendance_core.errors import DataError
from tokendance_core.evaluate import metrics
from tokendance_core.pipeline import GenerateSettings
from tokendance_core.train import generator, pack, paired_tokens, pairs
from tokendance_core.train.pack import SourceClip, SourceSong
from tokendance_core.types import CODES, FPS, MotionClip

SECONDS = 60.0
"""How much of each song is danced."""

SONGS = 30
SPLITS = ("train", "validation", "test")
Figures = dict[str, float]


def figures(model: Checkpoint, data: Path, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Every figure, by table; ``say`` hears what is being measured."""
    say("reading the data")
    clips, songs = pack.load_motion(data), list(pack.load_songs(data))
    say("tokenizers")
    result: dict[str, object] = {
        "reconstruction": {split: reconstruction(model, [c.clip for c in clips if c.split == split]) for split in SPLITS},
        "code_usage": code_usage(model, clips, songs),
    }
    say("token accuracy on held-out songs and dances")
    held_out = paired_tokens.build(songs, [], clips, "validation", model, generator.VALIDATION_PAIRS, seed)
    result["tokens"] = generator.token_figures(model.generator, held_out) | _most_frequent_accuracy(held_out)
    chosen = _rhythmic_songs(songs)
    for name, settings in _decodings(seed).items():
        say(f"beats, {name}")
        dances = [dance_for(model, song, settings) for song in chosen]
        result[f"rhythm: {name}"] = rhythm(dances, chosen)
    say("beats, controls")
    danceable = [d for c in clips if c.split == "train" for d in pairs.danceables(c)]
    retrieved = [_retrieved(song, danceable, seed) for song in chosen]
    result["rhythm: phrases of training clips laid on the beats"] = rhythm(retrieved, chosen)
    drifting = [_retrieved(replace(song, beats=song.beats * 1.07 + 0.2), danceable, seed) for song in chosen]
    result["rhythm: the same phrases at a wrong tempo"] = rhythm(drifting, chosen)
    result["rhythm: frozen pose"] = rhythm([_frozen(clip) for clip in retrieved], chosen)
    return result


def _decodings(seed: int) -> dict[str, GenerateSettings]:
    return {
        "1 step, likeliest token (the paper)": GenerateSettings(seed=seed, steps=1, temperature=0.0),
        "released settings": GenerateSettings(seed=seed),
    }


def reconstruction(model: Checkpoint, clips: list[MotionClip]) -> Figures:
    """Through both dance tokenizers and back, mean over frames; the true clips' own figures beside."""
    made = [model.dance_codec.decode(model.dance_codec.encode(clip)) for clip in clips]
    frames = np.array([clip.frames for clip in clips], float)

    def mean(values: list[float]) -> float:
        return float(np.average(values, weights=frames))

    return {
        "joint_error_cm": 100 * mean([metrics.joint_error(m, c).mean() for m, c in zip(made, clips, strict=True)]),
        "drift_cm_per_10s": 100 * mean([_drift(m, c) for m, c in zip(made, clips, strict=True)]),
        "foot_slide_cm_s": 100 * mean([metrics.foot_slide(m) for m in made]),
        "true_foot_slide_cm_s": 100 * mean([metrics.foot_slide(c) for c in clips]),
        "joint_speed_m_s": mean([metrics.joint_speed(m).mean() for m in made]),
        "true_joint_speed_m_s": mean([metrics.joint_speed(c).mean() for c in clips]),
    }


def _drift(made: MotionClip, truth: MotionClip) -> float:
    """Planar distance in metres between the two paths at the end, both starting at one point, per 10 s."""
    travel = [clip.root[-1, [0, 2]] - clip.root[0, [0, 2]] for clip in (made, truth)]
    return float(np.linalg.norm(travel[0] - travel[1]) / truth.seconds * 10)


def code_usage(model: Checkpoint, clips: list[SourceClip], songs: list[SourceSong]) -> Figures:
    """Share of each codebook that the training data uses."""
    dances = [model.dance_codec.encode(c.clip) for c in clips if c.split == "train"]
    music = [model.music_codec.encode(s.features) for s in songs if s.split == "train"]
    used = {name: np.concatenate([getattr(t, name) for t in (dances if name in ("upper", "lower") else music)]) for name in STREAMS}
    return {name: len(np.unique(tokens)) / CODES for name, tokens in used.items()}


def _most_frequent_accuracy(held_out: paired_tokens.PairedTokens) -> Figures:
    """Control: always answering the most frequent token."""
    return {
        f"most_frequent_{half}_accuracy": float(np.bincount(getattr(held_out, half).ravel()).max() / getattr(held_out, half).size)
        for half in ("upper", "lower")
    }


def _rhythmic_songs(songs: list[SourceSong]) -> list[SourceSong]:
    """The held-out songs first, then others by name, all at least ``SECONDS`` / 2 long."""
    long_enough = [s for s in songs if s.features.frames > SECONDS / 2 * FPS and len(s.beats) > 30]
    if len(long_enough) < 2:
        raise DataError(
            f"{len(long_enough)} songs of the data are long enough to measure rhythm, expected 2 or more", hint="Add songs of a minute."
        )
    return sorted(long_enough, key=lambda s: (s.split != "validation", s.name))[:SONGS]


def dance_for(model: Checkpoint, song: SourceSong, settings: GenerateSettings) -> MotionClip:
    """The first ``SECONDS`` of the song, danced."""
    return pipeline.generate(audio.load(song.path, duration=SECONDS), model, settings)


def _retrieved(song: SourceSong, danceable: list[pairs.Danceable], seed: int) -> MotionClip:
    frames = min(song.features.frames, int(SECONDS * FPS))
    beats = song.beats[song.beats < frames / FPS]
    return pairs.compose(beats, frames, danceable, "any", np.random.default_rng(seed)).clip


def _frozen(clip: MotionClip) -> MotionClip:
    return replace(clip, rot6d=np.repeat(clip.rot6d[:1], clip.frames, 0), root=np.repeat(clip.root[:1], clip.frames, 0))


def rhythm(dances: list[MotionClip], songs: list[SourceSong]) -> Figures:
    """Each dance against its own song, the other songs, and its own at random phase; p of the paired difference (Wilcoxon, one-sided)."""
    moves = [metrics.motion_beats(clip) for clip in dances]
    beats = [song.beats[song.beats < clip.seconds] for song, clip in zip(songs, dances, strict=True)]
    own = [metrics.beat_alignment(b, m) for b, m in zip(beats, moves, strict=True)]
    phase = [metrics.random_phase_alignment(b, m) for b, m in zip(beats, moves, strict=True)]
    others = [np.mean([metrics.beat_alignment(b, m) for j, b in enumerate(beats) if j != i]) for i, m in enumerate(moves)]
    return {
        "own_song": float(np.mean(own)),
        "other_songs": float(np.mean(others)),
        "random_phase": float(np.mean(phase)),
        "p_own_over_other": _paired_p(own, others),
        "p_own_over_phase": _paired_p(own, phase),
        "motion_beats_per_second": float(np.mean([len(m) / clip.seconds for m, clip in zip(moves, dances, strict=True)])),
        "joint_speed_m_s": float(np.mean([metrics.joint_speed(clip).mean() for clip in dances])),
        "foot_slide_cm_s": 100 * float(np.mean([metrics.foot_slide(clip) for clip in dances])),
        "foot_penetration_cm": 100 * float(np.mean([metrics.foot_penetration(clip) for clip in dances])),
    }


def _paired_p(a: list[float], b: list[float]) -> float:
    difference = np.subtract(a, b)
    return float(stats.wilcoxon(difference, alternative="greater").pvalue) if np.any(difference) else 1.0


def write(result: dict[str, object], path: Path) -> None:
    """Save the figures as JSON."""
    with write_aside(path) as aside:
        aside.write_text(json.dumps({"torch": torch.__version__, **result}, indent=2) + "\n", encoding="utf-8")


def lines(result: dict[str, object]) -> list[str]:
    """The figures as text, one table after the other."""
    out = []
    for name, table in result.items():
        out.append(name)
        rows = table.items() if isinstance(table, dict) else []
        for key, value in rows:
            cells = value.items() if isinstance(value, dict) else [("", value)]
            out.append(f"  {key:32s} " + "  ".join(f"{label} {cell:.3f}".strip() for label, cell in cells))
    return out
