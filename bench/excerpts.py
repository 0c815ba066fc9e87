"""Excerpts of songs that nothing was trained on with dances composed for them: what the network is asked about alone.

The pairs are those of training; beside what the network was told of them in training stands what it is told in use.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.__main__ import ROOT, table
from tokendance_core.dance import pipeline
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.genre_choice import genre_for
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.datasets import pack
from tokendance_core.datasets.pack import SourceClip, SourceSong
from tokendance_core.engine import sampler
from tokendance_core.engine.engine import Answering
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.results import Row, cells, to_json
from tokendance_core.evaluate.study.rhythm import FEWEST_BEATS
from tokendance_core.evaluate.timed_dances import Kind, Moves
from tokendance_core.model.config import HALVES, Prompt
from tokendance_core.music import energy
from tokendance_core.music.clock import FRAMES_PER_BEAT, Clock
from tokendance_core.train import paired_tokens
from tokendance_core.train.paired_tokens import PairedTokens
from tokendance_core.types import FPS, DanceTokens, MotionClip

AT_ONCE = 8
"""Excerpts that are sampled together: more cost memory and gain no time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Excerpts:
    """N excerpts of L tokens: the prompt as it is ``told`` in training and as it is made ``in_use``; ``dance``
    (N, streams, L) composed; for each its ``clocks``, ``songs`` and ``artists``.
    """

    told: Prompt
    in_use: Prompt
    dance: np.ndarray
    clocks: Sequence[Clock]
    songs: Sequence[str]
    artists: Sequence[str]

    def __len__(self) -> int:
        return len(self.clocks)

    @property
    def another(self) -> list[int]:
        """For each excerpt the number of the next one that belongs to another song."""
        count = len(self)
        following = ([(i + step) % count for step in range(1, count)] for i in range(count))
        return [next(k for k in others if self.songs[k] != self.songs[i]) for i, others in enumerate(following)]

    def kind(self, seeds: Sequence[Sequence[MotionClip]]) -> Kind:
        """Dances to the excerpts, ready to be scored on the beats of the clock."""
        moves = [[Moves.of(clip) for clip in clips] for clips in seeds]
        return Kind(moves, [clock.beats for clock in self.clocks], self.artists)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What both ask for: a checkpoint, the data pack and how many excerpts."""
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--excerpts", type=int, default=24)
    parser.add_argument("--out", type=Path, default=ROOT / "out")


def of_data(model: Checkpoint, data: Path, clips: list[SourceClip], count: int, seed: int = 0) -> Excerpts:
    """``count`` excerpts of the songs of a data pack that nothing was trained on, with dances composed of ``clips``."""
    songs = [
        song for song in pack.load_songs(data, print, splits=("validation", "test")) if len(song.beats) >= FEWEST_BEATS
    ]
    pairs = paired_tokens.build(songs, [], clips, codecs=model, count=count, seed=seed)
    by_name = {song.name: song for song in songs}
    chosen = [by_name[str(source["song"])] for source in pairs.sources]
    heard = {name: Heard.of(song, model) for name, song in by_name.items()}
    starts = [float(str(source["start"])) for source in pairs.sources]
    places = [heard[song.name].places(start) for song, start in zip(chosen, starts, strict=True)]
    in_use = [
        [heard[song.name].at(value, at) for value in heard[song.name].prompt]
        for song, at in zip(chosen, places, strict=True)
    ]
    return Excerpts(
        told=told(pairs),
        in_use=Prompt(*(np.stack(column) for column in zip(*in_use, strict=True))),
        dance=pairs.dance.astype(np.int64),
        clocks=[heard[song.name].clock_at(at) for song, at in zip(chosen, places, strict=True)],
        songs=[song.name for song in chosen],
        artists=[song.artist or song.name for song in chosen],
    )


def told(pairs: PairedTokens) -> Prompt:
    """The prompt of pairs as training tells it."""
    return Prompt(*(np.asarray(getattr(pairs, name), np.int64) for name in Prompt._fields))


@dataclass(frozen=True, eq=False)
class Heard:
    """A whole song as the network is told of it in use: its ``prompt``, batch size 1, and the ``seconds`` (F,) of the
    clock's whole beats, after which the song goes round, ``hop`` frames a token.
    """

    prompt: Prompt
    seconds: np.ndarray
    hop: int

    @classmethod
    def of(cls, song: SourceSong, model: Checkpoint) -> Heard:
        clock = Clock.of_music(song.features, model.clock)
        genre = genre_for(song.features, model.genres)
        prompt = pipeline.prompt_of(song.features, clock, model, genre, energy.of_music(song.features))
        whole = (clock.frames - 1) // FRAMES_PER_BEAT * FRAMES_PER_BEAT
        return cls(prompt, clock.seconds[: whole + 1], model.dance_codec.hop)

    def places(self, start: float) -> np.ndarray:
        """(L,) the tokens of a pair that begins ``start`` seconds into the song, counted on past its end."""
        first = int(np.abs(self.seconds[:: self.hop] - start).argmin())
        return first + np.arange(paired_tokens.TOKENS)

    def at(self, value: np.ndarray, places: np.ndarray) -> np.ndarray:
        """One field of the prompt at these places."""
        return value[0, places % (len(self.seconds) // self.hop)] if value.ndim == 2 else value[0]

    def clock_at(self, places: np.ndarray) -> Clock:
        """The clock of the excerpt, from 0 on."""
        whole, first = len(self.seconds) - 1, int(places[0]) * self.hop
        rounds, frame = np.divmod(first + np.arange(len(places) * self.hop), whole)
        seconds = self.seconds[frame] + rounds * (self.seconds[-1] - self.seconds[0])
        return Clock(seconds - seconds[0], "beats")


def danced(
    model: Checkpoint, prompt: Prompt, settings: GenerateSettings, seed: int, dance: np.ndarray | None = None
) -> np.ndarray:
    """Dance tokens (N, streams, L) by the sampler as in use; ``dance``: tokens to keep, as ``sampler.sample`` takes
    them.
    """
    made = []
    for part in parts(len(prompt.genre)):
        made.append(
            sampler.sample(
                model.engine,
                Prompt(*(value[part] for value in prompt)),
                steps=settings.steps,
                temperature=settings.temperature,
                top_p=settings.variety,
                seed=seed,
                dance=None if dance is None else dance[part],
            )
        )
    return np.concatenate(made)


def log_probabilities(engine: Answering, heard: object, shown: np.ndarray, dance: np.ndarray) -> np.ndarray:
    """(N, 2, L) of each first code of ``dance`` (N, streams, L) for a prompt that was heard, ``shown`` what is known of
    the dance, masked elsewhere.
    """
    first = dance[:, : len(HALVES)]
    found = np.empty(first.shape, np.float32)
    for half, logits in enumerate(engine.answer_at(np.ones(first.shape, bool), heard, shown, range(1))):
        scores = logits.reshape(*first[:, half].shape, -1)
        top = scores.max(-1)
        total = top + np.log(np.exp(scores - top[..., None]).sum(-1))
        found[:, half] = np.take_along_axis(scores, first[:, half, :, None], -1)[..., 0] - total
    return found


def parts(count: int) -> Iterator[slice]:
    """As many excerpts at once as ``AT_ONCE``."""
    return (slice(start, start + AT_ONCE) for start in range(0, count, AT_ONCE))


def decoded(model: Checkpoint, tokens: np.ndarray, clocks: Sequence[Clock]) -> list[MotionClip]:
    """Tokens (N, streams, L) as motion in the songs' time, unfinished."""
    clips = []
    for streams, clock in zip(tokens, clocks, strict=True):
        on_clock = model.dance_codec.decode(DanceTokens.of_streams(streams, clock.frames))
        clips.append(clock.to_song(on_clock, int(clock.seconds[-1] * FPS) + 1))
    return clips


def report(title: str, rows: Mapping[str, Row], path: Path) -> None:
    """Print rows of one kind as a table, and write them to ``path`` as JSON."""
    columns = next(iter(rows.values())).__dataclass_fields__
    heads = [name.replace("_", " ") for name in columns]
    print(table(title, heads, [[name, *line(row)] for name, row in rows.items()]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(to_json(rows), indent=2) + "\n", encoding="utf-8")


def line(row: Row) -> list[str]:
    """The cells of a row: a mean with half the width of its interval, a dash where there is nothing."""
    return [_words(cells(row).get(column, "–")) for column in row.__dataclass_fields__]


def _words(cell: object) -> str:
    if isinstance(cell, Estimate):
        return f"{cell.mean:.3f} ± {(cell.high - cell.low) / 2:.3f}"
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)
