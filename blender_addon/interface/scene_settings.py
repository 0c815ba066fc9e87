"""The panel's choices, ``scene.tokendance``, for the rooms below ``dance``, which declares and registers them."""

from __future__ import annotations

from typing import Any, Protocol

import bpy


class SceneChoices(Protocol):
    """Those of the choices that are read or changed below ``dance`` by name."""

    strip: str
    character: bpy.types.Object | None
    seed: int
    tempo: str
    beat_shift: str


def of_scene(scene: bpy.types.Scene) -> SceneChoices:
    """``scene.tokendance``."""
    owner: Any = scene  # the stubs know Blender's own properties alone
    return owner.tokendance
