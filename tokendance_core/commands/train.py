"""``python -m tokendance_core train [tokenizers|generator]``: arguments in, a checkpoint out."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import torch

from tokendance_core.commands import devices
from tokendance_core.commands.requests import RunSettings
from tokendance_core.dance import checkpoint
from tokendance_core.errors import SettingError
from tokendance_core.train import generator, recipe, run_folder, tokenizers
from tokendance_core.train.optimisation import CaptureError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stage",
        nargs="?",
        choices=("all", "tokenizers", "generator", "assemble"),
        default="all",
        help="all stages in order (default), or one: four FSQ tokenizers; music tokens to dance tokens; or no "
        "training, but the checkpoint from the best weights in --out",
    )
    parser.add_argument("--data", type=Path, help="folder with motion/, music/ and their index files")
    parser.add_argument("--out", type=Path, required=True, help="folder for states, logs and results; may hold a run")
    parser.add_argument("--size", choices=tuple(tokenizers.SIZES), default="released")
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda or mps; auto: the graphics card if there is one"
    )
    length = parser.add_argument_group("how long; may differ from one start to the next")
    length.add_argument("--minutes", type=float, help="stop in time; each stage has its share")
    length.add_argument("--steps", type=int, help="steps of every stage (default: its own number)")
    length.add_argument("--times", type=float, default=1.0, help="so many times the steps that a stage has by default")
    length.add_argument(
        "--anneal", action="store_true", help="bring what was begun to its end now: a third more steps, rate to zero"
    )
    parser.add_argument(
        "--only",
        choices=checkpoint.STREAMS,
        action="append",
        help="of the tokenizers, train this one alone (repeatable)",
    )
    parser.add_argument(
        "--root",
        choices=("heading", "velocity", "absolute"),
        default="heading",
        help="how the lower stream stores the path",
    )
    parser.add_argument("--tokenizers", type=Path, help="for the generator alone (default: those in --out)")
    parser.add_argument(
        "--pairs", type=int, default=generator.PAIRS, help="how many songs with dances to build for training"
    )
    parser.add_argument(
        "--clock",
        choices=("beats", "frames"),
        default="beats",
        help="16 frames to a beat, or the paper's 30 to a second",
    )
    parser.add_argument(
        "--batch", type=int, help="windows, or crops of 60 tokens, in a step (default: by stage and size)"
    )
    parser.add_argument("--learning-rate", type=float, help="highest rate (default: by stage)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="of products inside the networks; auto: bfloat16 on a graphics card",
    )
    parser.add_argument("--eager", action="store_true", help="no CUDA graphs")
    parser.add_argument("--threads", type=int, default=0, help="processors to use; 0: all of them")


def run(arguments: argparse.Namespace) -> None:
    """Train to the end of what was asked for, from wherever ``--out`` stands."""
    _check(arguments)
    threads = arguments.threads or os.cpu_count() or 1
    torch.set_num_threads(threads)
    _, device = devices.choose(RunSettings(engine="torch", device=arguments.device))
    _prepare(device)
    asked = recipe.Recipe(
        data=arguments.data or Path(),
        out=arguments.out,
        size=arguments.size,
        device=device,
        minutes=arguments.minutes,
        steps=arguments.steps,
        times=arguments.times,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        bfloat16=arguments.precision == "bfloat16" or (arguments.precision == "auto" and device == "cuda"),
        seed=arguments.seed,
        root=arguments.root,
        clock_form=arguments.clock,
        pairs=arguments.pairs,
        workers=threads,
        anneal=arguments.anneal,
        graphs=not arguments.eager,
        say=lambda line: print(line, flush=True),
    )
    try:
        with run_folder.locked(arguments.out):
            if arguments.stage == "assemble":
                recipe.assemble(asked)
            elif arguments.stage == "tokenizers":
                recipe.train_tokenizers(asked, tuple(arguments.only or checkpoint.STREAMS))
            elif arguments.stage == "generator":
                recipe.train_generator(asked, arguments.tokenizers or arguments.out / recipe.TOKENIZERS)
            else:
                recipe.run(asked)
    except CaptureError as error:
        print(f"CUDA graphs cannot be used here ({error}); starting again without them.", flush=True)
        os.execv(sys.executable, [*sys.orig_argv, "--eager"])


def _check(arguments: argparse.Namespace) -> None:
    """SettingError for options that do not fit together, or numbers that make no sense."""
    if arguments.only and arguments.stage != "tokenizers":
        raise SettingError(
            "--only chooses among the tokenizers.", hint="Write `train tokenizers --only …`, or leave it out."
        )
    if arguments.data is None and arguments.stage != "assemble":
        raise SettingError("--data is missing.", hint="Name the folder with motion/ and music/.")
    for name in ("minutes", "steps", "times", "batch", "learning_rate", "pairs"):
        value = getattr(arguments, name)
        if value is not None and not value > 0:
            raise SettingError(f"--{name.replace('_', '-')} is {value}, expected more than 0.", hint="Leave it out.")


def _prepare(device: str) -> None:
    """Fast arithmetic on a graphics card: TF32 products."""
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
