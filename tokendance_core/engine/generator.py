"""The generator in numpy; ``model/generator.py`` defines it and names its parameters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.digits import digits_of_codes
from tokendance_core.engine.mamba import BiMamba, Scanner
from tokendance_core.engine.maths import Linear, gelu, normalised, sigmoid
from tokendance_core.engine.parameters import Parameters
from tokendance_core.model.config import HALVES, GeneratorConfig, Prompt


class Heard(NamedTuple):
    """A prompt as the global scanner takes it in: ``places`` (B, L, width) and ``style`` (B, width)."""

    places: np.ndarray
    style: np.ndarray


def token_table(
    parameters: Parameters, config: GeneratorConfig, compute: Compute, kind: str, *, mask: bool
) -> np.ndarray:
    """(codes, width), and one row more for the mask: the vector that each token enters as."""
    rows = config.codes + mask
    table = np.zeros((rows, config.width), np.float32)
    if kind != "index":
        digits = np.pad(digits_of_codes(config.levels).T, ((0, int(mask)), (0, 0)))
        table += Linear(parameters / "project", digits.shape[1], config.width, compute)(digits)
    if kind != "code":
        table += (parameters / "embedding").take("weight", rows, config.width)
    return table


class Neighbours:
    """Mixes each token with its two neighbours on either side, (B, L, inside) -> (B, L, outside)."""

    REACH = 2

    def __init__(self, parameters: Parameters, inside: int, outside: int, compute: Compute) -> None:
        self.product = compute.product
        weight = parameters.take("weight", outside, inside, 2 * self.REACH + 1)
        self.taps = np.ascontiguousarray(weight.transpose(2, 1, 0))
        self.bias = parameters.take("bias", outside)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        length = x.shape[1]
        made = self.product(x, self.taps[self.REACH])
        made += self.bias
        for off in range(1, min(self.REACH + 1, length)):
            made[:, off:] += self.product(x[:, :-off], self.taps[self.REACH - off])
            made[:, :-off] += self.product(x[:, off:], self.taps[self.REACH + off])
        return made


class GenreGate:
    """x + sigmoid(MLP_a([x, g])) MLP_d([x, g]) for tokens x (B, L, width) and a style g (B, width)."""

    def __init__(self, parameters: Parameters, width: int, compute: Compute) -> None:
        self.tokens_in = Linear(parameters / "tokens_in", width, 2 * width, compute)
        self.genre_in = Linear(parameters / "genre_in", width, 2 * width, compute, bias=False)
        self.change = Linear(parameters / "change", width, width, compute)
        self.openness = Linear(parameters / "openness", width, width, compute)
        self.width, self.compute = width, compute

    def __call__(self, x: np.ndarray, style: np.ndarray) -> np.ndarray:
        inside = self.compute.product(x, self.tokens_in.weight)
        inside += self.genre_in(style)[:, None] + self.tokens_in.bias
        inside = gelu(inside)
        made = sigmoid(self.openness(inside[..., self.width :]))
        made *= self.change(inside[..., : self.width])
        made += x
        return made


class DanceBranch:
    """Dance-local scanner of one body half: global features and this half's known tokens -> what its heads take."""

    def __init__(self, parameters: Parameters, config: GeneratorConfig, compute: Compute) -> None:
        self.enter = Linear(parameters / "enter", config.width, config.width, compute)
        self.around = Neighbours(parameters / "around", config.width, config.width, compute)
        self.layers = Scanner(parameters / "layers", config, config.dance_layers, compute)
        scale, shift = ((parameters / "norm").take(name, config.width) for name in ("weight", "bias"))
        self.heads = [
            code_head(parameters / "heads" / codebook, config, compute).after_scale(scale, shift)
            for codebook in range(config.codebooks)
        ]

    def __call__(self, features: np.ndarray, known: np.ndarray) -> np.ndarray:
        x = self.enter(features)
        x += self.around(known)
        return normalised(self.layers(x))


def code_head(parameters: Parameters, config: GeneratorConfig, compute: Compute) -> Linear:
    """Features -> logits of the codes; the scores of their digits are added once and for all."""
    head = Linear(parameters / "code", config.width, config.codes, compute)
    digits = digits_of_codes(config.levels)
    head.weight += Linear(parameters / "digit", config.width, len(digits), compute, bias=False).weight @ digits
    return head


class Generator:
    """Predicts all dance token streams for every music token at once."""

    def __init__(self, parameters: Parameters, config: GeneratorConfig, compute: Compute) -> None:
        self.config, width = config, config.width
        self.music_in = [
            token_table(parameters / f"{name}_in", config, compute, config.music_in, mask=False) for name in _MUSIC
        ]
        self.music_layers = [
            Scanner(parameters / f"{name}_layers", config, config.music_layers, compute) for name in _MUSIC
        ]
        self.cues_in = {
            cue: (parameters / "cues_in" / cue).take("weight", size, width) for cue, size in config.cues.items()
        }
        self.dance_in = [
            token_table(parameters / "dance_in" / i, config, compute, "both", mask=True) for i in range(config.streams)
        ]
        genre = parameters / "genre_in"
        self.genre_in = Linear(genre / 1, width, width, compute)((genre / 0).take("weight", config.genres, width))
        self.tempo_in = (parameters / "tempo_in").take("weight", config.tempos, width)
        self.fuse_music = Linear(parameters / "fuse_music", 2 * width, width, compute)
        self.fuse_dance = Neighbours(parameters / "fuse_dance", len(HALVES) * width, width, compute)
        layers = [parameters / "global_layers" / layer for layer in range(config.global_layers)]
        self.global_layers = [
            (GenreGate(each / "genre_gate", width, compute), BiMamba(each / "mixer", config, compute))
            for each in layers
        ]
        self.branches = [DanceBranch(parameters / "branches" / half, config, compute) for half in range(len(HALVES))]

    def hear(self, prompt: Prompt) -> Heard:
        """What a prompt contributes, whatever is danced to it."""
        tokens = (prompt.semantic, prompt.acoustic)
        music = [
            layers(table[token]) for layers, table, token in zip(self.music_layers, self.music_in, tokens, strict=True)
        ]
        places = self.fuse_music(np.concatenate(music, axis=-1))
        for cue, table in self.cues_in.items():
            places += table[getattr(prompt, cue)]
        return Heard(places, self.genre_in[prompt.genre] + self.tempo_in[prompt.tempo])

    def answer_at(self, places: np.ndarray, heard: Heard, dance: np.ndarray, codebooks: range) -> list[np.ndarray]:
        """As ``engine.Answering``."""
        known = self._entered(dance)
        x = self.fuse_dance(known) + heard.places
        for gate, mixer in self.global_layers:
            x = mixer(gate(x, heard.style))
        halves = np.split(known, len(HALVES), axis=-1)
        scanned = [branch(x, half) for branch, half in zip(self.branches, halves, strict=True)]
        return [
            self.branches[half].heads[codebook](scanned[half][places[:, len(HALVES) * number + half]])
            for number, codebook in enumerate(codebooks)
            for half in range(len(HALVES))
        ]

    def _entered(self, dance: np.ndarray) -> np.ndarray:
        """Tokens (B, streams, L) -> (B, L, halves x width): the vectors of all codebooks of each half, added."""
        known = np.zeros((len(dance), dance.shape[2], len(HALVES), self.config.width), np.float32)
        for stream, table in enumerate(self.dance_in):
            known[:, :, stream % len(HALVES)] += table[dance[:, stream]]
        return known.reshape(*known.shape[:2], -1)


_MUSIC = ("semantic", "acoustic")
