"""From a song to a dance: the whole story on one page.

Music -> MusicFeatures -> MusicTokens -> DanceTokens -> MotionClip -> finished MotionClip
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from tokendance_core import __version__, features
from tokendance_core.checkpoint import Checkpoint
from tokendance_core.errors import CheckpointError, SettingError
from tokendance_core.finishing import FinishSettings, finish
from tokendance_core.model import sampler
from tokendance_core.types import DanceTokens, MotionClip, Music, MusicTokens

Progress = Callable[[str, float], None]
"""Called with a stage of ``STAGES`` and the fraction of the whole that is done, 0 to 1; may raise ``Cancelled``."""

STAGES = {"features": 0.0, "tokens": 0.2, "generator": 0.3, "decode": 0.85, "finishing": 0.92}
"""The stages in order, with the fraction of the work that lies before each."""


@dataclass(frozen=True)
class GenerateSettings:
    """What to dance: a ``genre`` the checkpoint knows, and ``seed``; how: ``steps`` of refinement (1 is the paper's model),
    ``temperature`` of the sampling (0 takes the likeliest token), ``finish`` for feet and smoothing.

    Raises SettingError for a value that makes no sense.
    """

    genre: str = "any"
    seed: int = 0
    steps: int = 8
    temperature: float = 1.0
    finish: FinishSettings = field(default_factory=FinishSettings)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SettingError(f"steps must be 1 or more, found {self.steps}", hint="8 is a good value; 1 is the fastest.")
        if not 0 <= self.temperature < math.inf:
            raise SettingError(f"temperature must be 0 or more, found {self.temperature}", hint="Use 0.7 to 1.2 for most dances.")
        if not 0 <= self.seed < 2**31:
            raise SettingError(f"seed must be from 0 to {2**31 - 1}, found {self.seed}", hint="Each number gives another dance.")


def generate(
    music: Music,
    checkpoint: Checkpoint,
    settings: GenerateSettings | None = None,
    on_progress: Progress = lambda stage, fraction: None,
) -> MotionClip:
    """Dance to ``music`` from its first frame to its last, at 30 fps; same seed and device, same dance.

    Raises SettingError for a genre the checkpoint does not know, CheckpointError when it has no generator,
    and whatever ``on_progress`` raises.
    """
    settings = settings or GenerateSettings()
    genre = _genre_index(settings.genre, checkpoint)

    on_progress("features", STAGES["features"])
    heard = features.extract(music)

    on_progress("tokens", STAGES["tokens"])
    music_tokens = checkpoint.music_codec.encode(heard)

    on_progress("generator", STAGES["generator"])
    dance_tokens = _dance_tokens(music_tokens, checkpoint, genre, settings, on_progress)

    on_progress("decode", STAGES["decode"])
    clip = checkpoint.dance_codec.decode(dance_tokens)
    clip = replace(clip, rot6d=clip.rot6d[: music.frames], root=clip.root[: music.frames])

    on_progress("finishing", STAGES["finishing"])
    clip = finish(clip, settings.finish)

    on_progress("finishing", 1.0)
    return replace(clip, name=music.name, info=_provenance(music, checkpoint, settings))


def _genre_index(genre: str, checkpoint: Checkpoint) -> int:
    if genre not in checkpoint.genres:
        raise SettingError(f"the checkpoint knows no genre {genre!r}", hint=f"Choose one of: {', '.join(checkpoint.genres)}.")
    return checkpoint.genres.index(genre)


def _dance_tokens(heard: MusicTokens, checkpoint: Checkpoint, genre: int, settings: GenerateSettings, on_progress: Progress) -> DanceTokens:
    if checkpoint.generator is None:
        raise CheckpointError("the checkpoint holds no generator", hint="Train one: python -m tokendance_core train generator.")
    device = next(checkpoint.generator.parameters()).device

    def batch_of_one(tokens: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(tokens, dtype=torch.long, device=device)[None]

    def on_step(done: int, steps: int) -> None:
        share = done / steps
        on_progress("generator", STAGES["generator"] * (1 - share) + STAGES["decode"] * share)

    upper, lower = sampler.sample(
        checkpoint.generator,
        batch_of_one(heard.semantic),
        batch_of_one(heard.acoustic),
        torch.tensor([genre], device=device),
        steps=settings.steps,
        temperature=settings.temperature,
        seed=settings.seed,
        on_step=on_step,
    )
    return DanceTokens(upper[0].cpu().numpy(), lower[0].cpu().numpy(), heard.frames)


def _provenance(music: Music, checkpoint: Checkpoint, settings: GenerateSettings) -> dict[str, object]:
    """Everything needed to make the same dance again."""
    return {
        "song": music.name,
        "genre": settings.genre,
        "seed": settings.seed,
        "steps": settings.steps,
        "temperature": settings.temperature,
        "checkpoint": checkpoint.id,
        "version": __version__,
    }
