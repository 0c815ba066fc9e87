"""The generator in numpy; ``model/generator.py`` defines it and names its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.digits import digits_of_codes
from tokendance_core.engine.mamba import BiMamba, Scanner
from tokendance_core.engine.maths import Linear, gelu, normalised
from tokendance_core.engine.parameters import Parameters
from tokendance_core.model.config import HALVES, GeneratorConfig, Prompt
from tokendance_core.types import OnShare, nobody


class Heard(NamedTuple):
    """A prompt as the global scanner takes it in: ``places`` (B, L, width) and ``style`` (B, width)."""

    places: np.ndarray
    style: np.ndarray


def token_table(
    parameters: Parameters, config: GeneratorConfig, compute: Compute, kind: str, *, mask: bool
) -> np.ndarray:
    """(codes, width), and one row more for the mask: the vector that each token enters as."""
    vectors = []
    if kind != "code":
        vectors.append((parameters / "embedding").take("weight", config.codes + mask, config.width))
    if kind != "index":
        project = Linear(parameters / "project", sum(config.levels), config.width, compute)
        vectors.append(project(np.pad(digits_of_codes(config.levels).T, ((0, int(mask)), (0, 0)))))
    return reduce(np.add, vectors)


class KnownTokens:
    """A convolution over the vectors of dance tokens, (B, streams, L) -> (B, L, outside): each token with its two
    neighbours on either side.

    What a token adds to each of its neighbours is a row of a table, worked out once: no products are left.
    """

    REACH = 2

    def __init__(
        self, parameters: Parameters, tables: Mapping[int, np.ndarray], halves: int, outside: int, compute: Compute
    ) -> None:
        """``tables`` holds the vectors of the streams that it hears, by their numbers; ``halves`` of the body."""
        width = next(iter(tables.values())).shape[1]
        weight = parameters.take("weight", outside, halves * width, 2 * self.REACH + 1)
        taps = np.ascontiguousarray(weight.transpose(2, 1, 0))
        self.bias = parameters.take("bias", outside)
        self.adds = {
            stream: [compute.product(table, tap[(stream % halves) * width :][:width]) for tap in taps]
            for stream, table in tables.items()
        }

    def __call__(self, dance: np.ndarray) -> np.ndarray:
        batch, _, length = dance.shape
        made = np.empty((batch, length, len(self.bias)), np.float32)
        made[:] = self.bias
        for stream, tables in self.adds.items():
            unknown = bool((dance[:, stream] == len(tables[0]) - 1).all())  # whole streams are, in most passes
            for tap, table in enumerate(tables):
                ahead = tap - self.REACH
                to = slice(max(-ahead, 0), max(length - max(ahead, 0), 0))
                since = slice(max(ahead, 0), max(length + min(ahead, 0), 0))
                made[:, to] += table[-1] if unknown else table[dance[:, stream, since]]
        return made


class GenreGate:
    """x + sigmoid(MLP_a([x, g])) MLP_d([x, g]) for tokens x (B, L, width) and a style g (B, width)."""

    def __init__(self, parameters: Parameters, width: int, compute: Compute) -> None:
        self.width, self.compute, alone = width, compute, compute.with_threads(1)
        self.tokens_in = Linear(parameters / "tokens_in", width, 2 * width, alone)
        self.genre_in = Linear(parameters / "genre_in", width, 2 * width, alone, bias=False)
        self.change = Linear(parameters / "change", width, width, alone).halved()
        self.openness = Linear(parameters / "openness", width, width, alone).halved()

    def __call__(self, x: np.ndarray, style: np.ndarray) -> np.ndarray:
        told = self.genre_in(style)[:, None]
        return self.compute.by_rows(lambda rows, made: self._let_in(rows, told, made), x, np.empty_like(x))

    def _let_in(self, x: np.ndarray, told: np.ndarray, made: np.ndarray) -> None:
        inside = self.tokens_in(x)
        inside += told
        gelu(inside)
        openness = np.tanh(self.openness(inside[..., self.width :]))  # 2 sigmoid(2 h) - 1
        openness += 1
        openness *= self.change(inside[..., : self.width])
        np.add(openness, x, out=made)


class DanceBranch:
    """Dance-local scanner of one body half: global features and this half's known tokens -> what its heads take."""

    def __init__(
        self, parameters: Parameters, config: GeneratorConfig, tables: Mapping[int, np.ndarray], compute: Compute
    ) -> None:
        self.enter = Linear(parameters / "enter", config.width, config.width, compute)
        self.around = KnownTokens(parameters / "around", tables, 1, config.width, compute)
        self.layers = Scanner(parameters / "layers", config, config.dance_layers, compute)
        scale, shift = ((parameters / "norm").take(name, config.width) for name in ("weight", "bias"))
        self.heads = [
            code_head(parameters / "heads" / codebook, config, compute).of_normalised(scale, shift)
            for codebook in range(config.codebooks)
        ]

    def __call__(self, features: np.ndarray, dance: np.ndarray) -> np.ndarray:
        x = self.enter(features)
        x += self.around(dance)
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
        streams = range(config.streams)
        tables = {i: token_table(parameters / "dance_in" / i, config, compute, "both", mask=True) for i in streams}
        genre = parameters / "genre_in"
        self.genre_in = Linear(genre / 1, width, width, compute)((genre / 0).take("weight", config.genres, width))
        self.tempo_in = (parameters / "tempo_in").take("weight", config.tempos, width)
        self.fuse_music = Linear(parameters / "fuse_music", 2 * width, width, compute)
        self.fuse_dance = KnownTokens(parameters / "fuse_dance", tables, len(HALVES), width, compute)
        layers = [parameters / "global_layers" / layer for layer in range(config.global_layers)]
        self.global_layers = [
            (GenreGate(each / "genre_gate", width, compute), BiMamba(each / "mixer", config, compute))
            for each in layers
        ]
        self.branches = [
            DanceBranch(
                parameters / "branches" / half, config, {i: tables[i] for i in streams[half :: len(HALVES)]}, compute
            )
            for half in range(len(HALVES))
        ]

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

    def answer_at(
        self, places: np.ndarray, heard: Heard, dance: np.ndarray, codebooks: range, on_share: OnShare = nobody
    ) -> list[np.ndarray]:
        """As ``engine.Answering``."""
        parts = len(self.global_layers) + len(self.branches)
        x = self.fuse_dance(dance)
        x += heard.places
        for done, (gate, mixer) in enumerate(self.global_layers, start=1):
            x = mixer(gate(x, heard.style))
            on_share(done / parts)
        scanned = []
        for done, branch in enumerate(self.branches, start=len(self.global_layers) + 1):
            scanned.append(branch(x, dance))
            on_share(done / parts)
        return [
            self.branches[half].heads[codebook](scanned[half][places[:, len(HALVES) * number + half]])
            for number, codebook in enumerate(codebooks)
            for half in range(len(HALVES))
        ]


_MUSIC = ("semantic", "acoustic")
