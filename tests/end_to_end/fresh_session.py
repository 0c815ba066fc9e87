"""From the zip to a dance in a Blender that has nothing else: run by ``test_fresh_blender.py`` in a process and a
folder of its own.

``python -I fresh_session.py ZIP SONGS RESULT``: SONGS holds ``song.ogg`` and ``song.wav``; what was found is left in
RESULT as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import bpy

PACKAGE, SONGS, RESULT = sys.argv[1:]
MODULE = "bl_ext.user_default.tokendance"
UNWANTED = ("torch", "scipy", "soundfile", "soxr", "safetensors", "tqdm")

seconds: dict[str, float] = {}
reached: list[dict[str, float]] = []
"""For each dance: what the panel says of it -> seconds from the click until it says so."""

connections: list[str] = []


@contextmanager
def stage(name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start


def addon(name: str) -> object:
    return sys.modules[f"{MODULE}.{name}"]


def watch_network(event: str, details: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        connections.append(f"{event} {details[1:]}")


def timed(function: Callable[..., object], name: str) -> Callable[..., object]:
    def measured(*args: object) -> object:
        with stage(name):
            return function(*args)

    return measured


def watched(generate: Callable[..., object]) -> Callable[..., object]:
    """*Generate Dance*, which leaves in ``reached`` when it came to each stage."""

    def made(context: bpy.types.Context, order: object, on_progress: Callable[[str, float], None]) -> object:
        start, stages = time.perf_counter(), {}
        reached.append(stages)

        def hear(stage: str, fraction: float) -> None:
            stages.setdefault(stage, time.perf_counter() - start)
            on_progress(stage, fraction)

        return generate(context, order, hear)

    return made


def session() -> dict[str, object]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    found: dict[str, object] = {
        "blender": bpy.app.version_string,
        "online": bpy.app.online_access,
        "reachable": [name for name in UNWANTED if find_spec(name)],
    }
    with stage("install"):
        bpy.ops.extensions.package_install_files(filepath=PACKAGE, repo="user_default", enable_on_install=False)
    with stage("enable"):
        bpy.ops.preferences.addon_enable(module=MODULE)
    extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
    found["refused"] = made_read_only(extensions)
    before = state(extensions)
    found |= dance() | worker()
    found["written"] = sorted(set(state(extensions).items()) ^ set(before.items()))
    bpy.ops.preferences.addon_disable(module=MODULE)
    return found


def made_read_only(folder: Path) -> bool:
    """Whether nothing can be written to a folder any more."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        (folder / "written").touch()
    except OSError:
        return True
    return False


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def dance() -> dict[str, object]:
    """New file, Open Song, Generate Dance, and the dance of another seed."""
    bpy.ops.wm.read_homefile(app_template="")
    scene, decoding, delivery = bpy.context.scene, addon("song.decoding").Decoding, addon("dance.delivery")
    decoding.step = timed(decoding.step, "song decoded")
    delivery.generate, delivery.put = watched(delivery.generate), timed(delivery.put, "keys of both dances")
    song = {"filepath": str(Path(SONGS, "song.ogg" if addon("compat").decodes_sound() else "song.wav"))}
    opened = addon("compat").plays_sound()
    if opened:
        with stage("open song"):
            bpy.ops.tokendance.use_song(**song)
    for seed, name in enumerate(("first dance, cold", "second dance, warm")):
        with stage(name):
            bpy.ops.tokendance.generate(**({} if opened else song), seed=seed)
    takes = sorted(action.name for action in bpy.data.actions)
    dancer = next(thing for thing in scene.objects if thing.type == "ARMATURE")
    first, last = dancer.animation_data.action.frame_range
    heights = []
    for frame in range(int(first), int(last), 10):
        scene.frame_set(frame)
        heights.append([dancer.pose.bones[name].head.z for name in ("pelvis", "head", "left_wrist")])
    strips = [addon("compat").strip_timing(strip) for strip in addon("compat").existing_strips(scene)]
    return {
        "song": Path(song["filepath"]).name,
        "takes": takes,
        "frames": [first, last],
        "fps": scene.render.fps / scene.render.fps_base,
        "strip": [[strip.left, strip.right - strip.left] for strip in strips],
        "heights": heights,
    }


def worker() -> dict[str, object]:
    """What makes the dances, in the words of the diagnostics and of the system where that is Linux."""
    process = Path(f"/proc/{addon('session').current().worker.running()._process.pid}")
    found: dict[str, object] = {"diagnostics": addon("dance.diagnostics").text(bpy.context)}
    if process.exists():
        libraries = {line.split()[-1] for line in (process / "maps").read_text().splitlines() if ".so" in line}
        found |= {
            "command": (process / "cmdline").read_text().split("\0"),
            "unwanted libraries": [path for path in libraries if is_unwanted(Path(path))],
            "variables": [entry for entry in (process / "environ").read_text().split("\0") if "PYTHON" in entry],
            "sockets": [name for name in map(os.readlink, (process / "fd").iterdir()) if name.startswith("socket")],
            "megabytes": int((process / "status").read_text().split("VmHWM:")[1].split()[0]) / 1000,
        }
    return found


def is_unwanted(library: Path) -> bool:
    return any(part.lstrip("_").startswith(UNWANTED) for part in library.parts)


sys.addaudithook(watch_network)
try:
    result = session() | {"seconds": seconds, "reached": reached, "connections": connections}
except BaseException:
    result = {"failed": traceback.format_exc()}
Path(RESULT).write_text(json.dumps(result))
sys.stdout.flush()
os._exit(0)
