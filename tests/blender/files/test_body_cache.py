"""A point cache and its mesh as ``save_body`` writes them: Blender shows the body upright, frame by frame."""

from __future__ import annotations

import bpy
import numpy as np

from tokendance_core import SkinnedBody, save_body

FIRST = 5


def test_mesh_cache_shows_every_frame_where_it_belongs(scene, tmp_path):
    rng = np.random.default_rng(1)
    vertices = rng.normal(size=(6, 40, 3)).astype(np.float32)
    faces = np.array([(i, (i + 1) % 40, (i + 7) % 40) for i in range(40)], np.int32)[::-1]
    save_body(SkinnedBody(vertices, faces, np.zeros((6, 24, 3), np.float32), 30.0), tmp_path / "dance.pc2")
    bpy.ops.wm.obj_import(filepath=str(tmp_path / "dance.obj"))
    (thing,) = scene.objects
    cache = thing.modifiers.new("Dance", "MESH_CACHE")
    cache.cache_format = "PC2"
    cache.filepath = str(tmp_path / "dance.pc2")
    cache.frame_start = FIRST
    for sample, expected in enumerate(vertices):
        scene.frame_set(FIRST + sample)
        posed = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
        seen = np.array([posed.matrix_world @ vertex.co for vertex in posed.data.vertices])
        np.testing.assert_allclose(seen, expected[:, [0, 2, 1]] * (1, -1, 1), atol=1e-5)
    assert [tuple(polygon.vertices) for polygon in thing.data.polygons] == [tuple(face) for face in faces.tolist()]
