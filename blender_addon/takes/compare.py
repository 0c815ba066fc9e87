"""Takes side by side: copies of the character, each dancing another take, for as long as the comparison lasts.

Everything that is made is marked, so that it goes when the comparison ends, wherever it was moved meanwhile.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from tokendance_core import RigError

from .. import compat
from ..armature import played, rig
from ..character.standing import COMPARISON
from . import naming, properties, rotation_modes
from . import store as takes

MOST = 8
"""Copies at once."""

_NAME = "TokenDance Comparison"

_SHOWN = frozenset({"MESH", "CURVE", "CURVES", "EMPTY", "SURFACE"})

_LABEL = 0.05
"""Size of the cross from which a label is read, in heights of the character."""

_SHOULDERS = 0.2
"""Distance between the shoulders in heights of a character, where its shoulders are not known."""

_BLOCK = 1000
"""Frames that are looked at in one go."""


@dataclass(frozen=True)
class _Body:
    """What is looked at of a character: the ``bones`` of its joints, ``side`` (3,) its left in the world, and how far
    apart its shoulders are.
    """

    bones: tuple[str, ...]
    head: str
    side: np.ndarray
    shoulders: float
    height: float

    @classmethod
    def of(cls, armature: bpy.types.Object) -> _Body:
        """Of all bones alike where the armature is not recognised."""
        try:
            joints = dict(rig.mapped(armature).bones)
        except RigError:
            joints = {bone.name: bone.name for bone in armature.data.bones}
        bones = tuple(dict.fromkeys(joints.values()))
        world = np.array(armature.matrix_world)
        rest = {bone: world[:3, :3] @ np.array(armature.data.bones[bone].head_local) for bone in bones}
        height = float(np.ptp(list(rest.values()), axis=0).max()) or 1.0
        sides = [rest[joints[name]] for name in ("left_shoulder", "right_shoulder") if name in joints]
        shoulders = float(np.linalg.norm(sides[0] - sides[1])) if len(sides) == 2 else 0.0
        side = np.array(armature.matrix_world.to_3x3().normalized().col[0])
        return cls(bones, joints.get("head", bones[-1]), side, shoulders or _SHOULDERS * height, height)

    def reach(self, armature: bpy.types.Object, action: bpy.types.Action | None, frames: np.ndarray) -> np.ndarray:
        """(N, 2) how far the body reaches to its right and to its left on ``frames``, along ``side``."""
        blocks = np.array_split(frames, range(_BLOCK, len(frames), _BLOCK))
        places = [played.heads(armature, action, block, self.bones) @ self.side for block in blocks]
        return np.concatenate([np.stack((block.min(1), block.max(1)), 1) for block in places])


def candidates(armature: bpy.types.Object | None) -> list[bpy.types.Action]:
    """The starred takes that the character does not dance itself, the newest first."""
    starred = [take for take in takes.newest_first(armature) if properties.of_action(take).starred]
    return [take for take in starred if take != takes.played(armature)][:MOST]


def is_on(scene: bpy.types.Scene) -> bool:
    return any(map(_is_marked, scene.collection.children_recursive))


def begin(context: bpy.types.Context, armature: bpy.types.Object) -> int:
    """Put a copy of the character for each candidate beside it, first to its left, then to its right; how many."""
    collection = bpy.data.collections.new(_NAME)
    collection[COMPARISON] = True
    context.scene.collection.children.link(collection)
    body, own, shown = _Body.of(armature), takes.played(armature), candidates(armature)
    dancers = {armature: own} if own is not None else {}
    for take, offset in zip(shown, _offsets(armature, body, own, shown), strict=True):
        copy = _copied(context.scene, armature, collection)
        copy.matrix_world = Matrix.Translation((body.side * offset).tolist()) @ armature.matrix_world
        compat.use_action(copy, take)
        rotation_modes.follow(copy)
        dancers[copy] = take
    tells_song = len({naming.song_key(take) for take in dancers.values()}) > 1
    for dancer, take in dancers.items():
        words = f"{naming.title(take)}, {naming.song(take)}" if tells_song else naming.title(take)
        _label(collection, dancer, body, words)
    return len(shown)


def end() -> None:
    """Remove everything that was made; what it shares with the character stays."""
    for item in list(filter(_is_marked, bpy.data.objects)):
        bpy.data.objects.remove(item)
    for collection in list(filter(_is_marked, bpy.data.collections)):
        bpy.data.collections.remove(collection)


def _is_marked(item: bpy.types.ID) -> bool:
    return item.get(COMPARISON) is not None


def _offsets(
    armature: bpy.types.Object, body: _Body, own: bpy.types.Action | None, shown: list[bpy.types.Action]
) -> list[float]:
    """How far to the left each take dances: on every frame at least a shoulder's width lies between neighbours."""
    ranges = [takes.frame_range(take) for take in (*shown, *([own] if own is not None else []))]
    frames = np.arange(min(first for first, _ in ranges), max(last for _, last in ranges) + 1)
    middle = body.reach(armature, own, frames)
    places, found = {1: (0.0, middle), -1: (0.0, middle)}, []
    for number, take in enumerate(shown):
        side = 1 if number % 2 == 0 else -1
        (place, neighbour), reach = places[side], body.reach(armature, take, frames)
        inner, outer = (neighbour, reach) if side == 1 else (reach, neighbour)
        needed = float((inner[:, 1] - outer[:, 0]).max()) + body.shoulders
        place += side * max(needed, body.shoulders)
        places[side] = place, reach
        found.append(place)
    return found


