"""Files of a dancing body: all frames as arrays or as a point cache, or the mesh of one frame."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tokendance_core.errors import ClipError
from tokendance_core.files.atomic import write_aside
from tokendance_core.smpl.skinning import SkinnedBody


def _write_npz(body: SkinnedBody, path: Path) -> None:
    np.savez(path, vertices=body.vertices, faces=body.faces, joints=body.joints, fps=np.float64(body.fps))


def _write_obj(body: SkinnedBody, path: Path) -> None:
    """The mesh of the first frame."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(f"v {x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in body.vertices[0].tolist())
        file.writelines(f"f {a} {b} {c}\n" for a, b, c in (body.faces + 1).tolist())


def _write_pc2(body: SkinnedBody, path: Path) -> None:
    """A point cache of version 1: one sample a frame, beginning with frame 0."""
    frames, points = body.vertices.shape[:2]
    header = np.array([(b"POINTCACHE2", 1, points, 0.0, 1.0, frames)], "S12, <i4, <i4, <f4, <f4, <i4")
    with path.open("wb") as file:
        file.write(header.tobytes())
        for frame in body.vertices:
            file.write(frame.astype("<f4").tobytes())


_WRITERS = {
    ".npz": {".npz": _write_npz},
    ".obj": {".obj": _write_obj},
    ".pc2": {".pc2": _write_pc2, ".obj": _write_obj},
}
"""Suffix that is asked for -> suffixes of the files that are written, and how."""

SUFFIXES = tuple(_WRITERS)


def files(path: Path | str) -> tuple[Path, ...]:
    """What ``save`` writes for ``path``: a point cache comes with its mesh. Raises ClipError for a suffix that it does
    not know.
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITERS:
        raise ClipError(
            f"{path.name} has no suffix of a body file.", hint=f"Let its name end in {', '.join(SUFFIXES)}."
        )
    asked = path.suffix.lower()
    return tuple(path if suffix == asked else path.with_suffix(suffix) for suffix in _WRITERS[asked])


def save(body: SkinnedBody, path: Path | str) -> None:
    """Write all frames as ``.npz`` or as the point cache ``.pc2`` with a mesh ``.obj`` beside it, or the first frame as
    ``.obj``.

    Raises ClipError (suffix, folder, disk); files appear only when they are complete.
    """
    targets = files(path)
    writers = _WRITERS[Path(path).suffix.lower()].values()
    with ExitStack() as stack:
        for target, write in zip(targets, writers, strict=True):
            write(body, stack.enter_context(write_aside(target, ClipError)))
