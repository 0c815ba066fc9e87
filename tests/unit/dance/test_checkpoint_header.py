"""What a checkpoint says of itself, read by Blender while it draws: always an answer or one kind of error, and never
torch.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokendance_core.dance import checkpoint, checkpoint_header
from tokendance_core.dance.checkpoint_header import genres
from tokendance_core.errors import CheckpointError

EVERYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.just("genres"), inner, max_size=4)
    ),
)


def file_with(path: Path, header: object) -> Path:
    """The beginning of a safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    return path


def ours(**changes: object) -> dict[str, object]:
    """Metadata as a checkpoint of ours has it."""
    return {
        "format": checkpoint_header.FORMAT,
        "version": str(checkpoint_header.VERSION),
        "header": '{"genres": ["any"]}',
        **changes,
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("headers") / "weights.safetensors"


def test_the_shipped_file_and_others_tell_their_genres(tiny_checkpoint, tiny_checkpoint_file):
    assert genres(tiny_checkpoint_file) == genres(str(tiny_checkpoint_file)) == tuple(tiny_checkpoint.genres)
    shipped = genres()
    assert shipped == genres(checkpoint_header.default_path())
    assert shipped[0] == "any"
    assert len(set(shipped)) == len(shipped) > 1


def test_it_agrees_with_the_whole_file():
    assert genres() == checkpoint.load().genres


@pytest.mark.parametrize("path", ["nothing.safetensors", ".", "nowhere/weights.safetensors", "a\0b", "w" * 300])
def test_what_cannot_be_opened_is_told(tmp_path, path):
    with pytest.raises(CheckpointError) as caught:
        genres(tmp_path / path)
    assert caught.value.hint


@pytest.mark.parametrize("part", [0.0, 4, 8, 9, 100])
def test_truncated_files_are_refused(tiny_checkpoint_file, place, part):
    place.write_bytes(tiny_checkpoint_file.read_bytes()[: int(part)])
    with pytest.raises(CheckpointError, match=r"weights\.safetensors.*damaged"):
        genres(place)


def test_weights_of_others_are_refused(place):
    for metadata in (None, {"format": "pt"}):
        safetensors.numpy.save_file({"weight": np.zeros(3, np.float32)}, place, metadata=metadata)
        with pytest.raises(CheckpointError) as caught:
            genres(place)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (ours(format="pt"), "not a TokenDance checkpoint"),
        (ours(version="1"), "format version 1, this program reads 2"),
        (ours(version=checkpoint_header.VERSION), "damaged"),
        (ours(header="{"), "header"),
        (ours(header=3), "damaged"),
        (ours(header="{}"), "damaged"),
        (ours(header="[]"), "damaged"),
        (ours(header='{"genres": 3}'), "damaged"),
        ([], "damaged"),
        ("text", "damaged"),
    ],
)
def test_other_versions_and_damaged_headers_say_what_is_wrong(place, metadata, message):
    with pytest.raises(CheckpointError, match=message) as caught:
        genres(file_with(place, {"__metadata__": metadata}))
    assert caught.value.hint


def told(path: Path) -> bool:
    """Whether the file has genres; fails for anything but an answer or a CheckpointError."""
    try:
        found = genres(path)
    except CheckpointError:
        return False
    assert all(isinstance(genre, str) for genre in found)
    return True


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_noise_is_refused(place, content):
    place.write_bytes(content)
    assert not told(place)


@given(EVERYTHING, EVERYTHING)
@settings(deadline=None)
def test_no_header_breaks_it(place, metadata, header):
    told(file_with(place, {"__metadata__": metadata}))
    told(file_with(place, metadata))
    told(file_with(place, {"__metadata__": ours(header=json.dumps(header))}))


@given(st.integers(0, 2**64 - 1))
@example(len(json.dumps({"__metadata__": ours()})))
@settings(deadline=None, max_examples=30)
def test_a_length_that_lies_is_no_reason_to_fail(place, length):
    text = json.dumps({"__metadata__": ours()}).encode()
    place.write_bytes(struct.pack("<Q", length) + text)
    assert told(place) == (length == len(text))


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"__metadata__":' * 50_000])
def test_brackets_without_end_are_damage(place, text):
    with pytest.raises(CheckpointError, match="damaged"):
        genres(file_with(place, text))
    with pytest.raises(CheckpointError):
        genres(file_with(place, {"__metadata__": ours(header=text.decode())}))


def test_genres_are_read_without_torch(root):
    code = "import sys, tokendance_core; assert tokendance_core.genres()[0] == 'any'; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True).returncode == 0
