"""The whole recipe: four tokenizers, songs with dances as their tokens, the generator, a checkpoint that dances.

``STAGES`` says what each part is given; a run folder holds all that a later run goes on from.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tokendance_core.dance import checkpoint
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.checkpoint_header import sizes
from tokendance_core.dance.representation import RootForm
from tokendance_core.datasets import checks, pack
from tokendance_core.errors import DataError
from tokendance_core.model.config import GeneratorConfig
from tokendance_core.music.clock import ClockForm
from tokendance_core.train import generator, run_folder, tokenizers
from tokendance_core.train.log import Clock, Say
from tokendance_core.train.loop import Task, Training, TrainSettings
from tokendance_core.train.schedule import Length


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What one network is given: ``steps`` on two cores, or a ``share`` of the minutes; batch, rate and the like."""

    steps: int
    share: float
    batch: int
    learning_rate: float
    betas: tuple[float, float]
    weight_decay: float = 0.0


STAGES = {
    "lower": Stage(steps=24_000, share=0.31, batch=16, learning_rate=8e-4, betas=(0.5, 0.99)),
    "upper": Stage(steps=12_000, share=0.18, batch=16, learning_rate=8e-4, betas=(0.5, 0.99)),
    "semantic": Stage(steps=6_000, share=0.05, batch=16, learning_rate=5e-4, betas=(0.5, 0.99)),
    "acoustic": Stage(steps=6_000, share=0.05, batch=16, learning_rate=5e-4, betas=(0.5, 0.99)),
    "generator": Stage(steps=40_000, share=0.27, batch=16, learning_rate=1.5e-3, betas=(0.9, 0.99), weight_decay=0.02),
}
"""In the order of training. What the shares leave is for reading the data and building the pairs."""

PAIRS_SHARE = 0.1
"""How much of the minutes may go into building pairs."""

RESERVE = 0.02
"""Share of the minutes that is kept for the last checkpoint."""

BATCH_FACTOR = {"large": 4}
"""How many times the batch a size is trained with."""

TOKENIZERS = "tokenizers.safetensors"
"""What stage one leaves in the run folder for stage two."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One run: where from and to, how long, how large.

    ``times`` multiplies the steps of ``STAGES``, ``steps`` replaces them; with ``minutes`` time alone counts, unless
    ``steps`` is given too. ``anneal`` ends every stage that was begun, by the decay of its rate from where it is.
    """

    data: Path
    out: Path
    size: str = "released"
    device: str = "cpu"
    minutes: float | None = None
    steps: int | None = None
    times: float = 1.0
    batch: int | None = None
    learning_rate: float | None = None
    bfloat16: bool = False
    seed: int = 0
    root: RootForm = "heading"
    clock_form: ClockForm = "beats"
    pairs: int = generator.PAIRS
    workers: int = 1
    anneal: bool = False
    graphs: bool = True
    say: Say = lambda line: None
    clock: Clock = time.monotonic

    def settings(self, name: str) -> TrainSettings:
        """How a stage is trained."""
        stage = STAGES[name]
        return TrainSettings(
            batch=self.batch or stage.batch * BATCH_FACTOR.get(self.size, 1),
            learning_rate=self.learning_rate or stage.learning_rate,
            betas=stage.betas,
            weight_decay=stage.weight_decay,
            seed=self.seed,
            bfloat16=self.bfloat16,
        )

    def length(self, name: str, share: float | None = None) -> Length:
        """How long a stage is trained: for its own ``share`` of the minutes, unless another is given."""
        if self.minutes is None:
            return Length(steps=self.steps or max(round(STAGES[name].steps * self.times), 1))
        return Length(steps=self.steps, seconds=60 * self.minutes * (STAGES[name].share if share is None else share))


def run(recipe: Recipe) -> None:
    """All stages to their ends, from wherever the run folder stands, and ``tokendance.safetensors``."""
    begun = recipe.clock()
    train_tokenizers(recipe, checkpoint.STREAMS)
    train_generator(recipe, recipe.out / TOKENIZERS, begun=begun)


def train_tokenizers(recipe: Recipe, wanted: tuple[str, ...]) -> None:
    """Stage one: ``tokenizers.safetensors`` once the folder holds all four."""
    lengths = {name: recipe.length(name) for name in STAGES if name in wanted}
    unfinished = [name for name, length in lengths.items() if not _is_finished(recipe, name, length)]
    tasks: dict[str, Task] = {}
    if {"lower", "upper"} & set(unfinished):
        tasks |= _dance_tasks(recipe)
    if {"semantic", "acoustic"} & set(unfinished):
        tasks |= _music_tasks(recipe)
    for name in unfinished:
        _training(recipe, name, tasks[name], lengths[name]).run()
    if unfinished or not (recipe.out / TOKENIZERS).exists():
        assembled = run_folder.assemble(recipe.out, recipe.root)
        if assembled:
            assembled.save(recipe.out / TOKENIZERS)


# Both seed the weights anew, so that they do not depend on which streams are trained together, and keep the
# normalisation that the folder began with: the data may have changed since.


