"""The short evaluation: what can be said about a checkpoint within two minutes, always on the same songs."""

from __future__ import annotations

from pathlib import Path

from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.datasets import checks, pack
from tokendance_core.evaluate.results import Report
from tokendance_core.evaluate.study import tokenizers
from tokendance_core.evaluate.study.material import Log, check_clips


def quick(model: Checkpoint, data: Path, log: Log) -> Report:
    """The tokenizers on held-out dance. Raises DataError when the pack lacks what is needed."""
    log("reading the data")
    clips = pack.load_motion(data)
    check_clips(clips)
    for doubt in checks.summary(source.clip for source in clips):
        log(doubt)
    log("measuring: tokenizers")
    sections = {"Tokenizers": tokenizers.held_out(model.dance_codec, clips)}
    gates = [gate for section in sections.values() for gate in section.gates]
    return Report(about={"checkpoint": model.id}, gates=gates, sections=sections)
