"""Contact sheets of one dance on many rigs: a row for each, the same moments side by side."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from blender_addon import compat
from blender_addon.armature import rig
from tokendance_core import JOINTS, RigMap
from tokendance_core.motion.skeleton import joint_above

MOMENTS = 8
TILE = 150, 170
ROWS = 11
"""Rigs on one sheet."""

_FACES = ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
_THICK = 0.035  # of the character's height
_STAMPS = (
    *("date", "time", "render_time", "frame", "camera", "lens"),
    *("scene", "filename", "memory", "hostname", "marker"),
)
_COLOURS = {"left": (0.95, 0.55, 0.25, 1), "right": (0.3, 0.6, 0.95, 1), "": (0.85, 0.85, 0.8, 1)}


class Sheet:
    """Tiles of rig after rig, saved as PNG files of ``ROWS`` rigs each."""

    def __init__(self, folder: Path, moments: int = MOMENTS) -> None:
        self.folder, self.moments = folder, moments
        self.rows: list[np.ndarray] = []

    def add(self, name: str, armature: bpy.types.Object, clip: Path) -> None:
        """Dance with the settings that users get, and render the moments."""
        scene = bpy.context.scene
        scene.render.fps = 30
        bpy.ops.tokendance.apply_motion(filepath=str(clip), armature=armature.name, frame_start=0)
        _, rig_map = rig.recognise(armature)
        if not any(item.type == "MESH" and item.find_armature() == armature for item in scene.objects):
            dress(armature, rig_map)
        last = int(armature.animation_data.action.frame_range[1])
        stage(armature)
        tiles = [
            shot(armature, rig_map, round((i + 0.5) * last / self.moments), name if i == 0 else "", self.folder)
            for i in range(self.moments)
        ]
        self.rows.append(np.concatenate(tiles, 1))

    def save(self) -> None:
        """One picture for every ``ROWS`` rigs."""
        for start in range(0, len(self.rows), ROWS):
            pixels = np.concatenate(self.rows[start : start + ROWS][::-1], 0)
            image = bpy.data.images.new("Sheet", pixels.shape[1], pixels.shape[0])
            image.pixels.foreach_set(pixels.ravel())
            image.filepath_raw, image.file_format = str(self.folder / f"rigs_{start // ROWS + 1}.png"), "PNG"
            image.save()


def dress(armature: bpy.types.Object, rig_map: RigMap) -> None:
    """A body of rods from joint to joint, skinned rigidly: what a skeleton without a mesh shows."""
    bones = armature.data.bones
    height = np.ptp([bone.head_local for bone in bones], axis=0).max()
    vertices, faces, owners, colours = [], [], [], []
    for joint, bone in rig_map.bones.items():
        if joint not in JOINTS or bone not in bones:
            continue
        ends = [
            np.array(bones[rig_map.bones[below]].head_local)
            for below in rig_map.bones
            if joint_above(below, rig_map.bones) == joint
        ]
        head = np.array(bones[bone].head_local)
        for end in ends or [head + 2 * _THICK * height * _unit(np.array(bones[bone].tail_local) - head)]:
            first = len(vertices)
            vertices += _rod(head, end, _THICK * height)
            faces += [[first + i for i in face] for face in _FACES]
            owners += [bone] * 8
            colours += [joint.partition("_")[0] if "_" in joint else ""] * 6
    mesh = bpy.data.meshes.new("Rods")
    mesh.from_pydata(vertices, [], faces)
    for side, colour in _COLOURS.items():
        material = bpy.data.materials.new(side or "middle")
        material.diffuse_color = colour
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", [list(_COLOURS).index(side) for side in colours])
    body = bpy.data.objects.new("Rods", mesh)
    bpy.context.scene.collection.objects.link(body)
    for bone in set(owners):
        bones[bone].use_deform = True  # controls do not, by themselves
        body.vertex_groups.new(name=bone).add([i for i, owner in enumerate(owners) if owner == bone], 1.0, "REPLACE")
    body.parent = armature
    body.modifiers.new("Armature", "ARMATURE").object = armature


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _rod(start: np.ndarray, end: np.ndarray, thick: float) -> list[tuple[float, ...]]:
    """Eight corners around a line."""
    along = _unit(end - start)
    across = _unit(np.cross(along, np.eye(3)[np.abs(along).argmin()])) * thick / 2
    beside = np.cross(along, across)
    corners = [across + beside, across - beside, -across - beside, -across + beside]
    return [tuple(end_ + corner) for end_ in (start, end) for corner in corners]


def stage(armature: bpy.types.Object) -> None:
    """A floor, a camera and Workbench's look, sized for the character."""
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.data.type = "ORTHO"
    scene.render.engine, scene.display.render_aa = "BLENDER_WORKBENCH", "OFF"
    shading = scene.display.shading
    shading.light, shading.color_type, shading.show_cavity = "STUDIO", "MATERIAL", True
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("Sky")
    scene.world.color = (0.12, 0.14, 0.18)
    shading.background_type = "WORLD"
    scene.render.resolution_x, scene.render.resolution_y = TILE
    compat.record_images(scene)
    for item in scene.objects:
        item.hide_render = item.type not in ("MESH", "CAMERA") or (
            item.type == "MESH" and item.find_armature() != armature
        )


def shot(armature: bpy.types.Object, rig_map: RigMap, frame: int, label: str, folder: Path) -> np.ndarray:
    """(H, W, 4) one moment, seen a little from the side, the floor at the lower edge of the tile."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    world = armature.matrix_world
    rest = {joint: np.array(world @ armature.data.bones[bone].head_local) for joint, bone in rig_map.bones.items()}
    up = _unit(rest["head"] - (rest["left_ankle"] + rest["right_ankle"]) / 2)
    up = np.eye(3)[np.abs(up).argmax()] * np.sign(up[np.abs(up).argmax()])
    left = _unit(rest["left_hip"] - rest["right_hip"])
    front = _unit(np.cross(left, up))
    bodies = [item for item in scene.objects if item.type == "MESH" and item.find_armature() == armature]
    height = float(
        np.ptp(np.array([item.matrix_world @ Vector(corner) for item in bodies for corner in item.bound_box]) @ up)
    )
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    hips = np.array(world @ posed[rig_map.bones["left_hip"]].head)
    floor = float(np.min([rest["left_ankle"] @ up, rest["right_ankle"] @ up]))
    target = hips - up * (hips @ up - floor) + up * 0.48 * height
    view = _unit(front + 0.5 * left + 0.15 * up)
    right = _unit(np.cross(up, view))
    axes = np.stack((right, np.cross(view, right), view), 1)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, target + view * 10 * height
    scene.camera.matrix_world = [list(line) for line in matrix.T]
    scene.camera.data.ortho_scale, scene.camera.data.clip_end = 1.2 * height, 100 * height
    render = scene.render
    for name in _STAMPS:
        setattr(render, f"use_stamp_{name}", False)
    render.use_stamp = render.use_stamp_note = bool(label)
    render.use_stamp_labels, render.stamp_note_text, render.stamp_font_size = False, label, 12
    render.filepath = str(folder / "tile.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(render.filepath)
    pixels = np.empty(4 * TILE[0] * TILE[1], np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    (folder / "tile.png").unlink()
    return pixels.reshape(TILE[1], TILE[0], 4)
