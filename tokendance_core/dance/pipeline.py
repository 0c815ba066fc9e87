"""From a song to a dance: the whole story on one page.

Music -> MusicFeatures -> on the beat clock -> MusicTokens -> DanceTokens -> MotionClip -> in the song's time ->
finished MotionClip
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tokendance_core import __version__
from tokendance_core.dance import cues, returns
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.genre_choice import genre_for, timing_of
from tokendance_core.dance.returns import Plan
from tokendance_core.dance.settings import ANY, DANCED, GenerateSettings
from tokendance_core.engine import sampler
from tokendance_core.errors import CheckpointError, SettingError
from tokendance_core.finishing.finish import FINISHED, LAST_BEAT, finish
from tokendance_core.model.config import Prompt
from tokendance_core.music import bars, energy, features
from tokendance_core.music.clock import Clock
from tokendance_core.options import values
from tokendance_core.types import FPS, DanceTokens, MotionClip, Music, MusicFeatures

Progress = Callable[[str, float], None]
"""Called with a stage of ``STAGES`` and the fraction of the whole that is done, 0 to 1; may raise ``Cancelled``."""

Levels = Callable[[MusicFeatures, float], np.ndarray]
"""(features of a song, ``GenerateSettings.energy``) -> levels of energy (T,), see ``music.energy``."""

STAGES = {"features": 0.10, "tokens": 0.05, "generator": 0.16, "decode": 0.19, "finishing": 0.24}
"""The stages in order, with the work that each is, as processor seconds of two minutes of song on either engine: the
generator's for one pass, the finishing's where it is asked for.
"""


def generate(
    music: Music,
    checkpoint: Checkpoint,
    settings: GenerateSettings | None = None,
    on_progress: Progress = lambda stage, fraction: None,
    levels: Levels = energy.of_music,
) -> MotionClip:
    """Dance to ``music`` from its first frame to its last, at 30 fps; same seed and device, same dance.

    ``levels`` tells the network how big the dance should be at every moment.

    The genre “any” is chosen by the song: ``info`` tells which is ``DANCED``.

    Raises SettingError for a genre the checkpoint does not know, CheckpointError when it has no generator,
    and whatever ``on_progress`` raises.
    """
    settings = settings or GenerateSettings()
    _check(checkpoint, settings.genre)
    spans = _spans(settings)

    def enter(stage: str, share: float = 0.0) -> None:
        first, last = spans[stage]
        on_progress(stage, first + (last - first) * share)

    enter("features")
    heard = features.extract(music, lambda share: enter("features", share))
    song_features = bars.with_corrected_beats(heard, settings)
    genre = genre_for(song_features, checkpoint.genres) if settings.genre == ANY else settings.genre

    enter("tokens")
    clock = Clock.of_music(song_features, checkpoint.clock, settings.tempo)
    prompt = prompt_of(
        song_features, clock, checkpoint, genre, levels(song_features, settings.energy), settings.accents
    )

    enter("generator")
    plan = returns.plan(song_features, clock, checkpoint.dance_codec.hop, settings.returns, settings.seed)
    dance_tokens = _dance_tokens(prompt, clock, plan, checkpoint, settings, enter)

    enter("decode")
    decoded = checkpoint.dance_codec.decode(dance_tokens)
    enter("decode", 0.9)
    clip = clock.to_song(decoded, music.frames)

    enter("finishing")
    end = last_beat(song_features, clock)
    if settings.finish is not None:
        clip = finish(clip, settings.finish, end=end)

    enter("finishing", 1.0)
    info = _provenance(music, checkpoint, settings) | {
        DANCED: genre,
        LAST_BEAT: round(end, 4),
        FINISHED: settings.finish is not None,
    }
    return replace(clip, name=music.name, info=info)


def _spans(settings: GenerateSettings) -> dict[str, tuple[float, float]]:
    """Stage -> the fraction of the whole that is done when it begins and when it ends."""
    times = {"generator": settings.steps + _joining(settings), "finishing": int(settings.finish is not None)}
    ends = np.cumsum([work * times.get(stage, 1) for stage, work in STAGES.items()])
    shares = [0.0, *(ends / ends[-1]).tolist()]
    return {stage: (shares[place], shares[place + 1]) for place, stage in enumerate(STAGES)}


def _joining(settings: GenerateSettings) -> int:
    """Passes that join what returns, if anything does."""
    return min(settings.steps, returns.MOST_PASSES) if settings.returns else 0


def _check(checkpoint: Checkpoint, genre: str) -> None:
    if checkpoint.generator is None:
        raise CheckpointError(
            "The checkpoint holds no generator.", hint="Train one: python -m tokendance_core train generator."
        )
    if genre not in checkpoint.genres:
        raise SettingError(
            f"The checkpoint knows no genre {genre!r}.", hint=f"Choose one of: {', '.join(checkpoint.genres)}."
        )


def prompt_of(
    song_features: MusicFeatures,
    clock: Clock,
    checkpoint: Checkpoint,
    genre: str,
    levels: np.ndarray,
    accents: float = GenerateSettings.accents,
) -> Prompt:
    """The generator's conditioning, batch size 1; ``levels`` (T,) of energy, ``accents`` as in ``GenerateSettings``."""
    tokens = checkpoint.music_codec.encode(clock.resample_features(song_features))
    hop, nothing = checkpoint.dance_codec.hop, np.zeros(len(tokens.semantic), int)
    level = levels[np.clip((clock.seconds * FPS).astype(int), 0, song_features.frames - 1)]
    counts = bars.counts(clock, hop, bars.downbeat(song_features, clock))
    numbers = {
        "semantic": tokens.semantic,
        "acoustic": tokens.acoustic,
        "energy": energy.of_tokens(level, hop),
        "beat_position": clock.beat_positions(hop),
        "beat_count": counts,
        "timing": np.full(len(tokens.semantic), timing_of(genre)),
        "accent": cues.told_in_part(cues.accents_of_music(song_features, clock, hop), counts, accents),
        "step": nothing,
        "tempo": clock.tempo,
        "genre": checkpoint.genres.index(genre),
    }
    return Prompt(**{name: np.asarray(number, np.int64)[None] for name, number in numbers.items()})


