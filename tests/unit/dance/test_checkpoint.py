from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance import checkpoint
from tokendance_core.dance.representation import Statistics
from tokendance_core.errors import CheckpointError
from tokendance_core.model.generator import CONFIGS, Generator
from tokendance_core.model.tokenizer import Tokenizer, TokenizerConfig
from tokendance_core.types import MusicFeatures

FEATURES = {"upper": 90, "lower": 57, "semantic": 20, "acoustic": 15}


@pytest.fixture(scope="module")
def tiny() -> checkpoint.Checkpoint:
    torch.manual_seed(0)
    return checkpoint.Checkpoint(
        tokenizers={
            name: Tokenizer(TokenizerConfig(count, 8, books=2 if name in ("upper", "lower") else 1)).eval()
            for name, count in FEATURES.items()
        },
        generator=Generator(CONFIGS["tiny"]).eval(),
        dance_statistics=Statistics(np.zeros(147, np.float32), np.ones(147, np.float32)),
        music_statistics=Statistics(np.zeros(35, np.float32), np.ones(35, np.float32)),
        genres=("any", "waltz"),
        info={"data": "none"},
    )


@pytest.fixture
def saved(tiny: checkpoint.Checkpoint, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    tiny.save(path, half=False)
    return path


def test_what_is_saved_is_what_is_loaded(tiny: checkpoint.Checkpoint, saved: Path) -> None:
    loaded = checkpoint.load(saved)
    assert (loaded.genres, loaded.root, loaded.clock, dict(loaded.info)) == (
        ("any", "waltz"),
        "velocity",
        "beats",
        {"data": "none"},
    )
    assert loaded.generator.config == tiny.generator.config
    for key, tensor in tiny.generator.state_dict().items():
        torch.testing.assert_close(loaded.generator.state_dict()[key], tensor)
    heard = MusicFeatures(np.random.default_rng(0).normal(size=(45, 35)).astype(np.float32))
    np.testing.assert_array_equal(loaded.music_codec.encode(heard).acoustic, tiny.music_codec.encode(heard).acoustic)


def test_half_precision_halves_the_file(tiny: checkpoint.Checkpoint, saved: Path, tmp_path: Path) -> None:
    tiny.save(tmp_path / "half.safetensors")
    assert (tmp_path / "half.safetensors").stat().st_size < 0.7 * saved.stat().st_size
    assert checkpoint.load(tmp_path / "half.safetensors").generator is not None


def test_the_codec_keeps_the_true_length(tiny: checkpoint.Checkpoint) -> None:
    clip = swaying_clip(45)
    tokens = tiny.dance_codec.encode(clip)
    assert (len(tokens), tokens.frames) == (6, 45)
    assert tiny.dance_codec.decode(tokens, name="again").frames == 45


def test_tokenizers_alone_make_a_checkpoint_without_generator(tiny: checkpoint.Checkpoint, tmp_path: Path) -> None:
    tiny.with_generator(None).save(tmp_path / "tokenizers.safetensors")
    assert checkpoint.load(tmp_path / "tokenizers.safetensors").generator is None


def _rewrite(path: Path, **changes: object) -> Path:
    """The file with its metadata or header changed."""
    metadata = {"format": checkpoint.FORMAT, "version": str(checkpoint.VERSION)}
    header = json.loads(_header(path))
    for key, value in changes.items():
        (metadata if key in metadata else header)[key] = value
    save_file(load_file(path), path, metadata | {"header": json.dumps(header)})
    return path


def _header(path: Path) -> str:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return file.metadata()["header"]


def _expect(path: Path, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        checkpoint.load(path)
    assert caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    _expect(tmp_path / "nothing.safetensors", "no checkpoint at .*nothing")


@pytest.mark.parametrize("kept", [0, 5, 1000, -10])
def test_a_truncated_file_is_damaged(saved: Path, kept: int) -> None:
    saved.write_bytes(saved.read_bytes()[:kept])
    _expect(saved, "damaged")


def test_another_kind_of_safetensors_is_not_ours(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(2)}, tmp_path / "other.safetensors")
    _expect(tmp_path / "other.safetensors", "not a TokenDance checkpoint")


def test_another_version_is_refused(saved: Path) -> None:
    _expect(_rewrite(saved, version="999"), "format version 999, this program reads 2")


def test_another_feature_order_is_refused(saved: Path) -> None:
    names = json.loads(_header(saved))["features"]
    _expect(_rewrite(saved, features=names[::-1]), "another order")


def test_weights_that_do_not_fit_the_config_are_refused(saved: Path) -> None:
    config = json.loads(_header(saved))["generator"]
    _expect(_rewrite(saved, generator=config | {"width": 64}), "does not fit")
    _expect(_rewrite(saved, generator=None), "unknown arrays")


def test_a_full_disk_leaves_the_old_file(
    tiny: checkpoint.Checkpoint, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def disk_full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", disk_full)
    with pytest.raises(Exception, match=r"space|full"):
        tiny.save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]
