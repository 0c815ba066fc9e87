"""What the paper leaves open, tried: short trainings that differ in one thing, on the pairs of a finished run.

``python -m bench.ablations RUN [--steps 400]``, RUN a folder that ``train generator`` wrote; prints a table, writes
RUN/ablations.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.networks import with_attention
from tokendance_core.commands.devices import keep_large_blocks
from tokendance_core.model.config import HALVES, LEVELS
from tokendance_core.model.generator import Generator
from tokendance_core.model.ssm import BiMamba, Mamba2
from tokendance_core.train import generator as stage_two
from tokendance_core.train.loop import Training, TrainSettings
from tokendance_core.train.paired_tokens import PairedTokens, load
from tokendance_core.train.schedule import Length


class OneWay(nn.Module):
    """The block without its backward half."""

    def __init__(self, block: BiMamba) -> None:
        super().__init__()
        self.norm, self.mixer, self.gate, self.dropout = block.norm, block.fwd, block.gate, block.dropout

    def mixed(self, n: Tensor) -> Tensor:
        return self.mixer(n)

    def forward(self, x: Tensor) -> Tensor:
        n = self.norm(x)
        return x + self.dropout(self.mixed(n) * F.silu(self.gate(n)))


class Shared(OneWay):
    """Both directions through one mixer's weights, as in Vision Mamba (all but its second convolution and step
    sizes).
    """

    def mixed(self, n: Tensor) -> Tensor:
        return self.mixer(n) + self.mixer(n.flip(1)).flip(1)


class PlainSum(nn.Module):
    """The block without its multiplicative skip."""

    def __init__(self, block: BiMamba) -> None:
        super().__init__()
        self.norm, self.fwd, self.bwd, self.dropout = block.norm, block.fwd, block.bwd, block.dropout

    def forward(self, x: Tensor) -> Tensor:
        n = self.norm(x)
        return x + self.dropout(self.fwd(n) + self.bwd(n.flip(1)).flip(1))


class AddedGenre(nn.Module):
    """The genre added to every token instead of gated in."""

    def forward(self, x: Tensor, genre: Tensor) -> Tensor:
        return x + genre[:, None]


class Sum(nn.Module):
    """Both music streams added instead of joined by a linear layer."""

    def forward(self, both: Tensor) -> Tensor:
        semantic, acoustic = both.chunk(2, dim=-1)
        return semantic + acoustic


def _blocks(kind: Callable[[BiMamba], nn.Module]) -> Callable[[Generator], Generator]:
    def change(model: nn.Module) -> nn.Module:
        for name, child in list(model.named_children()):
            if isinstance(child, BiMamba):
                setattr(model, name, kind(child))
            elif not isinstance(child, Mamba2):
                change(child)
        return model

    return change


def _genre_added(model: Generator) -> Generator:
    for layer in model.global_layers:
        layer.genre_gate = AddedGenre()
    return model


def _music_summed(model: Generator) -> Generator:
    model.fuse_music = Sum()
    return model


def _music_in(kind: str) -> Callable[[Generator], Generator]:
    return lambda model: Generator(replace(model.config, music_in=kind))


VARIANTS: dict[str, Callable[[Generator], Generator]] = {
    "released": lambda model: model,
    "blocks: one direction": _blocks(OneWay),
    "blocks: shared by both directions (Vim)": _blocks(Shared),
    "blocks: no multiplicative skip": _blocks(PlainSum),
    "blocks: attention": lambda model: with_attention(model, model.config.width),
    "genre added, not gated": _genre_added,
    "fusion: sum": _music_summed,
    "music tokens: learned index only": _music_in("index"),
    "music tokens: FSQ digits only": _music_in("code"),
}
"""Each changes one thing of the released generator. Crops and the clock are options of ``train generator``."""


def figures(
    change: Callable[[Generator], Generator],
    pairs: tuple[PairedTokens, PairedTokens],
    settings: TrainSettings,
    steps: int,
) -> dict[str, float]:
    """Held-out cross-entropies and accuracies after a short training."""
    torch.manual_seed(settings.seed)
    codebooks, genres = pairs[0].dance.shape[1] // len(HALVES), int(pairs[0].genre.max()) + 1
    plain = stage_two.generator_task("released", *pairs, genres=genres, codebooks=codebooks, levels=LEVELS)
    task = stage_two.GeneratorTask(change(plain.model), *pairs)
    with tempfile.TemporaryDirectory() as folder:
        Training(task, settings, Length(steps=steps), folder=Path(folder), name="ablation").run()
    task.model.eval()
    return {"parameters": sum(p.numel() for p in task.model.parameters())} | stage_two.token_figures(
        task.model, pairs[1]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    keep_large_blocks()
    pairs = tuple(load(arguments.run / f"pairs_{split}.npz") for split in ("train", "validation"))
    settings = TrainSettings(
        batch=arguments.batch,
        learning_rate=2e-3,
        betas=(0.9, 0.99),
        warmup=50,
        weight_decay=0.02,
    )
    result = {}
    for name, change in VARIANTS.items():
        result[name] = figures(change, pairs, settings, arguments.steps)
        print(name, {key: round(value, 3) for key, value in result[name].items()}, flush=True)
    (arguments.run / "ablations.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