def _dance_tasks(recipe: Recipe) -> dict[str, tokenizers.DanceTask]:
    torch.manual_seed(recipe.seed)
    dances, others = pack.load_motion(recipe.data), pack.load_motion(recipe.data, auxiliary=True)
    for doubt in checks.summary(source.clip for source in (*dances, *others)):
        recipe.say(doubt)
    kept = recipe.out / run_folder.DANCE_STATISTICS
    tasks, statistics = tokenizers.dance_tasks(
        dances,
        others,
        tokenizers.SIZES[recipe.size],
        recipe.root,
        recipe.device,
        run_folder.load_statistics(kept),
    )
    run_folder.save_statistics(kept, statistics)
    return tasks


def _music_tasks(recipe: Recipe) -> dict[str, tokenizers.MusicTask]:
    torch.manual_seed(recipe.seed)
    kept = recipe.out / run_folder.MUSIC_STATISTICS
    tasks, statistics = tokenizers.music_tasks(
        list(pack.load_songs(recipe.data, recipe.say, generator.SPLITS)),
        tokenizers.SIZES[recipe.size],
        recipe.device,
        run_folder.load_statistics(kept),
    )
    run_folder.save_statistics(kept, statistics)
    return tasks


def train_generator(recipe: Recipe, trained: Path, begun: float | None = None) -> None:
    """Stage two on the tokenizers in the file ``trained``; ``tokendance.safetensors`` at every look at held-out data.

    With minutes it gets its share of them, or what the whole run, ``begun`` at that time of the clock, has left.
    """
    # one thread: threads are not copied to the processes that make pairs
    stage_one = replace(checkpoint.load(trained, threads=1), clock=recipe.clock_form)
    if stage_one.generator is not None:
        raise DataError(
            f"{trained} already holds a generator.", hint="Pass the tokenizers.safetensors that stage one wrote."
        )
    until = math.inf if recipe.minutes is None else recipe.clock() + 60 * recipe.minutes * PAIRS_SHARE
    pairs = generator.load_or_build_pairs(
        recipe.out,
        recipe.data,
        stage_one,
        seed=recipe.seed,
        count=recipe.pairs,
        say=recipe.say,
        workers=recipe.workers,
        enough=lambda: recipe.clock() >= until,
    )
    recipe.say(f"generator: {len(pairs[0])} pairs")
    torch.manual_seed(recipe.seed)
    codes = stage_one.tokenizers["upper"]
    task = generator.generator_task(
        recipe.size,
        *pairs,
        genres=len(stage_one.genres),
        codebooks=codes.codebooks,
        levels=codes.levels,
        device=recipe.device,
    )

    length = recipe.length("generator")
    if begun is not None and recipe.minutes is not None:
        left = 60 * recipe.minutes * (1 - RESERVE) - _spent(recipe, begun)
        length = replace(length, seconds=max(left, 1.0))
    _training(recipe, "generator", task, length, lambda: _complete(stage_one, recipe.out)).run()


def assemble(recipe: Recipe) -> None:
    """The checkpoint from the best weights that a run folder holds, and no training; DataError where they are not
    all there.
    """
    stage_one = run_folder.assemble(recipe.out, recipe.root)
    if stage_one is None or not run_folder.best_path(recipe.out, "generator").exists():
        raise DataError(
            f"{recipe.out} does not hold the weights of all of {', '.join(STAGES)}.", hint="Train what is missing."
        )
    stage_one.save(recipe.out / TOKENIZERS)
    _complete(replace(stage_one, clock=recipe.clock_form), recipe.out)


def _complete(stage_one: Checkpoint, folder: Path) -> None:
    """Tokenizers and the best generator of a run folder as the checkpoint that dances."""
    config, weights = run_folder.read_weights(run_folder.best_path(folder, "generator"))
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    stage_one.with_generator(GeneratorConfig(**sizes(config)), arrays).save(folder / "tokendance.safetensors")


def _spent(recipe: Recipe, begun: float) -> float:
    """Seconds until now: of this process, or of earlier ones where these trained for longer."""
    states = [run_folder.read_state(run_folder.state_path(recipe.out, name)) for name in checkpoint.STREAMS]
    return max(recipe.clock() - begun, sum(float(state["elapsed"]) for state in states if state))


def _is_finished(recipe: Recipe, name: str, length: Length) -> bool:
    """Whether nothing is left to do for a stage, told without its data."""
    state = run_folder.read_state(run_folder.state_path(recipe.out, name))
    if state is None or not state["finished"]:
        return False
    return recipe.anneal or length.progress(state["step"], state["elapsed"]) >= 1


def _training(
    recipe: Recipe, name: str, task: Task, length: Length, validated: Callable[[], None] = lambda: None
) -> Training:
    training = Training(
        task,
        recipe.settings(name),
        length,
        folder=recipe.out,
        name=name,
        device=recipe.device,
        anneal=recipe.anneal,
        graphs=recipe.graphs,
        say=recipe.say,
        clock=recipe.clock,
        validated=validated,
    )
    recipe.say(f"{name}: from step {training.step}, {training.progress:.0%} done")
    return training
