"""``warm``, a request of the worker: have everything loaded before the first dance is asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tokendance_core.commands.generate import DEVICES
from tokendance_core.commands.reports import Report
from tokendance_core.commands.weights import Load
from tokendance_core.types import SAMPLE_RATE, Music

_SECONDS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--checkpoint", type=Path)


def work(args: argparse.Namespace, report: Report, load: Load) -> int:
    """Load the network and dance once to a few seconds of noise: the first use of every kernel is the slow one."""
    report.progress("checkpoint", 0.0)
    checkpoint = load(args.checkpoint, args.device)
    from tokendance_core.dance import pipeline

    report.progress("generator", 0.5)
    noise = np.random.default_rng(0).standard_normal(_SECONDS * SAMPLE_RATE).astype(np.float32)
    pipeline.generate(Music(noise, "warm up"), checkpoint, pipeline.GenerateSettings(steps=1, finish=None))
    report.done("", 0, 30.0, {})
    return 0
