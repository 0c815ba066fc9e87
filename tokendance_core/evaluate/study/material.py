"""The dances that a study measures: the model's own, and the controls they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tokendance_core.dance import pipeline
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.genre_choice import genre_for
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.datasets import checks, pack, phrases
from tokendance_core.datasets import compose as pairs
from tokendance_core.datasets.pack import SourceClip, SourceSong
from tokendance_core.datasets.phrases import Danceable
from tokendance_core.errors import DataError, SettingError
from tokendance_core.evaluate.metrics import tempo_lock
from tokendance_core.finishing.finish import complete
from tokendance_core.finishing.settings import NOTHING, FinishSettings
from tokendance_core.motion import kinematics
from tokendance_core.music import audio, bars, energy
from tokendance_core.music.clock import Clock
from tokendance_core.types import FPS, SAMPLE_RATE, MotionClip, Music

MODEL = "model, released settings"
RAW = "model before finishing"
UNLOCKED = "model before the foot lock"
ONE_STEP = "model, 1 step, likeliest tokens (the paper)"
SHUFFLED = "model, hears shuffled music"
RECONSTRUCTED = "composed ground truth through the tokenizers"
COMPOSED = "composed ground truth"
CLOCKED = "composed of clips with a known clock"
WRONG_TEMPO = "the same phrases at a wrong tempo"
RANDOM_CLIP = "a random training clip"
FROZEN = "frozen pose"
HELD_OUT = "held-out dance"
TRAINING = "training dance"

LONGEST = 180.0
"""Seconds of a song that are danced where its form matters."""

WINDOW = 10.0
"""Seconds of the windows whose distributions are compared; one clip of each side must last as long."""

WRONG_RATE = 1.07
"""How many times slower than composed the phrases at a wrong tempo are danced."""

_FEWEST_BEATS = 8
_PIECE = (0.7, 2.1)
"""Seconds: shortest and longest piece of a shuffled song; no two alike, so that no beat survives."""

Log = Callable[[str], None]
"""Takes a line on what is being done."""

Dances = list[MotionClip]


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """``songs``: how many at most (None: all); ``seconds`` of each; ``seeds``: how many dances to a song; ``dance``:
    how they are made.

    Raises SettingError for a value that makes no sense.
    """

    songs: int | None = None
    seconds: float = 60.0
    seeds: int = 3
    dance: GenerateSettings = field(default_factory=GenerateSettings)

    def __post_init__(self) -> None:
        if self.songs is not None and self.songs < 2:
            raise SettingError(
                f"“songs” is {self.songs}, expected 2 or more.",
                hint="A dance is compared on its own song and on others.",
            )
        if self.seeds < 1:
            raise SettingError(
                f"“seeds” is {self.seeds}, expected 1 or more.", hint="Use 3 to see how much the seed matters."
            )
        if not 10 <= self.seconds <= 600:
            raise SettingError(
                f"“seconds” is {self.seconds:g}, expected 10 to 600.", hint="60 shows what a song is like."
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Material:
    """Everything that the sections of a study look at.

    ``clips`` and ``all_songs``: the whole pack; ``songs`` and ``music``: what is known about each chosen song, and
    its first seconds; ``dances``: kind -> seeds -> songs; ``raw``: seed 0 before finishing; ``unlocked``,
    ``locked``: finished without a stage, and without and with the foot lock; ``whole``: seed 0 for up to three
    minutes of each song; ``untold``: the same, energy not told.
    """

    model: Checkpoint
    settings: StudySettings
    clips: list[SourceClip]
    all_songs: list[SourceSong]
    songs: list[SourceSong]
    music: list[Music]
    dances: dict[str, list[Dances]]
    raw: Dances
    unlocked: Dances
    locked: Dances
    whole: Dances
    untold: Dances

    def training_clips(self, genre: str = "any") -> Dances:
        """Training dance that moves, of one genre or all."""
        return [c.clip for c in self.clips if c.split == "train" and not c.low_motion and genre in ("any", c.genre)]

    def held_out_clips(self, genre: str = "any") -> Dances:
        """Dance that nothing was trained on, of one genre or all."""
        return [c.clip for c in self.clips if c.split != "train" and genre in ("any", c.genre)]

    def dance(self, index: int, genre: str) -> MotionClip:
        """The start of song ``index``, danced in a genre."""
        return pipeline.generate(self.music[index], self.model, replace(self.settings.dance, genre=genre))


def gather(model: Checkpoint, data: Path, settings: StudySettings, log: Log) -> Material:
    """Read the data pack and make every dance; ``log`` is told what is being done. Raises DataError when the pack lacks
    what is needed.
    """
    log("reading the data")
    clips, all_songs = pack.load_motion(data), list(pack.load_songs(data, log))
    check_clips(clips)
    for doubt in checks.summary(source.clip for source in clips):
        log(doubt)
    songs = choose_songs(all_songs, settings)
    music = music_of(songs, settings.seconds)
    chosen, seeds = settings.dance, range(settings.dance.seed, settings.dance.seed + settings.seeds)

    def danced(settings: GenerateSettings, songs: list[Music] = music) -> Dances:
        return [pipeline.generate(song, model, settings) for song in songs]

    log(f"dancing to {len(songs)} songs, seed {seeds[0]}")
    unfinished = danced(replace(chosen, finish=None))

    def finished(settings: FinishSettings) -> Dances:
        return [complete(clip, settings) for clip in unfinished]

    dances: dict[str, list[Dances]] = {MODEL: [finished(chosen.finish) if chosen.finish else unfinished]}
    for seed in seeds[1:]:
        log(f"dancing to {len(songs)} songs, seed {seed}")
        dances[MODEL].append(danced(replace(chosen, seed=seed)))
    log("dancing in one step, to shuffled music, and to whole songs with and without energy")
    dances[ONE_STEP] = [danced(replace(chosen, steps=1, temperature=0.0))]
    rng = np.random.default_rng(chosen.seed)
    dances[SHUFFLED] = [danced(chosen, [shuffled(song, rng) for song in music])]
    off_stage = replace(chosen.finish or NOTHING, stage=0.0)
    long = music_of(songs, LONGEST)
    whole = danced(chosen, long)
    untold = [pipeline.generate(song, model, chosen, levels=energy.untold) for song in long]
    log("composing the controls")
    dances |= {kind: [made] for kind, made in controls(model, clips, songs, music, rng).items()}
    return Material(
        model=model,
        settings=settings,
        clips=clips,
        all_songs=all_songs,
        songs=songs,
        music=music,
        dances=dances,
        raw=finished(NOTHING),
        unlocked=finished(replace(off_stage, foot_lock=0.0)),
        locked=finished(off_stage),
        whole=whole,
        untold=untold,
    )


def check_clips(clips: list[SourceClip]) -> None:
    """Both sides need a clip long enough to be cut into windows, or nothing can be compared."""
    for side, split in (("training", True), ("held-out", False)):
        if not any((c.split == "train") is split and c.clip.seconds >= WINDOW for c in clips):
            raise DataError(
                f"The data has no {side} clip of {WINDOW:g} s, expected one or more.",
                hint="Add longer clips to motion/.",
            )


def choose_songs(songs: Sequence[SourceSong], settings: StudySettings) -> list[SourceSong]:
    """Songs that last half of the wanted seconds or longer and have beats, held-out ones first. Raises DataError when
    there are fewer than two, or none is held out.
    """
    shortest = max(settings.seconds / 2, tempo_lock.WINDOW)
    found = [
        s for s in songs if s.features.frames >= shortest * FPS and (s.beats < settings.seconds).sum() >= _FEWEST_BEATS
    ]
    if len(found) < 2:
        raise DataError(
            f"{len(found)} songs of the data last {shortest:g} s and have a beat, expected 2 or more.",
            hint="Add songs, or give fewer --seconds.",
        )
    if all(song.split == "train" for song in found):
        raise DataError(
            f"None of the {len(found)} songs that last {shortest:g} s is held out, expected one or more.",
            hint="Give songs that are not trained on the “split” “test” in music_index.json.",
        )
    return sorted(found, key=lambda song: (song.split == "train", song.name))[: settings.songs]


def music_of(songs: Sequence[SourceSong], seconds: float) -> list[Music]:
    """The start of each song; those of a pack all have a file."""
    return [audio.load(song.path, duration=seconds) for song in songs if song.path]


def shuffled(music: Music, rng: np.random.Generator) -> Music:
    """The song cut into pieces of uneven length, in random order: the same sounds without their rhythm and form."""
    lengths = rng.uniform(*_PIECE, int(music.seconds / _PIECE[0]) + 1) * SAMPLE_RATE
    cuts = np.cumsum(lengths).astype(int)
    pieces = np.split(music.samples, cuts[cuts < len(music.samples)])
    return replace(music, samples=np.concatenate([pieces[i] for i in rng.permutation(len(pieces))]))


def controls(
    model: Checkpoint, clips: list[SourceClip], songs: list[SourceSong], music: list[Music], rng: np.random.Generator
) -> dict[str, Dances]:
    """For each kind of dance that no network made, one dance to every song: composed as for training, in the genre that
    “any” would dance to it.
    """
    training = [clip for clip in clips if clip.split == "train"]
    by_genre = {
        genre: [made for clip in training if clip.genre == genre for made in phrases.danceables(clip)]
        for genre in pack.GENRES
        if genre not in pack.ON_REQUEST
    }
    choices = {genre: danceable for genre, danceable in by_genre.items() if danceable}
    if not choices:
        raise DataError(
            "No training clip of the data has a beat and moves, expected one or more.", hint="Copy the data pack again."
        )
    frames = [song.frames for song in music]
    clocks = [Clock.of_beats(song.beats, length / FPS) for song, length in zip(songs, frames, strict=True)]

    def composed(choices: Mapping[str, list[Danceable]]) -> Dances:
        return [
            _composed(song, clock, length, choices, rng)
            for song, clock, length in zip(songs, clocks, frames, strict=True)
        ]

    def reconstructed(clip: MotionClip, clock: Clock) -> MotionClip:
        return clock.to_song(model.dance_codec.decode(model.dance_codec.encode(clock.to_clock(clip))), clip.frames)

    fitting = composed(choices)
    clocked = {genre: [one for one in some if one.certainty != "none"] for genre, some in choices.items()}
    some = [training[i].clip for i in rng.integers(0, len(training), len(songs))]
    return {
        COMPOSED: fitting,
        CLOCKED: composed({genre: some for genre, some in clocked.items() if some} or choices),
        RECONSTRUCTED: [reconstructed(clip, clock) for clip, clock in zip(fitting, clocks, strict=True)],
        WRONG_TEMPO: [slowed(clip) for clip in fitting],
        RANDOM_CLIP: [
            phrases.tile(clip, length / FPS).cut(0, length) for clip, length in zip(some, frames, strict=True)
        ],
        FROZEN: [frozen(clip) for clip in fitting],
    }


def _composed(
    song: SourceSong, clock: Clock, frames: int, choices: Mapping[str, list[Danceable]], rng: np.random.Generator
) -> MotionClip:
    """A dance of ``frames`` frames to the beats of the clock, out of ``choices`` by genre."""
    genre = genre_for(song.features, tuple(choices))
    number, inside = np.arange(len(clock.beats)), (clock.beats >= 0) & (clock.beats <= frames / FPS)
    counts = (number - bars.downbeat(song.features, clock)) % bars.BEATS_PER_EIGHT
    return pairs.compose(
        clock.beats[inside],
        frames,
        choices.get(genre) or next(iter(choices.values())),
        genre,
        rng,
        counts=counts[inside],
        levels=energy.of_music(song.features)[:frames],
    ).clip


def slowed(clip: MotionClip) -> MotionClip:
    """The clip danced ``WRONG_RATE`` times slower, as far as its own length goes."""
    return kinematics.resample(clip, np.arange(clip.frames) / clip.fps / WRONG_RATE, clip.fps)


def frozen(clip: MotionClip) -> MotionClip:
    """The clip's first pose, held."""
    return replace(clip, rot6d=np.repeat(clip.rot6d[:1], clip.frames, 0), root=np.repeat(clip.root[:1], clip.frames, 0))
