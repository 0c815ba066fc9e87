"""Ways of sampling: what each costs, and how well its dances keep the beat of songs that nothing was trained on.

``python -m bench.sampling DATA [--weights FILE] [--ways NAME …]`` prints a table and writes out/sampling.json; DATA is
the data pack's folder. Every way dances to the same excerpts in the same genres, told what it is told in use; dances
are not finished. Behind a figure stands its change against the first way, with the standard error over songs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.__main__ import ROOT, table
from bench.excerpts import log_probabilities
from tokendance_core.commands.devices import keep_large_blocks
from tokendance_core.dance import checkpoint, pipeline
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.datasets import pack
from tokendance_core.datasets.pack import SourceSong
from tokendance_core.engine import sampler
from tokendance_core.engine.engine import Answering
from tokendance_core.evaluate.metrics import beats, feet
from tokendance_core.evaluate.metrics.staging import whips_per_minute
from tokendance_core.evaluate.metrics.tempo_lock import WINDOW, tempo_lock
from tokendance_core.evaluate.metrics.windows import repetition
from tokendance_core.evaluate.study.rhythm import FEWEST_BEATS
from tokendance_core.evaluate.timed_dances import Moves
from tokendance_core.model.config import CUES, HALVES, Prompt
from tokendance_core.music import energy
from tokendance_core.music.clock import AS_DANCED, Clock
from tokendance_core.types import FPS, DanceTokens, MotionClip, OnShare, nobody

Less = Callable[[Prompt], Prompt]
"""From a prompt to one that tells less: what guidance leads away from."""


def music_alone(prompt: Prompt) -> Prompt:
    """Nothing told but the music."""
    return prompt._replace(**{name: np.zeros_like(getattr(prompt, name)) for name in (*CUES, "tempo", "genre")})


def any_genre(prompt: Prompt) -> Prompt:
    """Any genre, in a way nobody vouches for."""
    return prompt._replace(genre=np.zeros_like(prompt.genre), timing=np.full_like(prompt.timing, AS_DANCED))


def music_of_elsewhere(prompt: Prompt) -> Prompt:
    """The music of half a song later, at the same place in its eight beats."""
    eight = 32
    shift = prompt.semantic.shape[1] // 2 // eight * eight
    return prompt._replace(semantic=np.roll(prompt.semantic, shift, 1), acoustic=np.roll(prompt.acoustic, shift, 1))


class Guided:
    """A generator with classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598): its logits, led away from
    those for a prompt that tells less by ``weight``; 1 is the generator itself. Twice the cost of a pass.
    """

    def __init__(self, engine: Answering, less: Less, weight: float) -> None:
        self.generator, self.engine, self.less, self.weight = engine.generator, engine, less, weight

    def hear(self, prompt: Prompt) -> tuple[Any, Any]:
        return self.engine.hear(prompt), self.engine.hear(self.less(prompt))

    def answer_at(
        self,
        places: np.ndarray,
        heard: tuple[Any, Any],
        dance: np.ndarray,
        codebooks: range,
        on_share: OnShare = nobody,
    ) -> list[np.ndarray]:
        told, less = (self.engine.answer_at(places, each, dance, codebooks) for each in heard)
        return [plain + np.float32(self.weight) * (led - plain) for plain, led in zip(less, told, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Way:
    """Settings of the sampler; ``less`` and ``weight`` of guidance; the likeliest of ``best_of`` dances is kept."""

    steps: int = 8
    temperature: float = 1.0
    top_p: float = sampler.TOP_P
    order_noise: float = sampler.ORDER_NOISE
    schedule: sampler.Schedule = sampler.cosine
    less: Less | None = None
    weight: float = 1.0
    best_of: int = 1


WAYS = {
    "8 passes": Way(),
    "1 pass, likeliest": Way(steps=1, temperature=0.0),
    "4 passes": Way(steps=4),
    "16 passes": Way(steps=16),
    "32 passes": Way(steps=32),
    "64 passes": Way(steps=64),
    "order noise 0": Way(order_noise=0.0),
    "order noise 1": Way(order_noise=1.0),
    "order noise 2": Way(order_noise=2.0),
    "any order": Way(order_noise=1e6),
    "temperature 0.7": Way(temperature=0.7),
    "temperature 0.5": Way(temperature=0.5),
    "variety 0.8": Way(top_p=0.8),
    "16 passes, linear": Way(steps=16, schedule=lambda done: 1.0 - done),
    "16 passes, cubic": Way(steps=16, schedule=lambda done: 1.0 - done**3),
    "best of 2": Way(best_of=2),
    "best of 4": Way(best_of=4),
    "guidance 1.5, music alone": Way(less=music_alone, weight=1.5),
    "guidance 2, music alone": Way(less=music_alone, weight=2.0),
    "guidance 3, music alone": Way(less=music_alone, weight=3.0),
    "guidance 2, any genre": Way(less=any_genre, weight=2.0),
    "guidance 2, music of elsewhere": Way(less=music_of_elsewhere, weight=2.0),
}
"""Name -> way; the first is what the others are compared with."""


@dataclass(frozen=True, eq=False)
class Excerpt:
    """The start of a song: its ``prompt``, one item for every dance that a way makes to it."""

    song: SourceSong
    clock: Clock
    prompt: Prompt

    @classmethod
    def of(cls, song: SourceSong, model: Checkpoint, genres: Sequence[str], seeds: int) -> Excerpt:
        clock, levels = Clock.of_music(song.features, model.clock), energy.of_music(song.features)
        each = [pipeline.prompt_of(song.features, clock, model, genre, levels) for genre in genres]
        return cls(song, clock, Prompt(*(np.concatenate(values * seeds) for values in zip(*each, strict=True))))


def excerpts(model: Checkpoint, data: Path, seconds: float, genres: Sequence[str], seeds: int) -> list[Excerpt]:
    """Of every song that nothing was trained on, that lasts a window and has a beat."""
    songs = pack.load_songs(data, print, splits=("validation", "test"), seconds=seconds)
    return [
        Excerpt.of(song, model, genres, seeds)
        for song in songs
        if song.features.frames >= WINDOW * FPS and len(song.beats) >= FEWEST_BEATS
    ]


def likelihood(engine: Answering, heard: object, dance: np.ndarray) -> np.ndarray:
    """(B,) mean log probability of the first codes of ``dance`` (B, streams, L), each with a random half of the others
    known.
    """
    first = dance[:, : len(HALVES)]
    some = np.random.default_rng(0).random(first.shape) < 0.5
    found = np.zeros(first.shape, np.float32)
    for hidden in (some, ~some):
        shown = np.full_like(dance, engine.generator.mask)
        shown[:, : len(HALVES)] = np.where(hidden, engine.generator.mask, first)
        found[hidden] = log_probabilities(engine, heard, shown, dance)[hidden]
    return found.mean((1, 2))


def danced(engine: Answering, prompt: Prompt, way: Way) -> np.ndarray:
    """Dance tokens (B, streams, L) made in a way."""
    several = Prompt(*(np.repeat(value, way.best_of, 0) for value in prompt))
    network = Guided(engine, way.less, way.weight) if way.less else engine
    tokens = sampler.sample(
        network,
        several,
        steps=way.steps,
        temperature=way.temperature,
        top_p=way.top_p,
        order_noise=way.order_noise,
        schedule=way.schedule,
        seed=0,
    )
    if way.best_of == 1:
        return tokens
    likely = likelihood(engine, engine.hear(several), tokens).reshape(-1, way.best_of)
    return tokens.reshape(*likely.shape, *tokens.shape[1:])[np.arange(len(likely)), likely.argmax(1)]


def figures(clip: MotionClip, song: np.ndarray) -> dict[str, float]:
    """What is measured of one dance, beside the beats (B,) of its song in seconds."""
    moves = Moves.of(clip)
    shared = song[song < clip.seconds]
    low_feet = 100 * feet.low_foot_speeds(clip)
    return {
        "lock excess": tempo_lock(moves.beats, song, moves.seconds).excess,
        **{f"{event} gain": beats.gain_over_random_phase(shared, found) for event, found in moves.events.items()},
        "motion beats/s": len(moves.beats) / moves.seconds,
        "low feet p90, cm/s": float(np.percentile(low_feet, 90)) if len(low_feet) else float("nan"),
        "whips/min": whips_per_minute(clip),
        "times a phrase of 8 s": repetition(clip),
    }


def measure(model: Checkpoint, way: Way, material: Sequence[Excerpt]) -> dict[str, np.ndarray]:
    """Figure -> (songs,) of a way, the mean over its dances to each; processor seconds a dance among them."""
    rows = []
    for excerpt in material:
        started = time.process_time()
        tokens = danced(model.engine, excerpt.prompt, way)
        seconds = (time.process_time() - started) / len(tokens)
        clips = (model.dance_codec.decode(DanceTokens.of_streams(one, excerpt.clock.frames)) for one in tokens)
        found = [
            figures(excerpt.clock.to_song(clip, excerpt.song.features.frames), excerpt.song.beats) for clip in clips
        ]
        likely = likelihood(model.engine, model.engine.hear(excerpt.prompt), tokens)
        rows.append(
            {name: _mean([one[name] for one in found]) for name in found[0]}
            | {"log likelihood": float(likely.mean()), "CPU s": seconds}
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def cells(found: Mapping[str, np.ndarray], first: Mapping[str, np.ndarray]) -> list[str]:
    """Mean of each figure and its change; the median of the seconds."""
    return [
        f"{statistics.median(values):.2f}" if name == "CPU s" else _cell(values, values - first[name])
        for name, values in found.items()
    ]


def _cell(values: np.ndarray, change: np.ndarray) -> str:
    """Songs without the figure are left out."""
    change = change[np.isfinite(change)]
    if not change.any():
        return f"{_mean(values):.3f}"
    return f"{_mean(values):.3f} ({change.mean():+.3f} ± {change.std(ddof=1) / len(change) ** 0.5:.3f})"


def _mean(values: Sequence[float] | np.ndarray) -> float:
    """Of the values that are numbers: where no foot is ever low, nobody knows its speed."""
    numbers = np.asarray(values)[np.isfinite(values)]
    return float(numbers.mean()) if len(numbers) else float("nan")


def compared(model: Checkpoint, ways: Mapping[str, Way], material: Sequence[Excerpt]) -> Iterator[tuple[str, dict]]:
    """Each way with its figures, as they are found."""
    for name, way in ways.items():
        found = measure(model, way, material)
        print(name, *(f"{figure} {_mean(values):.3f}" for figure, values in found.items()), file=sys.stderr, flush=True)
        yield name, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="NAME")
    parser.add_argument("--genres", nargs="+", default=["street", "salsa"])
    parser.add_argument("--seeds", type=int, default=2, help="dances of each genre to a song")
    parser.add_argument("--seconds", type=float, default=45.0, help="of each song")
    parser.add_argument("--out", type=Path, default=ROOT / "out")
    arguments = parser.parse_args()
    keep_large_blocks()
    model = checkpoint.load(arguments.weights, threads=1)
    material = excerpts(model, arguments.data, arguments.seconds, arguments.genres, arguments.seeds)
    found = dict(compared(model, {name: WAYS[name] for name in arguments.ways}, material))
    first = next(iter(found.values()))
    print(table("way", list(first), [[name, *cells(values, first)] for name, values in found.items()]))
    arguments.out.mkdir(parents=True, exist_ok=True)
    plain = {way: {name: values.tolist() for name, values in figures.items()} for way, figures in found.items()}
    (arguments.out / "sampling.json").write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
