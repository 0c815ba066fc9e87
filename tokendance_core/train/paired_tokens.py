"""Songs and dances as token sequences: the pairs of ``pairs.py``, built once and kept beside the training state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tokendance_core import features
from tokendance_core.atomic import write_aside
from tokendance_core.checkpoint import Checkpoint
from tokendance_core.train import augment, percussion
from tokendance_core.train.pack import GENRES, SourceClip, SourceSong, Split
from tokendance_core.train.pairs import Dance, Danceable, compose, danceables
from tokendance_core.types import FPS, HOP, MusicFeatures

SECONDS = 64.0
"""Length of one pair: an excerpt of a song, 240 tokens."""

DRUM_TEMPOS = tuple(np.linspace(78, 188, 23))
DRUM_SHARE = 0.25
"""Share of pairs whose music is our own percussion on an exact grid."""

HEADING_SPREAD = 0.05
"""Standard deviation in radians by which a whole dance is turned: more, and every pose has many codes to learn."""

_COLUMNS = ("semantic", "acoustic", "upper", "lower")


@dataclass(frozen=True, eq=False)
class PairedTokens:
    """N excerpts of L tokens: four (N, L) int arrays, ``genre`` (N,) index, ``sources``: where each pair comes from."""

    semantic: np.ndarray
    acoustic: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    genre: np.ndarray
    sources: tuple[dict, ...]

    def __len__(self) -> int:
        return len(self.genre)


def drum_songs(rng: np.random.Generator) -> list[SourceSong]:
    """A drum track of our own at each of ``DRUM_TEMPOS``, with its exact beats."""
    songs = []
    for bpm in DRUM_TEMPOS:
        music = percussion.drum_track(bpm, SECONDS + 2.0, rng)
        songs.append(SourceSong(music.name, "train", features.extract(music), percussion.beat_times(bpm, music.seconds)))
    return songs


def build(
    songs: list[SourceSong], drums: list[SourceSong], clips: list[SourceClip], split: Split, codecs: Checkpoint, count: int, seed: int
) -> PairedTokens:
    """``count`` pairs from the songs and clips of one split, each pair from its own (seed, number)."""
    by_genre: dict[str, list[Danceable]] = {}
    for clip in clips:
        if clip.split == split:
            by_genre.setdefault(clip.genre, []).extend(danceables(clip))
    by_genre = {genre: made for genre, made in by_genre.items() if made}
    real = [song for song in songs if song.split == split and len(song.beats) >= 8]
    rows = [_pair(real, drums, by_genre, codecs, rng) for rng in tqdm(_generators(seed, count), "pairs", count, mininterval=5.0)]
    tokens = {name: np.stack([row[0][name] for row in rows]).astype(np.int64) for name in _COLUMNS}
    return PairedTokens(**tokens, genre=np.array([row[1] for row in rows]), sources=tuple(row[2] for row in rows))


def _generators(seed: int, count: int) -> Iterator[np.random.Generator]:
    return (np.random.default_rng((seed, number)) for number in range(count))


def _pair(
    real: list[SourceSong], drums: list[SourceSong], by_genre: dict[str, list[Danceable]], codecs: Checkpoint, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], int, dict]:
    songs = drums if drums and rng.random() < DRUM_SHARE else real
    lengths = np.array([song.features.frames for song in songs], float)
    song = songs[rng.choice(len(songs), p=lengths / lengths.sum())]
    genres = list(by_genre)
    # Square root: small genres are heard more often than their minutes alone would have it.
    share = np.sqrt([sum(len(c.root) for c in by_genre[genre]) for genre in genres])
    genre = genres[rng.choice(len(genres), p=share / share.sum())]
    heard, beats, start = _excerpt(song, rng)
    dance = compose(beats, heard.frames, by_genre[genre], genre, rng)
    clip = augment.turn(dance.clip, float(rng.normal(0, HEADING_SPREAD)))
    music, moves = codecs.music_codec.encode(heard), codecs.dance_codec.encode(clip)
    tokens = {"semantic": music.semantic, "acoustic": music.acoustic, "upper": moves.upper, "lower": moves.lower}
    return tokens, GENRES.index(genre), _source(song, start, dance)


def _excerpt(song: SourceSong, rng: np.random.Generator) -> tuple[MusicFeatures, np.ndarray, int]:
    """``SECONDS`` of features from anywhere in the song (short songs repeat), its beats in seconds, its first frame."""
    frames = int(SECONDS * FPS)
    total = song.features.frames
    start = int(rng.integers(0, max(total - frames, HOP)))
    order = (start + np.arange(frames)) % total
    rounds = (start + frames - 1) // total + 1
    beats = np.concatenate([song.beats + turn * total / FPS for turn in range(rounds)]) - start / FPS
    return MusicFeatures(song.features.values[order]), beats[(beats >= 0) & (beats < SECONDS)], start


def _source(song: SourceSong, start: int, dance: Dance) -> dict:
    return {"song": song.name, "start_frame": start, "genre": dance.genre, "phrases": [list(phrase) for phrase in dance.sources]}


def save(pairs: PairedTokens, path: Path) -> None:
    arrays = {name: getattr(pairs, name).astype(np.int16) for name in (*_COLUMNS, "genre")}
    with write_aside(path) as aside:
        np.savez_compressed(aside, **arrays, sources=np.array(json.dumps(pairs.sources)))


def load(path: Path) -> PairedTokens:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name].astype(np.int64) for name in (*_COLUMNS, "genre")}
        return PairedTokens(**arrays, sources=tuple(json.loads(str(file["sources"]))))
