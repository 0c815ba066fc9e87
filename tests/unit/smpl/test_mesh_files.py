"""What the files of a dancing body hold."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tests.unit import dancers
from tokendance_core.errors import ClipError
from tokendance_core.smpl import mesh_files
from tokendance_core.smpl.skinning import skin

pytest.importorskip("smplx")


def test_npz_keeps_everything(smpl, tmp_path):
    made = skin(dancers.tumbling(), smpl)
    mesh_files.save(made, tmp_path / "body.npz")
    with np.load(tmp_path / "body.npz") as file:
        for name in ("vertices", "faces", "joints", "fps"):
            np.testing.assert_array_equal(file[name], getattr(made, name))


def test_point_cache_comes_with_its_mesh(smpl, tmp_path):
    made = skin(dancers.tumbling(), smpl)
    mesh_files.save(made, tmp_path / "out.pc2")
    content = (tmp_path / "out.pc2").read_bytes()
    assert struct.unpack("<12siiffi", content[:32]) == (b"POINTCACHE2\0", 1, 144, 0.0, 1.0, 5)
    np.testing.assert_array_equal(np.frombuffer(content[32:], "<f4").reshape(5, 144, 3), made.vertices)
    lines = [line.split() for line in (tmp_path / "out.obj").read_text().splitlines()]
    vertices = np.array([words[1:] for words in lines if words[0] == "v"], float)
    faces = np.array([words[1:] for words in lines if words[0] == "f"], int)
    np.testing.assert_allclose(vertices, made.vertices[0], atol=1e-6)
    np.testing.assert_array_equal(faces - 1, made.faces)
    mesh_files.save(made, tmp_path / "still.obj")
    assert (tmp_path / "still.obj").read_bytes() == (tmp_path / "out.obj").read_bytes()
    assert not (tmp_path / "still.pc2").exists()


def test_what_cannot_be_written_leaves_nothing(smpl, tmp_path):
    made = skin(dancers.standing(), smpl)
    (tmp_path / "out.obj").mkdir()
    with pytest.raises(ClipError, match="a folder has that name"):
        mesh_files.save(made, tmp_path / "out.pc2")
    with pytest.raises(ClipError, match="no suffix of a body file"):
        mesh_files.save(made, tmp_path / "out.abc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["SMPL_NEUTRAL.npz", "out.obj"]
