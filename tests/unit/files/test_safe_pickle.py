from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from tokendance_core.errors import DataError
from tokendance_core.files import safe_pickle as restricted_pickle


class _Command:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_plain_values_come_back(tmp_path: Path, protocol: int) -> None:
    data = {"poses": np.arange(6, dtype=np.float32).reshape(2, 3), "loss": np.float64(1.5), "names": ["a", "ä"], "n": 3}
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(data, protocol))
    found = restricted_pickle.read(tmp_path / "data.pkl")
    np.testing.assert_array_equal(found.pop("poses"), data.pop("poses"))
    assert found == data


def test_modules_of_numpy_2_are_known(tmp_path: Path) -> None:
    text = pickle.dumps({"x": np.ones(3)}, 0).replace(b"numpy.core.", b"numpy._core.")
    (tmp_path / "data.pkl").write_bytes(text)
    np.testing.assert_array_equal(restricted_pickle.read(tmp_path / "data.pkl")["x"], np.ones(3))


def test_code_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "data.pkl").write_bytes(pickle.dumps({"x": _Command(tmp_path / "mark")}))
    with pytest.raises(DataError, match=r"data.pkl holds \w+\.mkdir, expected nothing but numbers") as caught:
        restricted_pickle.read(tmp_path / "data.pkl")
    assert caught.value.hint
    assert not (tmp_path / "mark").exists()


def test_stand_ins_take_the_place_of_what_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.pkl").write_bytes(pickle.dumps({"x": _Command(tmp_path / "mark")}))
    found = restricted_pickle.read(tmp_path / "data.pkl", {f"{os.name}.mkdir": lambda path: f"not {Path(path).name}"})
    assert found == {"x": "not mark"}
    assert not (tmp_path / "mark").exists()


def test_byte_order_in_a_file_stays_there(tmp_path: Path) -> None:
    """Old pickles give the flags of a dtype as numbers; the byte order that they set is not that of numpy's own."""
    swapped = np.arange(3, dtype=">f8")
    (tmp_path / "data.pkl").write_bytes(pickle.dumps({"x": swapped}, 2).replace(b"\x89\x88\x87R", b"K\x00K\x01\x87R"))
    found = restricted_pickle.read(tmp_path / "data.pkl")["x"]
    np.testing.assert_array_equal(found, swapped)
    assert found.dtype == swapped.dtype
    assert np.dtype("f8").isnative


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    (tmp_path / "data.pkl").write_bytes(pickle.dumps({"x": np.array([{}, None], object)}))
    with pytest.raises(DataError, match="an array of object"):
        restricted_pickle.read(tmp_path / "data.pkl")


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps({"x": np.ones(9)})[:-20]])
def test_damage_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.pkl").write_bytes(content)
    with pytest.raises(DataError, match=r"data\.pkl is damaged"):
        restricted_pickle.read(tmp_path / "data.pkl")


def test_anything_but_a_dictionary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match="holds a list, expected a dictionary"):
        restricted_pickle.read(tmp_path / "data.pkl")
