"""From a song to a dance: the whole story on one page.

Music -> MusicFeatures -> on the beat clock -> MusicTokens -> DanceTokens -> MotionClip -> in the song's time ->
finished MotionClip
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from tokendance_core import __version__
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.errors import CheckpointError, SettingError
from tokendance_core.finishing.finish import FinishSettings, finish
from tokendance_core.model import sampler
from tokendance_core.model.generator import Prompt
from tokendance_core.music import energy, features
from tokendance_core.music.clock import Clock
from tokendance_core.types import FPS, DanceTokens, MotionClip, Music, MusicFeatures

Progress = Callable[[str, float], None]
"""Called with a stage of ``STAGES`` and the fraction of the whole that is done, 0 to 1; may raise ``Cancelled``."""

STAGES = {"features": 0.0, "tokens": 0.2, "generator": 0.3, "decode": 0.85, "finishing": 0.92}
"""The stages in order, with the fraction of the work that lies before each."""

_FADED = 280.0
"""How far the first mel cepstral coefficient falls below its median when the music has faded away: 25 dB in all bands.
"""

MOST_ENERGY = 2.0
"""Largest ``GenerateSettings.energy`` either way: standard deviations of the song's own energy."""


@dataclass(frozen=True)
class GenerateSettings:
    """What to dance: a ``genre`` the checkpoint knows, and ``seed``; how: ``steps`` of refinement (1 is the paper's
    model), ``temperature`` of the sampling (0 takes the likeliest token), ``energy`` to raise or lower it above the
    song's (-2 calm to 2 wild), ``finish`` for feet and smoothing, None for the motion as the network made it.

    Raises SettingError for a value that makes no sense.
    """

    genre: str = "any"
    seed: int = 0
    steps: int = 8
    temperature: float = 1.0
    energy: float = 0.0
    finish: FinishSettings | None = field(default_factory=FinishSettings)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SettingError(
                f"“steps” must be 1 or more, found {self.steps}.", hint="8 is a good value; 1 is the fastest."
            )
        if not 0 <= self.temperature < math.inf:
            raise SettingError(
                f"“temperature” must be 0 or more, found {self.temperature}.", hint="Use 0.7 to 1.2 for most dances."
            )
        if not -MOST_ENERGY <= self.energy <= MOST_ENERGY:
            raise SettingError(
                f"“energy” must be from {-MOST_ENERGY:g} to {MOST_ENERGY:g}, found {self.energy}.",
                hint="0 follows the song; 1 dances bigger.",
            )
        if not 0 <= self.seed < 2**31:
            raise SettingError(
                f"“seed” must be from 0 to {2**31 - 1}, found {self.seed}.", hint="Each number gives another dance."
            )


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
    clock = Clock.of_music(heard, checkpoint.clock)
    prompt = _prompt(heard, clock, checkpoint, genre, settings)

    on_progress("generator", STAGES["generator"])
    dance_tokens = _dance_tokens(prompt, clock, checkpoint, settings, on_progress)

    on_progress("decode", STAGES["decode"])
    clip = clock.to_song(checkpoint.dance_codec.decode(dance_tokens), music.frames)

    on_progress("finishing", STAGES["finishing"])
    rest = last_beat(heard, clock)
    if settings.finish is not None:
        clip = finish(clip, settings.finish, end=rest)

    on_progress("finishing", 1.0)
    info = _provenance(music, checkpoint, settings) | {
        "last_beat": round(rest, 4),
        "finished": settings.finish is not None,
    }
    return replace(clip, name=music.name, info=info)


def _genre_index(genre: str, checkpoint: Checkpoint) -> int:
    if genre not in checkpoint.genres:
        raise SettingError(
            f"The checkpoint knows no genre {genre!r}.", hint=f"Choose one of: {', '.join(checkpoint.genres)}."
        )
    return checkpoint.genres.index(genre)


def _prompt(
    heard: MusicFeatures, clock: Clock, checkpoint: Checkpoint, genre: int, settings: GenerateSettings
) -> Prompt:
    """What the generator is told, a batch of one."""
    if checkpoint.generator is None:
        raise CheckpointError(
            "The checkpoint holds no generator.", hint="Train one: python -m tokendance_core train generator."
        )
    tokens = checkpoint.music_codec.encode(clock.resample_features(heard))
    level = energy.of_music(heard, settings.energy)[np.clip((clock.seconds * FPS).astype(int), 0, heard.frames - 1)]
    numbers = {
        "semantic": tokens.semantic,
        "acoustic": tokens.acoustic,
        "energy": energy.of_tokens(level, checkpoint.dance_codec.hop),
        "beat_position": clock.beat_positions(checkpoint.dance_codec.hop),
        "tempo": clock.tempo,
        "genre": genre,
    }
    device = next(checkpoint.generator.parameters()).device
    return Prompt(
        **{name: torch.as_tensor(number, dtype=torch.long, device=device)[None] for name, number in numbers.items()}
    )


def _dance_tokens(
    prompt: Prompt, clock: Clock, checkpoint: Checkpoint, settings: GenerateSettings, on_progress: Progress
) -> DanceTokens:
    def on_step(done: int, steps: int) -> None:
        share = done / steps
        on_progress("generator", STAGES["generator"] * (1 - share) + STAGES["decode"] * share)

    streams = sampler.sample(
        checkpoint.generator,
        prompt,
        steps=settings.steps,
        temperature=settings.temperature,
        seed=settings.seed,
        on_step=on_step,
    )
    return DanceTokens.of_streams(streams[0].cpu().numpy(), clock.frames)


def last_beat(heard: MusicFeatures, clock: Clock) -> float:
    """Seconds of the last beat that still sounds, where a dance comes to rest; silence at the end of a file is not
    danced.
    """
    loudness = heard.values[:, features.LOUDNESS]
    sounding = np.flatnonzero(loudness > np.median(loudness) - _FADED)[-1] / FPS
    beats = clock.beats if clock.form == "beats" else features.beat_times(heard)
    return float(max(beats[beats <= sounding], default=sounding))


def _provenance(music: Music, checkpoint: Checkpoint, settings: GenerateSettings) -> dict[str, object]:
    """Everything needed to make the same dance again."""
    return {
        "song": music.name,
        "genre": settings.genre,
        "seed": settings.seed,
        "steps": settings.steps,
        "temperature": settings.temperature,
        "energy": settings.energy,
        "checkpoint": checkpoint.id,
        "version": __version__,
    }
