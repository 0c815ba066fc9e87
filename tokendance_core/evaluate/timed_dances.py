"""Dances as their events, with the beats of the music that they are scored on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.datasets.pack import SourceClip
from tokendance_core.evaluate.metrics.events import EVENTS
from tokendance_core.evaluate.metrics.statistics import Estimate, by_cluster, over_songs_and_seeds
from tokendance_core.evaluate.metrics.tempo_lock import WINDOW
from tokendance_core.motion.speed import joint_speed
from tokendance_core.types import MotionClip


@dataclass(frozen=True, eq=False)
class Moves:
    """A dance as its ``events`` by name, (N,) seconds each, found once and scored against many songs; ``speed``: mean
    joint speed in m/s.
    """

    events: Mapping[str, np.ndarray]
    seconds: float
    speed: float

    @classmethod
    def of(cls, clip: MotionClip) -> Moves:
        events = {name: find(clip) for name, find in EVENTS.items()}
        return cls(events, clip.seconds, float(joint_speed(clip).mean()))

    @property
    def beats(self) -> np.ndarray:
        """(B,) seconds of the motion beats."""
        return self.events["minima"]


@dataclass(frozen=True, eq=False)
class Kind:
    """Dances of one kind: ``seeds`` of them, a dance to each of ``songs``, (B,) seconds of beats each; songs of one of
    ``clusters`` are no independent trials; ``placed``: what put the dance on the beat.
    """

    seeds: Sequence[Sequence[Moves]]
    songs: Sequence[np.ndarray]
    clusters: Sequence[str]
    placed: str = "the network"

    def values(self, figure: Callable[[Moves, np.ndarray], float]) -> np.ndarray:
        """(seeds, clusters) of a figure of each dance and the beats of its song."""
        found = [[figure(moves, song) for moves, song in zip(seed, self.songs, strict=True)] for seed in self.seeds]
        return by_cluster(np.array(found), self.clusters)

    def estimate(self, figure: Callable[[Moves, np.ndarray], float]) -> Estimate:
        return over_songs_and_seeds(self.values(figure))


def exact_clips(clips: Sequence[SourceClip]) -> list[SourceClip]:
    """The clips whose clock is exact and that last a window."""
    return [c for c in clips if c.grid and c.grid.exact and c.clip.seconds >= WINDOW]
