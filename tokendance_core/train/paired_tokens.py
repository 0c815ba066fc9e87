"""Songs and dances as token sequences: the dances of ``datasets/compose.py``, built once and kept beside the training
state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from tokendance_core.dance import cues
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.datasets.clip_clocks import Certainty
from tokendance_core.datasets.compose import Dance, compose
from tokendance_core.datasets.pack import GENRES, SourceClip, SourceSong
from tokendance_core.datasets.phrases import Danceable, danceables
from tokendance_core.errors import DataError
from tokendance_core.files.array_file import open_npz
from tokendance_core.files.atomic import write_aside
from tokendance_core.files.guarded import guarded
from tokendance_core.files.json_file import parse_json
from tokendance_core.music import bars, energy, features
from tokendance_core.music.clock import AS_DANCED, FRAMES_PER_BEAT, ON_THE_BEAT, Clock
from tokendance_core.train import percussion
from tokendance_core.train.workers import Enough, make_all, never
from tokendance_core.types import FPS

TOKENS = 480
"""Length of one pair: a minute, more or less."""

DRUM_TEMPOS = tuple(np.linspace(78, 188, 23))
DRUM_SECONDS = 102.0
DRUM_SHARE = 0.25
"""Share of pairs whose music is a synthetic drum track."""

GENRE_WEIGHTS = {
    "street": 0.34,  # what most songs ask for, and the one genre that keeps a tempo as real dance does
    "salsa": 0.22,  # the most dance whose clock is known: nine minutes, recovered from both partners
    "jazz": 0.08,  # a half has exact clocks; one minute, soon learned by heart
    "indian": 0.12,  # the whole body, and varied; clocks hardly known
    "modern": 0.11,  # wide movement that nothing else has; two minutes without a clock
    "pop": 0.07,  # a third of the minutes, but calm, from a robot without head and shoulders; on request only
    "break": 0.06,  # floor work; on request only
}
"""Share of pairs by genre: by what it is worth, not by its minutes."""

CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)
VOUCHED_FOR: tuple[Certainty, ...] = ("recovered", "exact")
"""Clocks whose dance is on the beat. A guess is right about half of the time: such phrases are warped to the beats too,
which costs the body a few per cent of speed, but nobody who asks for the beat gets what they taught.
"""

Source = dict[str, object]
"""Where the music of a pair comes from, and its genre: song, first second, genre; JSON."""

ENERGY_SPREAD = 0.7
"""Standard deviation of the shift of energy between pairs: what users ask for by the same name."""

_PROMPT = (
    *("semantic", "acoustic", "energy", "beat_position", "beat_count", "accent", "step"),
    *("dance", "tempo", "genre"),
)
_ORIGIN = ("phrase", "clip", "clip_seconds", "certainty")


@dataclass(frozen=True, eq=False, kw_only=True)
class PairedTokens:
    """N excerpts of L tokens, int: music tokens ``semantic``, ``acoustic``; what the music asks for, ``energy``,
    ``beat_position``, ``beat_count``; what the dance does, ``accent``, ``step`` (N, L), ``dance`` (N, streams, L);
    ``tempo`` and ``genre`` (N,) hold for a whole pair.

    Where the dance at every place comes from, (N, L): ``phrase`` number within the pair, ``clip`` index in ``clips``,
    ``clip_seconds`` in that clip as ``pack.load_motion`` gives it (float; a loop goes on), ``certainty`` of its clock,
    an index in ``CERTAINTIES``. ``sources``: where the music comes from.
    """

    semantic: np.ndarray
    acoustic: np.ndarray
    energy: np.ndarray
    beat_position: np.ndarray
    beat_count: np.ndarray
    accent: np.ndarray
    step: np.ndarray
    dance: np.ndarray
    tempo: np.ndarray
    genre: np.ndarray
    phrase: np.ndarray
    clip: np.ndarray
    clip_seconds: np.ndarray
    certainty: np.ndarray
    clips: tuple[str, ...]
    sources: tuple[Source, ...]

    def __len__(self) -> int:
        return len(self.genre)

    @property
    def timing(self) -> np.ndarray:
        """(N, L) number of ``TIMINGS``: on the beat where somebody vouches for the clock, else as danced."""
        vouched_for = np.isin(self.certainty, [CERTAINTIES.index(certainty) for certainty in VOUCHED_FOR])
        return np.where(vouched_for, ON_THE_BEAT, AS_DANCED)


def drum_songs(rng: np.random.Generator) -> list[SourceSong]:
    """A synthetic drum track at each of ``DRUM_TEMPOS``, with its exact beats."""
    songs = []
    for bpm in DRUM_TEMPOS:
        music = percussion.drum_track(bpm, DRUM_SECONDS, rng)
        songs.append(
            SourceSong(
                name=music.name,
                split="train",
                features=features.extract(music),
                beats=percussion.beat_times(bpm, music.seconds),
            )
        )
    return songs


@dataclass(frozen=True, eq=False, kw_only=True)
class _HeardSong:
    """A song as the generator hears it, the same for every pair: music tokens (L,) of its ``clock``, which is cut to
    whole beats so that the song can go round; ``beats`` (B,) seconds, of which number ``downbeat`` begins an eight.
    """

    song: SourceSong
    clock: Clock
    hop: int
    semantic: np.ndarray
    acoustic: np.ndarray
    beats: np.ndarray
    downbeat: int

    @property
    def seconds(self) -> float:
        """How long one round of the song lasts."""
        return float(self.clock.seconds[-1] - self.clock.seconds[0])


@dataclass(frozen=True, eq=False, kw_only=True)
class _Excerpt:
    """``TOKENS`` tokens of a song: their numbers in it, their ``clock``, the ``beats`` with their ``counts``, seconds
    from the excerpt's start; ``frames`` of the song at 30 a second, and those ``at_clock``.
    """

    tokens: np.ndarray
    start: float
    clock: Clock
    beats: np.ndarray
    counts: np.ndarray
    frames: np.ndarray
    at_clock: np.ndarray


def _heard(song: SourceSong, codecs: Checkpoint) -> _HeardSong:
    hop = codecs.dance_codec.hop
    duration = song.features.frames / FPS
    clock = Clock.of_beats(song.beats, duration) if codecs.clock == "beats" else Clock.steady(duration)
    downbeat = bars.downbeat(song.features, clock)
    tokens = codecs.music_codec.encode(clock.resample_features(song.features))
    whole = (clock.frames - 1) // FRAMES_PER_BEAT * FRAMES_PER_BEAT
    clock = Clock(clock.seconds[: whole + 1], clock.form)
    return _HeardSong(
        song=song,
        clock=clock,
        hop=hop,
        semantic=tokens.semantic[: whole // hop],
        acoustic=tokens.acoustic[: whole // hop],
        beats=clock.beats[:-1] if clock.form == "beats" else song.beats,
        downbeat=downbeat,
    )


def _excerpt(song: _HeardSong, rng: np.random.Generator) -> _Excerpt:
    """``TOKENS`` tokens from any beat of the song; a short song goes round."""
    whole = len(song.semantic)
    first = int(rng.integers(whole * song.hop // FRAMES_PER_BEAT)) * FRAMES_PER_BEAT // song.hop
    frames = first * song.hop + np.arange(TOKENS * song.hop)
    rounds, at = np.divmod(frames, whole * song.hop)
    seconds = song.clock.seconds[at] + rounds * song.seconds
    start, turns = float(seconds[0]), int(rounds[-1]) + 1
    beats = np.concatenate([song.beats + turn * song.seconds for turn in range(turns)]) - start
    duration = seconds[-1] - start
    inside = (beats >= 0) & (beats <= duration)

    def frames_at(seconds: np.ndarray) -> np.ndarray:
        return np.minimum((seconds % song.seconds * FPS).astype(int), song.song.features.frames - 1)

    return _Excerpt(
        tokens=(first + np.arange(TOKENS)) % whole,
        start=start,
        clock=Clock(seconds - start, song.clock.form),
        beats=beats[inside],
        counts=np.tile(np.arange(len(song.beats)) - song.downbeat, turns)[inside] % bars.BEATS_PER_EIGHT,
        frames=frames_at(start + np.arange(int(np.ceil(duration * FPS)) + 1) / FPS),
        at_clock=frames_at(seconds),
    )


def build(
    songs: list[SourceSong],
    drums: list[SourceSong],
    clips: list[SourceClip],
    *,
    codecs: Checkpoint,
    count: int,
    seed: int,
    workers: int = 1,
    enough: Enough = never,
) -> PairedTokens:
    """``count`` pairs from these songs, drum tracks and clips, each pair from its own (seed, number): made by so many
    ``workers``, and fewer of them when there is ``enough``.
    """
    by_genre: dict[str, list[Danceable]] = {}
    for clip in clips:
        by_genre.setdefault(clip.genre, []).extend(danceables(clip))
    by_genre = {genre: made for genre, made in by_genre.items() if made}
    names = tuple(clip.name for made in by_genre.values() for clip in made)
    numbers = {name: number for number, name in enumerate(names)}
    real, drummed = ([_heard(song, codecs) for song in kind if len(song.beats) >= 8] for kind in (songs, drums))

    def made(number: int) -> tuple[dict[str, np.ndarray | int], Source]:
        rng = np.random.default_rng((seed, number))
        kind = drummed if drummed and rng.random() < DRUM_SHARE else real
        return _pair(kind, by_genre, numbers, codecs, rng)

    rows = make_all(made, count, workers=workers, enough=enough)
    return PairedTokens(
        **{name: np.stack([columns[name] for columns, _ in rows]) for name in (*_PROMPT, *_ORIGIN)},
        clips=names,
        sources=tuple(source for _, source in rows),
    )


def _pair(
    songs: list[_HeardSong],
    by_genre: Mapping[str, list[Danceable]],
    clips: Mapping[str, int],
    codecs: Checkpoint,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray | int], Source]:
    """The columns of a pair, and where its music comes from."""
    lengths = np.array([song.seconds for song in songs])
    song = songs[rng.choice(len(songs), p=lengths / lengths.sum())]
    genres = list(by_genre)
    share = np.array([GENRE_WEIGHTS[genre] for genre in genres])
    genre = genres[rng.choice(len(genres), p=share / share.sum())]
    excerpt = _excerpt(song, rng)
    clock, hop = excerpt.clock, song.hop
    levels = energy.of_music(song.song.features, rng.normal(0.0, ENERGY_SPREAD))
    dance = compose(
        excerpt.beats,
        len(excerpt.frames),
        by_genre[genre],
        genre,
        rng,
        counts=excerpt.counts,
        levels=levels[excerpt.frames],
    )
    columns: dict[str, np.ndarray | int] = {
        "semantic": song.semantic[excerpt.tokens],
        "acoustic": song.acoustic[excerpt.tokens],
        "energy": energy.of_tokens(levels[excerpt.at_clock], hop),
        "beat_position": clock.beat_positions(hop),
        "beat_count": bars.counts(song.clock, hop, song.downbeat)[excerpt.tokens],
        "accent": cues.accents_of(dance.clip, clock, hop),
        "step": cues.steps_of(dance.clip, clock, hop),
        "dance": codecs.dance_codec.encode(clock.to_clock(dance.clip)).streams,
        "tempo": clock.tempo,
        "genre": GENRES.index(genre),
        **_origin(dance, clock, hop, clips),
    }
    return columns, {"song": song.song.name, "start": round(excerpt.start, 3), "genre": genre}


def _origin(dance: Dance, clock: Clock, hop: int, clips: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The columns that tell where the dance comes from, at the middle frame of each token of ``hop`` frames."""
    middle = clock.seconds[hop // 2 :: hop]
    frame = np.minimum(np.round(middle * FPS).astype(int), dance.clip.frames - 1)
    phrase = dance.phrase[frame]
    return {
        "phrase": phrase,
        "clip": np.array([clips[each.clip.name] for each in dance.phrases])[phrase],
        "clip_seconds": dance.clip_seconds[frame],
        "certainty": np.array([CERTAINTIES.index(each.clip.certainty) for each in dance.phrases])[phrase],
    }


def save(pairs: PairedTokens, path: Path) -> None:
    """Write the pairs aside, then put the file in place."""
    arrays = {name: getattr(pairs, name).astype(np.int16) for name in (*_PROMPT, *_ORIGIN)}
    arrays["clip_seconds"] = pairs.clip_seconds.astype(np.float32)
    words = {name: np.array(json.dumps(getattr(pairs, name))) for name in ("clips", "sources")}
    with write_aside(path) as aside:
        np.savez_compressed(aside, **arrays, **words)


@guarded(
    DataError, "is damaged or of an earlier version: its pairs cannot be read", "Delete it: training builds it again."
)
def load(path: Path) -> PairedTokens:
    """Pairs that ``save`` wrote. Raises DataError for a file that is damaged or of an earlier version."""
    with open_npz(path) as stored:
        arrays = {name: stored[name].astype(np.int64) for name in (*_PROMPT, *_ORIGIN)}
        arrays["clip_seconds"] = stored["clip_seconds"]
        clips, sources = (tuple(parse_json(str(stored[name]))) for name in ("clips", "sources"))
    return PairedTokens(**arrays, clips=clips, sources=sources)
