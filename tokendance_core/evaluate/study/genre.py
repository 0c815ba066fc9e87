"""Section "genre": does a classifier that never saw what the generator learned from recognise the genre requested?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics.genre import GenreClassifier, window_features
from tokendance_core.evaluate.metrics.statistics import ratio
from tokendance_core.evaluate.results import Gate, Row, Section, Table
from tokendance_core.evaluate.study.material import Dances, Material

FEWEST_CLIPS, FEWEST_SECONDS = 2, 30.0
"""Held-out dance that a genre needs to be judged by."""

FEWEST_GENRES = 2
"""That a classifier needs to tell anything apart."""

SHARE_OF_REAL = 0.5
"""Of the rate at which real held-out dance of a genre is recognised: what the gates ask of the model's."""

REQUESTED = "model, genre as requested"

UNDECIDABLE = "undecidable, too little held-out dance"

ByGenre = Mapping[str, Sequence[np.ndarray]]
"""True or requested genre -> the window features (W, F) of each clip."""

Recognised = Mapping[str, Sequence[str]]
"""True or requested genre -> what each of its windows is recognised as."""

_NOTE = (
    "Linear classifiers of 4 s windows. The one that counts is fitted on held-out dance, which the generator never "
    "saw; its own accuracy is found leaving one clip out. Training dance, which the model imitates, is as new to it "
    "as the model’s own and shows what can be expected. A classifier fitted on the training dance takes a copied "
    f"dancer for a genre: it stands beside for comparison. A genre is judged by {FEWEST_CLIPS} held-out clips and "
    f"{FEWEST_SECONDS:g} s or more. Dancer and studio are learned along with the genre."
)


@dataclass(frozen=True)
class Recognition(Row):
    """Windows of one genre that are recognised as it; figures of the classifier of held-out dance are None for a genre
    that cannot be judged.
    """

    verdict: str
    held_out_percent: float | None
    training_percent: float | None
    model_percent: float | None
    model_by_training_classifier_percent: float
    held_out_clips: int
    held_out_s: float


@dataclass(frozen=True)
class Accuracy(Row):
    """How often windows are recognised as what they are said to be, mean over genres; and as a multiple of held-out
    dance's.
    """

    accuracy_percent: float
    over_held_out: float
    windows: int | None = None


def decidable(material: Material) -> dict[str, Dances]:
    """Held-out dance by genre, of the genres that have enough of it to be judged by."""
    held_out = _by_genre(material, False)
    return {
        genre: clips
        for genre, clips in held_out.items()
        if len(clips) >= FEWEST_CLIPS and sum(clip.seconds for clip in clips) >= FEWEST_SECONDS
    }


@dataclass(frozen=True)
class Judged:
    """What a classifier of held-out dance recognises in held-out dance itself, leaving one clip out, in training dance
    and in the model's; empty when fewer than two genres can be told apart.
    """

    real: Recognised
    imitated: Recognised
    made: Recognised

    @classmethod
    def of(cls, held_out: ByGenre, training: ByGenre, made: ByGenre) -> Judged:
        if len(held_out) < FEWEST_GENRES:
            return cls({}, {}, {})
        classifier = GenreClassifier.fit(*_listed(held_out))
        return cls(_left_out(held_out), _recognised(classifier, training), _recognised(classifier, made))


def genre(material: Material, by_genre: Mapping[str, Dances]) -> Section:
    """Accuracy on held-out dance, on training dance and on the model's by genre, and what each is recognised as."""
    held_out, training, made = _by_genre(material, False), _windows(_by_genre(material, True)), _windows(by_genre)
    judged = Judged.of(_windows(decidable(material)), training, made)
    by_training = _recognised(GenreClassifier.fit(*_listed(training)), made)
    accuracies = _accuracies(judged)
    tables: dict[str, Table] = {
        "Recognised as requested": {
            name: _recognition(name, judged, by_training, held_out.get(name, [])) for name in by_genre if name != "any"
        },
        "Mean over the genres that can be judged": accuracies,
        "Recognised as, % of windows: model, by requested genre": _confusion(judged.made, judged.real),
        "Recognised as, % of windows: held-out dance, by genre": _confusion(judged.real, judged.real),
    }
    return Section(_NOTE, tables, _gates(judged))


