"""``evaluate``: a checkpoint measured beside ground truth and controls, as a page to look at and figures to compute
with.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tokendance_core.commands.generate import DEVICES
from tokendance_core.errors import CheckpointError, DataError, SettingError

if TYPE_CHECKING:
    from tokendance_core.dance.checkpoint import Checkpoint
    from tokendance_core.evaluate.study.material import StudySettings

PAGE, FIGURES = "report.html", "report.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help=f"folder for {PAGE} and {FIGURES}")
    add("--data", type=Path, metavar="DIR", help="data pack: folder with motion/, music/ and their index files")
    add("--checkpoint", type=Path, metavar="FILE", help="weights (default: the shipped ones)")
    add("--songs", type=int, metavar="N", help="how many songs at most, held-out ones first (default: all)")
    add("--seconds", type=float, default=60.0, metavar="S", help="how much of each song (default: %(default)s)")
    add("--seeds", type=int, default=5, metavar="N", help="dances to a song (default: %(default)s)")
    add("--genre", default="any", help="a genre of the checkpoint, see `info` (default: %(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="the first seed (default: %(default)s)")
    add("--steps", type=int, metavar="N", help="refinement steps (default: as `generate`)")
    add("--temperature", type=float, metavar="X", help="of the sampling (default: as `generate`)")
    add("--device", choices=DEVICES, default="auto", help="where the network runs (default: %(default)s)")
    add(
        "--protocol",
        choices=("A", "B", "C"),
        help="a published benchmark instead: A AIST++, B FineDance as Lodge, C windows",
    )
    add("--dataset", type=Path, metavar="DIR", help="the benchmark's data, with --protocol")
    add(
        "--dances",
        type=Path,
        metavar="DIR",
        help="measure these motion files, named as the benchmark's songs, with --protocol",
    )


def run(args: argparse.Namespace) -> int:
    """Check what can be checked at once, then load, dance, measure and write both files."""
    from tqdm import tqdm

    from tokendance_core.evaluate.page import figures, page
    from tokendance_core.files.atomic import check_writable

    wanted = "dataset" if args.protocol else "data"
    if getattr(args, wanted) is None:
        raise SettingError(
            f"Evaluate was given no --{wanted}.", hint=f"Add --{wanted} and a folder, see evaluate --help."
        )
    figures.check_installed()
    _make_folder(args.out)
    for name in (PAGE, FIGURES):
        check_writable(args.out / name)
    title, result, plots, dances = (_protocol if args.protocol else _study)(args, tqdm.write)
    tqdm.write("drawing the page")
    _write(args.out / PAGE, page.render(title, result, plots, dances))
    _write(args.out / FIGURES, json.dumps(_finite(result), indent=2) + "\n")
    for gate in result["gates"]:
        tqdm.write(
            f"{'met   ' if gate['met'] else 'missed'}  {gate['theme']}: {gate['what']} {gate['figure']:.3g}, "
            f"{gate['target']}"
        )
    tqdm.write(f"{args.out / PAGE}, {args.out / FIGURES}")
    return 0


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The folder {folder} cannot be made ({error.strerror}).", hint="Choose another --out."
        ) from None


def _study(args: argparse.Namespace, say: Callable[[str], None]) -> tuple:
    from tokendance_core.evaluate.page.study_plots import plots
    from tokendance_core.evaluate.study import material
    from tokendance_core.evaluate.study import run as study

    settings = _settings(args)
    model = _model(args)
    gathered = material.gather(model, args.data, settings, say)
    result = study.run(gathered, say)
    return f"TokenDance, checkpoint {model.id}", result, plots(result), gathered.dances[material.MODEL][0]


def _protocol(args: argparse.Namespace, say: Callable[[str], None]) -> tuple:
    from tokendance_core.evaluate.benchmarks import report as study_protocol

    settings = _settings(args)
    model = None if args.dances else _model(args)
    result = study_protocol.run(args.protocol, args.dataset, args.dances, model, settings.dance, settings.seeds, say)
    return f"TokenDance, protocol {args.protocol}", result, {}, ()


def _settings(args: argparse.Namespace) -> StudySettings:
    from tokendance_core.dance.pipeline import GenerateSettings
    from tokendance_core.evaluate.study.material import StudySettings

    given = {name: getattr(args, name) for name in ("steps", "temperature") if getattr(args, name) is not None}
    return StudySettings(args.songs, args.seconds, args.seeds, GenerateSettings(args.genre, args.seed, **given))


def _model(args: argparse.Namespace) -> Checkpoint:
    from tokendance_core.commands import devices
    from tokendance_core.dance import checkpoint

    devices.leave_a_core_free()
    model = checkpoint.load(args.checkpoint, devices.resolve(args.device))
    if model.generator is None:
        raise CheckpointError(
            "The checkpoint holds no generator.", hint="Evaluate the file that stage two of the training wrote."
        )
    return model


def _write(path: Path, text: str) -> None:
    from tokendance_core.files.atomic import write_aside

    with write_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def _finite(value: object) -> object:
    """JSON knows no NaN: null instead."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
