from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tokendance_core.motion import rotation

_angle = st.floats(-3.1, 3.1)
_vectors = arrays(np.float64, (5, 3), elements=_angle)
_quarter_about_y = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])


def _random_matrices(seed: int, count: int = 50) -> np.ndarray:
    return rotation.matrix_from_axis_angle(np.random.default_rng(seed).normal(size=(count, 3)) * 2)


def test_6d_is_the_first_two_columns() -> None:
    matrix = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])
    np.testing.assert_array_equal(rotation.rot6d_from_matrix(matrix), [0, 0, 1, -1, 0, 0])
    np.testing.assert_allclose(rotation.matrix_from_6d(np.array([0.0, 0, 1, -1, 0, 0])), matrix)


def test_unit_vectors_keep_their_direction_and_none_is_made_of_nothing() -> None:
    np.testing.assert_allclose(rotation.unit(np.array([[3.0, 0, 4], [0, 0, -1e-9]])), [[0.6, 0, 0.8], [0, 0, -1]])
    np.testing.assert_array_equal(rotation.unit(np.zeros((2, 3))), 0)
    np.testing.assert_allclose(rotation.unit(np.array([1e-9, 0, 0]), 1e-6), [1e-3, 0, 0])


def test_6d_accepts_columns_that_are_neither_unit_nor_perpendicular() -> None:
    np.testing.assert_allclose(rotation.matrix_from_6d(np.array([2.0, 0, 0, 5, 3, 0])), np.eye(3), atol=1e-12)


@given(_vectors)
def test_matrices_are_proper_rotations(vectors: np.ndarray) -> None:
    matrices = rotation.matrix_from_axis_angle(vectors)
    np.testing.assert_allclose(
        matrices @ matrices.swapaxes(-1, -2), np.broadcast_to(np.eye(3), matrices.shape), atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-9)


@given(_vectors)
def test_every_form_leads_back_to_the_same_matrix(vectors: np.ndarray) -> None:
    matrices = rotation.matrix_from_axis_angle(vectors)
    through_6d = rotation.matrix_from_6d(rotation.rot6d_from_matrix(matrices))
    through_quaternion = rotation.matrix_from_quaternion(rotation.quaternion_from_matrix(matrices))
    through_vector = rotation.matrix_from_axis_angle(rotation.axis_angle_from_matrix(matrices))
    for back in (through_6d, through_quaternion, through_vector):
        np.testing.assert_allclose(back, matrices, atol=1e-7)


@given(arrays(np.float64, 6, elements=st.floats(-10, 10)))
def test_6d_is_proper_for_any_two_directions(rot6d: np.ndarray) -> None:
    if np.linalg.norm(np.cross(rot6d[:3], rot6d[3:])) < 1e-3:
        return
    matrix = rotation.matrix_from_6d(rot6d)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(3), atol=1e-6)
    assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_have_no_singularity(axis: int) -> None:
    vector = np.pi * np.eye(3)[axis]
    np.testing.assert_allclose(
        np.abs(rotation.axis_angle_from_matrix(rotation.matrix_from_axis_angle(vector))), np.abs(vector), atol=1e-7
    )


def test_quaternion_is_w_first_and_its_w_not_negative() -> None:
    np.testing.assert_allclose(
        rotation.quaternion_from_matrix(_quarter_about_y), [np.sqrt(0.5), 0, np.sqrt(0.5), 0], atol=1e-12
    )
    assert (rotation.quaternion_from_matrix(_random_matrices(1))[..., 0] >= 0).all()


def test_heading_turns_front_towards_left() -> None:
    np.testing.assert_allclose(rotation.heading_matrix(np.pi / 2), _quarter_about_y, atol=1e-12)
    np.testing.assert_allclose(rotation.heading_matrix(np.pi / 2) @ [0, 0, 1], [1, 0, 0], atol=1e-12)
    assert rotation.heading_matrix(np.zeros(4)).shape == (4, 3, 3)


def test_continuous_quaternions_never_jump_and_stay_the_same_rotations() -> None:
    turns = np.stack((np.linspace(0, 20, 100), np.zeros(100), np.zeros(100)), -1)
    matrices = rotation.matrix_from_axis_angle(turns)
    quaternions = rotation.continuous_quaternions(rotation.quaternion_from_matrix(matrices))
    assert np.abs(np.diff(quaternions, axis=0)).max() < 0.2
    np.testing.assert_allclose(rotation.matrix_from_quaternion(quaternions), matrices, atol=1e-12)


def test_slerp_moves_at_a_constant_rate_between_its_ends() -> None:
    q0, q1 = (
        np.array([1.0, 0, 0, 0]),
        rotation.quaternion_from_matrix(rotation.matrix_from_axis_angle(np.array([0.0, 1.2, 0]))),
    )
    for t in (0.0, 0.25, 0.5, 1.0):
        expected = rotation.quaternion_from_matrix(rotation.matrix_from_axis_angle(np.array([0.0, 1.2 * t, 0])))
        np.testing.assert_allclose(rotation.slerp(q0, q1, np.array(t)), expected, atol=1e-12)


