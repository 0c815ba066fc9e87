"""How long a stage is trained, and its learning rate along the way: warm-up, constant, decay.

A constant rate has no end in sight: a run may be extended, or brought to its end at any time (Haegele et al. 2024,
arXiv 2405.18392).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DECAY = 0.25
"""Last share of a run in which the rate falls to zero as 1 - sqrt(x)."""


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long to train: a number of ``steps``, of ``seconds``, or whichever ends first."""

    steps: int | None = None
    seconds: float | None = None

    def progress(self, step: int, elapsed: float) -> float:
        """Share of the run that is done after ``step`` steps and ``elapsed`` seconds, at most 1; 0 without an end."""
        by_steps = step / self.steps if self.steps is not None else 0.0
        by_time = elapsed / self.seconds if self.seconds is not None else 0.0
        return min(max(by_steps, by_time), 1.0)


def annealed(step: int) -> Length:
    """The length of which ``step`` steps are the part before the decay."""
    return Length(steps=math.ceil(max(step, 1) / (1 - DECAY)))


def decays(progress: float) -> bool:
    """Whether the rate is falling."""
    return progress > 1 - DECAY


def rate_factor(step: int, progress: float, warmup: int) -> float:
    """What the highest rate is multiplied by: linear rise over ``warmup`` steps, then 1, then down to 0 at progress
    1.
    """
    rise = min((step + 1) / max(warmup, 1), 1.0)
    fallen = max(progress - (1 - DECAY), 0.0) / DECAY
    return rise * (1 - math.sqrt(min(fallen, 1.0)))
