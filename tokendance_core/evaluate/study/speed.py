"""Section "speed": seconds from music to a finished dance, audio features included."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from tokendance_core.dance import pipeline
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.evaluate import gates
from tokendance_core.evaluate.results import Cell, Gate, Section
from tokendance_core.evaluate.study.material import Material
from tokendance_core.types import FPS, SAMPLE_RATE, Music

PAPER = {1024: 1.22, 4096: 2.31}
"""Frames -> seconds that the paper states; it names neither the machine nor whether features are included."""

LENGTHS = {"1024 frames": 1024, "1 minute": 60 * FPS, "4096 frames": 4096, "3 minutes": 180 * FPS}
REPEATS = 3


def speed(material: Material) -> Section:
    """One step and the released steps for songs of 1024 and 4096 frames, 1 and 3 minutes."""
    model, chosen = material.model, material.settings.dance
    ways = {"one step": replace(chosen, steps=1, temperature=0.0), f"{chosen.steps} steps": chosen}
    rows: dict[str, dict[str, Cell]] = {}
    found: list[Gate] = []
    for name, frames in LENGTHS.items():
        music = looped(material.music[0], frames)
        seconds = {way: best_time(music, model, settings) for way, settings in ways.items()}
        rows[name] = {f"{way.replace(' ', '_')}_s": value for way, value in seconds.items()}
        rows[name]["paper_s"] = PAPER.get(frames, "–")
        if frames in PAPER:
            for way, value in seconds.items():
                found.append(gates.at_most("7 speed", f"{way}, {name}, s", value, PAPER[frames], "paper"))
    note = (
        f"From music in memory to a finished dance, features included; the best of {REPEATS} runs after one to warm "
        f"up. {machine(model)}. The paper does not say what it was measured on."
    )
    return Section(note, {"Seconds": rows}, found)


def looped(music: Music, frames: int) -> Music:
    """The song repeated or cut to ``frames`` frames."""
    return replace(music, samples=np.resize(music.samples, frames * SAMPLE_RATE // FPS))


def best_time(music: Music, model: Checkpoint, settings: GenerateSettings) -> float:
    """Seconds of the fastest of some runs: the least disturbed by other programs."""
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        pipeline.generate(music, model, settings)
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def machine(model: Checkpoint) -> str:
    """The processor or graphics card that the model runs on, in words."""
    engine = model.engine
    if engine.device == "cuda":
        return f"{torch.cuda.get_device_name(engine.device)}, torch {torch.__version__}"
    versions = {"torch": torch.__version__, "numpy": np.__version__}
    return (
        f"{_processor()} with {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores, "
        f"{engine.name} {versions[engine.name]}, {platform.system()}"
    )


def _processor() -> str:
    """Linux tells the name in a file of its own, other systems through ``platform``."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
