"""Files that are no body models are refused in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from tests import body_models
from tests.unit import dancers
from tokendance_core.errors import ClipError
from tokendance_core.files import clip as clip_file
from tokendance_core.smpl import model_file


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
        model_file.read(body_models.write(tmp_path / "model.npz", "smpl", **changes))
    assert caught.value.hint


def test_dances_damaged_and_missing_files_are_refused(tmp_path, smpl):
    clip_file.save(dancers.standing(), tmp_path / "dance.npz")
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
            model_file.read(tmp_path / name)
        assert caught.value.hint
