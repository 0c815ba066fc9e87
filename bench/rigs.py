"""``python -m bench.rigs OUT``: one dance on every kind of rig; a table of how exact it is, and contact sheets.

Rigs: those of the tests, Rigify's metarig and the rig generated from it, and with ``--models FOLDER`` every glTF, GLB
and VRM file there. ``--small`` takes every tenth rig, once, and one moment of the dance.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import bpy
import numpy as np

import blender_addon
from bench.rig_pictures import MOMENTS, Sheet
from blender_addon.armature import rig
from blender_addon.armature.action import write
from tests.blender.rig_builder import build, misses, posed_matrices
from tests.rig_zoo import ZOO
from tokendance_core import MotionClip, RetargetSettings, load_clip, retarget_clip
from tokendance_core.motion.contacts import clearance
from tokendance_core.motion.kinematics import joint_positions
from tokendance_core.retarget import rest_pose
from tokendance_core.rigs import fidelity
from tokendance_core.types import Rig

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 5
SMALL_STEP = 10
"""``--small`` takes one rig of so many."""
SAMPLES = 60
"""Frames on which Blender is asked where bones are."""

Found = tuple[str, Callable[[], bpy.types.Object]]


def imported(path: Path) -> bpy.types.Object | None:
    """The armature of a glTF, GLB or VRM file, whatever its ending says."""
    source = path
    if path.suffix.lower() == ".vrm":
        source = Path(bpy.app.tempdir) / f"{path.stem}.glb"
        source.write_bytes(path.read_bytes())
    bpy.ops.import_scene.gltf(filepath=str(source))
    return next((item for item in bpy.context.scene.objects if item.type == "ARMATURE"), None) or of_nodes()


def of_nodes() -> bpy.types.Object | None:
    """An armature in place of a tree of empties, which is what the importer makes of bones without a skinned mesh."""
    nodes = sorted(
        (item for item in bpy.context.scene.objects if item.type == "EMPTY"), key=lambda item: len(ancestors(item))
    )
    if not nodes:
        return None
    index = {node.name: i for i, node in enumerate(nodes)}
    rest = np.array([node.matrix_world.normalized() for node in nodes])
    return build(
        Rig.plain(
            tuple(index),
            np.array([index.get(node.parent.name, -1) if node.parent else -1 for node in nodes]),
            rest,
            np.eye(4),
        )
    )


def ancestors(item: bpy.types.Object) -> list[bpy.types.Object]:
    return [item.parent, *ancestors(item.parent)] if item.parent else []


def rigified(generated: bool) -> bpy.types.Object:
    import addon_utils  # becomes importable with bpy

    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    if generated:
        bpy.ops.pose.rigify_generate()
    return bpy.context.object


def all_rigs(models: Path | None) -> Iterator[Found]:
    """Name and maker of every rig."""
    endings = (".glb", ".gltf", ".vrm")
    for path in sorted(models.iterdir()) if models else ():
        if path.suffix.lower() in endings:
            yield path.stem, lambda path=path: imported(path)
    yield "Rigify metarig", lambda: rigified(generated=False)
    yield "Rigify generated", lambda: rigified(generated=True)
    for name, make in ZOO.items():
        yield name, lambda make=make: standing(make())


def standing(plain: Rig) -> bpy.types.Object:
    """The rig's armature, upright in the world."""
    return build(plain, world=plain.world)


