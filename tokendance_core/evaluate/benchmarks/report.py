"""A published benchmark as a page: a protocol's figures beside ground truth, the floor and the tables that others
printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from tokendance_core.dance import pipeline
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.pipeline import GenerateSettings
from tokendance_core.datasets.recording import Recording
from tokendance_core.evaluate.benchmarks import protocols, published
from tokendance_core.evaluate.metrics.statistics import Figure
from tokendance_core.evaluate.study.material import Say
from tokendance_core.evaluate.study.speed import machine
from tokendance_core.music import audio
from tokendance_core.types import MotionClip


def run(
    name: str,
    dataset: Path,
    dances: Path | None,
    model: Checkpoint | None,
    settings: GenerateSettings,
    seeds: int,
    say: Say,
) -> dict[str, object]:
    """Protocol ``name`` on ``dataset`` for the motion files in ``dances``, or without them for ``seeds`` dances of
    ``model`` to each song.

    The result has the form of ``study.run``. Raises DataError and ClipError for missing pieces.
    """
    protocol = protocols.PROTOCOLS[name]
    say(f"reading {dataset}")
    recordings = protocols.load(protocol, dataset)
    runs = []
    for number in range(1 if dances else seeds):
        say("reading the dances" if dances else f"dancing, seed {settings.seed + number}")
        made = (
            protocols.dances_in(dances)
            if dances
            else _danced(recordings, model, replace(settings, seed=settings.seed + number))
        )
        say(f"measuring by protocol {name}")
        runs.append(protocols.run(protocol, recordings, made))
    figures = {
        figure: sides | {"generated": spread([run["figures"][figure]["generated"] for run in runs])}
        for figure, sides in runs[0]["figures"].items()
    }
    result, how = runs[0], {key: value for key, value in asdict(settings).items() if key != "finish"}
    about = (
        {"dances": dances.name}
        if dances
        else {"checkpoint": model.id, "machine": machine(model), "seeds": seeds, **how}
    )
    verdict = (
        "Distances may be set beside published ones."
        if result["comparable"]
        else "Distances are NOT comparable with published ones."
    )
    ours = {
        "note": " ".join([verdict, *result["notes"], "Below a mean: range and spread over seeds."]),
        "tables": {"Figures": figures},
    }
    return {
        "about": about | result["counts"],
        "comparable": result["comparable"],
        "gates": [],
        "sections": {result["title"]: ours | {"gates": []}, "Published": _published(name)},
        "songs": [],
    }


def _danced(recordings: Sequence[Recording], model: Checkpoint, settings: GenerateSettings) -> dict[str, MotionClip]:
    return protocols.dances_for(
        recordings, lambda recording: pipeline.generate(audio.load(recording.music), model, settings)
    )


def spread(values: Sequence[float]) -> Figure | float:
    """One run as it is; several as mean, range and standard deviation."""
    if len(values) == 1:
        return values[0]
    return {
        "mean": float(np.mean(values)),
        "low": min(values),
        "high": max(values),
        "sd": float(np.std(values, ddof=1)),
    }


def _published(protocol: str) -> dict[str, object]:
    """The tables that follow the protocol, as their papers print them."""
    tables = {
        f"{table.title}, {table.source}": {
            system: {column: "–" if value is None else value for column, value in zip(table.columns, row, strict=True)}
            for system, row in table.rows.items()
        }
        for table in published.beside(protocol)
    }
    notes = dict.fromkeys(table.note for table in published.beside(protocol) if table.note)
    return {"note": " ".join(notes), "tables": tables, "gates": []}