def _dance_tokens(
    prompt: Prompt,
    clock: Clock,
    plan: Plan | None,
    checkpoint: Checkpoint,
    settings: GenerateSettings,
    enter: Progress,
) -> DanceTokens:
    """The dance for the whole song; where ``plan`` says so, an earlier dance returns and only its joins are new."""
    joining = _joining(settings) if plan else 0

    def draw(steps: int, done_before: int, dance: np.ndarray | None = None) -> np.ndarray:
        def on_share(of_these: float) -> None:
            enter("generator", (done_before + steps * of_these) / (settings.steps + joining))

        return sampler.sample(
            checkpoint.engine,
            prompt,
            steps=steps,
            temperature=settings.temperature,
            top_p=settings.variety,
            seed=settings.seed,
            dance=dance,
            on_share=on_share,
        )

    streams = draw(settings.steps, 0)
    if plan:
        streams = plan.filled(draw(joining, settings.steps, plan.known(streams, checkpoint.engine.generator.mask)))
    return DanceTokens.of_streams(streams[0], clock.frames)


def last_beat(song_features: MusicFeatures, clock: Clock) -> float:
    """Seconds of the last beat that still sounds, where a dance comes to rest; silence at the end of a file is not
    danced.
    """
    sounding = np.flatnonzero(features.sounding(song_features.values))[-1] / FPS
    beats = clock.beats if clock.form == "beats" else features.beat_times(song_features)
    return float(max(beats[beats <= sounding], default=sounding))


def _provenance(music: Music, checkpoint: Checkpoint, settings: GenerateSettings) -> dict[str, object]:
    """Everything needed to make the same dance again."""
    return {"song": music.name, **values(settings), "checkpoint": checkpoint.id, "version": __version__}
