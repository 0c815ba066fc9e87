"""The Local-Global-Local generator: music tokens in, dance tokens out, one parallel pass over a whole song.

    semantic --embed--> 2 x BiMamba --.                                        .--> 2 x BiMamba --> upper logits
                                       fuse --> 4 x (GenreGate, BiMamba) --.--<
    acoustic --embed--> 2 x BiMamba --'    ^                                  '--> 2 x BiMamba --> lower logits
                                           upper, lower tokens already known

TokenDance (arXiv 2603.27314) section 3.3. Beyond the paper, known dance tokens enter at the global scanner and in their own half's
branch, so that the network can refine and edit; with all of them masked it is the paper's model up to a constant vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tokendance_core.model.fsq import FSQ
from tokendance_core.model.ssm import BiMamba

CODES = 1000  # the size of every codebook: FSQ levels 8 x 5 x 5 x 5
LEVELS = (8, 5, 5, 5)
MASK = CODES  # the dance token that stands for "not known yet"
MUSIC_INPUTS = ("index", "code", "both")
HEAD_SCALE = 0.01  # a new head lets the digits speak first
GATE_BIAS = -4.0  # a new genre gate is almost shut: sigmoid(-4) = 0.018


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes of a generator; saved inside the checkpoint.

    ``genres`` counts the null genre "any" at index 0. ``music_in`` is what a music token enters as: a learned embedding of its
    index, the four digits of its FSQ code, or the sum of both. ValueError for sizes that do not fit together.
    """

    genres: int = 8
    codes: int = CODES
    width: int = 192
    state: int = 32
    head_dim: int = 64
    conv: int = 4
    expand: int = 2
    music_layers: int = 2
    global_layers: int = 4
    dance_layers: int = 2
    dropout: float = 0.1
    music_in: str = "both"

    def __post_init__(self) -> None:
        if self.music_in not in MUSIC_INPUTS:
            raise ValueError(f"music_in is {self.music_in!r}, expected one of {', '.join(MUSIC_INPUTS)}")
        if self.codes != CODES:
            raise ValueError(f"codes is {self.codes}, expected {CODES}, the product of the FSQ levels 8, 5, 5, 5")
        if self.expand * self.width % self.head_dim:
            raise ValueError(f"expand * width = {self.expand * self.width} is not a multiple of head_dim {self.head_dim}")


CONFIGS = {
    "paper": GeneratorConfig(width=512, state=16, head_dim=64),
    "released": GeneratorConfig(width=160, state=16, head_dim=64, music_layers=1, global_layers=3, dance_layers=1),
    "tiny": GeneratorConfig(width=32, state=8, head_dim=16, music_layers=1, global_layers=2, dance_layers=1),
}
"""Named sizes. The paper gives Mamba-1 terms, d_model 512, d_state 16, d_conv 4, expand 2, that is 1024 inner channels with 16 states
and a decay of their own each. Mamba-2 keeps all four and ties the decay inside a head: 1024 channels = 16 heads of 64.
"released" is the shipped size (320 inner channels, 5 heads, one local layer each), trained on a CPU; "tiny" is for tests."""


def digits_of_codes() -> Tensor:
    """(sum of LEVELS, codes): 1 where a code has a digit, the levels' digits one below the other."""
    digits = FSQ(LEVELS).digits(torch.arange(CODES))
    return torch.cat([F.one_hot(digit, level).T for digit, level in zip(digits.T, LEVELS, strict=True)]).float()


class TokenInput(nn.Module):
    """Tokens (B, L) -> vectors (B, L, width): a learned embedding, a projection of the FSQ digits, or their sum.

    Each level of each digit has a vector of its own; a token past the codebook (MASK) has no digits: zeros.
    """

    def __init__(self, tokens: int, width: int, kind: str = "both") -> None:
        super().__init__()
        self.kind = kind
        if kind != "code":
            self.embedding = nn.Embedding(tokens, width)
            nn.init.normal_(self.embedding.weight, std=width**-0.5)
        if kind != "index":
            self.register_buffer("digits", F.pad(digits_of_codes().T, (0, 0, 0, tokens - CODES)), persistent=False)
            self.project = nn.Linear(sum(LEVELS), width)

    def forward(self, tokens: Tensor) -> Tensor:
        if self.kind == "index":
            return self.embedding(tokens)
        code = self.project(F.embedding(tokens, self.digits))
        return code if self.kind == "code" else code + self.embedding(tokens)


