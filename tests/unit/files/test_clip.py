from __future__ import annotations

import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tokendance_core.errors import ClipError, SettingError
from tokendance_core.files import clip as clip_file
from tokendance_core.motion import kinematics, rotation
from tokendance_core.types import MotionClip


def _clip(frames: int = 7, fps: float = 30.0) -> MotionClip:
    rng = np.random.default_rng(2)
    matrices = rotation.matrix_from_axis_angle(rng.normal(size=(frames, 24, 3)))
    root = rng.normal(size=(frames, 3)).astype(np.float32)
    return MotionClip(
        rotation.rot6d_from_matrix(matrices).astype(np.float32), root, fps, "tanz ü", {"seed": 3, "genre": "salsa"}
    )


@pytest.fixture
def clip() -> MotionClip:
    return _clip()


@pytest.fixture(scope="module")
def noise_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("noise")


@pytest.mark.parametrize("name", ["dance.npz", "dance.smpl.npz", "dance.bvh", "a dance ü.NPZ"])
def test_every_format_keeps_the_dance(clip: MotionClip, tmp_path: Path, name: str) -> None:
    clip_file.save(clip, tmp_path / name)
    back = clip_file.load(tmp_path / name)
    np.testing.assert_allclose(kinematics.joint_positions(back), kinematics.joint_positions(clip), atol=1e-5)
    assert back.fps == pytest.approx(30.0, abs=1e-6)


def test_our_own_format_is_exact_and_keeps_where_the_dance_came_from(clip: MotionClip, tmp_path: Path) -> None:
    clip_file.save(clip, tmp_path / "dance.npz")
    back = clip_file.load(tmp_path / "dance.npz")
    np.testing.assert_array_equal(back.rot6d, clip.rot6d)
    np.testing.assert_array_equal(back.root, clip.root)
    assert (back.name, back.info, back.fps) == ("tanz ü", {"seed": 3, "genre": "salsa"}, 30.0)


