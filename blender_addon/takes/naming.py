"""How takes are told apart: in a row of the list, in the heading of their song, and in full."""

from __future__ import annotations

import re
import zlib
from pathlib import PurePath

import bpy

from ..armature.recipe import Recipe
from ..interface.drawing import clock
from ..interface.translate import iface
from . import store as takes

_COUNTED = r"(?:\.(\d{3,}))?"
"""What Blender appends to a name that is taken."""


def given(made: Recipe) -> str:
    """The name that a new take gets: song, genre and seed, or the motion file."""
    name = PurePath(made.source).name
    if made.kind != "song":
        return name.split(".")[0]
    return f"{PurePath(made.source).stem} {made.settings.genre} {made.settings.seed}"


def title(take: bpy.types.Action) -> str:
    """The name that the user gave it, else genre and seed: short enough for a narrow list."""
    made = Recipe.of(take)
    found = re.fullmatch(re.escape(given(made)) + _COUNTED, take.name)
    if made.kind != "song" or found is None:
        return take.name
    number = f" #{int(found[1]) + 1}" if found[1] else ""
    return f"{(made.danced or made.settings.genre).capitalize()} {made.settings.seed}{number}"


def song(take: bpy.types.Action) -> str:
    """The heading that it is listed under: its song, by name."""
    made = Recipe.of(take)
    return PurePath(made.source).stem if made.kind == "song" else iface("Motion Files")


def song_key(take: bpy.types.Action) -> str:
    """What tells its heading from others, short: two songs may have one name, and Blender cuts long texts."""
    made = Recipe.of(take)
    return f"{zlib.crc32(made.source.encode()):08x}" if made.kind == "song" else made.kind


def passes(steps: int) -> str:
    """How often a dance was refined, in words."""
    return iface("one rough pass") if steps == 1 else iface("refined in {steps} passes").format(steps=steps)


def in_full(take: bpy.types.Action, fps: float) -> str:
    """Everything about a take that tells it from others, one thing a line."""
    made, (first, last) = Recipe.of(take), takes.frame_range(take)
    lines = [f"“{take.name}”"]
    if made.kind == "song":
        lines += [
            iface("{genre}, seed {seed}").format(genre=made.genre.capitalize(), seed=made.settings.seed),
            passes(made.settings.steps).capitalize(),
        ]
    lines += [
        iface("{length}, frames {first} to {last}").format(
            length=clock((last - first + 1) / fps), first=first, last=last
        ),
        made.source,
    ]
    return "\n".join(line for line in lines if line)
