"""What each input of the generator is worth: told as in training, as in use, as of another pair, or not at all.

``python -m bench.conditions CHECKPOINT DATA`` prints a table and writes out/conditions.json; DATA is the data pack's
folder. Every row makes every dance anew, everything hidden, with the same excerpts and seeds; one input of the prompt
is changed at a time. Dances are not finished. Nothing is measured twice: where the network cannot tell two rows apart,
as it does not hear the input or the input is the same, they are one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.excerpts import Excerpts, add_arguments, danced, decoded, line, log_probabilities, of_data, parts, report
from tokendance_core.commands.devices import keep_large_blocks
from tokendance_core.dance import checkpoint
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.datasets import pack
from tokendance_core.engine.engine import Answering
from tokendance_core.evaluate.metrics.statistics import Estimate, over_songs_and_seeds
from tokendance_core.evaluate.metrics.tempo_lock import tempo_lock
from tokendance_core.evaluate.results import Row
from tokendance_core.evaluate.study.rhythm import real_dance, timing
from tokendance_core.evaluate.timed_dances import Kind
from tokendance_core.model.config import Prompt
from tokendance_core.train.generator import DANCES_OWN

MUSIC = "music"
INPUTS: dict[str, tuple[str, ...]] = {
    MUSIC: ("semantic", "acoustic"),
    **{name: (name,) for name in Prompt._fields if name not in ("semantic", "acoustic")},
    "the dance's own": DANCES_OWN,
}
"""What is changed together: both kinds of music tokens are one thing heard; what is known of a finished dance alone is
told together or not at all. Music cannot be left untold.
"""

TOKENIZED = "composed, through the tokenizers"
TRAINING, IN_USE = "all as in training", "all as in use"


@dataclass(frozen=True)
class Figures(Row):
    """Dances of one row; ``told_otherwise_percent``: places at which what is told differs from training,
    ``entropy_nats``: of the composed dances' first codes, all hidden; ``lock_change``: against all as in training.
    """

    told_otherwise_percent: float | None = None
    entropy_nats: float | None = None
    lock_excess: Estimate | None = None
    lock_change: Estimate | None = None
    deceleration_gain: Estimate | None = None
    footfall_gain: Estimate | None = None


def prompts(excerpts: Excerpts) -> Iterator[tuple[str, Prompt]]:
    """Name and prompt of every row that the network dances to."""
    told, in_use = excerpts.told, excerpts.in_use
    ways = {
        "as in use": in_use,
        "another pair's": Prompt(*(value[excerpts.another] for value in told)),
        "not told": Prompt(*map(np.zeros_like, told)),
    }
    yield TRAINING, told
    yield IN_USE, in_use
    for name, fields in INPUTS.items():
        for way, other in ways.items():
            if (name, way) != (MUSIC, "not told"):
                yield f"{name} {way}", changed(told, fields, other)
    for name, fields in INPUTS.items():
        yield f"{IN_USE}, but {name}", changed(in_use, fields, told)


def changed(prompt: Prompt, fields: tuple[str, ...], other: Prompt) -> Prompt:
    """The prompt with some fields of another one."""
    return prompt._replace(**{field: getattr(other, field) for field in fields})


def entropies(engine: Answering, prompt: Prompt, dance: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """(N, 2, L) nats of each first code of ``dance`` (N, streams, L) given what is ``known``, masked elsewhere; nothing
    if None.
    """
    found = []
    for part in parts(len(dance)):
        seen = np.full_like(dance[part], engine.generator.mask) if known is None else known[part]
        heard = engine.hear(Prompt(*(value[part] for value in prompt)))
        found.append(-log_probabilities(engine, heard, seen, dance[part]))
    return np.concatenate(found)


def lock_excesses(kind: Kind) -> np.ndarray:
    """(seeds, artists)."""
    return kind.values(lambda moves, song: tempo_lock(moves.beats, song, moves.seconds).excess)


def figures(kind: Kind, **more: float | Estimate) -> Figures:
    """The row of a kind of dance."""
    found = timing(kind)
    return Figures(
        lock_excess=found.lock_excess,
        deceleration_gain=found.deceleration_gain,
        footfall_gain=found.footfall_gain,
        **more,
    )


def measure(model: Checkpoint, excerpts: Excerpts, settings: GenerateSettings, seeds: int) -> dict[str, Figures]:
    """Every row by name; the first two without a network."""
    rows = {TOKENIZED: figures(excerpts.kind([decoded(model, excerpts.dance, excerpts.clocks)]))}
    known: list[tuple[np.ndarray, Kind]] = []
    for name, prompt in prompts(excerpts):
        entropy = entropies(model.engine, prompt, excerpts.dance)
        kind = next((kind for before, kind in known if np.array_equal(before, entropy)), None)
        if kind is None:
            made = [danced(model, prompt, settings, seed) for seed in range(seeds)]
            kind = excerpts.kind([decoded(model, tokens, excerpts.clocks) for tokens in made])
            known.append((entropy, kind))
        rows[name] = figures(
            kind,
            told_otherwise_percent=told_otherwise(prompt, excerpts.told),
            entropy_nats=float(entropy.mean()),
            lock_change=over_songs_and_seeds(lock_excesses(kind) - lock_excesses(known[0][1])),
        )
        print(name, *line(rows[name]), file=sys.stderr, flush=True)
    return rows


def told_otherwise(prompt: Prompt, told: Prompt) -> float:
    """Per cent of the places at which a prompt says something else, the input that differs most."""
    return max(100 * float((value != other).mean()) for value, other in zip(prompt, told, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    keep_large_blocks()
    model, clips = checkpoint.load(arguments.checkpoint), pack.load_motion(arguments.data)
    excerpts = of_data(model, arguments.data, [c for c in clips if c.split == "train"], arguments.excerpts)
    rows = {kind: figures(found) for kind, found in real_dance(clips).items()}
    rows |= measure(model, excerpts, GenerateSettings(), arguments.seeds)
    report("told", rows, arguments.out / "conditions.json")


if __name__ == "__main__":
    main()
