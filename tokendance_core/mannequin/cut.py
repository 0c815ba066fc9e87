"""Polygons cut along a plane, so that two colours meet in a clean line."""

from __future__ import annotations

from itertools import chain, pairwise

import numpy as np

Face = tuple[int, ...]


def cut(
    vertices: np.ndarray, faces: list[Face], is_near: np.ndarray, axis: int, bound: float, tolerance: float
) -> tuple[np.ndarray, list[Face], np.ndarray]:
    """Cut faces in two where the plane ``axis`` = ``bound`` passes through them; a closed skin stays closed.

    ``vertices`` (V, 3); ``is_near`` (F,) bool: the faces that may be cut. A vertex within ``tolerance`` of the plane
    lies on it and is not moved. Returns the same three with the new vertices and faces at their ends; the halves of a
    near face are near.
    """
    distances = vertices[:, axis] - bound
    sides = np.where(np.abs(distances) <= tolerance, 0, np.sign(distances)).astype(int)
    crossing = np.flatnonzero(_cross(faces, sides))
    added = _crossings([faces[number] for number in crossing if is_near[number]], sides)
    start, end = np.array(list(added), int).reshape(-1, 2).T
    share = distances[start] / (distances[start] - distances[end])
    vertices = np.concatenate((vertices, vertices[start] + share[:, None] * (vertices[end] - vertices[start])))
    number_of = {edge: len(sides) + place for place, edge in enumerate(added)}
    sides = np.concatenate((sides, np.zeros(len(added), int)))
    faces, halves = list(faces), []
    for number in crossing:
        faces[number] = _with_crossings(faces[number], number_of)
        if is_near[number]:
            faces[number], half = _split(faces[number], sides)
            if half:
                halves.append(half)
    return vertices, faces + halves, np.concatenate((is_near, np.ones(len(halves), bool)))


def _cross(faces: list[Face], sides: np.ndarray) -> np.ndarray:
    """(F,) bool: which faces have corners on both sides of the plane; ``sides`` (V,) -1, 0 or 1."""
    corners = sides[np.fromiter(chain.from_iterable(faces), int)]
    counts = np.array([len(face) for face in faces])
    starts = np.cumsum(counts) - counts
    crosses: np.ndarray = (np.minimum.reduceat(corners, starts) < 0) & (np.maximum.reduceat(corners, starts) > 0)
    return crosses


def _edge(start: int, end: int) -> tuple[int, int]:
    return (start, end) if start < end else (end, start)


def _crossings(faces: list[Face], sides: np.ndarray) -> dict[tuple[int, int], None]:
    """The edges that go from one side of the plane to the other, each once, in the order in which they are met."""
    edges = (_edge(start, end) for face in faces for start, end in pairwise((*face, face[0])))
    return {edge: None for edge in edges if sides[edge[0]] * sides[edge[1]] < 0}


def _with_crossings(face: Face, number_of: dict[tuple[int, int], int]) -> Face:
    """A face with the new vertices on its edges."""
    corners = []
    for start, end in pairwise((*face, face[0])):
        corners.append(start)
        if _edge(start, end) in number_of:
            corners.append(number_of[_edge(start, end)])
    return tuple(corners)


def _split(face: Face, sides: np.ndarray) -> tuple[Face, Face]:
    """The halves of a face on both sides of the plane; the second is empty where the plane does not pass through."""
    on_plane = [place for place, corner in enumerate(face) if sides[corner] == 0]
    if len(on_plane) != 2:
        return face, ()
    first, second = on_plane
    return face[first : second + 1], (*face[second:], *face[: first + 1])
