"""``python -m tokendance_core train tokenizers|generator``: arguments in, a checkpoint out."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from tokendance_core.dance import checkpoint
from tokendance_core.datasets import pack
from tokendance_core.errors import CheckpointError, DataError
from tokendance_core.train import generator, tokenizers
from tokendance_core.train.loop import Model, Processes, TrainSettings, train


def add_arguments(parser: argparse.ArgumentParser) -> None:
    stages = parser.add_subparsers(dest="stage", required=True, metavar="tokenizers|generator")
    first = stages.add_parser("tokenizers", help="stage one: four FSQ tokenizers")
    first.add_argument(
        "--only",
        choices=checkpoint.STREAMS,
        action="append",
        help="train this stream alone (repeatable); default: all four",
    )
    first.add_argument(
        "--root",
        choices=("heading", "velocity", "absolute"),
        default="heading",
        help="how the lower stream stores the path",
    )
    second = stages.add_parser("generator", help="stage two: music tokens to dance tokens")
    second.add_argument("--tokenizers", type=Path, required=True, help="the file that stage one wrote")
    second.add_argument(
        "--pairs", type=int, default=generator.PAIRS, help="how many songs with dances to build for training"
    )
    second.add_argument(
        "--clock",
        choices=("beats", "frames"),
        default="beats",
        help="16 frames to a beat, or the paper's 30 to a second",
    )
    for stage, steps, batch, rate in ((first, 8000, 16, 5e-4), (second, 7500, 32, 2e-3)):
        stage.add_argument("--data", type=Path, required=True, help="folder with motion/, music/ and their index files")
        stage.add_argument(
            "--out", type=Path, required=True, help="folder for the training state, the log and the result"
        )
        stage.add_argument(
            "--start-from", type=Path, help="a checkpoint whose weights (and normalisation) to go on from"
        )
        stage.add_argument("--size", choices=tuple(tokenizers.SIZES), default="released")
        stage.add_argument("--steps", type=int, default=steps)
        stage.add_argument("--batch", type=int, default=batch)
        stage.add_argument("--learning-rate", type=float, default=rate)
        stage.add_argument("--seed", type=int, default=0)
        stage.add_argument("--device", default="cpu")
        stage.add_argument(
            "--bfloat16", action="store_true", help="products in half precision: faster on recent processors and GPUs"
        )
        stage.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")


def run(arguments: argparse.Namespace) -> None:
    """Train one stage to its end, resuming whatever ``--out`` already holds."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    {"tokenizers": _train_tokenizers, "generator": _train_generator}[arguments.stage](arguments)


def _settings(arguments: argparse.Namespace, betas: tuple[float, float], weight_decay: float) -> TrainSettings:
    return TrainSettings(
        steps=arguments.steps,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        betas=betas,
        weight_decay=weight_decay,
        seed=arguments.seed,
        bfloat16=arguments.bfloat16,
        warmup=min(100, arguments.steps // 10),
        validate_every=max(arguments.steps // 10, 1),
    )


def _train_tokenizers(arguments: argparse.Namespace) -> None:
    wanted = arguments.only or checkpoint.STREAMS
    settings = _settings(arguments, betas=(0.5, 0.99), weight_decay=0.0)
    processes = Processes.join(arguments.device)
    trained = checkpoint.load(arguments.start_from) if arguments.start_from else None
    tasks: dict[str, tokenizers.DanceTask | tokenizers.MusicTask] = {}
    if {"upper", "lower"} & set(wanted):
        tasks |= _dance_tasks(arguments, trained)
    if {"semantic", "acoustic"} & set(wanted):
        tasks |= _music_tasks(arguments, trained)
    for name in wanted:
        if trained:
            codebooks = tasks[name].model.config.codebooks
            start = trained.tokenizers[name]
            grown = tokenizers.grown(start, codebooks) if start.config.codebooks < codebooks else start
            _start_from(grown, tasks[name].model)
        train(
            tasks[name],
            settings,
            folder=arguments.out,
            name=name,
            device=arguments.device,
            processes=processes,
        )
    assembled = tokenizers.assemble(arguments.out, arguments.root, trained) if processes.rank == 0 else None
    if assembled:
        assembled.save(arguments.out / "tokenizers.safetensors", half=False)


# Both seed the weights anew, so that they do not depend on which streams are trained together.


def _dance_tasks(
    arguments: argparse.Namespace, trained: checkpoint.Checkpoint | None
) -> dict[str, tokenizers.DanceTask]:
    torch.manual_seed(arguments.seed)
    tasks, statistics = tokenizers.dance_tasks(
        pack.load_motion(arguments.data),
        pack.load_motion(arguments.data, auxiliary=True),
        tokenizers.SIZES[arguments.size],
        arguments.root,
        trained.dance_statistics if trained else None,
    )
    tokenizers.save_statistics(arguments.out / "dance_statistics.npz", statistics)
    return tasks


def _music_tasks(
    arguments: argparse.Namespace, trained: checkpoint.Checkpoint | None
) -> dict[str, tokenizers.MusicTask]:
    torch.manual_seed(arguments.seed)
    tasks, statistics = tokenizers.music_tasks(
        list(pack.load_songs(arguments.data)),
        tokenizers.SIZES[arguments.size],
        trained.music_statistics if trained else None,
    )
    tokenizers.save_statistics(arguments.out / "music_statistics.npz", statistics)
    return tasks


def _start_from(trained: Model | None, model: Model) -> None:
    """Give a model the weights of a trained one."""
    if trained is None or model.config != trained.config:
        raise CheckpointError(
            "--start-from holds no weights of these sizes.", hint="Pass the --size that it was trained with."
        )
    model.load_state_dict(trained.state_dict())


def _train_generator(arguments: argparse.Namespace) -> None:
    stage_one = replace(checkpoint.load(arguments.tokenizers), clock=arguments.clock)
    if stage_one.generator is not None:
        raise DataError(
            f"{arguments.tokenizers} already holds a generator.",
            hint="Pass the tokenizers.safetensors that stage one wrote.",
        )
    settings = _settings(arguments, betas=(0.9, 0.99), weight_decay=0.02)
    processes = Processes.join(arguments.device)
    # The first process builds the pairs, the others wait for its files.
    if processes.rank > 0:
        processes.wait()
    pairs = generator.load_or_build_pairs(
        arguments.out, arguments.data, stage_one, seed=arguments.seed, count=arguments.pairs
    )
    if processes.rank == 0:
        processes.wait()
    torch.manual_seed(arguments.seed)
    sizes = stage_one.tokenizers["upper"].config
    task = generator.generator_task(
        arguments.size, *pairs, genres=len(stage_one.genres), codebooks=sizes.codebooks, levels=sizes.levels
    )
    if arguments.start_from:
        _start_from(checkpoint.load(arguments.start_from).generator, task.model)
    train(task, settings, folder=arguments.out, name="generator", device=arguments.device, processes=processes)
    if processes.rank == 0:
        stage_one.with_generator(task.model.cpu()).save(arguments.out / "tokendance.safetensors")
