"""Whatever goes wrong while a dance is put on a character, it stands and plays as before, and nothing is left."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.armature import obedience, own_keys, placement, preview
from blender_addon.dance import delivery
from blender_addon.takes import store as takes
from tests.blender.character import casting
from tests.blender.stand_in import known_dance
from tests.blender.takes import test_takes
from tokendance_core import RigError, save_clip

worker, generate = test_takes.worker, test_takes.generate


@pytest.fixture
def rig(scene, worker) -> bpy.types.Object:
    """A character with what a dance changes: IK, a driver, a pose, a mesh; active."""
    made = casting.armature("Rig")
    casting.mesh("Body", made)
    forearm = made.pose.bones["left_wrist"]
    forearm.constraints.new("IK").target = casting.empty("Target")
    made.pose.bones["head"].driver_add("rotation_euler", 0).driver.expression = "0.1"
    made.pose.bones["head"].rotation_mode = "XYZ"
    for number, bone in enumerate(made.pose.bones):
        bone.location = (0.01 * number, 0, 0)
        bone.rotation_quaternion = (1, 0.1, 0, 0)
    casting.point_at(made)
    bpy.context.view_layer.update()
    return made


def own_action(rig: bpy.types.Object) -> None:
    for frame in (1, 50):
        rig.keyframe_insert("location", frame=frame)
    rig.animation_data.action.use_fake_user = False


STATES = {
    "nothing is played": lambda rig, generate: None,
    "an own action is played": lambda rig, generate: own_action(rig),
    "a take is danced": lambda rig, generate: generate(seed=9),
}

STAGES = {
    "carrying own keys": (own_keys, "carry"),
    "checking the rig": (obedience, "warnings"),
    "drawing the preview": (preview, "draw"),
    "pushing to the NLA": (placement, "push_to_nla"),
    "remembering": (takes, "remember"),
}


def everything(rig: bpy.types.Object) -> dict[str, object]:
    """What a dance could leave behind."""
    data, scene = rig.animation_data, bpy.context.scene
    pose = {bone.name: np.array(bone.matrix_basis).round(5).tolist() for bone in rig.pose.bones}
    return {
        "data blocks": {
            kind: sorted(item.name for item in getattr(bpy.data, kind))
            for kind in ("objects", "meshes", "armatures", "actions", "sounds", "collections")
        },
        "kept": {action.name: action.use_fake_user for action in bpy.data.actions},
        "action": data.action.name if data is not None and data.action is not None else None,
        "slot": getattr(getattr(data, "action_slot", None), "identifier", None),
        "tracks": [track.name for track in data.nla_tracks] if data is not None else [],
        "drivers": [driver.mute for driver in data.drivers] if data is not None else [],
        "marks": (rig.tokendance_former, rig.tokendance_dancer),
        "constraints": [(one.mute, one.influence) for bone in rig.pose.bones for one in bone.constraints],
        "pose": pose,
        "scene": (scene.frame_current, scene.frame_start, scene.frame_end, scene.sync_mode),
        "mode": (bpy.context.mode, bpy.context.view_layer.objects.active.name),
    }


CASES = (
    *(("song", state, stage) for state in STATES for stage in STAGES),
    *(("file", "a take is danced", stage) for stage in STAGES),
    *(("second of two songs", state, "remembering") for state in STATES),
)


@pytest.mark.parametrize(("way", "state", "stage"), CASES)
def test_nothing_is_left_after_a_failure(rig, generate, tone, tmp_path, monkeypatch, state, stage, way):
    STATES[state](rig, generate)
    before = everything(rig)
    owner, name = STAGES[stage]
    calls = []
    real = getattr(owner, name)

    def fails(*args: object, **options: object) -> object:
        calls.append(name)
        if len(calls) == (2 if way.startswith("second") else 1):
            raise RigError("It went wrong.", hint="Try again.")
        return real(*args, **options)

    monkeypatch.setattr(owner, name, fails)
    path, operator, options = tone, bpy.ops.tokendance.generate, {"variations": 2}
    if way == "file":
        path, operator, options = tmp_path / "dance.npz", bpy.ops.tokendance.apply_motion, {"replace": True}
        save_clip(known_dance(), path)
    with pytest.raises(RuntimeError, match="It went wrong"):
        operator(filepath=str(path), mark_asset=True, push_to_nla=True, **options)
    assert calls
    assert everything(rig) == before


def test_a_mannequin_that_cannot_be_danced_on_is_taken_back(scene, worker, tone, monkeypatch):
    def fails(*_: object) -> None:
        raise RigError("It went wrong.", hint="Try again.")

    monkeypatch.setattr(delivery.takes, "remember", fails)
    with pytest.raises(RuntimeError, match="It went wrong"):
        bpy.ops.tokendance.generate(filepath=str(tone))
    assert not bpy.data.objects
    assert not bpy.data.actions
