"""What a user does with the installed zip, without a window: run by ``test_built_zip.py`` in a process and a folder of
its own.

``python installed_session.py CHECKOUT ZIP SONG RESULT``: nothing may be imported from CHECKOUT; what was found is left
in RESULT as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

CHECKOUT, PACKAGE, SONG, RESULT = sys.argv[1:]
MODULE = "bl_ext.user_default.tokendance"


def hide_checkout() -> None:
    sys.path[:] = [
        entry for entry in sys.path if not Path(entry).resolve().is_relative_to(CHECKOUT) or "site-packages" in entry
    ]
    sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]


def addon(name: str) -> object:
    return sys.modules[f"{MODULE}.{name}"]


def session() -> dict[str, object]:
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.extensions.package_install_files(filepath=PACKAGE, repo="user_default", enable_on_install=True)
    import tokendance_core

    found = {"enabled": MODULE in sys.modules, "core": tokendance_core.__file__}
    found["preferences"] = bpy.context.preferences.addons[MODULE].preferences.device == "auto"
    bpy.ops.tokendance.add_mannequin()
    dancer = bpy.context.view_layer.objects.active
    bpy.ops.tokendance.generate(filepath=SONG, steps=1, seed=3)
    found |= dance(dancer) | takes(dancer) | batch()
    worker = addon("session").current().worker
    bpy.ops.preferences.addon_disable(module=MODULE)
    found["left behind"] = left_behind(worker)
    return found


def dance(dancer) -> dict[str, object]:
    import bpy

    scene, heights = bpy.context.scene, []
    for frame in range(scene.frame_start, scene.frame_start + 120, 10):
        scene.frame_set(frame)
        heights.append([round(dancer.pose.bones[name].head.z, 4) for name in ("pelvis", "head", "left_wrist")])
    start, end = dancer.animation_data.action.frame_range
    return {"heights": heights, "frames": int(end - start + 1), "fps": scene.render.fps, "first": start}


def takes(dancer) -> dict[str, object]:
    import bpy

    worker = worker_id()
    bpy.ops.tokendance.generate(filepath=SONG, steps=1, seed=8, variations=2)
    found = {"same worker": worker_id() == worker}
    found["takes"] = sorted(action.name.split()[-1] for action in bpy.data.actions)
    strip = addon("song.strip").choose(bpy.context.scene).required()
    found["bpm"] = addon("song.facts").listen(bpy.context, bpy.context.scene, strip).bpm
    before = wrist(dancer)
    found["finished"] = sorted(bpy.ops.tokendance.finish_take(mirror=True))
    found["mirrored"] = wrist(dancer) != before
    return found


def worker_id() -> int:
    """The process that makes the dances."""
    return addon("session").current().worker.running()._process.pid


def wrist(dancer) -> list[float]:
    import bpy

    bpy.context.scene.frame_set(bpy.context.scene.frame_start)
    bpy.context.scene.frame_set(60)
    return [round(number, 3) for number in dancer.pose.bones["left_wrist"].head]


def batch() -> dict[str, object]:
    folder = Path(RESULT).parent
    (folder / "jobs.json").write_text(
        json.dumps([{"song": SONG, "seed": [1, 2], "quality": "draft"}, {"song": "missing.wav"}])
    )
    command = ["batch", str(folder / "jobs.json"), "--out", str(folder / "results"), "--format", ".fbx"]
    codes = [addon("headless.cli").main(command), addon("headless.cli").main([*command, "--resume"])]
    jobs = json.loads((folder / "results" / "report.json").read_text(encoding="utf-8"))["jobs"]
    return {
        "codes": codes,
        "report": [job["status"] for job in jobs],
        "files": [name for job in jobs for name in job["files"]],
    }


def left_behind(worker) -> list[str]:
    import bpy

    found = {
        "operator": "generate" in dir(bpy.ops.tokendance),
        "scene": hasattr(bpy.types.Scene, "tokendance"),
        "action": hasattr(bpy.types.Action, "tokendance_take"),
        "session": addon("session")._Registered.session is not None,
        "worker": worker.running() is not None,
    }
    return [name for name, is_there in found.items() if is_there]


hide_checkout()
try:
    result = session()
except BaseException:
    result = {"failed": traceback.format_exc()}
Path(RESULT).write_text(json.dumps(result))
sys.stdout.flush()
os._exit(0)
