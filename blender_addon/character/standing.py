"""How well the armatures of a scene stand as characters: who is seen, who moves a mesh, who is but a metarig."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import bpy

from .. import compat
from ..armature import body_mesh

Sees = Callable[[bpy.types.Object], bool]


COMPARISON = "tokendance_comparison"
"""Custom property of what is there only while takes are compared: copies that dance are no characters."""


@dataclass(frozen=True, order=True)
class Standing:
    """What speaks for an armature, the weightiest first."""

    moves_a_mesh: bool
    is_visible: bool
    is_local: bool
    is_finished: bool

    @property
    def is_seen(self) -> bool:
        """Whether there is anything of the character to be seen."""
        return self.moves_a_mesh or self.is_visible


WORDS = {
    "moves_a_mesh": "the only character that moves a visible mesh",
    "is_visible": "the only character that is visible",
    "is_local": "the only character that is not linked from another file",
    "is_finished": "the rig that was generated, not its metarig",
}
"""What sets a character apart from those behind it -> what the panel says."""


def sight(context: bpy.types.Context) -> Sees:
    """Tells whether an object is seen: in this view layer, and in the view's local view where that is on."""
    layer, space = context.view_layer, context.space_data
    if isinstance(space, bpy.types.SpaceView3D) and space.local_view is not None:
        return lambda item: item.visible_get(view_layer=layer, viewport=space)
    return lambda item: item.visible_get(view_layer=layer)


def standings(armatures: Iterable[bpy.types.Object], sees: Sees) -> dict[bpy.types.Object, Standing]:
    """The standing of each armature."""
    there = list(armatures)
    users = bpy.data.user_map(subset=there, value_types={"OBJECT"}) if there else {}
    return {
        armature: Standing(
            moves_a_mesh=any(sees(item) for item in _moved(armature, users.get(armature, ()))),
            is_visible=sees(armature),
            is_local=armature.library is None,
            is_finished=not is_metarig(armature),
        )
        for armature in there
    }


def set_apart(best: Standing, second: Standing) -> str:
    """In words what the better of two standings has and the other has not."""
    return next(WORDS[one.name] for one in fields(best) if getattr(best, one.name) and not getattr(second, one.name))


def _moved(armature: bpy.types.Object, users: Iterable[bpy.types.ID]) -> Iterator[bpy.types.Object]:
    """The meshes among the users of an armature that its bones deform or carry."""
    for item in users:
        if not isinstance(item, bpy.types.Object) or item.type != "MESH":
            continue
        if body_mesh.deforms(armature, item) or (item.parent == armature and item.parent_type == "BONE"):
            yield item


def is_compared(armature: bpy.types.Object) -> bool:
    """Whether it is a copy that shows another take beside the character."""
    return armature.get(COMPARISON) is not None


def is_metarig(armature: bpy.types.Object) -> bool:
    """Whether Rigify makes, or made, another rig from the armature."""
    bones: Any = armature.data
    if "rig_id" in bones:
        return False
    return generated_from(armature) is not None or "metarig" in armature.name.lower()


def generated_from(metarig: bpy.types.Object) -> bpy.types.Object | None:
    """The rig that Rigify generated from a metarig; None where there is none."""
    made = compat.foreign_property(metarig.data, "rigify_target_rig")
    return made if isinstance(made, bpy.types.Object) and made.type == "ARMATURE" else None