@given(_vectors, _vectors, st.floats(0, 1))
def test_slerp_takes_the_shorter_arc_and_ignores_signs(a: np.ndarray, b: np.ndarray, t: float) -> None:
    q0, q1 = (rotation.quaternion_from_matrix(rotation.matrix_from_axis_angle(v)) for v in (a, b))
    t = np.full(5, t)
    middle = rotation.slerp(q0, q1, t)
    np.testing.assert_allclose(np.linalg.norm(middle, axis=-1), 1, atol=1e-9)
    cosines = np.abs((q0 * q1).sum(-1))
    if (cosines > 1e-3).all():  # at a half turn both ways are equally short
        np.testing.assert_allclose(rotation.slerp(q0, -q1, t), middle, atol=1e-9)
    assert (np.abs((q0 * middle).sum(-1)) >= cosines - 1e-9).all()


def test_slerp_of_equal_quaternions_is_exact() -> None:
    q = rotation.quaternion_from_matrix(_random_matrices(2))
    np.testing.assert_allclose(rotation.slerp(q, q, np.full(len(q), 0.3)), q, atol=1e-7)


@pytest.mark.parametrize("name", ["matrix_from_6d", "rot6d_from_matrix", "matrix_from_quaternion"])
def test_torch_tensors_give_what_numpy_gives(name: str) -> None:
    torch = pytest.importorskip("torch")
    matrices = _random_matrices(3)
    given_ = {
        "matrix_from_6d": rotation.rot6d_from_matrix(matrices) * 1.3 + 0.01,
        "rot6d_from_matrix": matrices,
        "matrix_from_quaternion": rotation.quaternion_from_matrix(matrices),
    }[name]
    function = getattr(rotation, name)
    result = function(torch.from_numpy(given_))
    assert isinstance(result, torch.Tensor)
    np.testing.assert_allclose(result.numpy(), function(given_), atol=1e-12)


# --- Euler angles and axis-angle --------------------------------------------------------------------------------------

_ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def _composed(angles: np.ndarray, axes: str) -> np.ndarray:
    outer, middle, inner = (
        rotation.matrix_from_axis_angle(angles[..., i : i + 1] * np.eye(3)["XYZ".index(axis)])
        for i, axis in enumerate(axes)
    )
    return outer @ middle @ inner


@pytest.mark.parametrize("axes", _ORDERS)
@given(vectors=arrays(np.float64, (8, 3), elements=st.floats(-6, 6)))
@settings(max_examples=25)
def test_angles_mean_the_rotations_they_were_made_from(axes: str, vectors: np.ndarray) -> None:
    matrices = rotation.matrix_from_axis_angle(vectors)
    np.testing.assert_allclose(_composed(rotation.euler_angles(matrices, axes), axes), matrices, atol=1e-9)


@pytest.mark.parametrize("axes", _ORDERS)
@pytest.mark.parametrize("middle", [np.pi / 2, -np.pi / 2, np.pi / 2 - 1e-7, np.pi / 2 + 1e-5])
def test_angles_are_right_in_gimbal_lock(axes: str, middle: float) -> None:
    matrices = _composed(np.array([[0.4, middle, 0.7], [0.5, middle, -0.2]]), axes)
    np.testing.assert_allclose(_composed(rotation.euler_angles(matrices, axes), axes), matrices, atol=2e-6)


@pytest.mark.parametrize("axes", _ORDERS)
def test_angles_are_continuous_through_many_turns_and_past_the_vertical(axes: str) -> None:
    time = np.linspace(0, 1, 400)
    truth = np.stack((0.3 * np.sin(9 * time), 14 * time, 25 * time - 3), -1)  # a somersault with a spin
    angles = rotation.euler_angles(_composed(truth, axes), axes)
    assert np.abs(np.diff(angles, axis=0)).max() < 0.3


def test_empty_and_single_frames_have_angles() -> None:
    assert rotation.euler_angles(np.zeros((0, 24, 3, 3)), "ZXY").shape == (0, 24, 3)
    np.testing.assert_allclose(rotation.euler_angles(np.eye(3)[None], "ZXY"), np.zeros((1, 3)))


def test_axis_and_angle_are_continuous_through_no_rotation_and_many_turns() -> None:
    time = np.linspace(-1, 1, 401)
    vectors = np.stack((np.array([0.6, 0.8, 0.0]) * (9 * time)[:, None], np.zeros((401, 3))), 1)
    matrices = rotation.matrix_from_axis_angle(vectors)
    found = rotation.axis_angles(rotation.continuous_quaternions(rotation.quaternion_from_matrix(matrices)))
    assert np.abs(np.diff(found, axis=0)).max() < 0.1
    np.testing.assert_allclose(np.linalg.norm(found[..., 1:], axis=-1), 1, atol=1e-9)
    np.testing.assert_allclose(rotation.matrix_from_axis_angle(found[..., :1] * found[..., 1:]), matrices, atol=1e-9)


@given(_vectors, _vectors)
def test_shortest_arc_leads_from_one_direction_to_the_other(a: np.ndarray, b: np.ndarray) -> None:
    apart = (np.linalg.norm(a, axis=-1) > 1e-3) & (np.linalg.norm(b, axis=-1) > 1e-3)
    a, b = (v[apart] / np.linalg.norm(v[apart], axis=-1, keepdims=True) for v in (a, b))
    for end in (b, -a):
        turn = rotation.shortest_arc(a, end)
        np.testing.assert_allclose((turn @ a[..., None])[..., 0], end, atol=1e-6)
        np.testing.assert_allclose(np.linalg.det(turn), 1, atol=1e-9)
