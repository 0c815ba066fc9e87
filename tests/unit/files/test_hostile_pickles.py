"""Pickles that crash numpy, or take the machine's memory, when their words are believed: each is read in a process of
its own, so that the end of the process would be seen.
"""

from __future__ import annotations

import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tokendance_core.errors import DataError
from tokendance_core.files import safe_pickle

_READ = """
import resource, sys
import numpy
from tests.peak_memory import peak_bytes
from tokendance_core.errors import DataError
from tokendance_core.files import safe_pickle
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
before = peak_bytes()
for path in sys.argv[1:]:
    try:
        safe_pickle.read(__import__("pathlib").Path(path))
    except DataError as error:
        assert str(error).count("\\n") == 0 and error.hint and not isinstance(error.__cause__, MemoryError), error
    else:
        raise AssertionError(path)
print((peak_bytes() - before) / 1e6)
"""


def text(word: str | bytes) -> bytes:
    content = word.encode() if isinstance(word, str) else word
    return b"T" + struct.pack("<i", len(content)) + content


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def dtype(name: str = "f8", *, order: str = "<", more: bytes = b"NNN", size: int = -1, flags: int = 0) -> bytes:
    """A type of numpy with its state: order, subarray, names and fields (``more``), size and flags."""
    made = b"cnumpy\ndtype\n(" + text(name) + b"K\x00K\x01tR"
    return made + b"(K\x03" + text(order) + more + number(size) + number(-1) + number(flags) + b"tb"


def array(kind: bytes, content: bytes = bytes(16), shape: bytes = b"(K\x02t") -> bytes:
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text("b") + b"tR"
    return made + b"(K\x01" + shape + kind + b"\x89" + text(content) + b"tb"


def scalar(kind: bytes, content: bytes = bytes(8)) -> bytes:
    return b"cnumpy.core.multiarray\nscalar\n(" + kind + text(content) + b"tR"


ENDLESS = b"(" * 3_000_000
HOSTILE = {
    "the element size is -8": scalar(dtype("S8", order="|", size=-8)),
    "the element size is -1": scalar(dtype("S8", order="|", size=-1), b""),
    "the type grows after the array was made": (
        b"cnumpy\ndtype\n(" + text("S8") + b"K\x00K\x01tRq\x05" + array(b"h\x05", bytes(16)) + b"0h\x05(K\x03"
        + text("|") + b"NNN" + number(10_000_000) + b"K\x01K\x00tb"
    ),
    "a subarray": array(dtype("f8", more=b"(h\x00(K\x09tt" + b"NN")),
    "a subarray of another type": array(dtype("f8", more=dtype("i4") + b"(K\x03t\x86" + b"NN")),
    "names and fields": array(dtype("V8", more=b"N" + text("a") + b"\x85}" + text("a") + b"cnumpy\ndtype\nNs")),
    "flags of objects": scalar(dtype("S8", order="|", size=8, flags=63)) + b"0cnumpy\ndtype\n(" + text("O8") + b"tR",
    "objects": array(dtype("O8", order="|")),
    "an array of fewer bytes": array(dtype(), bytes(15)),
    "an array of more numbers than bytes": array(dtype(), shape=b"(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft"),
    "a negative shape": array(dtype(), shape=b"(" + number(-2) + b"t"),
    "forty dimensions": array(dtype(), shape=b"(" + b"K\x01" * 39 + b"K\x02t"),
    "text as a shape": array(dtype(), shape=text("2")),
    "state for a function": b"cnumpy\ndtype\n(K\x01tb",
    "state for a dictionary": b"}}b",
    "state for numpy's own reconstruct": b"cnumpy.core.multiarray\n_reconstruct\n}b",
    "a state twice": array(dtype()) + b"(K\x01(K\x02t" + dtype() + b"\x89" + text(bytes(16)) + b"tb",
    "a class called": b"cnumpy\nndarray\n(K\x02tR",
    "codecs": b"c_codecs\nencode\n(" + text("x" * 100) + text("rot13") + b"tR",
    "a memo far away": b"}r\xff\xff\xff\x0f" + b"cno\nthing\n",
    "bytes that are not there": b"\x8e" + struct.pack("<Q", 1 << 60),
    "a bytearray that is not there": b"\x96" + struct.pack("<Q", 1 << 34),
    "a text that is not there": b"X" + struct.pack("<I", 0xFFFFFFFF),
    "a number of two billion bytes": b"\x8b" + struct.pack("<i", 2**31 - 1),
    "a number of a million digits": b"L" + b"9" * 1_000_000 + b"L\n",
    "a frame that lies": b"\x95" + struct.pack("<Q", 1 << 62),
    "marks without end": ENDLESS,
    "lists without end": b"]" * 3_000_000,
    "tuples within each other as a key": b"}" + b"K\x01" + b"2\x86" * 60 + b"K\x01s",
    "persistent objects": b"P1\n",
    "extensions": b"\x82\x01",
    "instances of classes": b"(ios\nsystem\n",
    "nothing": b"",
}  # fmt: skip


