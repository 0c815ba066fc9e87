"""Character files in, dances out. Blender's importers and exporters exist only as operators, so this file calls
them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import bpy

from tokendance_core import ClipError, RigError, TokenDanceError, check_writable, write_aside

from .. import compat
from ..interface.scene_guard import leave_modes
from ..takes import compare
from ..takes import store as takes

_LOG = logging.getLogger(__package__)


def empty_file() -> None:
    """Begin a new file without anything in it, one frame long; add-ons and preferences stay."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True, load_ui=False)
    _shorten()


def _shorten() -> None:
    """Let the scene be as long as the dance that will extend it."""
    scene = bpy.context.scene
    scene.frame_start = scene.frame_end = 1


def _point_at_nothing() -> None:
    layer = bpy.context.view_layer
    layer.objects.active = None
    for item in list(layer.objects.selected):
        item.select_set(False)


def _open_blend(path: Path) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    leave_modes()


def _import_fbx(path: Path) -> None:
    compat.fbx_importer()(filepath=str(path))


def _import_gltf(path: Path) -> None:
    bpy.ops.import_scene.gltf(filepath=str(path))


def _import_vrm(path: Path) -> None:
    """VRM is glTF by another name, and the importer goes by the name."""
    with tempfile.TemporaryDirectory(prefix="tokendance-") as folder:
        copy = Path(folder) / f"{path.stem}.glb"
        shutil.copyfile(path, copy)
        _import_gltf(copy)


def _import_bvh(path: Path) -> None:
    bpy.ops.import_anim.bvh(filepath=str(path), update_scene_fps=False, update_scene_duration=False)


READERS: dict[str, Callable[[Path], None]] = {
    ".blend": _open_blend,
    ".bvh": _import_bvh,
    ".fbx": _import_fbx,
    ".glb": _import_gltf,
    ".gltf": _import_gltf,
    ".vrm": _import_vrm,
}
"""Suffix of a character file -> what brings it into an empty file."""


def open_character(path: Path) -> None:
    """Begin a new file with the character in ``path``; RigError when it is missing, of another kind or damaged."""
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise RigError(f"{path.name} is no character file.", hint=f"Use one of {', '.join(READERS)}.")
    if not os.path.isfile(path):
        raise RigError(f"There is no character file {path}.", hint="Check the path.")
    empty_file()
    with _explained(
        RigError(f"The character {path.name} cannot be read.", hint="Open it in Blender to see what is wrong.")
    ):
        read(path)
    if read is not _open_blend:
        _shorten()  # some importers set the range of the motion that came along
        _point_at_nothing()  # what an importer selects, no user has pointed at


def _write_blend(path: Path, armature: bpy.types.Object) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False, compress=True)


@contextlib.contextmanager
def _as_long_as_the_dance(armature: bpy.types.Object) -> Iterator[tuple[int, int]]:
    """The scene plays the dance and nothing before or after it: exporters that bake take its range. First and last
    frame.
    """
    scene = bpy.context.scene
    former = scene.frame_start, scene.frame_end
    first, last = takes.frame_range(armature.animation_data.action)
    scene.frame_start, scene.frame_end = first, last
    try:
        yield first, last
    finally:
        scene.frame_start, scene.frame_end = former


def _write_fbx(path: Path, armature: bpy.types.Object, *, selected: bool = False) -> None:
    with _as_long_as_the_dance(armature):
        bpy.ops.export_scene.fbx(
            filepath=str(path),
            check_existing=False,
            use_selection=selected,
            add_leaf_bones=False,
            bake_anim_use_all_actions=False,
            bake_anim_use_nla_strips=False,
            bake_anim_simplify_factor=0.0,
        )


def _write_gltf(path: Path, armature: bpy.types.Object, *, selected: bool = False) -> None:
    with _as_long_as_the_dance(armature):
        bpy.ops.export_scene.gltf(
            filepath=str(path),
            check_existing=False,
            use_selection=selected,
            export_animation_mode="SCENE",
            export_anim_slide_to_zero=True,  # as in a BVH file: a frame has no place in a file without a scene
        )


def _write_bvh(path: Path, armature: bpy.types.Object) -> None:
    for item in bpy.context.view_layer.objects:
        item.select_set(item == armature)
    bpy.context.view_layer.objects.active = armature
    with _as_long_as_the_dance(armature) as (first, last):
        # To one unit of the armature, in which the file would be written.
        metres = sum(armature.matrix_world.to_scale()[:]) / 3
        bpy.ops.export_anim.bvh(
            filepath=str(path), check_existing=False, frame_start=first, frame_end=last, global_scale=metres
        )


WRITERS: dict[str, Callable[[Path, bpy.types.Object], None]] = {
    ".blend": _write_blend,
    ".bvh": _write_bvh,
    ".fbx": _write_fbx,
    ".glb": _write_gltf,
}
"""Suffix of a result -> what writes the open file with its dancing armature."""

_ALONE: dict[str, Callable[[Path, bpy.types.Object], None]] = {
    ".bvh": _write_bvh,
    ".fbx": partial(_write_fbx, selected=True),
    ".glb": partial(_write_gltf, selected=True),
}
"""Suffix of a result -> what writes the dancing armature with what hangs on it, which is selected, and nothing else."""


def check(path: Path) -> None:
    """ClipError unless a file can be made at ``path``, and its suffix is known: asked before a long work."""
    check_suffix(path)
    check_writable(path, ClipError)


def check_suffix(path: Path) -> None:
    """ClipError unless ``write`` knows the suffix."""
    if path.suffix.lower() not in WRITERS:
        raise ClipError(
            f"{path.name} is of no kind that can be written.", hint=f"Let its name end in {', '.join(WRITERS)}."
        )


def write(path: Path, armature: bpy.types.Object, *, alone: bool = False) -> None:
    """Write the open file to ``path``, which appears complete or not at all; ClipError when that cannot be. ``alone``:
    nothing but the armature and what hangs on it, which are selected afterwards.
    """
    check_suffix(path)
    with (
        write_aside(path, ClipError) as aside,
        _explained(ClipError(f"{path.name} cannot be written.", hint="Look at Blender's messages above.")),
    ):
        aside.unlink()  # Blender would keep a file that is there as a backup
        if alone:
            _select(armature)
        (_ALONE if alone else WRITERS)[path.suffix.lower()](aside, armature)
        if not aside.stat().st_size:
            raise ClipError(f"{path.name} was written empty.", hint="Is the disk full?")


def _select(armature: bpy.types.Object) -> None:
    chosen = {armature, *compare.hanging_on(bpy.context.scene, armature)}
    for item in bpy.context.view_layer.objects:
        item.select_set(item in chosen)
    bpy.context.view_layer.objects.active = armature


@contextlib.contextmanager
def _explained(problem: TokenDanceError) -> Iterator[None]:
    """Blender's own files fail in many ways, all of them without a hint."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its importers and exporters warn of is not the user's to mend
        try:
            yield
        except TokenDanceError:
            raise
        except Exception as error:
            if KeyboardInterrupt.__name__ in str(
                error
            ):  # what Blender makes of one that an importer or exporter was met by
                raise KeyboardInterrupt from error
            _LOG.debug("exchange failed", exc_info=True)
            raise type(problem)(f"{str(problem).rstrip('.')}: {_last_words(error)}", hint=problem.hint) from error


def _last_words(error: Exception) -> str:
    """The line that says what happened; Blender may put the place in its own code behind it."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    return lines[-1].strip() if lines else type(error).__name__
