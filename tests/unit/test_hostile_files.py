"""What fuzzing found in each reader once, in its smallest form: a sentence with a hint, or a value that can be used."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.unit import dancers
from tokendance_core.commands import answers
from tokendance_core.dance import checkpoint, checkpoint_header
from tokendance_core.errors import CheckpointError, ClipError, RigError, TokenDanceError
from tokendance_core.files import clip
from tokendance_core.finishing import finish
from tokendance_core.finishing.settings import FinishSettings
from tokendance_core.rigs import map_file
from tokendance_core.types import MotionClip, RigMap


def sentence(error: TokenDanceError) -> str:
    """The message; it is one line, and there is a way out."""
    assert error.hint
    assert len(str(error).splitlines()) == 1
    assert str(error).endswith(".")
    return str(error)


# --- motion -----------------------------------------------------------------------------------------------------------


def own(folder: Path, packing: int = zipfile.ZIP_STORED, **changes: object) -> Path:
    """A motion file with some of its arrays replaced, by other arrays or by bytes."""
    dance = dancers.bobbing(40)
    fields = {"format": clip.FORMAT, "version": clip.FORMAT_VERSION, "rot6d": dance.rot6d, "root": dance.root}
    fields |= {"fps": 30.0, "name": "x", "info": "{}", **changes}
    path = folder / "dance.npz"
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, value in fields.items():
            packed = io.BytesIO()
            if isinstance(value, bytes):
                packed.write(value)
            else:
                np.save(packed, np.asarray(value), allow_pickle=True)
            archive.writestr(f"{name}.npy", packed.getvalue())
    return path


def headed(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


ODD_ARRAYS = {
    "a bracket too many": {"fps": headed("{'descr': '<f8', 'fortran_order': False, 'shape': ((), }\n")},
    "brackets without end": {"fps": headed("(" * 5000)},
    "an endless version": {"version": np.inf},
    "letters beyond all": {"name": headed("{'descr': '<U1', 'fortran_order': False, 'shape': (), }\n") + b"\xff" * 4},
    "more than there is": {"root": headed("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }\n")},
    "a type within a type": {"root": headed("{'descr': ('<f4', (3,)), 'fortran_order': False, 'shape': (40,), }\n")},
    "objects": {"info": np.array([{}], object)},
    "an endless rate": {"fps": np.inf},
    "no rate": {"fps": np.nan},
    "rates": {"fps": np.array([30.0, 24.0])},
    "half a frame in an hour": {"fps": 1e-4},
    "a list as facts": {"info": "[1]"},
    "a number as facts": {"info": "5"},
    "facts within each other": {"info": '{"a":' * 5000},
    "rotations that are none": {"rot6d": np.zeros((40, 24, 6), np.float32)},
    "columns that are one": {"rot6d": np.tile(np.float32([1, 0, 0, 2, 0, 0]), (40, 24, 1))},
    "positions out of reach": {"root": np.full((40, 3), 1e9, np.float32)},
    **{
        f"rotations of {kind}": {"rot6d": np.zeros((40, 24, 6), kind)}
        for kind in ("U1", "S1", "M8[s]", "m8[s]", "c8", "?", "i8", "V4")
    },
}


@pytest.mark.parametrize("name", ODD_ARRAYS)
def test_motion_files(tmp_path: Path, name: str) -> None:
    path = own(tmp_path, **ODD_ARRAYS[name])
    with pytest.raises(ClipError) as caught:
        clip.load(path)
    sentence(caught.value)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("is_damaged", [False, True])
def test_packings_that_numpy_does_not_use(tmp_path: Path, packing: int, is_damaged: bool) -> None:
    path = own(tmp_path, packing)
    if is_damaged:
        content = bytearray(path.read_bytes())
        content[60:200] = bytes(140)
        path.write_bytes(content)
    with pytest.raises(ClipError) as caught:
        clip.load(path)
    sentence(caught.value)


@pytest.mark.parametrize("kind", ["f2", ">f4", "f8", ">f8"])
def test_numbers_of_any_size_and_order_are_numbers(tmp_path: Path, kind: str) -> None:
    dance = dancers.bobbing(40)
    read = clip.load(own(tmp_path, rot6d=dance.rot6d.astype(kind), root=dance.root.astype(kind)))
    assert read.rot6d.dtype.isnative
    np.testing.assert_allclose(read.rot6d, dance.rot6d, atol=1e-3)


@pytest.mark.parametrize(
    "last_beat", ['"x"', "NaN", "Infinity", "-Infinity", "-5", "1e300", "[]", "{}", "null", "true"]
)
def test_a_last_beat_that_is_none(tmp_path: Path, last_beat: str) -> None:
    read = clip.load(own(tmp_path, info=f'{{"finished": false, "last_beat": {last_beat}}}'))
    assert finish.complete(read, FinishSettings()).frames == 40


@pytest.mark.parametrize(
    "changes",
    [
        {"rot6d": np.zeros((4, 24, 6), int)},
        {"root": np.zeros((4, 3), "S1")},
        {"fps": 0.5},
        {"fps": 1e9},
        {"fps": float("nan")},
        {"info": [1]},
        {"info": None},
    ],
)
def test_a_clip_checks_itself(changes: dict) -> None:
    fields = {"rot6d": np.zeros((4, 24, 6)), "root": np.zeros((4, 3))}
    with pytest.raises(ValueError, match=r"MotionClip\."):
        MotionClip(**fields | changes)


# --- checkpoints ------------------------------------------------------------------------------------------------------


def rewritten(path: Path, **changes: object) -> Path:
    """A checkpoint with entries of its header replaced, or left out where they are ``...``."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    whole = json.loads(content[8 : 8 + size])
    header = json.loads(whole["__metadata__"]["header"])
    for name, value in changes.items():
        inner, _, last = name.rpartition("__")
        place = header[inner] if inner else header
        if value is ...:
            del place[last]
        else:
            place[last] = value
    whole["__metadata__"]["header"] = json.dumps(header)
    text = json.dumps(whole).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])
    return path


