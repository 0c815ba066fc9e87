"""A dance on a body model: what smplx itself makes of the file, and feet on the floor."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests import body_models
from tests.unit import dancers
from tokendance_core.errors import ClipError, SettingError
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import ANKLE_HEIGHT, HORIZONTAL, INDEX, OFFSETS, PARENTS, REST_HEIGHT, SIDES
from tokendance_core.smpl import skinning
from tokendance_core.smpl.skinning import skin
from tokendance_core.types import MotionClip

VERTEX_IDS = pytest.importorskip("smplx.vertex_ids").vertex_ids

LEG = np.linalg.norm([0.02, 0.37, 0.01]) / 0.41
"""Leg of the test models in ours."""


def _made_by_smplx(kind: str, model: Path, clip: MotionClip, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and body joints that the package's own class makes of the file, the pelvis where it rests."""
    import smplx
    import torch
    from smplx.utils import Struct

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.tensor(np.asarray(array), dtype=torch.float32)

    options = {"batch_size": clip.frames, "ext": "npz", "use_pca": False, "flat_hand_mean": True}
    if kind == "smplx":
        module = smplx.SMPLX(str(model), **options)
    else:
        fields = dict(np.load(model))
        kind_class = smplx.SMPL if kind == "smpl" else smplx.SMPLH
        module = kind_class(str(model), data_struct=Struct(**fields), num_betas=fields["shapedirs"].shape[2], **options)
    vectors = rotation.axis_angle_from_matrix(rotation.matrix_from_6d(clip.rot6d)).reshape(clip.frames, -1)
    shape = np.zeros((clip.frames, module.num_betas))
    shape[:, : len(betas)] = betas
    last = 3 * (24 if kind == "smpl" else 22)
    made = module(betas=tensor(shape), global_orient=tensor(vectors[:, :3]), body_pose=tensor(vectors[:, 3:last]))
    return made.vertices.detach().numpy(), made.joints.detach().numpy()[:, :22]


@pytest.mark.parametrize("betas", [(), (1.5, -0.5)])
def test_is_what_smplx_makes_of_the_file(kind, model, monkeypatch, betas):
    # The package also looks up vertices of the face and feet, by numbers that only the real bodies have.
    landmarks = dict.fromkeys(VERTEX_IDS["smplh"], 0)
    monkeypatch.setattr("smplx.body_models.VERTEX_IDS", {"smplh": landmarks, "smplx": landmarks})
    clip = dancers.tumbling()
    made = skin(clip, model, betas=betas)
    vertices, joints = _made_by_smplx(kind, model, clip, np.array(betas))
    move = (made.joints[:, 0] - joints[:, 0])[:, None]
    np.testing.assert_allclose(made.vertices, vertices + move, atol=2e-6)
    np.testing.assert_allclose(made.joints[:, :22], joints + move, atol=2e-6)


def test_identity_is_the_template_moved(kind, model):
    made = skin(dancers.standing(), model)
    template = body_models.arrays(kind)["v_template"]
    np.testing.assert_allclose(made.vertices[0] - made.joints[0, 0], template - body_models.PELVIS, atol=1e-6)
    np.testing.assert_array_equal(made.faces, body_models.arrays(kind)["f"])
    assert (made.vertices.dtype, made.faces.dtype, made.joints.dtype) == (np.float32, np.int32, np.float32)
    assert made.fps == 30.0


def test_joints_follow_the_offsets_of_the_model(kind, model):
    clip = dancers.tumbling()
    made = skin(clip, model)
    rest = body_models.rest_joints(kind)
    # The first joint of the middle finger stands for the hand.
    hands = {"smpl": (22, 23), "smplh": (25, 40), "smplx": (28, 43)}[kind]
    ours = rest[[*range(22), *hands]]
    offsets = np.array([ours[joint] - ours[max(parent, 0)] for joint, parent in enumerate(PARENTS)])
    expected = kinematics.forward_kinematics(rotation.matrix_from_6d(clip.rot6d), made.joints[:, 0], offsets)[0]
    np.testing.assert_allclose(made.joints, expected, atol=1e-5)


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_a_raised_arm_goes_up(model, side, sign):
    vectors = np.zeros((1, 24, 3))
    vectors[0, INDEX[f"{side}_shoulder"], 2] = sign * np.pi / 2
    made = skin(dancers.clip(vectors, np.array([[0.0, REST_HEIGHT, 0.0]])), model)
    wrist = INDEX[f"{side}_wrist"]
    ring = made.vertices[0, 6 * wrist : 6 * wrist + 6]
    assert ring[:, 1].min() > made.joints[0, INDEX["head"], 1] + 0.1
    assert np.sign(ring[:, 0]).tolist() == [sign] * 6, "the left arm is on the dancer's left, +X"


