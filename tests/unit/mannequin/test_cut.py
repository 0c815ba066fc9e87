from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.mannequin.cut import Face, cut
from tokendance_core.mannequin.shape import PARTS
from tokendance_core.mannequin.surface import skin

_EPS = 1e-6
_VERTICES, _QUADS = skin(PARTS, 0.04)
_FACES = [tuple(quad) for quad in _QUADS.tolist()]

_SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])


def _edges(faces: list[Face]) -> list[tuple[int, int]]:
    return [edge for face in faces for edge in pairwise((*face, face[0]))]


def _areas(vertices: np.ndarray, faces: list[Face]) -> np.ndarray:
    """(F, 3) area vectors."""
    return np.array([np.cross(vertices[list(f)], np.roll(vertices[list(f)], -1, 0)).sum(0) / 2 for f in faces])


def test_a_square_is_cut_into_two_halves_that_face_the_same_way() -> None:
    vertices, faces, near = cut(_SQUARE, [(0, 1, 2, 3)], np.array([True]), 0, 0.25, _EPS)
    np.testing.assert_allclose(vertices[4:], [[0.25, 0, 0], [0.25, 1, 0]])
    assert [sorted(face) for face in faces] == [[1, 2, 4, 5], [0, 3, 4, 5]]
    np.testing.assert_allclose(_areas(vertices, faces), [[0, 0, 0.75], [0, 0, 0.25]])
    assert near.tolist() == [True, True]


@pytest.mark.parametrize("bound", [-0.5, 0.0, 1.0, 1.5, 1e-8])
def test_a_plane_that_only_touches_or_misses_cuts_nothing(bound: float) -> None:
    vertices, faces, _ = cut(_SQUARE, [(0, 1, 2, 3)], np.array([True]), 1, bound, _EPS)
    assert faces == [(0, 1, 2, 3)]
    np.testing.assert_array_equal(vertices, _SQUARE)


def test_corners_on_the_plane_are_cut_between_without_new_vertices() -> None:
    turned = np.array([[0.0, -1, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0]])
    vertices, faces, _ = cut(turned, [(0, 1, 2, 3)], np.array([True]), 0, 0.0, _EPS)
    assert len(vertices) == 4
    assert [sorted(face) for face in faces] == [[0, 1, 2], [0, 2, 3]]


def test_a_neighbour_that_is_not_near_stays_whole_but_shares_the_new_vertex() -> None:
    vertices = np.concatenate((_SQUARE, [[1, 2, 0], [0, 2, 0]]))
    _, faces, near = cut(vertices, [(0, 1, 2, 3), (3, 2, 4, 5)], np.array([True, False]), 0, 0.5, _EPS)
    assert len(faces) == 3
    assert len(faces[1]) == 5
    assert near.tolist() == [True, False, True]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2), st.floats(-0.7, 1.7), st.integers(0, 2**32 - 1))
def test_a_closed_skin_stays_closed_and_keeps_its_shape(axis: int, bound: float, seed: int) -> None:
    near = np.random.default_rng(seed).random(len(_FACES)) < 0.7
    vertices, faces, is_near = cut(_VERTICES, _FACES, near, axis, bound, _EPS)
    edges = _edges(faces)
    assert len(edges) == len(set(edges))
    assert set(edges) == {(end, start) for start, end in edges}
    np.testing.assert_array_equal(vertices[: len(_VERTICES)], _VERTICES)
    np.testing.assert_allclose(vertices[len(_VERTICES) :, axis], bound, atol=1e-9)
    whole, halves = _areas(_VERTICES, _FACES), _areas(vertices, faces)
    np.testing.assert_allclose(halves.sum(0), whole.sum(0), atol=1e-9)
    offsets = vertices[:, axis] - bound
    for face in (face for face, cuttable in zip(faces, is_near, strict=True) if cuttable and len(face) < 6):
        assert min(offsets[list(face)]) > -2 * _EPS or max(offsets[list(face)]) < 2 * _EPS or _folds(face, offsets)


def _folds(face: Face, offsets: np.ndarray) -> bool:
    """Whether a face meets the plane in more than two places, and is left whole."""
    return (np.abs(offsets[list(face)]) <= 2 * _EPS).sum() > 2