def _label(collection: bpy.types.Collection, dancer: bpy.types.Object, body: _Body, words: str) -> None:
    """The name of an empty object that follows the head of a dancer."""
    label = bpy.data.objects.new(words, None)
    label[COMPARISON] = True
    label.empty_display_size = _LABEL * body.height / (sum(dancer.matrix_world.to_scale()[:]) / 3)
    label.show_name = label.show_in_front = True
    label.hide_render = label.hide_select = True
    label.parent, label.parent_type, label.parent_bone = dancer, "BONE", body.head
    collection.objects.link(label)


def _copied(scene: bpy.types.Scene, armature: bpy.types.Object, collection: bpy.types.Collection) -> bpy.types.Object:
    """A copy of the armature with copies of everything that hangs on it; meshes and bones are shared."""
    made = {item: item.copy() for item in (armature, *hanging_on(scene, armature))}
    for item, copy in made.items():
        copy.parent = made.get(item.parent, item.parent) if item is not armature else None
        for modifier in copy.modifiers:
            if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object in made:
                modifier.object = made[modifier.object]
        copy[COMPARISON] = True
        collection.objects.link(copy)
        copy.select_set(False)  # a copy of what is selected is selected too
    _look_at_itself(armature, made[armature])
    data = made[armature].animation_data
    for track in list(data.nla_tracks) if data is not None else ():
        data.nla_tracks.remove(track)
    return made[armature]


def _look_at_itself(armature: bpy.types.Object, copy: bpy.types.Object) -> None:
    """Constraints and drivers of the copy that look at the armature look at the copy instead."""
    constraints = [constraint for bone in copy.pose.bones for constraint in bone.constraints]
    listed = [target for constraint in constraints for target in getattr(constraint, "targets", ())]
    drivers = copy.animation_data.drivers if copy.animation_data is not None else ()
    variables = [target for curve in drivers for variable in curve.driver.variables for target in variable.targets]
    for holder, name in itertools.product((*constraints, *listed, *variables), ("target", "pole_target", "id")):
        if getattr(holder, name, None) == armature:
            setattr(holder, name, copy)


def hanging_on(scene: bpy.types.Scene, armature: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Objects below the armature, and those that it bends, wherever they are."""
    below = set(armature.children_recursive)
    for item in scene.objects:
        bending = [modifier for modifier in item.modifiers if isinstance(modifier, bpy.types.ArmatureModifier)]
        bent = any(modifier.object == armature for modifier in bending)
        if item.type in _SHOWN and (item in below or bent):
            yield item