@pytest.mark.parametrize(("joint", "follows"), [(22, 15), (23, 15), (27, 20), (54, 21)])
def test_fingers_jaw_and_eyes_stay_at_rest(tmp_path, joint, follows):
    model = body_models.write(tmp_path / "x.npz", "smplx", posedirs=np.zeros((330, 3, 486)))
    clip = dancers.tumbling()
    made = skin(clip, model)
    turn = kinematics.forward_kinematics(rotation.matrix_from_6d(clip.rot6d), clip.root)[1][:, follows]
    ring = made.vertices[:, 6 * joint : 6 * joint + 6]
    template = body_models.arrays("smplx")["v_template"][6 * joint : 6 * joint + 6]
    np.testing.assert_allclose(ring - ring[:, :1], (template - template[0]) @ turn.transpose(0, 2, 1), atol=1e-5)


def test_many_frames_are_skinned_as_one_by_one(smpl, monkeypatch):
    clip = dancers.tumbling(frames=7)
    at_once = skin(clip, smpl)
    done: list[float] = []
    monkeypatch.setattr(skinning, "_BATCH", 3)
    in_parts = skin(clip, smpl, progress=done.append)
    np.testing.assert_allclose(in_parts.vertices, at_once.vertices, atol=1e-6)
    assert done == pytest.approx([3 / 7, 6 / 7, 1.0])


# --- the floor --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("betas", [None, (0.0,), (2.0,), (-1.0, 3.0)])
def test_every_shape_stands_on_the_floor(model, betas):
    made = skin(dancers.standing(frames=2), model, betas=betas)
    assert made.vertices[..., 1].min(1) == pytest.approx(0.0, abs=1e-6)


def test_betas_change_the_proportions(smpl):
    heights = [np.ptp(skin(dancers.standing(), smpl, betas=betas).vertices[0, :, 1]) for betas in ((0,), (2,), (0, 3))]
    assert heights[1] == pytest.approx(1.1 * heights[0], rel=1e-3)
    assert heights[2] == pytest.approx(heights[0] + 0.12, abs=1e-3)


def test_the_path_grows_with_the_legs(model):
    clip = dancers.tumbling()
    made = skin(clip, model)
    np.testing.assert_allclose(made.joints[:, 0, HORIZONTAL], LEG * clip.root[:, HORIZONTAL], atol=1e-5)


def test_a_jump_is_as_high_as_its_legs_allow(smpl):
    made = skin(dancers.standing(height=REST_HEIGHT + 0.3), smpl)
    assert made.vertices[0, :, 1].min() == pytest.approx(0.3 * LEG, abs=1e-5)


def test_a_bent_knee_keeps_the_lower_foot_on_the_floor(smpl):
    """A squat on flat feet: the thighs 60 degrees forward, the shanks back, the ankles level."""
    vectors = np.zeros((1, 24, 3))
    for side in SIDES:
        for joint, degrees in (("hip", -60), ("knee", 100), ("ankle", -40)):
            vectors[0, INDEX[f"{side}_{joint}"], 0] = np.radians(degrees)
    leg = 0.41 * (np.cos(np.radians(60)) + np.cos(np.radians(40)))
    height = ANKLE_HEIGHT + leg - OFFSETS[INDEX["left_hip"], 1]
    made = skin(dancers.clip(vectors, np.array([[0.0, height, 0.0]])), smpl)
    rest = body_models.rest_joints("smpl")
    sole = body_models.arrays("smpl")["v_template"][:, 1].min()
    for side in SIDES:
        for joint in ("ankle", "foot"):
            index = INDEX[f"{side}_{joint}"]
            assert made.joints[0, index, 1] == pytest.approx(rest[index, 1] - sole, abs=1e-5), (side, joint)


@pytest.mark.parametrize("betas", [np.zeros(11), [[0.0]], [float("nan")]])
def test_impossible_shapes_are_refused(smpl, betas):
    with pytest.raises(SettingError, match="at most 10 finite numbers"):
        skin(dancers.standing(), smpl, betas=betas)


def test_the_face_of_smplx_is_not_taken_for_its_shape(tmp_path):
    model = body_models.write(tmp_path / "x.npz", "smplx")
    with pytest.raises(SettingError, match="at most 10"):
        skin(dancers.standing(), model, betas=np.zeros(11))


def test_without_smplx_it_says_what_to_install(smpl, monkeypatch):
    monkeypatch.setitem(sys.modules, "smplx.lbs", None)
    with pytest.raises(ClipError, match="needs the package smplx") as caught:
        skin(dancers.standing(), smpl)
    assert "tokendance[smpl]" in caught.value.hint
