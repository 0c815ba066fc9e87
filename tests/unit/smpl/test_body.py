"""A dance on a body model: what smplx itself makes of the file, feet on the floor, and what is said about other
files.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import body_models
from tokendance_core.__main__ import main
from tokendance_core.errors import ClipError, SettingError
from tokendance_core.files import clip as clip_file
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import ANKLE_HEIGHT, INDEX, OFFSETS, PARENTS, REST_HEIGHT
from tokendance_core.smpl import body
from tokendance_core.types import MotionClip

VERTEX_IDS = pytest.importorskip("smplx.vertex_ids").vertex_ids

KINDS = tuple(body_models.JOINT_COUNTS)
LEG = np.linalg.norm([0.02, 0.37, 0.01]) / 0.41
"""Leg of the test models in ours."""


def _clip(vectors: np.ndarray, root: np.ndarray) -> MotionClip:
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(vectors))
    return MotionClip(rot6d.astype(np.float32), root.astype(np.float32), fps=30.0)


def _standing(frames: int = 1, height: float = REST_HEIGHT) -> MotionClip:
    return _clip(np.zeros((frames, 24, 3)), np.tile([0.5, height, -0.3], (frames, 1)))


def _any_dance(frames: int = 5) -> MotionClip:
    rng = np.random.default_rng(3)
    return _clip(0.5 * rng.normal(size=(frames, 24, 3)), rng.normal(size=(frames, 3)))


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def model(kind, tmp_path) -> Path:
    return body_models.write(tmp_path / f"{kind}.npz", kind)


@pytest.fixture
def smpl(tmp_path) -> Path:
    return body_models.write(tmp_path / "SMPL_NEUTRAL.npz", "smpl")


# --- the body ---------------------------------------------------------------------------------------------------------


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
    clip = _any_dance()
    made = body.skin(clip, model, betas=betas)
    vertices, joints = _made_by_smplx(kind, model, clip, np.array(betas))
    move = (made.joints[:, 0] - joints[:, 0])[:, None]
    np.testing.assert_allclose(made.vertices, vertices + move, atol=2e-6)
    np.testing.assert_allclose(made.joints[:, :22], joints + move, atol=2e-6)


def test_identity_is_the_template_moved(kind, model):
    made = body.skin(_standing(), model)
    template = body_models.arrays(kind)["v_template"]
    np.testing.assert_allclose(made.vertices[0] - made.joints[0, 0], template - body_models.PELVIS, atol=1e-6)
    np.testing.assert_array_equal(made.faces, body_models.arrays(kind)["f"])
    assert (made.vertices.dtype, made.faces.dtype, made.joints.dtype) == (np.float32, np.int32, np.float32)
    assert made.fps == 30.0


def test_joints_follow_the_offsets_of_the_model(kind, model):
    clip = _any_dance()
    made = body.skin(clip, model)
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
    made = body.skin(_clip(vectors, np.array([[0.0, REST_HEIGHT, 0.0]])), model)
    wrist = INDEX[f"{side}_wrist"]
    ring = made.vertices[0, 6 * wrist : 6 * wrist + 6]
    assert ring[:, 1].min() > made.joints[0, INDEX["head"], 1] + 0.1
    assert np.sign(ring[:, 0]).tolist() == [sign] * 6, "the left arm is on the dancer's left, +X"


@pytest.mark.parametrize(("joint", "follows"), [(22, 15), (23, 15), (27, 20), (54, 21)])
def test_fingers_jaw_and_eyes_stay_at_rest(tmp_path, joint, follows):
    model = body_models.write(tmp_path / "x.npz", "smplx", posedirs=np.zeros((330, 3, 486)))
    clip = _any_dance()
    made = body.skin(clip, model)
    turn = kinematics.forward_kinematics(rotation.matrix_from_6d(clip.rot6d), clip.root)[1][:, follows]
    ring = made.vertices[:, 6 * joint : 6 * joint + 6]
    template = body_models.arrays("smplx")["v_template"][6 * joint : 6 * joint + 6]
    np.testing.assert_allclose(ring - ring[:, :1], (template - template[0]) @ turn.transpose(0, 2, 1), atol=1e-5)


def test_many_frames_are_skinned_as_one_by_one(smpl, monkeypatch):
    clip = _any_dance(frames=7)
    at_once = body.skin(clip, smpl)
    done: list[float] = []
    monkeypatch.setattr(body, "_BATCH", 3)
    in_parts = body.skin(clip, smpl, progress=done.append)
    np.testing.assert_allclose(in_parts.vertices, at_once.vertices, atol=1e-6)
    assert done == pytest.approx([3 / 7, 6 / 7, 1.0])


# --- the floor --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("betas", [None, (0.0,), (2.0,), (-1.0, 3.0)])
def test_every_shape_stands_on_the_floor(model, betas):
    made = body.skin(_standing(frames=2), model, betas=betas)
    assert made.vertices[..., 1].min(1) == pytest.approx(0.0, abs=1e-6)


def test_betas_change_the_proportions(smpl):
    heights = [np.ptp(body.skin(_standing(), smpl, betas=betas).vertices[0, :, 1]) for betas in ((0,), (2,), (0, 3))]
    assert heights[1] == pytest.approx(1.1 * heights[0], rel=1e-3)
    assert heights[2] == pytest.approx(heights[0] + 0.12, abs=1e-3)


def test_the_path_grows_with_the_legs(model):
    clip = _any_dance()
    made = body.skin(clip, model)
    np.testing.assert_allclose(made.joints[:, 0, [0, 2]], LEG * clip.root[:, [0, 2]], atol=1e-5)


def test_a_jump_is_as_high_as_its_legs_allow(smpl):
    made = body.skin(_standing(height=REST_HEIGHT + 0.3), smpl)
    assert made.vertices[0, :, 1].min() == pytest.approx(0.3 * LEG, abs=1e-5)


def test_a_bent_knee_keeps_the_lower_foot_on_the_floor(smpl):
    """A squat on flat feet: the thighs 60 degrees forward, the shanks back, the ankles level."""
    vectors = np.zeros((1, 24, 3))
    for side in ("left", "right"):
        for joint, degrees in (("hip", -60), ("knee", 100), ("ankle", -40)):
            vectors[0, INDEX[f"{side}_{joint}"], 0] = np.radians(degrees)
    leg = 0.41 * (np.cos(np.radians(60)) + np.cos(np.radians(40)))
    height = ANKLE_HEIGHT + leg - OFFSETS[INDEX["left_hip"], 1]
    made = body.skin(_clip(vectors, np.array([[0.0, height, 0.0]])), smpl)
    rest = body_models.rest_joints("smpl")
    sole = body_models.arrays("smpl")["v_template"][:, 1].min()
    for side in ("left", "right"):
        for joint in ("ankle", "foot"):
            index = INDEX[f"{side}_{joint}"]
            assert made.joints[0, index, 1] == pytest.approx(rest[index, 1] - sole, abs=1e-5), (side, joint)


# --- other files ------------------------------------------------------------------------------------------------------


def _cases() -> dict[str, tuple[dict[str, object], str]]:
    smpl = body_models.arrays("smpl")
    swapped = smpl["kintree_table"].copy()
    swapped[0, [4, 5]] = swapped[0, [5, 4]]
    return {
        "no weights": ({"weights": None}, "lacks weights, and holds v_template"),
        "16 joints of a hand": ({"kintree_table": smpl["kintree_table"][:, :16]}, "16 joints, expected 24"),
        "another tree": ({"kintree_table": swapped}, "orders its joints in another way"),
        "corrections of STAR": (
            {"posedirs": np.zeros((144, 3, 93))},
            "posedirs must hold 144 × 3 × 207 finite numbers",
        ),
        "a flat template": ({"v_template": np.zeros(144)}, "v_template must hold 144 × 3"),
        "not a number": ({"v_template": np.full((144, 3), np.nan)}, "v_template must hold"),
        "text": ({"f": np.array([["a", "b", "c"]])}, "f must hold"),
        "a sparse regressor": ({"J_regressor": np.array({"data": 1}, object)}, "holds no plain array J_regressor"),
        "faces without vertices": ({"f": np.array([[0, 1, 144]])}, "faces between vertices that it does not have"),
        "no faces": ({"f": np.zeros((0, 3), int)}, "faces"),
    }


@pytest.mark.parametrize("case", _cases())
def test_other_models_are_refused(tmp_path, case):
    changes, message = _cases()[case]
    with pytest.raises(ClipError, match=message) as caught:
        body.skin(_standing(), body_models.write(tmp_path / "model.npz", "smpl", **changes))
    assert caught.value.hint


def test_dances_damaged_and_missing_files_are_refused(tmp_path, smpl):
    clip_file.save(_standing(), tmp_path / "dance.npz")
    (tmp_path / "cut.npz").write_bytes(smpl.read_bytes()[:3000])
    (tmp_path / "noise.npz").write_bytes(b"noise" * 100)
    for name, message in {
        "dance.npz": "lacks v_template",
        "cut.npz": "damaged",
        "noise.npz": "damaged",
        "none.npz": "no body model",
        "model.obj": "no suffix",
    }.items():
        with pytest.raises(ClipError, match=message) as caught:
            body.skin(_standing(), tmp_path / name)
        assert caught.value.hint


@pytest.mark.parametrize("betas", [np.zeros(11), [[0.0]], [float("nan")]])
def test_impossible_shapes_are_refused(smpl, betas):
    with pytest.raises(SettingError, match="at most 10 finite numbers"):
        body.skin(_standing(), smpl, betas=betas)


def test_the_face_of_smplx_is_not_taken_for_its_shape(tmp_path):
    model = body_models.write(tmp_path / "x.npz", "smplx")
    with pytest.raises(SettingError, match="at most 10"):
        body.skin(_standing(), model, betas=np.zeros(11))


def test_without_smplx_it_says_what_to_install(smpl, monkeypatch):
    monkeypatch.setitem(sys.modules, "smplx.lbs", None)
    with pytest.raises(ClipError, match="needs the package smplx") as caught:
        body.skin(_standing(), smpl)
    assert "tokendance[smpl]" in caught.value.hint


# --- files and the command --------------------------------------------------------------------------------------------


def test_npz_keeps_everything(smpl, tmp_path):
    made = body.skin(_any_dance(), smpl)
    body.save(made, tmp_path / "body.npz")
    with np.load(tmp_path / "body.npz") as file:
        for name in ("vertices", "faces", "joints", "fps"):
            np.testing.assert_array_equal(file[name], getattr(made, name))


def test_point_cache_comes_with_its_mesh(smpl, tmp_path):
    made = body.skin(_any_dance(), smpl)
    body.save(made, tmp_path / "out.pc2")
    content = (tmp_path / "out.pc2").read_bytes()
    assert struct.unpack("<12siiffi", content[:32]) == (b"POINTCACHE2\0", 1, 144, 0.0, 1.0, 5)
    np.testing.assert_array_equal(np.frombuffer(content[32:], "<f4").reshape(5, 144, 3), made.vertices)
    lines = [line.split() for line in (tmp_path / "out.obj").read_text().splitlines()]
    vertices = np.array([words[1:] for words in lines if words[0] == "v"], float)
    faces = np.array([words[1:] for words in lines if words[0] == "f"], int)
    np.testing.assert_allclose(vertices, made.vertices[0], atol=1e-6)
    np.testing.assert_array_equal(faces - 1, made.faces)
    body.save(made, tmp_path / "still.obj")
    assert (tmp_path / "still.obj").read_bytes() == (tmp_path / "out.obj").read_bytes()
    assert not (tmp_path / "still.pc2").exists()


def test_what_cannot_be_written_leaves_nothing(smpl, tmp_path):
    made = body.skin(_standing(), smpl)
    (tmp_path / "out.obj").mkdir()
    with pytest.raises(ClipError, match="a folder has that name"):
        body.save(made, tmp_path / "out.pc2")
    with pytest.raises(ClipError, match="no suffix of a body file"):
        body.save(made, tmp_path / "out.abc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["SMPL_NEUTRAL.npz", "out.obj"]


@pytest.fixture
def dance(tmp_path) -> Path:
    clip_file.save(_any_dance(frames=31), tmp_path / "dance.npz")
    return tmp_path / "dance.npz"


def _command(*words: object) -> int:
    return main([str(word) for word in ("body", *words)])


def test_command_writes_what_skin_makes(dance, smpl, tmp_path, capsys):
    assert _command(dance, "--model", smpl, "-o", tmp_path / "out.npz", "--betas", 1, -0.5, "--json") == 0
    *progress, done = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["fraction"] for event in progress] == sorted(event["fraction"] for event in progress)
    assert (done["event"], done["frames"], done["fps"], list(done["stages"])) == (
        "done",
        31,
        30.0,
        ["load", "body", "export"],
    )
    with np.load(tmp_path / "out.npz") as file:
        np.testing.assert_array_equal(
            file["vertices"], body.skin(clip_file.load(dance), smpl, betas=(1, -0.5)).vertices
        )


def test_command_at_another_frame_rate(dance, smpl, tmp_path, capsys):
    assert _command(dance, "--model", smpl, "-o", tmp_path / "out.pc2", "--fps", 24) == 0
    assert "25 frames, 1.0 s at 24 fps" in capsys.readouterr().out
    assert len((tmp_path / "out.pc2").read_bytes()) == 32 + 25 * 144 * 12


@pytest.mark.parametrize(
    ("changes", "exit_code", "word"),
    [
        ({"-o": "out.fbx"}, 5, "suffix"),
        ({"-o": "missing/out.pc2"}, 5, "folder does not exist"),
        ({"-o": "dance.npz"}, 2, "written over"),
        ({"-o": "SMPL_NEUTRAL.npz"}, 2, "written over"),
        ({"--model": "none.npz"}, 5, "no body model"),
        ({"--model": "dance.npz"}, 5, "not a body model"),
        ({"--fps": 0}, 2, "fps"),
        ({"--betas": "nan"}, 2, "betas"),
        ({"dance": "none.npz"}, 5, "no file"),
    ],
)
def test_command_tells_a_problem_in_a_sentence(dance, smpl, tmp_path, capsys, monkeypatch, changes, exit_code, word):
    monkeypatch.chdir(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    words = {"dance": dance.name, "--model": smpl.name, "-o": "out.pc2", **changes}
    motion = words.pop("dance")
    assert _command(motion, *(word for pair in words.items() for word in pair)) == exit_code
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert word in said.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
