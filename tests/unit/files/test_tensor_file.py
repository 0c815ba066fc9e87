"""The reader of weights against the library that defines the format, and against files that lie."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import save

from tokendance_core.files import tensor_file

FLOATS = st.sampled_from([np.float16, np.float32]).flatmap(
    lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)


@settings(max_examples=60, deadline=None)
@given(arrays=st.dictionaries(st.text(max_size=12).filter(lambda name: name != "__metadata__"), FLOATS, max_size=5))
def test_what_the_library_writes_is_read_to_the_bit(arrays: dict[str, np.ndarray], tmp_path_factory) -> None:
    path = tmp_path_factory.getbasetemp() / "written.safetensors"
    path.write_bytes(save(arrays, {"format": "test"}))
    metadata, found = tensor_file.read(path)
    assert metadata == tensor_file.read_metadata(path) == {"format": "test"}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype)
        assert found[name].tobytes() == array.tobytes()


def entry(kind: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": kind, "shape": shape, "data_offsets": offsets}


def written(path: Path, header: object, numbers: bytes = bytes(8), length: int | None = None) -> Path:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(content) if length is None else length) + content + numbers)
    return path


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"x": entry("I64", (1,))}, "holds I64, expected F16 or F32"),
        ({"x": entry("BF16", (4,))}, "holds BF16"),
        ({"x": entry(["F32"])}, "holds"),
        ({"x": entry(shape=(3,))}, "not what its shape takes"),
        ({"x": entry(shape=(-2,))}, "shape or place"),
        ({"x": entry(shape=(2.0,))}, "shape or place"),
        ({"x": entry(shape=(True, 2))}, "shape or place"),
        ({"x": entry(shape="2")}, "shape or place"),
        ({"x": entry(shape=[1] * 99 + [2])}, "shape or place"),
        ({"x": entry(shape=(1 << 40, 1 << 40))}, "not what its shape takes"),
        ({"x": entry(offsets=(0, 1 << 60))}, "not what its shape takes"),
        ({"x": entry(offsets=(8, 0))}, "not what its shape takes"),
        ({"x": entry(offsets=(0, 4, 8))}, "shape or place"),
        ({"x": entry(offsets=(4, 12))}, "begins at byte 4"),
        ({"x": entry(), "y": entry()}, "begins at byte 0 of the numbers, expected 8"),
        ({"x": entry(shape=(1,), offsets=(0, 4))}, "8 bytes of numbers, expected 4"),
        ({"x": entry(shape=(4,), offsets=(0, 16))}, "8 bytes of numbers, expected 16"),
        ({"x": entry() | {"more": 1}}, "makes no sense"),
        ({"x": 3}, "makes no sense"),
        ({"__metadata__": {"a": 1}, "x": entry()}, "no texts"),
        ({"__metadata__": "a", "x": entry()}, "no texts"),
        ([], "no object"),
        (b'{"x": 1, "x": 2}', "twice"),
        (b"[" * 100_000, "nested|header"),
        (b"\xff\xff\xff", "decode"),
        (b"{", "Expecting"),
    ],
)
def test_files_that_lie_are_refused(tmp_path: Path, header: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tensor_file.read(written(tmp_path / "x", header))


@pytest.mark.parametrize("length", [0, 7, 1 << 20, 1 << 62, (1 << 64) - 1])
def test_a_header_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(ValueError, match=r"header|Expecting|decode"):
        tensor_file.read(written(tmp_path / "x", {"x": entry()}, length=length))


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises((OSError, ValueError), match="no regular file"):
            tensor_file.read(path)
    with pytest.raises(OSError, match="nothing"):
        tensor_file.read(tmp_path / "nothing")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused_or_read_and_nothing_else(data: st.DataObject, tmp_path_factory) -> None:
    """A few bytes changed, cut or added anywhere: the numbers of its header, or a sentence."""
    whole = bytearray(save({"a": np.ones((3, 2), np.float16), "b": np.zeros(4, np.float32)}, {"format": "test"}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole)))
        whole[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(bytes(whole))
    try:
        _, found = tensor_file.read(path)
    except ValueError:
        return
    assert sum(array.nbytes for array in found.values()) <= len(whole)
