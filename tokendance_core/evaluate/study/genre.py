"""Section "genre": does a classifier trained on real dance recognise the genre that was requested?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate.metrics.genre import GenreClassifier
from tokendance_core.evaluate.results import Row, Section, Table
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import Dances, Material

WELL_ABOVE = 2.0
"""Times chance that the gate asks for."""

_NOTE = (
    "Linear classifier of 4 s windows, trained on the training dance; accuracies are means over genres. It learns the "
    "dancers and the studio along with the genre, so real held-out dance is the best that can be expected."
)


@dataclass(frozen=True)
class Accuracy(Row):
    """How often windows are recognised as what they are said to be; chance has no windows."""

    accuracy_percent: float
    windows: int | None = None
    genres: int | None = None


def genre(material: Material, by_genre: Mapping[str, Dances]) -> Section:
    """Accuracy on real held-out dance and on the model's, and what each is recognised as."""
    training = [clip for clip in material.clips if clip.split == "train"]
    classifier = GenreClassifier.fit([c.clip for c in training], [c.genre for c in training])
    held_out: dict[str, Dances] = {}
    for clip in material.clips:
        if clip.split != "train":
            held_out.setdefault(clip.genre, []).append(clip.clip)
    requested = {name: clips for name, clips in by_genre.items() if name in classifier.genres}
    names = list(requested)
    swapped = {name: requested[other] for name, other in zip(names, names[1:] + names[:1], strict=True)}
    recognised = _accuracy(classifier, requested)
    tables: dict[str, Table] = {
        "Accuracy": {
            "real dance, held out": _accuracy(classifier, held_out),
            "model, genre as requested": recognised,
            "the same, another genre requested": _accuracy(classifier, swapped),
            "chance": Accuracy(100 * classifier.chance),
        }
    }
    for whose, dances in (("model, by requested genre", by_genre), ("real held-out dance, by genre", held_out)):
        tables[f"Recognised as, % of windows: {whose}"] = {
            name: _recognised(classifier, clips) for name, clips in dances.items()
        }
    gate = gates.at_least(
        "6 genre",
        "recognised as requested, %",
        recognised.accuracy_percent,
        100 * WELL_ABOVE * classifier.chance,
        f"{WELL_ABOVE:g} times chance",
    )
    return Section(_NOTE, tables, [gate])


def _accuracy(classifier: GenreClassifier, dances: Mapping[str, Dances]) -> Accuracy:
    clips = [clip for made in dances.values() for clip in made]
    genres = [name for name, made in dances.items() for _ in made]
    windows = sum(len(classifier.predict(clip)) for clip in clips)
    accuracy = 100 * classifier.accuracy(clips, genres) if windows else float("nan")
    return Accuracy(accuracy, windows, len(dances))


def _recognised(classifier: GenreClassifier, clips: Dances) -> dict[str, float]:
    """Genre -> percentage of the clips' windows."""
    found = np.array([name for clip in clips for name in classifier.predict(clip)])
    return {name: float(100 * np.mean(found == name)) if len(found) else float("nan") for name in classifier.genres}
