from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from tokendance_core.errors import DataError
from tokendance_core.music import feature_file, features
from tokendance_core.types import MusicFeatures


def song(frames: int = 40) -> MusicFeatures:
    values = np.random.default_rng(0).normal(0, 100, (frames, 35)).astype(np.float32)
    values[:, [features.PEAK, features.BEAT]] = values[:, [features.PEAK, features.BEAT]] > 50
    return MusicFeatures(values)


def test_features_survive_the_disk_and_events_exactly(tmp_path: Path) -> None:
    feature_file.write(song(), tmp_path / "song.npz")
    read = feature_file.read(tmp_path / "song.npz").values
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, song().values, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(read[:, features.PEAK :], song().values[:, features.PEAK :])


def test_features_of_another_definition_are_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feature_file.write(song(), tmp_path / "song.npz")
    monkeypatch.setattr(feature_file, "DEFINITION", features.DEFINITION + 1)
    with pytest.raises(DataError, match=f"definition {features.DEFINITION}, this program computes"):
        feature_file.read(tmp_path / "song.npz")


@pytest.mark.parametrize(
    "content",
    [
        {"values": np.zeros((34, 9)), "definition": np.array(features.DEFINITION)},
        {"values": np.full((35, 9), np.nan), "definition": np.array(features.DEFINITION)},
        {"values": np.zeros((35, 9))},
        {"values": np.zeros(35), "definition": np.array([1, 2])},
    ],
)
def test_other_arrays_are_refused(content: dict[str, np.ndarray], tmp_path: Path) -> None:
    np.savez(tmp_path / "song.npz", **content)
    with pytest.raises(DataError, match="features"):
        feature_file.read(tmp_path / "song.npz")


@given(arrays(np.uint8, (200,)))
@settings(max_examples=20, deadline=None)
def test_bytes_that_are_no_features_are_refused(tmp_path_factory: pytest.TempPathFactory, content: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("bytes") / "song.npz"
    path.write_bytes(content.tobytes())
    with pytest.raises(DataError):
        feature_file.read(path)
