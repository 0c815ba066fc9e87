"""The whole study of a checkpoint: every section in turn, as one plain dict of tables with their controls and gates."""

from __future__ import annotations

import time
from dataclasses import asdict

from tokendance_core.evaluate.study.body import body
from tokendance_core.evaluate.study.distribution import distribution
from tokendance_core.evaluate.study.genre import genre
from tokendance_core.evaluate.study.life import danced_by_genre, life
from tokendance_core.evaluate.study.material import Material, Say
from tokendance_core.evaluate.study.rhythm import rhythm, structure_of
from tokendance_core.evaluate.study.songs import songs
from tokendance_core.evaluate.study.speed import machine, speed
from tokendance_core.evaluate.study.tokenizers import tokenizers

Section = dict[str, object]
"""``note`` in words; ``tables``: title -> row -> column -> figure; ``gates``: a list, see ``gates.py``."""


def run(material: Material, say: Say) -> dict[str, object]:
    """Every section of the study. A figure is a number, a word, or a mean with its interval (see ``statistics.py``)."""
    start = time.perf_counter()
    by_genre = danced_by_genre(material)
    sections = {
        "Tokenizers": lambda: tokenizers(material),
        "Rhythm": lambda: rhythm(material),
        "Feet and quality": lambda: body(material),
        "Life": lambda: life(material, by_genre),
        "Structure": lambda: structure_of(material),
        "Genre": lambda: genre(material, by_genre),
        "Distribution": lambda: distribution(material),
        "Speed": lambda: speed(material),
    }
    found: dict[str, Section] = {}
    for name, section in sections.items():
        say(f"measuring: {name.lower()}")
        found[name] = section()
    gates = sorted((gate for section in found.values() for gate in section["gates"]), key=lambda gate: gate["theme"])
    took = {"minutes of measuring": (time.perf_counter() - start) / 60}
    return {"about": about(material) | took, "gates": gates, "sections": found, "songs": songs(material)}


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
