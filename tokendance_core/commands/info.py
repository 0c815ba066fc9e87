"""``info``: what a bug report needs to say about this machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib import metadata
from pathlib import Path

from tokendance_core import __version__
from tokendance_core.commands.requests import RunSettings
from tokendance_core.errors import CheckpointError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="weights to look at (default: the shipped ones)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")


def run(args: argparse.Namespace) -> int:
    """Print versions, devices and checkpoint; a checkpoint that cannot be read is told and gives its exit code."""
    import numpy as np

    from tokendance_core.commands.devices import available_devices, choose

    checkpoint, exit_code = _checkpoint(args.checkpoint)
    facts = {
        "tokendance": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": _version_of("torch"),
        "system": platform.platform(),
        "devices": list(available_devices()),
        "engine": choose(RunSettings())[0],
        "threads": _threads(),
        "checkpoint": checkpoint,
    }
    if args.json:
        print(json.dumps(facts))
    else:
        lines = {key: value for key, value in facts.items() if key != "checkpoint"} | {
            f"checkpoint {key}": value for key, value in checkpoint.items()
        }
        for key, value in lines.items():
            print(f"{key:<18} {', '.join(value) if isinstance(value, list) else value}")
    return exit_code


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _threads() -> int:
    """How many threads numpy may use for one product of matrices."""
    limit = os.environ.get("OPENBLAS_NUM_THREADS", "")
    return int(limit) if limit.isdecimal() else os.cpu_count() or 1


def _checkpoint(path: Path | None) -> tuple[dict[str, object], int]:
    from tokendance_core.dance import checkpoint, checkpoint_header

    path = path or checkpoint_header.default_path()
    try:
        loaded = checkpoint.load(path)
    except CheckpointError as error:
        return {"path": str(path), "error": error.text}, error.exit_code
    about = {
        "path": str(path),
        "id": loaded.id,
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "genres": list(loaded.genres),
    }
    return about | dict(loaded.info), 0
