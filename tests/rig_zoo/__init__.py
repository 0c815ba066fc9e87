"""Skeletons of every family that is to be recognised, with what is to be recognised in them, and some that are no
humanoids.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.rig_zoo.builder import Specimen, build, lists, pairs, rig_of
from tests.rig_zoo.characters import CHARACTERS
from tests.rig_zoo.control_rigs import CONTROL_RIGS
from tests.rig_zoo.figures import FIGURES
from tests.rig_zoo.loose_bodies import LOOSE_BODIES
from tests.rig_zoo.others import OTHERS
from tests.rig_zoo.skeletons import SKELETONS
from tokendance_core.types import Rig

__all__ = ["OTHERS", "SPECIMENS", "ZOO", "Specimen", "build", "lists", "pairs", "rig_of"]

SPECIMENS: dict[str, Specimen] = CHARACTERS | FIGURES | CONTROL_RIGS | SKELETONS | LOOSE_BODIES
"""Name -> humanoid and what is to be recognised in it."""

ZOO: dict[str, Callable[[], Rig]] = {name: partial(rig_of, specimen) for name, specimen in SPECIMENS.items()}
"""Name -> the humanoid's rig."""
