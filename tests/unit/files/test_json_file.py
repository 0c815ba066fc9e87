from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokendance_core.files import limits
from tokendance_core.files.json_file import load_json, parse_json

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_what_json_writes_is_read(value) -> None:
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" * (limits.JSON_DEPTH + 1) + "]" * (limits.JSON_DEPTH + 1), "nested too deeply"),
        ('{"a":' * 900 + "1" + "}" * 900, "nested too deeply"),
        ("1" * 5000, "a number of 5000 digits"),
        ("-" + "1" * 400, "a number of 401 digits"),
        ("1e400", "1e400 is no finite number"),
        ("NaN", "NaN is no finite number"),
        ("[-Infinity]", "-Infinity is no finite number"),
        ('{"a": 1, "a": 1}', "'a' stands twice"),
        ('["\\ud800"]', "half a letter"),
        ('{"\\udfff": 1}', "half a letter"),
        ("", "not complete JSON"),
        ("{", "not complete JSON"),
        (b"\xff", "not UTF-8"),
        ('"' + "x" * limits.TEXT_BYTES + '"', "letters, expected"),
    ],
)
def test_what_is_no_sound_json_is_refused(text, reason) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_a_pair_of_surrogates_is_a_letter() -> None:
    assert parse_json('"\\ud83d\\udc83"') == "💃"


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(b'\xef\xbb\xbf["\xc3\xa9"]')  # with a byte order mark, as editors on Windows write it
    assert load_json(path) == ["é"]
    with pytest.raises(ValueError, match=r"it has 9 bytes, expected 8 at most"):
        load_json(path, 8)
    os.mkfifo(tmp_path / "pipe")
    for device in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ValueError, match="a device or a pipe"):
            load_json(device)
    with pytest.raises(IsADirectoryError):
        load_json(tmp_path)
