"""Read a ``Rig`` from an armature and recognise it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np

from tokendance_core import Rig, RigError, RigMap, Switch, match_rig, posed_rig, read_rest_pose, rests_in_pose

from . import kept_pose, map_store
from . import traits as rig_traits


def read_rig(armature: bpy.types.Object) -> Rig:
    """The armature as plain data: parents before children, rest matrices in armature space, bone relations, and the
    present pose.
    """
    bones = _parents_first(armature.data.bones)
    index = {bone.name: i for i, bone in enumerate(bones)}
    parents = np.array([index[bone.parent.name] if bone.parent else -1 for bone in bones], int)
    posed = [armature.pose.bones[bone.name] for bone in bones]
    held = rig_traits.held_bones(armature)
    reached = [rig_traits.reached(armature, bone) for bone in posed]
    return Rig(
        names=tuple(index),
        parents=parents,
        rest=np.array([bone.matrix_local for bone in bones], np.float64).reshape(-1, 4, 4),
        world=np.array(armature.matrix_world, np.float64),
        lengths=np.array([bone.length for bone in bones], np.float64),
        connected=np.array([bone.use_connect and bone.parent is not None for bone in bones], bool),
        inherits_rotation=np.array([bone.use_inherit_rotation for bone in bones], bool),
        local_location=np.array([bone.use_local_location for bone in bones], bool),
        location_locked=np.array([all(bone.lock_location) for bone in posed], bool),
        driven=np.array([bone.name in held for bone in bones], bool),
        follows=_without_rings(
            parents, np.array([index.get(rig_traits.followed(armature, bone), -1) for bone in posed], int)
        ),
        reaches=np.array([index.get(target, -1) for target, _ in reached], int),
        poles=np.array([index.get(pole, -1) for _, pole in reached], int),
        basis=np.array([bone.matrix_basis for bone in posed], np.float64).reshape(-1, 4, 4),
    )


def as_it_rests(armature: bpy.types.Object) -> Rig:
    """The armature for recognition: where its bones rest at one place and are apart in the pose alone, as posed."""
    read = read_rig(armature)
    return posed_rig(kept_pose.seen(armature, read)) if rests_in_pose(read) else read


def _parents_first(bones: bpy.types.ArmatureBones) -> list[bpy.types.Bone]:
    return sorted(bones, key=lambda bone: len(bone.parent_recursive))


def _without_rings(parents: np.ndarray, follows: np.ndarray) -> np.ndarray:
    """``follows`` without the bones that would follow their own descendants or followers."""
    for bone, source in enumerate(follows):
        above, seen = int(source), set()
        while above >= 0 and above not in seen:
            seen.add(above)
            above = int(follows[above]) if follows[above] >= 0 else int(parents[above])
            if above == bone:
                follows[bone] = -1
    return follows


def animatable(armature: bpy.types.Object) -> bpy.types.Object:
    """The armature itself; RigError when it is linked from another file, or its bones or an NLA strip of it are being
    edited.
    """
    if armature.data.is_editmode:  # of another object that shares the bones, too
        raise RigError(
            f"“{armature.name}” is in edit mode, its bones cannot be read.", hint="Leave edit mode and try again."
        )
    if armature.animation_data is not None and armature.animation_data.use_tweak_mode:
        raise RigError(
            f"An NLA strip of “{armature.name}” is being tweaked.", hint="Leave that first (Tab in the NLA editor)."
        )
    if armature.library is not None:
        raise RigError(
            f"“{armature.name}” is linked from another file and cannot be animated here.",
            hint="Make a library override of it (Object > Library Override > Make) and try again.",
        )
    return armature


def is_recognised(armature: bpy.types.Object) -> bool:
    """Whether the map that is kept on it, or its bones, say which bone plays which joint."""
    try:
        mapped(armature)
    except RigError:
        return False
    return True


def mapped(armature: bpy.types.Object) -> RigMap:
    """The map that is kept on the armature, else the one that its bones suggest; RigError when it is not recognised as
    a humanoid.
    """
    return map_store.kept(armature) or match_rig(as_it_rests(armature))


def recognise(armature: bpy.types.Object) -> tuple[Rig, RigMap]:
    """The rig as it is while the dance plays, and which of its bones plays which joint; RigError as ``mapped``."""
    rig_map = mapped(armature)
    with _switched(armature, rig_map.switches):
        return read_rig(armature), rig_map


def check(armature: bpy.types.Object) -> None:
    """RigError when the armature cannot dance; called before anything is generated."""
    read_rest_pose(read_rig(armature), mapped(armature))


@contextmanager
def _switched(armature: bpy.types.Object, switches: tuple[Switch, ...]) -> Iterator[None]:
    """The control rig with its properties as the dance needs them; they are restored afterwards."""
    former = {
        switch: armature.pose.bones[switch.bone].get(switch.property) for switch in switches if _has(armature, switch)
    }
    try:
        for switch, value in former.items():
            armature.pose.bones[switch.bone][switch.property] = type(value)(switch.value)
        _refresh(armature, bool(former))
        yield
    finally:
        for switch, value in former.items():
            armature.pose.bones[switch.bone][switch.property] = value
        _refresh(armature, bool(former))


def _has(armature: bpy.types.Object, switch: Switch) -> bool:
    bone: Any = armature.pose.bones.get(switch.bone)
    return bone is not None and switch.property in bone


def _refresh(armature: bpy.types.Object, changed: bool) -> None:
    if changed:
        armature.update_tag()
        bpy.context.view_layer.update()
