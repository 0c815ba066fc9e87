"""Which bone plays which joint: one table per rig family, and the one that fits best is taken.

A table is a module with ``FAMILY`` (its name), ``NAMES`` (joint -> spellings), ``PREFIXES`` (that bones may carry) and ``REQUIRED`` joints.
"""

from __future__ import annotations

from types import ModuleType

from tokendance_core.errors import RigError
from tokendance_core.rigs import smpl
from tokendance_core.types import Rig, RigMap

FAMILIES: tuple[ModuleType, ...] = (smpl,)


def _plain(name: str, prefixes: tuple[str, ...]) -> str:
    """A bone name without namespace, prefix, case and separators."""
    name = name.rpartition(":")[2].lower()
    prefix = next((p for p in prefixes if name.startswith(p)), "")
    return name.removeprefix(prefix).replace("_", "").replace(" ", "").replace("-", "")


def _find(rig: Rig, family: ModuleType) -> dict[str, str]:
    """Joint name -> bone name, for every joint of ``family`` that the rig has."""
    bones: dict[str, str] = {}
    for bone in rig.names:
        bones.setdefault(_plain(bone, family.PREFIXES), bone)
    found = {joint: [bones[key] for name in names if (key := _plain(name, ())) in bones] for joint, names in family.NAMES.items()}
    return {joint: candidates[0] for joint, candidates in found.items() if candidates}


def match(rig: Rig, families: tuple[ModuleType, ...] = FAMILIES) -> RigMap:
    """Recognise the rig by its bone names; raises RigError, naming the bones that the nearest family lacks."""
    fits = [(family, _find(rig, family)) for family in families]
    family, found = max(fits, key=lambda fit: len(fit[1]))
    missing = [joint for joint in family.REQUIRED if joint not in found]
    if missing:
        listed = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        raise RigError(
            f"this armature of {len(rig.names)} bones is not a character that TokenDance knows: no bone for {listed}",
            "Choose an armature with SMPL bone names, or add TokenDance's mannequin.",
        )
    return RigMap(found, family.FAMILY)