def _gates(judged: Judged) -> list[Gate]:
    """One for each genre that can be judged: a mean would hide one that is never recognised."""
    found = [gates.at_least("6 genre", "genres that can be judged", len(judged.real), FEWEST_GENRES)]
    return found + [
        gates.at_least(
            f"6 genre, {genre}",
            "recognised as requested, over held-out dance",
            ratio(_percent(judged.made[genre], genre), _percent(names, genre)),
            SHARE_OF_REAL,
        )
        for genre, names in judged.real.items()
        if genre in judged.made
    ]


def _accuracies(judged: Judged) -> dict[str, Accuracy]:
    names = [name for name in judged.made if name in judged.real]
    swapped = {name: judged.made[other] for name, other in zip(names, names[1:] + names[:1], strict=True)}
    kinds = {
        "held-out dance, leaving one clip out": judged.real,
        "training dance": _chosen(judged.imitated, names),
        REQUESTED: _chosen(judged.made, names),
        "the same, another genre requested": swapped,
    }
    best = _mean(judged.real)
    rows = {
        kind: Accuracy(_mean(found), ratio(_mean(found), best), sum(map(len, found.values())))
        for kind, found in kinds.items()
    }
    chance = 100 / len(judged.real) if judged.real else math.nan
    return rows | {"chance": Accuracy(chance, ratio(chance, best))}


def _by_genre(material: Material, training: bool) -> dict[str, Dances]:
    found: dict[str, Dances] = {}
    for clip in material.clips:
        if (clip.split == "train") is training:
            found.setdefault(clip.genre, []).append(clip.clip)
    return found


def _windows(dances: Mapping[str, Dances]) -> ByGenre:
    return {genre: [window_features(clip) for clip in clips] for genre, clips in dances.items()}


def _listed(clips: ByGenre) -> tuple[list[np.ndarray], list[str]]:
    """Clips and the genre of each."""
    pairs = [(rows, genre) for genre, some in clips.items() for rows in some]
    return [rows for rows, _ in pairs], [genre for _, genre in pairs]


def _recognised(classifier: GenreClassifier, clips: ByGenre) -> Recognised:
    return {genre: [name for rows in some for name in classifier.predict(rows)] for genre, some in clips.items()}


def _left_out(clips: ByGenre) -> Recognised:
    """Each clip by a classifier of all the others."""
    windows, genres = _listed(clips)
    found: dict[str, list[str]] = {genre: [] for genre in clips}
    for genre, names in zip(genres, GenreClassifier.leave_one_out(windows, genres), strict=True):
        found[genre] += names
    return found


def _recognition(genre: str, judged: Judged, by_training: Recognised, held_out: Dances) -> Recognition:
    def percent(found: Recognised) -> float | None:
        return _percent(found.get(genre, ()), genre) if genre in judged.real else None

    return Recognition(
        verdict="judged" if genre in judged.real else UNDECIDABLE,
        held_out_percent=percent(judged.real),
        training_percent=percent(judged.imitated),
        model_percent=percent(judged.made),
        model_by_training_classifier_percent=_percent(by_training[genre], genre),
        held_out_clips=len(held_out),
        held_out_s=sum(clip.seconds for clip in held_out),
    )


def _confusion(found: Recognised, genres: Iterable[str]) -> Table:
    known = sorted(genres)
    return {name: {genre: _percent(names, genre) for genre in known} for name, names in found.items()}


def _percent(names: Sequence[str], genre: str) -> float:
    return float(100 * np.mean([name == genre for name in names])) if names else math.nan


def _mean(found: Recognised) -> float:
    return float(np.mean([_percent(names, genre) for genre, names in found.items()])) if found else math.nan


def _chosen(found: Recognised, genres: Sequence[str]) -> Recognised:
    return {genre: found[genre] for genre in genres if genre in found}
