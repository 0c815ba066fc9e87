"""SMPL, SMPL-H and SMPL-X: our own mannequin, the SMPL add-ons for Blender and the SMPL body files for game engines.

The game-engine files put the sex and "avg" before each name (``f_avg_L_Hip``).
"""

from __future__ import annotations

from tokendance_core.skeleton import JOINTS

FAMILY = "smpl"

PREFIXES = ("f_avg_", "m_avg_", "n_avg_")

NAMES: dict[str, tuple[str, ...]] = {name: (name, name.replace("left_", "L_").replace("right_", "R_").title()) for name in JOINTS}
"""Spellings of every joint, the usual one first: ``left_hip`` and ``L_Hip``, ``pelvis`` and ``Pelvis``."""

REQUIRED = tuple(name for name in JOINTS if not name.endswith(("spine2", "spine3", "collar", "foot", "hand")))
"""Joints without which the dance cannot be put on the rig."""
