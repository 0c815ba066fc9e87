"""Body models as their makers pickle them: the same body as from plain arrays, and nothing that such a file asks for is
run.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import body_models
from tokendance_core.errors import ClipError
from tokendance_core.motion import rotation
from tokendance_core.smpl.skinning import skin
from tokendance_core.types import MotionClip

pytest.importorskip("smplx")


def _vertices(path: Path) -> np.ndarray:
    """A dance of three frames on the body in ``path``."""
    rng = np.random.default_rng(3)
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(0.5 * rng.normal(size=(3, 24, 3))))
    clip = MotionClip(rot6d.astype(np.float32), rng.normal(size=(3, 3)).astype(np.float32), fps=30.0)
    return skin(clip, path, betas=(1.5, -0.5)).vertices


@pytest.fixture
def twin(tmp_path) -> np.ndarray:
    """Vertices of the SMPL model whose file is an .npz."""
    return _vertices(body_models.write(tmp_path / "twin.npz", "smpl"))


@pytest.mark.parametrize("protocol", [0, 1, 2])
@pytest.mark.parametrize("kind", body_models.JOINT_COUNTS)
def test_official_pickles_are_the_same_body(tmp_path, monkeypatch, kind, protocol):
    for package in ("chumpy", "scipy"):
        monkeypatch.setitem(sys.modules, package, None)
    made = _vertices(body_models.write_official(tmp_path / "SMPL_NEUTRAL.pkl", kind, protocol))
    np.testing.assert_array_equal(made, _vertices(body_models.write(tmp_path / "twin.npz", kind)))


def test_plain_pickles_are_the_same_body(tmp_path, twin):
    path = tmp_path / "plain.pkl"
    path.write_bytes(pickle.dumps(body_models.arrays("smpl")))
    np.testing.assert_array_equal(_vertices(path), twin)


def test_sparse_matrices_of_any_age_are_the_same_body(tmp_path, twin):
    sparse = pytest.importorskip("scipy.sparse")
    smpl = body_models.arrays("smpl")
    path = tmp_path / "new.pkl"
    path.write_bytes(pickle.dumps({**smpl, "J_regressor": sparse.csc_matrix(smpl["J_regressor"])}))
    np.testing.assert_array_equal(_vertices(path), twin)
    old = body_models.Sparse(smpl["J_regressor"], shape="shape")
    np.testing.assert_array_equal(
        _vertices(body_models.write_official(tmp_path / "old.pkl", "smpl", J_regressor=old)), twin
    )


class _Called:
    """An object whose pickle asks for a call."""

    def __init__(self, call: object, *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple:
        return self.call, self.arguments


@pytest.mark.parametrize(
    ("call", "arguments", "name"),
    [
        (os.system, ("touch witness",), r"\w+\.system"),
        (eval, ("open('witness', 'w')",), r"\w+\.eval"),
        (getattr, ("", "upper"), r"\w+\.getattr"),
        (np.save, ("witness.npy", 1), r"numpy\.save"),
        (np.load, ("twin.npz",), r"numpy\.load"),
    ],
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_that_ask_for_code_are_refused_and_nothing_runs(tmp_path, monkeypatch, call, arguments, name, protocol):
    monkeypatch.chdir(tmp_path)
    for key in ("J", "v_template"):
        path = tmp_path / f"{key}.pkl"
        path.write_bytes(pickle.dumps({**body_models.arrays("smpl"), key: _Called(call, *arguments)}, protocol))
        with pytest.raises(ClipError, match=rf"{key}\.pkl holds {name}, expected nothing but numbers") as caught:
            _vertices(path)
        assert "unknown origin" in caught.value.hint
    assert sorted(found.name for found in tmp_path.iterdir()) == ["J.pkl", "v_template.pkl"]


def test_pickles_cannot_make_or_change_other_objects(tmp_path, twin):
    """Objects of a class that is none of the stand-ins, and state for a stand-in itself instead of one of its
    objects.
    """
    made = b"ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nobject\nNtR."
    changed = b"cchumpy.ch\nCh\n}S'array'\nNsb."
    also_changed = b"cchumpy.ch\nCh\n(N}S'array'\nNstb."
    path = tmp_path / "trap.pkl"
    for content in (made, changed, also_changed):
        path.write_bytes(content)
        with pytest.raises(ClipError, match="damaged"):
            _vertices(path)
    np.testing.assert_array_equal(_vertices(body_models.write_official(path, "smpl")), twin)


def test_other_classes_of_chumpy_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(body_models.OldPickler.names, body_models.Ch, "chumpy.ch_ops add")
    with pytest.raises(ClipError, match=r"holds chumpy\.ch_ops\.add, expected"):
        _vertices(body_models.write_official(tmp_path / "m.pkl", "smpl"))


def _without(kept: object, name: str) -> object:
    delattr(kept, name)
    return kept


def _round() -> body_models.Select:
    kept = body_models.Select(None, np.arange(3), (3,))
    kept.a = kept
    return kept


def _official_cases() -> dict[str, tuple[str, object, str]]:
    template, regressor = (body_models.arrays("smpl")[key] for key in ("v_template", "J_regressor"))
    sparse, select = body_models.Sparse, body_models.Select
    wide = sparse(regressor)
    wide.indices = wide.indices + 24
    shapes = np.zeros((2, 2))
    return {
        "an empty object": ("v_template", _without(body_models.Ch(template), "x"), "no array v_template .*KeyError"),
        "places beyond the end": (
            "shapedirs",
            select(shapes, np.array([4]), (1,)),
            "no array shapedirs .*out of bounds",
        ),
        "another number of values": ("shapedirs", select(shapes, np.arange(4), (5,)), "no array shapedirs .*reshape"),
        "a selection of itself": ("shapedirs", _round(), "no array shapedirs .*RecursionError"),
        "no columns": ("J_regressor", _without(sparse(regressor), "indptr"), "no array J_regressor .*indptr"),
        "rows beyond the end": ("J_regressor", wide, "no array J_regressor .*out of bounds"),
        "too few joints": ("J_regressor", sparse(regressor[:20]), "J_regressor must hold 24 × 144 finite numbers"),
        "objects in a list": (
            "v_template",
            [body_models.Ch(template)],
            "v_template must hold 1 × 3 finite numbers, found object",
        ),
        "text": ("f", "faces", "f must hold any × 3"),
    }


@pytest.mark.parametrize("case", _official_cases())
def test_pickles_whose_parts_do_not_fit_are_refused(tmp_path, case):
    key, value, message = _official_cases()[case]
    path = body_models.write_official(tmp_path / "m.pkl", "smpl", **{key: value})
    with pytest.raises(ClipError, match=message) as caught:
        _vertices(path)
    assert caught.value.hint


def test_damaged_and_other_pickles_are_refused(tmp_path):
    whole = body_models.write_official(tmp_path / "m.pkl", "smpl").read_bytes()
    for content, message in {
        whole[:3000]: r"m\.pkl is damaged",
        whole[:-1]: r"m\.pkl is damaged",
        b"noise" * 100: r"m\.pkl is damaged",
        b"": r"m\.pkl is damaged",
        pickle.dumps([1]): "holds a list, expected a dictionary",
        pickle.dumps({"smpl_poses": np.zeros(3)}): "lacks v_template.* and holds smpl_poses",
    }.items():
        (tmp_path / "m.pkl").write_bytes(content)
        with pytest.raises(ClipError, match=message) as caught:
            _vertices(tmp_path / "m.pkl")
        assert caught.value.hint
