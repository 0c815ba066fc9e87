"""``evaluate``: a checkpoint measured beside ground truth and controls, as a page to look at and figures to compute
with.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tokendance_core.commands.requests import RunSettings
from tokendance_core.commands.weights import load_once
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.errors import CheckpointError, DataError, SettingError
from tokendance_core.options import add_arguments as add_options
from tokendance_core.options import from_arguments

if TYPE_CHECKING:
    from tokendance_core.dance.checkpoint import Checkpoint
    from tokendance_core.evaluate.page.page import Plots
    from tokendance_core.evaluate.results import Report
    from tokendance_core.evaluate.study.material import StudySettings
    from tokendance_core.types import MotionClip

PAGE, FIGURES = "report.html", "report.json"

STUDY_ONLY = ("data", "songs")
PROTOCOL_ONLY = ("dataset", "format", "dances")
"""Options that the other kind of evaluation has no use for."""

CHOSEN_BY_QUICK = ("songs", "seconds", "seeds", "protocol", "dataset", "format", "dances")
"""Options that --quick leaves no choice of, so that its figures compare from one checkpoint to the next."""


@dataclass(frozen=True)
class _Measured:
    """What is written: a report under its title, its plots by section, and a dance to each of its songs."""

    title: str
    report: Report
    plots: Plots = field(default_factory=dict)
    dances: Sequence[MotionClip] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from tokendance_core.evaluate.benchmarks.protocols import IMPORTERS, PROTOCOLS

    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help=f"folder for {PAGE} and {FIGURES}")
    add("--data", type=Path, metavar="DIR", help="data pack: folder with motion/, music/ and their index files")
    add(
        "--quick",
        action="store_true",
        help=f"two minutes instead of the whole study: a short table, and {FIGURES}; tokenizers alone where the "
        "checkpoint has no generator",
    )
    add("--songs", type=int, metavar="N", help="number of songs at most, held-out ones first (default: all)")
    add("--seconds", type=float, metavar="S", help="length taken from each song (default: 60)")
    add("--seeds", type=int, metavar="N", help="number of dances to each song (default: 3)")
    add_options(parser, GenerateSettings)
    add_options(parser, RunSettings)
    add(
        "--protocol",
        choices=tuple(PROTOCOLS),
        help="run a published benchmark instead: A AIST++, B FineDance as Lodge measures it, C windows of any data",
    )
    add("--dataset", type=Path, metavar="DIR", help="with --protocol: the folder of the data set")
    add(
        "--format",
        choices=tuple(IMPORTERS),
        help="with --protocol: layout of the data set; folder is *.bvh beside sound files of the same names (default: "
        "the benchmark's own, A aist, B and C finedance)",
    )
    add(
        "--dances",
        type=Path,
        metavar="DIR",
        help="with --protocol: measure the motion files in this folder, named after the data set's dances or songs, "
        "instead of a checkpoint",
    )


def run(args: argparse.Namespace) -> int:
    """Check what can be checked at once, then load, dance, measure and write what was found."""
    from tokendance_core.evaluate import second_tracker
    from tokendance_core.evaluate.page import figures
    from tokendance_core.evaluate.results import to_json
    from tokendance_core.files.atomic import check_outputs, check_writable

    _check_options(args)
    if not args.quick:
        figures.check_installed()
    if args.data and not args.quick:
        second_tracker.check_installed()
    _make_folder(args.out)
    written = (FIGURES,) if args.quick else (PAGE, FIGURES)
    check_outputs([args.out / name for name in written], [args.checkpoint])
    for name in written:
        check_writable(args.out / name)
    report = _quick(args) if args.quick else _with_page(args)
    _write(args.out / FIGURES, json.dumps(to_json(report), indent=2) + "\n")
    for gate in report.gates:
        verdict = "met   " if gate.met else "missed"
        _log(f"{verdict}  {gate.theme}: {gate.what} {gate.figure:.3g}, {gate.target}")
    _log(", ".join(str(args.out / name) for name in written))
    return 0


def _with_page(args: argparse.Namespace) -> Report:
    from tokendance_core.evaluate.page import page

    measured = _protocol(args) if args.protocol else _study(args)
    _log("drawing the page")
    _write(args.out / PAGE, page.render(measured.title, measured.report, measured.plots, measured.dances))
    return measured.report


def _quick(args: argparse.Namespace) -> Report:
    """The short evaluation, its tables printed."""
    from tokendance_core.evaluate.page import text
    from tokendance_core.evaluate.study.quick import quick

    model, settings = load_once(from_arguments(RunSettings, args)), from_arguments(GenerateSettings, args)
    report = quick(model, args.data, settings, _log)
    for section in report.sections.values():
        for title, rows in section.tables.items():
            _log(f"\n{title}\n{text.table(rows)}")
    _log("")
    return report


def _log(line: str) -> None:
    print(line, flush=True)


def _check_options(args: argparse.Namespace) -> None:
    """Raise SettingError when the data is not named, or an option belongs to another kind of evaluation."""
    chosen = [name for name in CHOSEN_BY_QUICK if getattr(args, name) is not None]
    if args.quick and chosen:
        raise SettingError(
            f"Evaluate was given --{chosen[0]}, which has no effect with --quick.",
            hint="Leave one of both out; --quick always measures the same songs.",
        )
    wanted, foreign = ("dataset", STUDY_ONLY) if args.protocol else ("data", PROTOCOL_ONLY)
    useless = [name for name in foreign if getattr(args, name) is not None]
    if useless and args.protocol:
        raise SettingError(
            f"Evaluate was given --{useless[0]}, which has no effect with --protocol.",
            hint="Leave it out; --dataset names the data of a protocol.",
        )
    if useless:
        raise SettingError(
            f"Evaluate was given --{useless[0]} without --protocol.",
            hint="Add --protocol A, B or C, or leave it out.",
        )
    if getattr(args, wanted) is None:
        raise SettingError(
            f"Evaluate was given no --{wanted}.", hint=f"Add --{wanted} and a folder, see evaluate --help."
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The folder {folder} cannot be made ({error.strerror}).", hint="Choose another --out."
        ) from None


def _study(args: argparse.Namespace) -> _Measured:
    from tokendance_core.evaluate.page.study_plots import plots
    from tokendance_core.evaluate.study import material
    from tokendance_core.evaluate.study import run as studies

    settings = _settings(args)
    model = _model(args)
    gathered = material.gather(model, args.data, settings, _log)
    study = studies.run(gathered, _log)
    title = f"TokenDance, checkpoint {model.id}"
    return _Measured(title, study.report, plots(study), gathered.dances[material.MODEL][0])


def _protocol(args: argparse.Namespace) -> _Measured:
    from tokendance_core.datasets import checks
    from tokendance_core.evaluate.benchmarks import protocols, report

    settings = _settings(args)
    protocol = protocols.PROTOCOLS[args.protocol]
    model = None if args.dances else _model(args)
    _log(f"reading {args.dataset}")
    recordings = protocols.load(protocol, args.dataset, args.format)
    for doubt in checks.summary(recording.clip for recording in recordings):
        _log(doubt)
    if model is None:
        found = report.of_files(protocol, recordings, args.dances, _log)
    else:
        found = report.of_model(protocol, recordings, model, settings.dance, settings.seeds, _log)
    return _Measured(f"TokenDance, protocol {args.protocol}", found)


def _settings(args: argparse.Namespace) -> StudySettings:
    from tokendance_core.evaluate.study.material import StudySettings

    amounts = {name: getattr(args, name) for name in ("songs", "seconds", "seeds") if getattr(args, name) is not None}
    return StudySettings(dance=from_arguments(GenerateSettings, args), **amounts)


def _model(args: argparse.Namespace) -> Checkpoint:
    model = load_once(from_arguments(RunSettings, args))
    if model.generator is None:
        raise CheckpointError(
            "The checkpoint holds no generator.", hint="Evaluate the file that stage two of the training wrote."
        )
    return model


def _write(path: Path, text: str) -> None:
    from tokendance_core.files.atomic import write_aside

    with write_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
