"""What is known of the networks without torch: their sizes, the streams of tokens, what a prompt holds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

LEVELS = (8, 5, 5, 5)
"""The paper's levels: 1000 codes."""

_MOST = {"halvings": 8, "depth": 8, "codebooks": 16, "music_layers": 64, "global_layers": 64, "dance_layers": 64}
_MOST_OF_OTHERS, _MOST_LEVELS, _MOST_CODES = 8192, 256, 1 << 16
"""What no network of ours comes near: a damaged or hostile file shall not ask for endless memory."""

_NO_COUNTS = ("levels", "dropout", "music_in")

MUSIC_INPUTS = ("index", "code", "both")
HALVES = ("upper", "lower")


class Prompt(NamedTuple):
    """What to dance to, int64 of numpy or torch: music tokens ``semantic``, ``acoustic``, and cues (B, L); ``tempo``
    and ``genre`` (B,).

    Energy is a level from 1 to 8. The beat position counts tokens from 1 on the beat, the beat count beats from 1 to 8.
    Timing is 1 as danced and 2 on the beat. Accent is 1 where the dance flows and 2 where it brakes; step is 1 where no
    foot comes down, 2 where the left one does, 3 the right one, 4 both. Tempo is an eighth of an octave, from 1.
    0 means unspecified, or any genre.
    """

    semantic: Any
    acoustic: Any
    energy: Any
    beat_position: Any
    beat_count: Any
    timing: Any
    accent: Any
    step: Any
    tempo: Any
    genre: Any


CUES = {
    "energy": "energies",
    "beat_position": "beat_positions",
    "beat_count": "counts",
    "timing": "timings",
    "accent": "accents",
    "step": "steps",
}
"""Fields of a prompt that hold for a place and join the music there -> how many values the config gives each."""

_MAY_BE_NONE = (*CUES.values(), "depth", "music_layers", "global_layers", "dance_layers")


def _check_sizes(config: TokenizerConfig | GeneratorConfig) -> None:
    """ValueError for a size that is no whole number or out of all proportion."""
    counts = {name: size for name, size in vars(config).items() if name not in _NO_COUNTS}
    for name, size in counts.items():
        least, most = int(name not in _MAY_BE_NONE), _MOST.get(name, _MOST_OF_OTHERS)
        if type(size) is not int or not least <= size <= most:
            raise ValueError(f"{name} is {size!r}, expected a whole number from {least} to {most}")
    levels = config.levels
    if not levels or not all(type(level) is int and 2 <= level <= _MOST_LEVELS for level in levels):
        raise ValueError(f"levels is {levels}, expected two to {_MOST_LEVELS} of each digit")
    if math.prod(levels) > _MOST_CODES:
        raise ValueError(f"levels is {levels}, expected {_MOST_CODES} codes at most")


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """Sizes of one tokenizer, kept in the checkpoint.

    ``halvings`` counts the stride-2 convolutions: 3 is the paper's "3-layer CNN", 8 frames to a token. ``depth`` counts
    residual blocks per halving: 0 reads that CNN literally (a code sees 22 frames), 2 is the layout of related work
    (122 frames; 50 with two halvings). ``codebooks`` counts the codes of a token: the paper has one; a second one
    refines it.
    """

    features: int
    width: int
    depth: int = 2
    halvings: int = 3
    levels: tuple[int, ...] = LEVELS
    codebooks: int = 1

    def __post_init__(self) -> None:
        _check_sizes(self)

    @property
    def hop(self) -> int:
        """Frames to a token."""
        return 1 << self.halvings


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """Sizes of a generator; saved inside the checkpoint.

    ``levels`` are those of the tokenizers, ``codebooks`` counts the codes of a dance token (paper: 1). ``genres``,
    ``tempos`` and the sizes of ``CUES`` count the values that each may take in a prompt, 0 included; a cue without
    values is one that the generator is not told.
    ``music_in`` is what a music token enters as: a learned embedding of its index, the digits of its FSQ code, or the
    sum of both. ValueError for sizes that do not fit together.
    """

    levels: tuple[int, ...] = LEVELS
    codebooks: int = 1
    genres: int = 8
    energies: int = 9
    beat_positions: int = 17
    counts: int = 0
    timings: int = 0
    accents: int = 0
    steps: int = 0
    tempos: int = 9
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
        _check_sizes(self)
        if self.music_in not in MUSIC_INPUTS:
            raise ValueError(f"music_in is {self.music_in!r}, expected one of {', '.join(MUSIC_INPUTS)}")
        if self.expand * self.width % self.head_dim:
            raise ValueError(
                f"expand * width = {self.expand * self.width} is not a multiple of head_dim {self.head_dim}"
            )

    @property
    def codes(self) -> int:
        """Codes of every codebook."""
        return math.prod(self.levels)

    @property
    def mask(self) -> int:
        """The dance token that stands for one not known yet: the first number past the codes."""
        return self.codes

    @property
    def cues(self) -> dict[str, int]:
        """The cues that the generator is told, with how many values each may take."""
        sizes = {cue: int(getattr(self, size)) for cue, size in CUES.items()}
        return {cue: size for cue, size in sizes.items() if size}

    @property
    def streams(self) -> int:
        """Dance token streams: the first codebook of the upper and the lower body, then the second of both, and so
        on.
        """
        return len(HALVES) * self.codebooks


_RELEASED = GeneratorConfig(
    codebooks=3,
    counts=9,
    timings=3,
    accents=3,
    steps=5,
    width=160,
    state=16,
    head_dim=64,
    music_layers=1,
    global_layers=3,
    dance_layers=1,
)

CONFIGS = {
    "paper": GeneratorConfig(width=512, state=16, head_dim=64),
    "released": _RELEASED,
    "large": replace(_RELEASED, width=192, music_in="code"),
    "tiny": replace(_RELEASED, codebooks=2, width=32, state=8, head_dim=16, global_layers=2),
}
"""Named sizes. The paper gives Mamba-1 terms, d_model 512, d_state 16, d_conv 4, expand 2, that is 1024 inner channels
with 16 states and a decay of their own each. Mamba-2 keeps all four and ties the decay inside a head: 1024 channels =
16 heads of 64. "released" is the shipped size (320 inner channels, 5 heads, one local layer each), trained on a CPU;
"large" is for a graphics card, as wide as a file of 15 MB allows without the learned indices of the music, which were
worth nothing; "tiny" is for tests.
"""
