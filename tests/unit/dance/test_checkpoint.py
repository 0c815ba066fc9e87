from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tokendance_core.dance import checkpoint, checkpoint_header
from tokendance_core.dance.representation import Statistics
from tokendance_core.engine.torch_engine import arrays_of
from tokendance_core.errors import CheckpointError
from tokendance_core.model.config import CONFIGS, GeneratorConfig, Prompt, TokenizerConfig
from tokendance_core.model.generator import Generator
from tokendance_core.model.tokenizer import Tokenizer
from tokendance_core.types import MusicFeatures

UNTOLD = replace(CONFIGS["tiny"], counts=0, timings=0, accents=0, steps=0)
"""A generator without inputs for most cues, like those of earlier releases."""

FEATURES = {"upper": 90, "lower": 57, "semantic": 20, "acoustic": 15}


@pytest.fixture(scope="module")
def tiny() -> checkpoint.Checkpoint:
    torch.manual_seed(0)
    tokenizers = {
        name: Tokenizer(TokenizerConfig(features=count, width=8, codebooks=2 if name in ("upper", "lower") else 1))
        for name, count in FEATURES.items()
    }
    return checkpoint.Checkpoint(
        tokenizers={name: tokenizer.config for name, tokenizer in tokenizers.items()},
        generator=CONFIGS["tiny"],
        arrays=arrays_of({**tokenizers, "generator": Generator(CONFIGS["tiny"])}),
        dance_statistics=Statistics(np.zeros(147, np.float32), np.ones(147, np.float32)),
        music_statistics=Statistics(np.zeros(35, np.float32), np.ones(35, np.float32)),
        genres=("any", "waltz"),
        info={"data": "none"},
    )


def with_generator(tiny: checkpoint.Checkpoint, config: GeneratorConfig) -> checkpoint.Checkpoint:
    weights = {name: tensor.numpy() for name, tensor in Generator(config).state_dict().items()}
    return tiny.with_generator(config, weights)


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
    assert loaded.generator == tiny.generator
    assert loaded.arrays.keys() == tiny.arrays.keys()
    for key, array in tiny.arrays.items():
        np.testing.assert_array_equal(loaded.arrays[key], array)
    song = MusicFeatures(np.random.default_rng(0).normal(size=(45, 35)).astype(np.float32))
    np.testing.assert_array_equal(loaded.music_codec.encode(song).acoustic, tiny.music_codec.encode(song).acoustic)


def test_half_precision_halves_the_file(tiny: checkpoint.Checkpoint, saved: Path, tmp_path: Path) -> None:
    tiny.save(tmp_path / "half.safetensors")
    assert (tmp_path / "half.safetensors").stat().st_size < 0.7 * saved.stat().st_size
    assert checkpoint.load(tmp_path / "half.safetensors").generator is not None


def sizes_of(path: Path) -> dict[str, dict[str, object]]:
    """The sizes of the generator and of each tokenizer, as the file names them."""
    header = json.loads(_header(path))
    return {"generator": header["generator"], **header["tokenizers"]}


def test_files_say_codebooks(saved: Path) -> None:
    assert {name: sizes["codebooks"] for name, sizes in sizes_of(saved).items()} == {
        "generator": 2,
        "upper": 2,
        "lower": 2,
        "semantic": 1,
        "acoustic": 1,
    }
    assert not [name for name, sizes in sizes_of(saved).items() if "books" in sizes]


def _of_version_2(sizes: dict[str, object]) -> dict[str, object]:
    """The sizes as format version 2 has them."""
    newer = ("energies", "beat_positions", "timings", "tempos")
    old = {"books" if name == "codebooks" else name: size for name, size in sizes.items() if name not in newer}
    return {name: size for name, size in old.items() if name != "levels"} | {"codes": 1000} if "genres" in old else old


