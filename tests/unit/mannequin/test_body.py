from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from tokendance_core.mannequin.body import make
from tokendance_core.mannequin.shape import ACCENTS
from tokendance_core.motion.skeleton import INDEX, JOINTS, PARENTS, REST_HEIGHT, T_POSE


def test_it_is_made_once_and_cannot_be_changed() -> None:
    assert make() is make()
    for name in ("vertices", "face_materials", "weights", "heads", "tails"):
        assert not getattr(make(), name).flags.writeable, name


def test_the_skin_is_closed_and_faces_outward() -> None:
    body = make()
    edges = [edge for face in body.faces for edge in pairwise((*face, face[0]))]
    assert len(edges) == len(set(edges))
    assert set(edges) == {(end, start) for start, end in edges}
    volume = sum(
        float(np.dot(body.vertices[face[0]], np.cross(body.vertices[b], body.vertices[c]))) / 6
        for face in body.faces
        for b, c in pairwise(face[1:])
    )
    assert volume == pytest.approx(0.056, abs=0.01)


def test_it_stands_on_the_floor_as_tall_as_the_skeleton() -> None:
    heights = make().vertices[:, 1]
    assert heights.min() == pytest.approx(0.0, abs=0.002)
    assert heights.max() == pytest.approx(1.74, abs=0.02)


def test_colours_meet_at_the_borders_of_the_accents() -> None:
    body = make()
    assert set(body.face_materials) == set(range(len(body.materials)))
    for accent in ACCENTS:
        worn = [face for face, material in zip(body.faces, body.face_materials, strict=True) if material]
        inside = [face for face in worn if accent.holds(body.vertices[list(face)].mean(0)[None])[0]]
        assert inside
        assert all(accent.holds(body.vertices[list(face)], margin=2.1e-4).all() for face in inside)


def test_weights_are_shares_of_a_few_joints() -> None:
    weights = make().weights
    np.testing.assert_allclose(weights.sum(1), 1.0, atol=1e-9)
    assert weights.min() > -1e-9
    assert (weights > 1e-3).sum(1).max() <= 5


def test_bones_begin_at_the_joints_and_end_at_the_next() -> None:
    body = make()
    np.testing.assert_allclose(body.heads, T_POSE + np.array([0, REST_HEIGHT, 0]))
    for joint, end in (("left_hip", "left_knee"), ("pelvis", "spine1"), ("spine3", "neck"), ("neck", "head")):
        np.testing.assert_array_equal(body.tails[INDEX[joint]], body.heads[INDEX[end]])
    for joint in (joint for joint in range(len(JOINTS)) if joint not in PARENTS):
        assert 0.05 < np.linalg.norm(body.tails[joint] - body.heads[joint]) < 0.2


def test_who_asks_while_it_is_made_waits_for_the_same_one() -> None:
    with ThreadPoolExecutor(3) as pool:
        first, *others = pool.map(lambda _: make(), range(3))
    assert all(other is first for other in others)
