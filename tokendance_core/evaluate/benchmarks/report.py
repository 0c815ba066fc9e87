"""A published benchmark as a report: a protocol's figures beside ground truth, the floor and the tables that others
printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from tokendance_core.dance import pipeline
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.datasets.recording import Recording
from tokendance_core.evaluate.benchmarks import protocols, published
from tokendance_core.evaluate.benchmarks.protocols import Measurement, Protocol
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.results import Cell, Report, Row, Section, Table
from tokendance_core.evaluate.study.material import Log
from tokendance_core.evaluate.study.speed import machine
from tokendance_core.music import audio
from tokendance_core.types import MotionClip


@dataclass(frozen=True)
class FigureRow(Row):
    """``protocols.Sides`` over one or several runs."""

    generated: Estimate | float
    ground_truth: float
    floor: float | None = None


def of_files(protocol: Protocol, recordings: Sequence[Recording], dances: Path, log: Log) -> Report:
    """The protocol for the motion files of a folder. Raises DataError and ClipError for missing pieces."""
    log("reading the dances")
    clips = protocols.dances_in(dances)
    return _report(protocol, [_measured(protocol, recordings, clips, log)], {"dances": dances.name})


def of_model(
    protocol: Protocol,
    recordings: Sequence[Recording],
    model: Checkpoint,
    settings: GenerateSettings,
    seeds: int,
    log: Log,
) -> Report:
    """The protocol for ``seeds`` dances of ``model`` to each test song, the first with the seed of ``settings``. Raises
    DataError for missing pieces.
    """
    runs = []
    for seed in range(settings.seed, settings.seed + seeds):
        log(f"dancing, seed {seed}")
        dances = _danced(recordings, model, replace(settings, seed=seed))
        runs.append(_measured(protocol, recordings, dances, log))
    how = {key: value for key, value in asdict(settings).items() if key != "finish"}
    return _report(protocol, runs, {"checkpoint": model.id, "machine": machine(model), "seeds": seeds, **how})


def _danced(recordings: Sequence[Recording], model: Checkpoint, settings: GenerateSettings) -> dict[str, MotionClip]:
    return protocols.dances_for(recordings, lambda music: pipeline.generate(audio.load(music), model, settings))


def _measured(
    protocol: Protocol, recordings: Sequence[Recording], dances: Mapping[str, MotionClip], log: Log
) -> Measurement:
    log(f"measuring by protocol {protocol.name}")
    return protocols.run(protocol, recordings, dances)


def _report(protocol: Protocol, runs: Sequence[Measurement], about: Mapping[str, object]) -> Report:
    first = runs[0]
    figures = {
        name: FigureRow(spread([run.figures[name].generated for run in runs]), sides.ground_truth, sides.floor)
        for name, sides in first.figures.items()
    }
    verdict = f"Distances are {'' if first.comparable else 'NOT '}comparable with published ones."
    note = " ".join([verdict, *first.notes, "Below a mean: range and spread over seeds."])
    return Report(
        about={**about, **asdict(first.counts)},
        comparable=first.comparable,
        sections={protocol.title: Section(note, {"Figures": figures}), "Published": _published(protocol.name)},
    )


def spread(values: Sequence[float]) -> Estimate | float:
    """One run as it is; several as mean, range and standard deviation."""
    if len(values) == 1:
        return values[0]
    return Estimate(float(np.mean(values)), min(values), max(values), float(np.std(values, ddof=1)))


def _published(protocol: str) -> Section:
    """The tables that follow the protocol, as their papers print them."""
    beside = published.beside(protocol)
    tables = {f"{table.title}, {table.source}": _printed(table) for table in beside}
    return Section(" ".join(dict.fromkeys(table.note for table in beside if table.note)), tables)


def _printed(table: published.Table) -> Table:
    def row(values: published.Row) -> dict[str, Cell]:
        return {column: "–" if value is None else value for column, value in zip(table.columns, values, strict=True)}

    return {system: row(values) for system, values in table.rows.items()}