@pytest.mark.parametrize("suffix", clip_file.SUFFIXES)
def test_same_clip_same_bytes(clip: MotionClip, tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    clip_file.save(clip, first)
    os.utime(first, (0, 0))
    clip_file.save(clip, second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("suffix", clip_file.SUFFIXES)
def test_saving_at_another_frame_rate(tmp_path: Path, suffix: str) -> None:
    clip_file.save(_clip(frames=31), tmp_path / f"dance{suffix}", fps=24)
    back = clip_file.load(tmp_path / f"dance{suffix}")
    assert (back.frames, back.fps) == (25, pytest.approx(24, abs=1e-6))


@pytest.mark.parametrize("fps", [0, -24, 1e9, float("nan")])
def test_impossible_frame_rates_are_refused(clip: MotionClip, tmp_path: Path, fps: float) -> None:
    with pytest.raises(SettingError, match="frame rate"):
        clip_file.save(clip, tmp_path / "dance.npz", fps=fps)
    assert not list(tmp_path.iterdir())


# --- SMPL parameters --------------------------------------------------------------------------------------------------


def test_smpl_files_follow_amass(clip: MotionClip, tmp_path: Path) -> None:
    clip_file.save(clip, tmp_path / "dance.smpl.npz")
    with np.load(tmp_path / "dance.smpl.npz") as file:
        assert file["poses"].shape == (7, 72)
        assert file["betas"].shape == (10,)
        assert (str(file["gender"]), float(file["mocap_framerate"])) == ("neutral", 30.0)
        x, y, z = clip.root.T
        np.testing.assert_allclose(file["trans"], np.stack((x, -z, y), -1), atol=1e-6)


def test_a_standing_body_is_upright_in_z_up(tmp_path: Path) -> None:
    standing = MotionClip(
        np.tile(np.eye(3)[:, :2].T.reshape(6).astype(np.float32), (1, 24, 1)), np.zeros((1, 3), np.float32)
    )
    clip_file.save(standing, tmp_path / "t.smpl.npz")
    with np.load(tmp_path / "t.smpl.npz") as file:
        np.testing.assert_allclose(file["poses"][0, :3], [np.pi / 2, 0, 0], atol=1e-6)
        np.testing.assert_allclose(file["poses"][0, 3:], 0, atol=1e-6)


@pytest.mark.parametrize("values", [66, 72, 156, 165])
@pytest.mark.parametrize("rate_key", ["mocap_framerate", "mocap_frame_rate"])
def test_poses_of_smpl_smplh_and_smplx_are_read(tmp_path: Path, values: int, rate_key: str) -> None:
    poses = np.random.default_rng(1).normal(size=(5, values)) * 0.4
    np.savez(
        tmp_path / "walk_poses.npz",
        poses=poses,
        trans=np.tile([1.0, 2.0, 0.9], (5, 1)),
        gender="female",
        **{rate_key: 120.0},
    )
    clip = clip_file.load(tmp_path / "walk_poses.npz")
    assert clip.fps == 120.0
    np.testing.assert_allclose(clip.root[0], [1.0, 0.9, -2.0], atol=1e-6)
    local = rotation.axis_angle_from_matrix(rotation.matrix_from_6d(clip.rot6d))
    np.testing.assert_allclose(local[:, 1:22], poses.reshape(5, -1, 3)[:, 1:22], atol=1e-5)
    if values != 72:
        np.testing.assert_allclose(local[:, 22:], 0, atol=1e-6)


def _as_amass(clip: MotionClip, values: int) -> dict[str, np.ndarray]:
    """What we write for ``clip``, as SMPL-H (156) and SMPL-X (165) files hold it: 22 joints, then something for fingers
    and face.
    """
    with tempfile.TemporaryDirectory() as folder:
        clip_file.save(clip, Path(folder) / "dance.smpl.npz")
        with np.load(Path(folder) / "dance.smpl.npz") as file:
            fields = dict(file)
    fields["poses"] = np.concatenate((fields["poses"][:, :66], np.full((clip.frames, values - 66), 0.3)), -1)
    return fields


def _split(fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same as newer SMPL-X files say it: named parts of the pose, and the frame rate under another name."""
    poses, rate = fields["poses"], fields["mocap_framerate"]
    rest = {key: fields[key] for key in ("trans", "betas", "gender")}
    parts = {
        "root_orient": poses[:, :3],
        "pose_body": poses[:, 3:66],
        "pose_jaw": poses[:, 66:69],
        "pose_hand": poses[:, 75:],
    }
    return {
        **rest,
        **parts,
        "mocap_frame_rate": rate,
        "surface_model_type": np.array("smplx"),
        "labels": np.array([None], object),
    }


@pytest.mark.parametrize("fps", [30.0, 59.94, 120.0])
@pytest.mark.parametrize(
    ("values", "split"), [(156, False), (165, False), (165, True)], ids=["SMPL-H", "SMPL-X", "SMPL-X in parts"]
)
def test_dances_come_back_from_smplh_and_smplx(tmp_path: Path, values: int, split: bool, fps: float) -> None:
    clip = _clip(fps=fps)
    fields = _as_amass(clip, values)
    np.savez(tmp_path / "dance_stageii.npz", **(_split(fields) if split else fields))
    back = clip_file.load(tmp_path / "dance_stageii.npz")
    np.testing.assert_allclose(back.rot6d[:, :22], clip.rot6d[:, :22], atol=1e-5)
    np.testing.assert_allclose(back.rot6d[:, 22:], np.tile([1, 0, 0, 0, 1, 0], (7, 2, 1)), atol=1e-6)
    np.testing.assert_allclose(back.root, clip.root, atol=1e-6)
    assert (back.fps, back.frames) == (fps, clip.frames)


def test_parts_of_a_pose_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    fields = _split(_as_amass(_clip(), 165))
    for wrong in ({"root_orient": np.zeros((5, 3))}, {"pose_body": np.zeros((7, 60))}):
        np.savez(tmp_path / "dance.npz", **{**fields, **wrong})
        with pytest.raises(ClipError):
            clip_file.load(tmp_path / "dance.npz")
    del fields["pose_body"]
    np.savez(tmp_path / "dance.npz", **fields)
    with pytest.raises(ClipError, match="pose_body"):
        clip_file.load(tmp_path / "dance.npz")


# --- bad files --------------------------------------------------------------------------------------------------------


def _own_fields(**changes: object) -> dict[str, object]:
    clip = _clip()
    fields = {"format": clip_file.FORMAT, "version": clip_file.FORMAT_VERSION, "rot6d": clip.rot6d, "root": clip.root}
    return {**fields, "fps": 30.0, "name": "x", "info": "{}", **changes}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (_own_fields(version=clip_file.FORMAT_VERSION + 1), "version 2, expected tokendance-clip version 1"),
        (_own_fields(format="other"), "is other version 1"),
        (_own_fields(rot6d=np.zeros((7, 22, 6), np.float32)), "damaged"),
        (_own_fields(fps=-1.0), "fps must be positive"),
        (_own_fields(info="{"), "damaged"),
        (_own_fields(info=np.array([{}], object)), "damaged"),
        ({"rot6d": np.zeros((7, 24, 6))}, "frame rate"),
        ({"poses": np.zeros((7, 72)), "mocap_framerate": 30.0}, "damaged"),
        (
            {"poses": np.zeros((7, 63)), "trans": np.zeros((7, 3)), "mocap_framerate": 30.0},
            "21 joints, expected at least 22",
        ),
        ({"poses": np.zeros((0, 72)), "trans": np.zeros((0, 3)), "mocap_framerate": 30.0}, "no frames|damaged"),
    ],
)
def test_npz_files_of_another_kind_are_refused(tmp_path: Path, fields: dict[str, object], message: str) -> None:
    np.savez(tmp_path / "clip.npz", **fields)
    with pytest.raises(ClipError, match=message) as caught:
        clip_file.load(tmp_path / "clip.npz")
    assert caught.value.hint


@pytest.mark.parametrize("suffix", clip_file.SUFFIXES)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.97])
def test_truncated_files_are_refused(clip: MotionClip, tmp_path: Path, suffix: str, part: float) -> None:
    path = tmp_path / f"dance{suffix}"
    clip_file.save(clip, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ClipError):
        clip_file.load(path)


@pytest.mark.parametrize("suffix", [".npz", ".smpl.npz"])
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_a_flipped_bit_is_a_sentence_or_does_no_harm(noise_folder: Path, suffix: str, data: st.DataObject) -> None:
    path = noise_folder / f"dance{suffix}"
    clip_file.save(_clip(frames=1), path)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with suppress(ClipError):
        assert clip_file.load(path).frames == 1


@pytest.mark.parametrize(
    ("offset", "what"), [(6, "encrypted"), (8, "compressed in another way"), (4, "of a later zip")]
)
def test_zip_files_that_cannot_be_unpacked_are_refused(tmp_path: Path, offset: int, what: str) -> None:
    """Bytes of the first member's local and central headers that zipfile answers with RuntimeError or
    NotImplementedError.
    """
    path = tmp_path / "dance.npz"
    clip_file.save(_clip(frames=1), path)
    content = bytearray(path.read_bytes())
    for start in (content.index(b"PK\x03\x04") + offset, content.index(b"PK\x01\x02") + offset + 2):
        content[start] = 201 if offset == 4 else 1
    path.write_bytes(content)
    with pytest.raises(ClipError, match=r"dance\.npz"):
        clip_file.load(path)


@pytest.mark.parametrize("suffix", clip_file.SUFFIXES)
def test_files_of_noise_and_missing_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"dance{suffix}"
    with pytest.raises(ClipError, match="There is no file"):
        clip_file.load(path)
    path.write_bytes(np.random.default_rng(0).bytes(2000))
    with pytest.raises(ClipError, match="dance"):
        clip_file.load(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ClipError, match="Cannot read"):
        clip_file.load(path)


def test_a_bare_array_is_not_a_clip(tmp_path: Path) -> None:
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ClipError, match="not a motion file"):
        clip_file.load(tmp_path / "array.npz")


@pytest.mark.parametrize("name", ["dance.fbx", "dance", "npz"])
def test_unknown_suffixes_are_refused_before_any_work(clip: MotionClip, tmp_path: Path, name: str) -> None:
    for attempt in (lambda: clip_file.save(clip, tmp_path / name), lambda: clip_file.load(tmp_path / name)):
        with pytest.raises(ClipError) as caught:
            attempt()
        assert ".smpl.npz" in caught.value.hint
    with pytest.raises(ClipError):
        clip_file.check_suffix(name)
    clip_file.check_suffix("dance.bvh")


# --- in memory --------------------------------------------------------------------------------------------------------

_FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
_FACTS = st.dictionaries(
    st.text(max_size=10),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3),
    ),
    max_size=5,
)
_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


_PACKED = clip_file.to_bytes(_clip())


@st.composite
def _clips(draw: st.DrawFn) -> MotionClip:
    frames = draw(st.integers(1, 4))
    rot6d = draw(arrays(np.float32, (frames, 24, 6), elements=_FLOATS))
    root = draw(arrays(np.float32, (frames, 3), elements=_FLOATS))
    return MotionClip(rot6d, root, draw(st.floats(1, 1000)), draw(_NAMES), draw(_FACTS))


@given(_clips())
@settings(deadline=None, max_examples=50)
def test_bytes_give_the_very_same_clip(clip: MotionClip) -> None:
    packed = clip_file.to_bytes(clip)
    back = clip_file.from_bytes(packed)
    assert back.rot6d.tobytes() == clip.rot6d.tobytes()
    assert back.root.tobytes() == clip.root.tobytes()
    assert (back.rot6d.dtype, back.fps, back.name, back.info) == (np.float32, clip.fps, clip.name, clip.info)
    assert clip_file.to_bytes(back) == packed


def test_bytes_are_smaller_than_the_file(tmp_path: Path) -> None:
    still = MotionClip(np.tile(np.float32([1, 0, 0, 0, 1, 0]), (300, 24, 1)), np.zeros((300, 3), np.float32))
    clip_file.save(still, tmp_path / "dance.npz")
    assert len(clip_file.to_bytes(still)) < 0.1 * (tmp_path / "dance.npz").stat().st_size


@given(st.data())
@settings(deadline=None)
def test_damaged_bytes_are_refused(data: st.DataObject) -> None:
    packed = bytearray(_PACKED)
    place = data.draw(st.integers(0, len(packed) - 1))
    if data.draw(st.booleans()):
        packed[place] ^= 1 << data.draw(st.integers(0, 7))
        if _means_the_same(packed):  # a few bits of padding mean nothing
            return
    else:
        del packed[place:]
    with pytest.raises(ClipError, match="kept motion") as caught:
        clip_file.from_bytes(bytes(packed))
    assert caught.value.hint


def _means_the_same(packed: bytes) -> bool:
    try:
        return zlib.decompress(packed) == zlib.decompress(_PACKED)
    except zlib.error:
        return False


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x80\x04"]))
@settings(deadline=None)
def test_bytes_of_something_else_are_refused(noise: bytes, magic: bytes) -> None:
    for packed in (noise, zlib.compress(magic + noise)):
        with pytest.raises(ClipError):
            clip_file.from_bytes(packed)


def test_bytes_of_a_later_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_file, "FORMAT_VERSION", 2)
    with pytest.raises(ClipError, match="version 1, expected tokendance-clip version 2"):
        clip_file.from_bytes(_PACKED)


def test_missing_folders_and_folders_in_the_way_are_named(clip: MotionClip, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="folder does not exist"):
        clip_file.save(clip, tmp_path / "missing" / "dance.bvh")
    (tmp_path / "file").touch()
    with pytest.raises(ClipError, match="folder does not exist"):
        clip_file.save(clip, tmp_path / "file" / "dance.bvh")
    (tmp_path / "dance.bvh").mkdir()
    with pytest.raises(ClipError, match="a folder has that name"):
        clip_file.save(clip, tmp_path / "dance.bvh")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dance.bvh", "file"]


def test_a_folder_without_permission_is_named(clip: MotionClip, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(ClipError, match="not allowed"):
        clip_file.save(clip, locked / "dance.npz")