class GenreGate(nn.Module):
    """x + sigmoid(MLP_a([x, g])) * MLP_d([x, g]) for tokens x (B, L, width) and a genre vector g (B, width).

    Formula of FlowerDance, the only one that the group published; both first layers are one product here, and g, which is the same
    for all tokens, is multiplied once.
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
        return x + torch.sigmoid(self.openness(for_openness)) * self.change(for_change)


class GlobalLayer(nn.Module):
    """One layer of the global scanner: let the genre in, then mix over time."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.genre_gate = GenreGate(config.width)
        self.mixer = bimamba(config)

    def forward(self, x: Tensor, genre: Tensor) -> Tensor:
        return self.mixer(self.genre_gate(x, genre))


class Neighbours(nn.Conv1d):
    """Vectors (B, L, inside) -> (B, L, outside): a token's surroundings, two to each side, brought to its place.

    A hidden token is mostly told by those around it; here it hears them at once instead of through the whole stack.
    """

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__(inside, outside, kernel_size=5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.mT).mT


class DanceBranch(nn.Module):
    """Dance-local scanner of one body half: global features and this half's known tokens -> logits (B, L, codes).

    The head adds the scores of a code's four digits to the score of the code itself: codes that share digits decode to similar poses,
    so what is learned about one is known of its neighbours.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.enter = nn.Linear(config.width, config.width)
        self.around = Neighbours(config.width, config.width)
        self.layers = scanner(config, config.dance_layers)
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.codes)
        nn.init.normal_(self.head.weight, std=HEAD_SCALE)
        self.digit_head = nn.Linear(config.width, sum(LEVELS), bias=False)
        self.register_buffer("has_digit", digits_of_codes(), persistent=False)

    def forward(self, features: Tensor, known: Tensor) -> Tensor:
        x = self.norm(self.layers(self.enter(features) + self.around(known)))
        return self.head(x) + self.digit_head(x) @ self.has_digit


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
    """Predicts both dance token streams for every music token at once."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.semantic_in = TokenInput(config.codes, config.width, config.music_in)
        self.acoustic_in = TokenInput(config.codes, config.width, config.music_in)
        self.upper_in = TokenInput(config.codes + 1, config.width)
        self.lower_in = TokenInput(config.codes + 1, config.width)
        self.genre_in = nn.Sequential(nn.Embedding(config.genres, config.width), nn.Linear(config.width, config.width))

        self.semantic_layers = scanner(config, config.music_layers)
        self.acoustic_layers = scanner(config, config.music_layers)
        self.fuse_music = nn.Linear(2 * config.width, config.width)
        self.fuse_dance = Neighbours(2 * config.width, config.width)
        self.global_layers = nn.ModuleList(GlobalLayer(config) for _ in range(config.global_layers))
        self.upper_branch = DanceBranch(config)
        self.lower_branch = DanceBranch(config)

    def forward(self, semantic: Tensor, acoustic: Tensor, upper: Tensor, lower: Tensor, genre: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, L, codes) for the upper and the lower body.

        semantic, acoustic: music tokens (B, L); upper, lower: dance tokens (B, L), MASK where not known; genre (B,), 0 = any; all int64.
        """
        music = torch.cat([self.semantic_layers(self.semantic_in(semantic)), self.acoustic_layers(self.acoustic_in(acoustic))], dim=-1)
        upper_known, lower_known = self.upper_in(upper), self.lower_in(lower)
        x = self.fuse_music(music) + self.fuse_dance(torch.cat([upper_known, lower_known], dim=-1))
        style = self.genre_in(genre)
        for layer in self.global_layers:
            x = layer(x, style)
        return self.upper_branch(x, upper_known), self.lower_branch(x, lower_known)
