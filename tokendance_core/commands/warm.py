"""``warm``, a request of the worker: have everything loaded before the first dance is asked for."""

from __future__ import annotations

import numpy as np

from tokendance_core.commands.reports import Report
from tokendance_core.commands.requests import WarmRequest
from tokendance_core.commands.weights import Load
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.types import SAMPLE_RATE, Music

_SECONDS = 4


def work(request: WarmRequest, report: Report, load: Load) -> None:
    """Load the network and dance once to a few seconds of noise: the first use of every kernel is the slow one."""
    report.progress("checkpoint", 0.0)
    checkpoint = load(request.run)
    from tokendance_core.dance import pipeline

    report.progress("generator", 0.5)
    noise = np.random.default_rng(0).standard_normal(_SECONDS * SAMPLE_RATE).astype(np.float32)
    pipeline.generate(Music(noise, "warm up"), checkpoint, GenerateSettings(steps=1, finish=None))
    report.ready()
