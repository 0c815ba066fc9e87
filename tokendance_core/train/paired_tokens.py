"""Songs and dances as token sequences: the dances of ``datasets/compose.py``, built once and kept beside the training
state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.datasets.compose import Dance, Danceable, compose, danceables
from tokendance_core.datasets.pack import GENRES, SourceClip, SourceSong
from tokendance_core.files.atomic import write_aside
from tokendance_core.motion import edits
from tokendance_core.motion.speed import joint_speed
from tokendance_core.music import energy, features
from tokendance_core.music.clock import Clock
from tokendance_core.train import percussion
from tokendance_core.types import FPS, MotionClip, MusicFeatures

SECONDS = 100.0
"""How much of a song a dance is composed for: enough for ``TOKENS`` at the slowest tempo."""

TOKENS = 480
"""Length of one pair: a minute, more or less."""

DRUM_TEMPOS = tuple(np.linspace(78, 188, 23))
DRUM_SHARE = 0.25
"""Share of pairs whose music is a synthetic drum track."""

HEADING_SPREAD = 0.05
"""Standard deviation in radians by which a whole dance is turned; more would give every pose many codes to learn."""

Source = dict[str, object]
"""Where a pair comes from: song, first frame, genre, phrases; JSON."""

_COLUMNS = ("semantic", "acoustic", "energy", "beat_position", "dance", "tempo", "genre")


@dataclass(frozen=True, eq=False, kw_only=True)
class PairedTokens:
    """N excerpts of L tokens, int: ``semantic``, ``acoustic``, ``energy``, ``beat_position`` (N, L), ``dance``
    (N, streams, L).

    ``tempo`` and ``genre`` (N,) hold for a whole pair; ``sources``: where each pair comes from.
    """

    semantic: np.ndarray
    acoustic: np.ndarray
    energy: np.ndarray
    beat_position: np.ndarray
    dance: np.ndarray
    tempo: np.ndarray
    genre: np.ndarray
    sources: tuple[Source, ...]

    def __len__(self) -> int:
        return len(self.genre)


def drum_songs(rng: np.random.Generator) -> list[SourceSong]:
    """A synthetic drum track at each of ``DRUM_TEMPOS``, with its exact beats."""
    songs = []
    for bpm in DRUM_TEMPOS:
        music = percussion.drum_track(bpm, SECONDS + 2.0, rng)
        songs.append(
            SourceSong(
                name=music.name,
                split="train",
                features=features.extract(music),
                beats=percussion.beat_times(bpm, music.seconds),
            )
        )
    return songs


def build(
    songs: list[SourceSong],
    drums: list[SourceSong],
    clips: list[SourceClip],
    *,
    codecs: Checkpoint,
    count: int,
    seed: int,
) -> PairedTokens:
    """``count`` pairs from these songs, drum tracks and clips, each pair from its own (seed, number)."""
    by_genre: dict[str, list[Danceable]] = {}
    for clip in clips:
        by_genre.setdefault(clip.genre, []).extend(danceables(clip))
    by_genre = {genre: made for genre, made in by_genre.items() if made}
    ranks = {genre: _usual_speeds([clip for clip in clips if clip.genre == genre]) for genre in by_genre}
    real = [song for song in songs if len(song.beats) >= 8]
    rows = [
        _pair(real, drums, by_genre, ranks, codecs, rng)
        for rng in tqdm(_generators(seed, count), "pairs", count, mininterval=5.0)
    ]
    return PairedTokens(
        **{name: np.stack([numbers[name] for numbers, _ in rows]).astype(np.int64) for name in _COLUMNS},
        sources=tuple(source for _, source in rows),
    )


def _usual_speeds(clips: list[SourceClip]) -> np.ndarray:
    """Every smoothed joint speed of a genre's clips in m/s, ascending: what a speed's rank is read from."""
    return np.sort(np.concatenate([energy.smoothed(joint_speed(clip.clip)) for clip in clips]))


def _generators(seed: int, count: int) -> Iterator[np.random.Generator]:
    return (np.random.default_rng((seed, number)) for number in range(count))


def _pair(
    real: list[SourceSong],
    drums: list[SourceSong],
    by_genre: Mapping[str, list[Danceable]],
    ranks: Mapping[str, np.ndarray],
    codecs: Checkpoint,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray | int], Source]:
    """The numbers of a pair by column, and where it comes from."""
    songs = drums if drums and rng.random() < DRUM_SHARE else real
    lengths = np.array([song.features.frames for song in songs], float)
    song = songs[rng.choice(len(songs), p=lengths / lengths.sum())]
    genres = list(by_genre)
    # Square root: small genres come up more often than their minutes alone would have it.
    share = np.sqrt([sum(len(c.root) for c in by_genre[genre]) for genre in genres])
    genre = genres[rng.choice(len(genres), p=share / share.sum())]
    excerpt, beats, start = _excerpt(song, rng)
    clock = Clock.of_beats(beats, SECONDS) if codecs.clock == "beats" else Clock.steady(SECONDS)
    dance = compose(clock.beats if codecs.clock == "beats" else beats, excerpt.frames, by_genre[genre], genre, rng)
    clip = edits.turn(dance.clip, float(rng.normal(0, HEADING_SPREAD)))
    music = codecs.music_codec.encode(clock.resample_features(excerpt))
    moves = codecs.dance_codec.encode(clock.to_clock(clip)).streams
    numbers: dict[str, np.ndarray | int] = {
        "semantic": music.semantic[:TOKENS],
        "acoustic": music.acoustic[:TOKENS],
        "energy": energy.of_tokens(_energy(clip, clock, ranks[genre]), codecs.dance_codec.hop)[:TOKENS],
        "beat_position": clock.beat_positions(codecs.dance_codec.hop)[:TOKENS],
        "dance": moves[:, :TOKENS],
        "tempo": clock.tempo,
        "genre": GENRES.index(genre),
    }
    return numbers, _source(song, start, dance)


def _energy(clip: MotionClip, clock: Clock, usual: np.ndarray) -> np.ndarray:
    """(T,) energy levels of a dance at the frames of the clock."""
    speed = np.interp(clock.seconds, np.arange(clip.frames) / FPS, energy.smoothed(joint_speed(clip)))
    return energy.level_of_rank(np.searchsorted(usual, speed) / len(usual))


def _excerpt(song: SourceSong, rng: np.random.Generator) -> tuple[MusicFeatures, np.ndarray, int]:
    """``SECONDS`` of features from anywhere in the song (short songs repeat), its beats in seconds, its first frame."""
    frames = int(SECONDS * FPS)
    total = song.features.frames
    start = int(rng.integers(0, max(total - frames, 1)))
    order = (start + np.arange(frames)) % total
    rounds = (start + frames - 1) // total + 1
    beats = np.concatenate([song.beats + turn * total / FPS for turn in range(rounds)]) - start / FPS
    return MusicFeatures(song.features.values[order]), beats[(beats >= 0) & (beats < SECONDS)], start


def _source(song: SourceSong, start: int, dance: Dance) -> Source:
    return {
        "song": song.name,
        "start_frame": start,
        "genre": dance.genre,
        "phrases": [list(phrase) for phrase in dance.sources],
    }


def save(pairs: PairedTokens, path: Path) -> None:
    """Write the pairs aside, then put the file in place."""
    arrays = {name: getattr(pairs, name).astype(np.int16) for name in _COLUMNS}
    with write_aside(path) as aside:
        np.savez_compressed(aside, **arrays, sources=np.array(json.dumps(pairs.sources)))


def load(path: Path) -> PairedTokens:
    """Pairs that ``save`` wrote; a file may also call the beat position ``place``."""
    with np.load(path, allow_pickle=False) as file:
        stored = {"beat_position": "place"} if "place" in file else {}
        arrays = {name: file[stored.get(name, name)].astype(np.int64) for name in _COLUMNS}
        return PairedTokens(**arrays, sources=tuple(json.loads(str(file["sources"]))))
