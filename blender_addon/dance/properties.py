"""What the panel remembers: the choices of a scene."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import bpy

from tokendance_core import CheckpointError, GenerateSettings, TokenDanceError, genres

from .. import session
from ..character import dancer as dancers
from ..options import QUALITY_STEPS, Order, Placement, chosen, options_of
from ..runtime.preferences import runtime
from ..song import facts as song_facts
from ..song import strip as audio_strip
from ..takes import store as takes

ELSEWHERE = ("song", "strip", "armature", "add_strip", "fit_frame_range", "action_name")
"""Choices of an order that the panel does not remember, or not in this form."""


_GENRES = {
    "any": "The one that suits the song best: street, salsa or modern",
    "salsa": "Latin steps, led by hips and feet",
    "indian": "Classical Indian dance: deep stance, arms that tell",
    "modern": "Modern dance: flowing, far reaching, freer of the beat",
    "jazz": "From Broadway, street and ballet jazz: kicks, turns, long lines",
    "pop": "Party and show dances: calm steps and easy arms",
    "street": "Popping, locking, hip-hop, house, krump: the closest to the beat",
    "break": "Breakdance: steps and work on the floor",
}
"""What a genre is, in a few words."""


def _genre_items(checkpoint: str) -> list[tuple[str, str, str]]:
    """Enum items for the genres of a checkpoint, of the shipped one if it cannot be read; kept, because Blender does
    not keep them.
    """
    kept = session.current().genre_items
    if checkpoint not in kept:
        try:
            known = genres(Path(checkpoint) if checkpoint else None)
        except CheckpointError:
            known = genres()
        kept[checkpoint] = [(genre, genre.capitalize(), _GENRES.get(genre, "")) for genre in known]
    return kept[checkpoint]


def _genres(_settings: SceneSettings, context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    return _genre_items(runtime(context).run.checkpoint if context else "")


def _strip_names(_settings: SceneSettings, context: bpy.types.Context, _typed: str) -> Iterable[str]:
    return [placed.strip.name for placed in audio_strip.sound_strips(context.scene)]


def _song_chosen(settings: SceneSettings, context: bpy.types.Context) -> None:
    """Listen to the song and warm up beside the user's work; where that cannot be, the panel says why."""
    if not bpy.app.background:
        with suppress(TokenDanceError):
            song_facts.ask(context, cast("bpy.types.Scene", settings.id_data))


def _is_armature(_settings: SceneSettings, item: bpy.types.Object) -> bool:
    return item.type == "ARMATURE"


def _passes(settings: SceneSettings) -> int:
    return QUALITY_STEPS.get(settings.quality, settings.steps)


class SceneSettings(
    options_of(Placement), options_of(GenerateSettings), options_of(Order, ELSEWHERE), bpy.types.PropertyGroup
):
    """``scene.tokendance``: what *Generate Dance* does when it is pressed in the panel."""

    strip: bpy.props.StringProperty(
        name="Sound Strip",
        description="Strip to dance to, as it is trimmed; empty: the only one",
        search=_strip_names,
        update=_song_chosen,
    )
    character: bpy.props.PointerProperty(
        name="Character",
        description="Armature that dances; empty: that of the active object, else the only one that is seen",
        type=bpy.types.Object,
        poll=_is_armature,
    )
    genre: bpy.props.EnumProperty(name="Genre", description="Style of the dance", items=_genres)
    quality: bpy.props.EnumProperty(
        name="Quality",
        description="How often the dance is refined",
        items=(
            ("draft", "Draft", "One pass: rougher but quick"),
            ("final", "Final", "Eight passes, for keeping"),
            ("custom", "Custom", "As many passes as you set"),
        ),
        default="final",
    )
    passes: bpy.props.IntProperty(
        name="Passes",
        description="How many passes the quality has; choose Custom to set them",
        get=_passes,
        options={"SKIP_SAVE"},
    )
    take_index: bpy.props.IntProperty(
        name="Take",
        description="Take that the character dances",
        get=takes.active_index,
        set=takes.activate_index,
        options={"SKIP_SAVE"},
    )


def of_scene(scene: bpy.types.Scene) -> SceneSettings:
    """``scene.tokendance``."""
    owner: Any = scene  # the stubs know Blender's own properties alone
    return owner.tokendance


def fill(operator: bpy.types.Operator, context: bpy.types.Context) -> None:
    """Give every property of *Generate Dance* that was not given the value that the panel shows."""
    settings, character = of_scene(context.scene), dancers.dancer(context)
    shown = {**chosen(GenerateSettings, settings), **chosen(Placement, settings), **chosen(Order, settings, ELSEWHERE)}
    shown |= {"strip": settings.strip, "steps": settings.passes}
    shown |= {"armature": character.name} if character is not None else {}
    for name, value in shown.items():
        if not operator.properties.is_property_set(name):
            setattr(operator, name, value)


CLASSES = (SceneSettings,)


def register() -> None:
    owner: Any = bpy.types.Scene
    owner.tokendance = bpy.props.PointerProperty(type=SceneSettings)
    _genre_items("")


def unregister() -> None:
    owner: Any = bpy.types.Scene
    del owner.tokendance
