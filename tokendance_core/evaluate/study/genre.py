"""Section "genre": does a classifier trained on real dance recognise the genre that was asked for?"""

from __future__ import annotations

import numpy as np

from tokendance_core.evaluate.metrics.genre import GenreClassifier
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import Dances, Material

WELL_ABOVE = 2.0
"""Times chance that the gate asks for."""

_NOTE = (
    "Linear classifier of 4 s windows, trained on the training dance; accuracies are means over genres. It learns the "
    "dancers and "
    "the studio along with the genre, so that real held-out dance is the most that can be expected."
)


def genre(material: Material, by_genre: dict[str, Dances]) -> dict[str, object]:
    """Accuracy on real held-out dance and on the model's, and what each is taken for."""
    real = {
        split: [c for c in material.clips if (c.split == "train") is (split == "train")]
        for split in ("train", "held out")
    }
    labels = {split: [c.genre for c in clips] for split, clips in real.items()}
    classifier = GenreClassifier.fit([c.clip for c in real["train"]], labels["train"])
    held_out: dict[str, Dances] = {}
    for clip in real["held out"]:
        held_out.setdefault(clip.genre, []).append(clip.clip)
    asked = {name: clips for name, clips in by_genre.items() if name in classifier.genres}
    names = list(asked)
    swapped = {name: asked[other] for name, other in zip(names, names[1:] + names[:1], strict=True)}
    rows = {
        "real dance, held out": _accuracy(classifier, held_out),
        "model, genre as requested": _accuracy(classifier, asked),
        "the same, another genre requested": _accuracy(classifier, swapped),
        "chance": {"accuracy_percent": 100 * classifier.chance},
    }
    tables = {"Accuracy": rows}
    for whose, clips in (("model, by requested genre", by_genre), ("real held-out dance, by genre", held_out)):
        tables[f"Recognised as, % of windows: {whose}"] = {
            name: _recognised(classifier, some) for name, some in clips.items()
        }
    found, limit = rows["model, genre as requested"]["accuracy_percent"], 100 * WELL_ABOVE * classifier.chance
    gate = gates.at_least("6 genre", "recognised as requested, %", found, limit, f"{WELL_ABOVE:g} times chance")
    return {"note": _NOTE, "tables": tables, "gates": [gate]}


def _accuracy(classifier: GenreClassifier, clips: dict[str, Dances]) -> dict[str, object]:
    some, genres = (
        [clip for made in clips.values() for clip in made],
        [name for name, made in clips.items() for _ in made],
    )
    windows = sum(len(classifier.predict(clip)) for clip in some)
    accuracy = 100 * classifier.accuracy(some, genres) if windows else float("nan")
    return {"accuracy_percent": accuracy, "windows": windows, "genres": len(clips)}


def _recognised(classifier: GenreClassifier, clips: Dances) -> dict[str, float]:
    found = np.array([name for clip in clips for name in classifier.predict(clip)])
    return {name: float(100 * np.mean(found == name)) if len(found) else float("nan") for name in classifier.genres}
