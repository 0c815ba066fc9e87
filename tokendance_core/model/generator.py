"""The Local-Global-Local generator: music tokens in, dance tokens out, one parallel pass over a whole song.

    semantic --embed--> 2 x BiMamba --.                                        .--> 2 x BiMamba --> upper logits
                                       fuse --> 4 x (GenreGate, BiMamba) --.--<
    acoustic --embed--> 2 x BiMamba --'    ^                                  '--> 2 x BiMamba --> lower logits
                                        cues, dance tokens already known

TokenDance (arXiv 2603.27314) section 3.3. Beyond the paper, known dance tokens enter at the global scanner and in their
own half's branch, so that the network can refine and edit; tempo joins the genre at the gate, ``CUES`` join the music.
With all dance tokens masked and these unspecified it is the paper's model up to constant vectors.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tokendance_core.model.config import HALVES, GeneratorConfig, Prompt
from tokendance_core.model.fsq import FSQ
from tokendance_core.model.ssm import BiMamba

HEAD_SCALE = 0.01  # spread of a new head's weights: at first the scores of the digits decide
GATE_BIAS = -4.0  # a new genre gate is almost shut: sigmoid(-4) = 0.018


class Heard(NamedTuple):
    """A prompt as the global scanner takes it in: ``places`` (B, L, width) and ``style`` (B, width)."""

    places: Tensor
    style: Tensor


def digits_of_codes(levels: tuple[int, ...]) -> Tensor:
    """(sum of ``levels``, codes): 1 where a code has a digit, the digits of one level below those of another."""
    quantizer = FSQ(levels)
    digits = quantizer.digits(torch.arange(quantizer.size))
    return torch.cat([F.one_hot(digit, level).T for digit, level in zip(digits.T, levels, strict=True)]).float()


class TokenInput(nn.Module):
    """Tokens (B, L) -> vectors (B, L, width): a learned embedding, a projection of the FSQ digits, or their sum.

    Each level of each digit has a vector of its own; the mask, which only dance tokens may be, has no digits: zeros.
    """

    digits: Tensor

    def __init__(self, config: GeneratorConfig, kind: str = "both", with_mask: bool = False) -> None:
        super().__init__()
        self.kind = kind
        if kind != "code":
            self.embedding = nn.Embedding(config.codes + with_mask, config.width)
            nn.init.normal_(self.embedding.weight, std=config.width**-0.5)
        if kind != "index":
            digits = F.pad(digits_of_codes(config.levels).T, (0, 0, 0, int(with_mask)))
            self.register_buffer("digits", digits, persistent=False)
            self.project = nn.Linear(sum(config.levels), config.width)

    def forward(self, tokens: Tensor) -> Tensor:
        vectors: Tensor
        if self.kind == "index":
            vectors = self.embedding(tokens)
        elif self.kind == "code":
            vectors = self.project(F.embedding(tokens, self.digits))
        else:
            vectors = self.project(F.embedding(tokens, self.digits)) + self.embedding(tokens)
        return vectors


class GenreGate(nn.Module):
    """x + sigmoid(MLP_a([x, g])) * MLP_d([x, g]) for tokens x (B, L, width) and a genre vector g (B, width).

    Formula of FlowerDance, the only one that the group published; both first layers are one product here, and g, which
    is the same for all tokens, is multiplied once.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.tokens_in = nn.Linear(width, 2 * width)
        self.genre_in = nn.Linear(width, 2 * width, bias=False)
        self.change = nn.Linear(width, width)
        self.openness = nn.Linear(width, width)
        nn.init.constant_(self.openness.bias, GATE_BIAS)

    def forward(self, x: Tensor, genre: Tensor) -> Tensor:
        for_change, for_openness = F.gelu(self.tokens_in(x) + self.genre_in(genre)[:, None]).chunk(2, dim=-1)
        change: Tensor = self.change(for_change)
        return x + torch.sigmoid(self.openness(for_openness)) * change


class GlobalLayer(nn.Module):
    """One layer of the global scanner: let the genre in, then mix over time."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.genre_gate = GenreGate(config.width)
        self.mixer = bimamba(config)

    def forward(self, x: Tensor, genre: Tensor) -> Tensor:
        mixed: Tensor = self.mixer(self.genre_gate(x, genre))
        return mixed


class Neighbours(nn.Conv1d):
    """Mixes each token with its two neighbours on either side, (B, L, inside) -> (B, L, outside).

    A masked token is mostly determined by its neighbours; this convolution gives it direct access to them instead of
    through the whole stack.
    """

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__(inside, outside, kernel_size=5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.mT).mT


class CodeHead(nn.Module):
    """Features (B, L, width) -> logits (B, L, codes): the scores of a code's digits added to the score of the code
    itself.

    Codes that share digits decode to similar poses, so what is learned about one holds for its neighbours.
    """

    has_digit: Tensor

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.code = nn.Linear(config.width, config.codes)
        nn.init.normal_(self.code.weight, std=HEAD_SCALE)
        self.digit = nn.Linear(config.width, sum(config.levels), bias=False)
        self.register_buffer("has_digit", digits_of_codes(config.levels), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        codes: Tensor = self.code(x)
        digits: Tensor = self.digit(x)
        return codes + digits @ self.has_digit


class DanceBranch(nn.Module):
    """Dance-local scanner of one body half: global features and this half's known tokens -> for each codebook its head
    and the (B, L, width) that this makes logits of.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.enter = nn.Linear(config.width, config.width)
        self.around = Neighbours(config.width, config.width)
        self.layers = scanner(config, config.dance_layers)
        self.norm = nn.LayerNorm(config.width)
        self.heads = nn.ModuleList(CodeHead(config) for _ in range(config.codebooks))

    def forward(self, features: Tensor, known: Tensor, codebooks: range) -> list[tuple[nn.Module, Tensor]]:
        x = self.norm(self.layers(self.enter(features) + self.around(known)))
        return [(self.heads[codebook], x) for codebook in codebooks]


