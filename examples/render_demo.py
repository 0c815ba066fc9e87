"""Dance to a song in Blender without a window: ``python examples/render_demo.py SONG OUT`` leaves demo.blend, demo.mp4,
demo.png.

demo.blend plays with the space bar: mannequin, keys, sound, a camera that follows. demo.mp4 is a preview film with
sound, demo.png a contact sheet over the whole song. What each stage took is printed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parent.parent

FPS = 30
FILM_SIZE, TILE_SIZE = (640, 360), (300, 270)
COLUMNS, ROWS = 6, 4
CAMERA_OFFSET = np.array((0.9, -5.4, 1.55))
TARGET_HEIGHT = 0.92
CAMERA_CALM = 1.2
"""Seconds over which the camera averages the dancer's path: it follows without shaking."""

FLOOR_TILES = (("Floor Light", (0.30, 0.35, 0.42)), ("Floor Dark", (0.25, 0.295, 0.36)))
SKY = (0.055, 0.07, 0.10)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print what the body took."""
    start = time.perf_counter()
    yield
    print(f"{name:<16}{time.perf_counter() - start:8.1f} s", flush=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the line that Blender writes about every frame."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def enable_addon() -> None:
    """Enable the add-on of this checkout the way Blender enables a local extension."""
    import addon_utils  # becomes importable with bpy

    repositories = bpy.context.preferences.extensions.repos
    repositories.new(name="Checkout", module="checkout", custom_directory=str(ROOT), remote_url="", source="USER")
    if addon_utils.enable("bl_ext.checkout.blender_addon", default_set=True) is None:
        sys.exit("demo: the add-on could not be enabled, see above")


def addon_module(name: str):
    return importlib.import_module(f"bl_ext.checkout.blender_addon.{name}")


def dancer_path(armature: bpy.types.Object) -> np.ndarray:
    """(T, 2) metres: where the pelvis is on the floor, one sample per frame of the scene."""
    scene, (body,) = bpy.context.scene, armature.children
    body.hide_viewport = True  # without its skin a frame is posed many times faster
    path = []
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        path.append((armature.matrix_world @ armature.pose.bones["pelvis"].head)[:2])
    body.hide_viewport = False
    return np.array(path)


def calm(path: np.ndarray, frames: float) -> np.ndarray:
    """The path under a Gaussian of ``frames`` standard deviation; ends are held."""
    reach = int(3 * frames)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    padded = np.pad(path, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel / kernel.sum(), "valid") for column in padded.T], -1)


def add_camera(path: np.ndarray) -> None:
    """A camera that keeps its direction and glides along with the dancer."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.sensor_fit, camera.data.lens = "VERTICAL", 50
    direction = np.array((0, 0, TARGET_HEIGHT)) - CAMERA_OFFSET
    camera.rotation_euler = (
        np.arctan2(np.hypot(*direction[:2]), -direction[2]),
        0,
        np.arctan2(-direction[0], direction[1]),
    )
    places = np.concatenate((calm(path, CAMERA_CALM * FPS), np.zeros((len(path), 1))), -1) + CAMERA_OFFSET
    for index in range(0, len(places), FPS // 3):
        camera.location = places[index]
        camera.keyframe_insert("location", frame=scene.frame_start + index)


def add_floor(centre: np.ndarray, size: int = 24) -> None:
    """Square tiles of a metre in two shades: enough to see travel and contact."""
    corners = np.arange(size + 1) - size / 2
    vertices = [(x + round(centre[0]), y + round(centre[1]), -0.002) for y in corners for x in corners]
    rows = [(row * (size + 1) + column, (row + column) % 2) for row in range(size) for column in range(size)]
    mesh = bpy.data.meshes.new("Floor")
    mesh.from_pydata(vertices, [], [(first, first + 1, first + size + 2, first + size + 1) for first, _ in rows])
    for name, colour in FLOOR_TILES:
        material = bpy.data.materials.new(name)
        material.diffuse_color = (*colour, 1.0)
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", [shade for _, shade in rows])
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Floor", mesh))


def set_look() -> None:
    """Light for every engine, Workbench without anti-aliasing for the renders, the camera's view in every window."""
    scene = bpy.context.scene
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.data.energy = 3.0
    sun.rotation_euler = (0.6, 0.25, 0.4)
    scene.collection.objects.link(sun)
    scene.world = bpy.data.worlds.new("Sky")
    scene.world.color = SKY
    scene.view_settings.view_transform = "Standard"
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.render_aa = "OFF"
    scene.display.light_direction = (0.35, 0.45, 0.82)
    spaces = [area.spaces.active for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"]
    for space in spaces:
        space.region_3d.view_perspective = "CAMERA"
    for shading in (scene.display.shading, *(space.shading for space in spaces)):
        shading.light, shading.color_type = "STUDIO", "MATERIAL"
        shading.show_cavity = shading.show_shadows = True
        shading.shadow_intensity = 0.35
        shading.background_type = "WORLD"


def render_film(path: Path, seconds: float) -> None:
    """The first ``seconds`` with sound; the frame range is given back."""
    scene = bpy.context.scene
    end = scene.frame_end
    scene.frame_end = min(end, scene.frame_start + round(seconds * FPS) - 1)
    addon_module("compat").record_movie(scene)
    scene.render.use_sequencer = False  # the sequencer holds only sound: its empty picture would replace the dancer
    scene.render.filepath = str(path)
    scene.render.resolution_x, scene.render.resolution_y = FILM_SIZE
    bpy.ops.render.render(animation=True)
    scene.frame_end = end


def render_tile(folder: Path, frame: int) -> np.ndarray:
    """(H, W, 4) the frame as a picture with its time in the corner."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    seconds = (frame - scene.frame_start) / FPS
    scene.render.stamp_note_text = f"{int(seconds // 60)}:{seconds % 60:04.1f}"
    scene.render.filepath = str(folder / f"{frame}.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.empty(4 * image.size[0] * image.size[1], np.float32)
    image.pixels.foreach_get(pixels)
    shape = (image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    return pixels.reshape(shape)


def render_contact_sheet(path: Path) -> None:
    """One picture of evenly spaced moments over the whole song, in reading order."""
    scene = bpy.context.scene
    render = scene.render
    addon_module("compat").record_images(scene)
    render.resolution_x, render.resolution_y = TILE_SIZE
    for name in (
        "date",
        "time",
        "render_time",
        "frame",
        "camera",
        "lens",
        "scene",
        "filename",
        "memory",
        "hostname",
        "marker",
    ):
        setattr(render, f"use_stamp_{name}", False)
    render.use_stamp = render.use_stamp_note = True
    render.use_stamp_labels = False
    render.stamp_font_size = 16
    render.stamp_background = (0.0, 0.0, 0.0, 0.0)
    count = COLUMNS * ROWS
    length = scene.frame_end + 1 - scene.frame_start
    with tempfile.TemporaryDirectory() as folder:
        tiles = [render_tile(Path(folder), scene.frame_start + int((i + 0.5) * length / count)) for i in range(count)]
    rows = [np.concatenate(tiles[row * COLUMNS : (row + 1) * COLUMNS], 1) for row in range(ROWS)]
    sheet = np.concatenate(rows[::-1], 0)  # Blender's pictures start at the bottom
    image = bpy.data.images.new("Contact Sheet", sheet.shape[1], sheet.shape[0])
    image.pixels.foreach_set(sheet.ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()


def build_scene(arguments: argparse.Namespace) -> None:
    """Dance, stage, camera and look, by the add-on's own operators where it has one."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = FPS, 1.0
    bpy.ops.tokendance.add_mannequin()
    armature = bpy.context.view_layer.objects.active
    scene.frame_end = scene.frame_start
    options = {name: getattr(arguments, name) for name in ("genre", "seed", "steps")}
    with stage("generate dance"):
        bpy.ops.tokendance.generate(
            filepath=str(arguments.song.resolve()), armature=armature.name, fit_frame_range=True, **options
        )
    with stage("stage, camera"):
        path = dancer_path(armature)
        add_camera(path)
        add_floor(path.mean(0))
        set_look()
        scene.frame_set(scene.frame_start)


def save(path: Path) -> None:
    """A file that plays anywhere: the song is packed into it."""
    for sound in bpy.data.sounds:
        sound.pack()
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Dance to a song in Blender and film it.")
    parser.add_argument("song", type=Path)
    parser.add_argument("out", type=Path, help="folder for demo.blend, demo.mp4 and demo.png")
    parser.add_argument("--film-seconds", type=float, default=30.0, help="length of the film (default: %(default)s)")
    parser.add_argument("--genre", default="any")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=8)
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    arguments = parse(argv)
    out = arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    enable_addon()
    try:
        build_scene(arguments)
        with stage("demo.blend"), quiet():
            save(out / "demo.blend")
        with stage("demo.mp4"), quiet():
            render_film(out / "demo.mp4", arguments.film_seconds)
        with stage("demo.png"), quiet():
            render_contact_sheet(out / "demo.png")
    except RuntimeError as error:
        sys.exit(f"demo: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
