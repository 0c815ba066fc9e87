"""Seconds to retarget a motion file and write it as keys, in Blender.

``python -m bench.keys CLIP REPEATS`` prints JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

import bpy
from mathutils import Vector

import blender_addon
import tokendance_core
from blender_addon.armature import action, rig
from blender_addon.character import mannequin


def main(path: str, repeats: int) -> dict[str, float]:
    """Medians of ``repeats`` runs on the mannequin."""
    blender_addon.register()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature = mannequin.add(bpy.context, Vector())
    bones, rig_map = rig.recognise(armature)
    clip = tokendance_core.load_clip(path)
    retarget, write = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        animation = tokendance_core.retarget_clip(clip, bones, rig_map)
        middle = time.perf_counter()
        action.write(armature, animation, name="bench", frame_start=1, scene_fps=30)
        retarget.append(middle - start)
        write.append(time.perf_counter() - middle)
    return {"retarget": statistics.median(retarget), "key writing": statistics.median(write)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))), flush=True)
    os._exit(0)  # Blender as a module may hang or crash while Python takes it down