def test_files_of_version_2_say_books_and_load_to_the_same(tiny: checkpoint.Checkpoint, saved: Path) -> None:
    tiny = with_generator(tiny, UNTOLD)
    tiny.save(saved, half=False)
    old = {name: _of_version_2(sizes) for name, sizes in sizes_of(saved).items()}
    generator = old.pop("generator")
    assert generator["books"] == 2
    _rewrite(saved, version="2", generator=generator, tokenizers=old)
    loaded = checkpoint.load(saved)
    assert loaded.generator == tiny.generator
    assert loaded.tokenizers == tiny.tokenizers


def test_a_generator_whose_arrays_have_their_earlier_names_loads(tiny: checkpoint.Checkpoint, saved: Path) -> None:
    tiny = with_generator(tiny, UNTOLD)
    tiny.save(saved, half=False)
    header, arrays = _header(saved), load_file(saved)
    for now, before in (("cues_in.energy", "energy_in"), ("cues_in.beat_position", "place_in")):
        arrays[f"generator.{before}.weight"] = arrays.pop(f"generator.{now}.weight")
    save_file(arrays, saved, {"format": checkpoint_header.FORMAT, "version": "3", "header": header})
    loaded = checkpoint.load(saved).arrays
    for key, array in tiny.arrays.items():
        np.testing.assert_array_equal(loaded[key], array)


def test_the_shipped_file_is_of_the_released_size_and_told_all_that_is_known() -> None:
    loaded = checkpoint.load()
    assert loaded.generator == replace(CONFIGS["released"], genres=len(loaded.genres))
    assert (loaded.root, loaded.clock, loaded.dance_codec.codebooks) == ("heading", "beats", 3)


def test_a_generator_without_an_input_for_timing_is_not_told(tiny: checkpoint.Checkpoint, tmp_path: Path) -> None:
    with_generator(tiny, UNTOLD).save(tmp_path / "untold.safetensors")
    engine = checkpoint.load(tmp_path / "untold.safetensors").engine
    assert engine.generator == UNTOLD
    music, one = np.arange(8)[None], np.zeros(1, int)
    told, untold = (engine.hear(Prompt(*[music] * 4, *[told * music] * 4, one, one)) for told in (0, 1))
    np.testing.assert_array_equal(told.places, untold.places)


@pytest.mark.parametrize("name", CONFIGS)
def test_generators_take_the_prompts_that_this_program_makes(name: str) -> None:
    assert checkpoint.for_our_prompts(CONFIGS[name]) == CONFIGS[name]


@pytest.mark.parametrize("name", ["energies", "beat_positions", "timings", "tempos"])
def test_a_generator_for_other_prompts_is_refused(tiny: checkpoint.Checkpoint, tmp_path: Path, name: str) -> None:
    with_generator(tiny, replace(tiny.generator, **{name: 99})).save(tmp_path / "other.safetensors")
    _expect(tmp_path / "other.safetensors", "other prompts than this program makes")


def test_tokenizers_alone_make_a_checkpoint_without_generator(tiny: checkpoint.Checkpoint, tmp_path: Path) -> None:
    tiny.with_generator(None, {}).save(tmp_path / "tokenizers.safetensors")
    assert checkpoint.load(tmp_path / "tokenizers.safetensors").generator is None


def _rewrite(path: Path, **changes: object) -> Path:
    """The file with its metadata or header changed."""
    metadata = {"format": checkpoint_header.FORMAT, "version": str(checkpoint_header.VERSION)}
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
    _expect(_rewrite(saved, generator=None), r"generator\..* is unknown")


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


@pytest.mark.parametrize(
    "sizes",
    [
        {"width": 10**9},
        {"global_layers": 10**9},
        {"levels": [65536]},
        {"levels": [255] * 9},
        {"levels": []},
        {"codebooks": True},
        {"state": "16"},
        {"dance_layers": -1},
    ],
)
def test_sizes_out_of_all_proportion_are_refused_before_anything_is_allocated(saved: Path, sizes: dict) -> None:
    tracemalloc.start()
    _expect(_rewrite(saved, generator=json.loads(_header(saved))["generator"] | sizes), "does not fit")
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