@pytest.fixture
def weights(tiny_checkpoint, tmp_path: Path) -> Path:
    tiny_checkpoint.save(tmp_path / "tiny.safetensors")
    return tmp_path / "tiny.safetensors"


@pytest.mark.parametrize(
    "changes",
    [
        *({"features": odd} for odd in (..., 3, None, "x", [])),
        *({"genres": odd} for odd in ([None], [], [""], "any", {"any": 1}, [["any"]])),
        *({"clock": odd} for odd in ("x", None, 3, [])),
        *({"root": odd} for odd in ("x", None, 3, {})),
        *({"info": odd} for odd in (3, "x", None)),
        *({f"generator__{name}": 10**9} for name in ("global_layers", "conv", "expand", "codebooks", "state")),
        *({f"generator__{name}": 0} for name in ("global_layers", "head_dim", "width", "conv")),
        *({f"tokenizers__{name}": odd} for name in ("upper", "semantic") for odd in (None, {}, 3)),
    ],
)
def test_checkpoints(weights: Path, changes: dict) -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(rewritten(weights, **changes))
    sentence(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers(tiny_checkpoint, tmp_path: Path, value: float) -> None:
    arrays = dict(tiny_checkpoint.arrays)
    name = next(iter(arrays))
    arrays[name] = np.full_like(arrays[name], value)
    path = tmp_path / "tiny.safetensors"
    type(tiny_checkpoint)(**{**vars_of(tiny_checkpoint), "arrays": arrays}).save(path)
    with pytest.raises(CheckpointError, match="not finite") as caught:
        checkpoint.load(path)
    sentence(caught.value)


def vars_of(weights: checkpoint.Checkpoint) -> dict[str, object]:
    return {name: getattr(weights, name) for name in weights.__dataclass_fields__}


def test_files_that_may_not_be_read_are_told_as_such(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another user would meet them; who runs the tests may read everything."""

    def locked(path: Path, *_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", locked)
    for read in (checkpoint.load, checkpoint_header.genres):
        with pytest.raises(CheckpointError, match="Permission denied") as caught:
            read(weights)
        assert "damaged" not in sentence(caught.value)
    monkeypatch.setattr("os.stat", locked)
    for read in (checkpoint.load, checkpoint_header.genres):
        with pytest.raises(CheckpointError, match="Permission denied"):
            read(weights)


# --- rig maps and answers ---------------------------------------------------------------------------------------------

MAP = map_file.to_json(RigMap({"pelvis": "Hips"}, "mixamo"))


@pytest.mark.parametrize(
    "text",
    [
        *(MAP.replace('"score": 1.0', f'"score": {score}') for score in ("1" * 400, "1" * 5000, "1e999", "NaN")),
        *(MAP.replace("Hips", odd) for odd in ("\\ud800", "\\udfff x")),
        MAP.replace('"bones"', '"bones": {}, "bones"'),
        "[" * 100_000,
        '{"format":' * 1000,
    ],
)
def test_rig_maps(text: str, tmp_path: Path) -> None:
    with pytest.raises(RigError) as caught:
        map_file.from_json(text)
    sentence(caught.value)
    (tmp_path / "map.json").write_text(text)
    with pytest.raises(RigError) as caught:
        map_file.load_rig_map(tmp_path / "map.json")
    sentence(caught.value)


def test_a_bone_whose_name_is_no_text_can_be_exported(tmp_path: Path) -> None:
    map_file.save_rig_map(RigMap({"pelvis": "Hips\udcff"}, "mixamo"), tmp_path / "map.json")
    assert (tmp_path / "map.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        '{"event": "progress", "stage": "load", "fraction": %s}' % ("1" * 400),
        '{"event": "error", "message": "x", "hint": "y", "exit_code": NaN}',
        '{"event": "error", "message": "x", "hint": "y", "exit_code": 1e999}',
        '{"event": ["progress"]}',
        '{"event": {}}',
        "[" * 100_000,
        b"\xff",
    ],
)
def test_answers(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        answers.event_from_json(text)