def whole(part: bytes) -> bytes:
    """A pickle of a dictionary with the part in it, which must be read before anything is refused."""
    return b"\x80\x02}" + text("x") + part + b"s."


def test_the_makings_of_these_files_are_sound(tmp_path: Path) -> None:
    path = tmp_path / "sound.pkl"
    path.write_bytes(whole(array(dtype(), np.arange(2.0).tobytes())))
    np.testing.assert_array_equal(safe_pickle.read(path)["x"], [0.0, 1.0])
    path.write_bytes(whole(scalar(dtype("S8", order="|", size=8), b"abcdefgh")))
    assert safe_pickle.read(path)["x"] == b"abcdefgh"


def test_no_process_ends_and_no_memory_is_taken(tmp_path: Path) -> None:
    paths = []
    for name, part in HOSTILE.items():
        paths.append(tmp_path / f"{name}.pkl")
        paths[-1].write_bytes(whole(part) if name != "nothing" else b"")
    known = {
        "ours": b"\x80\x02}U\x01acnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(U\x02S8K\x00K\x01tR(K\x03U\x01|NNN"
        b"J\xf8\xff\xff\xffK\x01K\x00tbU\x08AAAAAAAAtRs.",
    }
    for name, content in known.items():
        paths.append(tmp_path / f"{name}.pkl")
        paths[-1].write_bytes(content)
    ended = subprocess.run(
        [sys.executable, "-c", _READ, *paths], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert float(ended.stdout) < 400


def test_sets_are_lists_so_that_nothing_is_hashed(tmp_path: Path) -> None:
    """To hash sixty tuples, each of which holds the one before twice, takes for ever."""
    (tmp_path / "set.pkl").write_bytes(whole(b"\x8f(" + b"K\x01" + b"2\x86" * 60 + b"\x90"))
    assert len(safe_pickle.read(tmp_path / "set.pkl")["x"]) == 1


def test_nine_bytes_take_nothing(tmp_path: Path) -> None:
    (tmp_path / "memo.pkl").write_bytes(b"\x80\x02}r\xff\xff\xff\x0f.")
    assert safe_pickle.read(tmp_path / "memo.pkl") == {}


def test_nothing_of_a_file_outlives_it(tmp_path: Path) -> None:
    """Neither numpy nor the readers are changed by any of these files."""
    sound = whole(array(dtype(), np.arange(2.0).tobytes()))
    for number_of_file, part in enumerate(HOSTILE.values()):
        path = tmp_path / f"{number_of_file}.pkl"
        if part not in (ENDLESS, HOSTILE["lists without end"]):
            path.write_bytes(whole(part))
            with pytest.raises(DataError):
                safe_pickle.read(path)
    path.write_bytes(sound)
    np.testing.assert_array_equal(safe_pickle.read(path)["x"], [0.0, 1.0])
    assert np.dtype("f8").isnative
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(np.arange(3))), np.arange(3))


def test_arrays_are_views_that_nobody_can_write_beyond(tmp_path: Path) -> None:
    (tmp_path / "data.pkl").write_bytes(pickle.dumps({"x": np.asfortranarray(np.arange(6.0).reshape(2, 3))}))
    found = safe_pickle.read(tmp_path / "data.pkl")["x"]
    np.testing.assert_array_equal(found, np.arange(6.0).reshape(2, 3))
    assert not found.flags.writeable


@pytest.mark.parametrize("levels", [2, 40])
def test_lists_that_hold_each_other_are_not_written_out(levels: int) -> None:
    value: object = [1.0]
    for _ in range(levels):
        value = [value] * 10
    if levels > 2:
        with pytest.raises(ValueError, match="a list of more than numbers"):
            safe_pickle.plain_array(value)
    else:
        assert safe_pickle.plain_array(value).shape == (10, 10, 1)
