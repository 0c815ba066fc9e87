"""The whole study of a checkpoint: every section in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from tokendance_core.evaluate.results import Report, Section, SongResult
from tokendance_core.evaluate.study.distribution import distribution
from tokendance_core.evaluate.study.feet_and_quality import feet_and_quality
from tokendance_core.evaluate.study.genre import genre
from tokendance_core.evaluate.study.life import Life, danced_by_genre, life
from tokendance_core.evaluate.study.material import Log, Material
from tokendance_core.evaluate.study.rhythm import Rhythm, rhythm
from tokendance_core.evaluate.study.songs import songs
from tokendance_core.evaluate.study.speed import machine, speed
from tokendance_core.evaluate.study.staging import staging
from tokendance_core.evaluate.study.structure import structure
from tokendance_core.evaluate.study.tokenizers import tokenizers

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Study:
    """What every section found; rhythm and life are plotted besides, see ``study_plots``."""

    tokenizers: Section
    rhythm: Rhythm
    feet_and_quality: Section
    staging: Section
    life: Life
    structure: Section
    genre: Section
    distribution: Section
    speed: Section
    songs: Sequence[SongResult]
    about: Mapping[str, object]

    @property
    def report(self) -> Report:
        sections = {
            "Tokenizers": self.tokenizers,
            "Rhythm": self.rhythm.section,
            "Feet and quality": self.feet_and_quality,
            "Stage and facing": self.staging,
            "Life": self.life.section,
            "Structure": self.structure,
            "Genre": self.genre,
            "Distribution": self.distribution,
            "Speed": self.speed,
        }
        gates = sorted((gate for section in sections.values() for gate in section.gates), key=lambda gate: gate.theme)
        return Report(about=self.about, gates=gates, sections=sections, songs=self.songs)


def run(material: Material, log: Log) -> Study:
    """Every section of the study; ``log`` is told which one is measured."""
    start = time.perf_counter()

    def measured(name: str, measure: Callable[[], T]) -> T:
        log(f"measuring: {name}")
        return measure()

    by_genre = danced_by_genre(material)
    return Study(
        tokenizers=measured("tokenizers", lambda: tokenizers(material)),
        rhythm=measured("rhythm", lambda: rhythm(material)),
        feet_and_quality=measured("feet and quality", lambda: feet_and_quality(material)),
        staging=measured("stage and facing", lambda: staging(material, by_genre)),
        life=measured("life", lambda: life(material, by_genre)),
        structure=measured("structure", lambda: structure(material)),
        genre=measured("genre", lambda: genre(material, by_genre)),
        distribution=measured("distribution", lambda: distribution(material)),
        speed=measured("speed", lambda: speed(material)),
        songs=measured("songs", lambda: songs(material)),
        about=about(material) | {"minutes of measuring": (time.perf_counter() - start) / 60},
    )


def about(material: Material) -> dict[str, object]:
    """What was measured, so that the figures can be made again."""
    settings = material.settings
    return {
        "checkpoint": material.model.id,
        "machine": machine(material.model),
        "songs": len(material.songs),
        "held-out songs": sum(song.split != "train" for song in material.songs),
        "seconds of each": settings.seconds,
        "seeds": settings.seeds,
        **{key: value for key, value in asdict(settings.dance).items() if key != "finish"},
    }