def measure(armature: bpy.types.Object, clip: MotionClip, repeats: int) -> dict[str, object]:
    """Matched joints; how far the rig is off the dancer in the world, worst and mean; the largest error of foot
    height in cm of our skeleton; medians of ``repeats`` runs in milliseconds.
    """
    read, rig_map = rig.recognise(armature)
    rest = rest_pose.read(read, rig_map)
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        animation = retarget_clip(clip, read, rig_map, RetargetSettings())
        middle = time.perf_counter()
        made = write(armature, animation, name="Bench", frame_start=0, scene_fps=clip.fps)
        took.append((middle - start, time.perf_counter() - middle))
        if len(took) < repeats:
            bpy.data.actions.remove(made)
    ours = joint_positions(clip)
    wanted = clearance(ours)
    frames = np.linspace(0, clip.frames - 1, SAMPLES).astype(int).tolist()
    world = misses(armature, clip, frames, first=0)
    wanted, feet = clearance(joint_positions(clip)), 0.0
    for frame in frames:
        feet = max(feet, abs(lowest_sole(rest, read, rig_map, posed_matrices(armature, frame)) - wanted[frame]))
    retarget, writing = (1000 * statistics.median(column) for column in zip(*took, strict=True))
    return {
        "family": rig_map.family,
        "score": rig_map.score,
        "joints": len(rig_map.bones),
        "world": {name: {"worst": miss.worst, "mean": miss.mean, "bone": miss.bone} for name, miss in world.items()},
        "foot_error_cm": 100 * feet,
        "retarget_ms": retarget,
        "write_ms": writing,
    }


def lowest_sole(rest, read, rig_map, found: dict[str, np.ndarray]) -> float:
    """Metres of our skeleton by which the lower foot, ankle or ball, is above where it rests."""
    heights = []
    for side in ("left", "right"):
        ankle = rig_map.bones[f"{side}_ankle"]
        moved = found[ankle] @ np.linalg.inv(read.rest[read.names.index(ankle)])
        toe = read.heads[read.names.index(rig_map.bones.get(f"{side}_foot", ankle))]
        toe = toe + (rest.ground - toe @ rest.axes[:, 1]) * rest.axes[:, 1]  # the sole below it
        for point in (read.heads[read.names.index(ankle)], toe):
            now = (moved @ np.append(point, 1.0))[:3]
            heights.append((now - point) @ rest.axes[:, 1] / rest.scale)
    return min(heights)


def row(name: str, figures: dict) -> str:
    """A line of the table: measures of the world as the worst, and in brackets the mean."""
    world = [
        f"{found['worst']:.1f} ({found['mean']:.1f})" if (found := figures["world"].get(measure)) else ""
        for measure in fidelity.UNITS
    ]
    keys = ("foot_error_cm", "retarget_ms", "write_ms")
    numbers = [f"{figures[key]:.{digits}f}" for key, digits in zip(keys, (2, 0, 0), strict=True)]
    return f"| {name} | {figures['family']} | {figures['score']:.2f} | {figures['joints']} | " + " | ".join(
        (*world, *numbers, "")
    )


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Put one dance on every kind of rig.")
    parser.add_argument("out", type=Path, help="folder for rigs.json and the contact sheets")
    parser.add_argument("--clip", type=Path, required=True, help="motion file, as `tokendance generate` writes it")
    parser.add_argument("--models", type=Path, help="folder of glTF, GLB and VRM files")
    parser.add_argument("--pictures", action="store_true", help="render contact sheets too")
    parser.add_argument("--small", action="store_true", help="a few rigs, once, one picture of each")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    blender_addon.register()
    clip = load_clip(arguments.clip)
    repeats, moments, step = (1, 1, SMALL_STEP) if arguments.small else (REPEATS, MOMENTS, 1)
    results, sheet = {}, Sheet(arguments.out, moments)
    print(f"Blender {bpy.app.version_string}, {clip.frames} frames\n")
    world = [f"{measure}, {unit}" for measure, unit in fidelity.UNITS.items()]
    columns = ["rig", "family", "score", "joints", *world, "foot height, cm", "retarget, ms", "write, ms"]
    print("| " + " | ".join(columns) + " |")
    print("| --- | --- |" + " ---: |" * (len(columns) - 2))
    for name, make in islice(all_rigs(arguments.models), 0, None, step):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        armature = make()
        if armature is None:
            print(f"| {name} | no armature in the file | | | | | | |")
            continue
        results[name] = measure(armature, clip, repeats)
        print(row(name, results[name]).rstrip(), flush=True)
        if arguments.pictures:
            sheet.add(name, armature, arguments.clip)
    (arguments.out / "rigs.json").write_text(
        json.dumps({"blender": bpy.app.version_string, "rigs": results}, indent=1), encoding="utf-8"
    )
    sheet.save()
    # Some Blenders crash or hang in their own clean-up once Rigify was enabled.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