def bimamba(config: GeneratorConfig) -> BiMamba:
    """One bidirectional block of the configured sizes."""
    return BiMamba(
        config.width,
        state=config.state,
        conv=config.conv,
        expand=config.expand,
        head_dim=config.head_dim,
        dropout=config.dropout,
    )


def scanner(config: GeneratorConfig, layers: int) -> nn.Sequential:
    """A stack of bidirectional blocks."""
    return nn.Sequential(*(bimamba(config) for _ in range(layers)))


class Generator(nn.Module):
    """Predicts all dance token streams for every music token at once."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.semantic_in = TokenInput(config, config.music_in)
        self.acoustic_in = TokenInput(config, config.music_in)
        self.cues_in = nn.ModuleDict({cue: nn.Embedding(size, config.width) for cue, size in config.cues.items()})
        self.dance_in = nn.ModuleList(TokenInput(config, with_mask=True) for _ in range(config.streams))
        self.genre_in = nn.Sequential(nn.Embedding(config.genres, config.width), nn.Linear(config.width, config.width))
        self.tempo_in = nn.Embedding(config.tempos, config.width)

        self.semantic_layers = scanner(config, config.music_layers)
        self.acoustic_layers = scanner(config, config.music_layers)
        self.fuse_music = nn.Linear(2 * config.width, config.width)
        self.fuse_dance = Neighbours(len(HALVES) * config.width, config.width)
        self.global_layers = nn.ModuleList(GlobalLayer(config) for _ in range(config.global_layers))
        self.branches = nn.ModuleList(DanceBranch(config) for _ in HALVES)

    def forward(self, prompt: Prompt, dance: Tensor, codebooks: range | None = None) -> Tensor:
        """Logits (B, streams, L, codes) for dance tokens ``dance`` (B, streams, L) int64, masked where not known.

        ``codebooks`` asks for the streams of some codebooks alone.
        """
        return self.answer(self.hear(prompt), dance, codebooks)

    def hear(self, prompt: Prompt) -> Heard:
        """What a prompt contributes, whatever is danced to it."""
        music = torch.cat(
            [
                self.semantic_layers(self.semantic_in(prompt.semantic)),
                self.acoustic_layers(self.acoustic_in(prompt.acoustic)),
            ],
            dim=-1,
        )
        told = [enter(getattr(prompt, cue)) for cue, enter in self.cues_in.items()]
        return Heard(
            places=reduce(torch.add, told, self.fuse_music(music)),
            style=self.genre_in(prompt.genre) + self.tempo_in(prompt.tempo),
        )

    def answer(self, heard: Heard, dance: Tensor, codebooks: range | None = None) -> Tensor:
        """The logits of ``forward`` for a prompt that was heard."""
        codebooks = range(self.config.codebooks) if codebooks is None else codebooks
        return torch.stack([head(x) for head, x in self._scanned(heard, dance, codebooks)], dim=1)

    def answer_at(self, places: Tensor, heard: Heard, dance: Tensor, codebooks: range) -> list[Tensor]:
        """The logits of ``answer`` at some places alone, True in ``places`` (B, streams asked for, L): (N, codes) for
        each stream.
        """
        scanned = self._scanned(heard, dance, codebooks)
        return [head(x[asked]) for (head, x), asked in zip(scanned, places.unbind(1), strict=True)]

    def _scanned(self, heard: Heard, dance: Tensor, codebooks: range) -> list[tuple[nn.Module, Tensor]]:
        """The head of each stream asked for, with what it makes logits of."""
        entered: list[Tensor] = [enter(dance[:, stream]) for stream, enter in enumerate(self.dance_in)]
        known = [reduce(torch.add, entered[half :: len(HALVES)]) for half in range(len(HALVES))]
        x = heard.places + self.fuse_dance(torch.cat(known, dim=-1))
        for layer in self.global_layers:
            x = layer(x, heard.style)
        upper, lower = (branch(x, half, codebooks) for branch, half in zip(self.branches, known, strict=True))
        return [stream for codebook in zip(upper, lower, strict=True) for stream in codebook]
