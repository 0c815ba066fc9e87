from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.motion_samples import source, swaying_clip
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.datasets.pack import GENRES, SourceClip, SourceSong
from tokendance_core.errors import DataError
from tokendance_core.music import features
from tokendance_core.music.clock import AS_DANCED, ON_THE_BEAT, Clock
from tokendance_core.train import paired_tokens, percussion
from tokendance_core.train.paired_tokens import CERTAINTIES, PairedTokens, build, load, save

TOKENS = 60


def drums(seconds: float) -> SourceSong:
    music = percussion.drum_track(113.0, seconds, np.random.default_rng(0))
    return SourceSong(
        name=music.name,
        split="train",
        features=features.extract(music),
        beats=percussion.beat_times(113.0, music.seconds),
    )


@pytest.fixture(scope="module")
def song() -> SourceSong:
    return drums(12.0)


@pytest.fixture(scope="module")
def clips() -> list[SourceClip]:
    """Three clips of one genre: two whose clock is known, and one whose clock is not."""
    known = [source(swaying_clip(300, seed=seed)) for seed in range(3)]
    return [known[0], replace(known[1], grid=replace(known[1].grid, exact=False)), replace(known[2], grid=None)]


@pytest.fixture(scope="module")
def pairs(song: SourceSong, clips: list[SourceClip], tiny_checkpoint: Checkpoint) -> PairedTokens:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paired_tokens, "TOKENS", TOKENS)
        return build([song], [], clips, codecs=tiny_checkpoint, count=12, seed=1)


def test_every_place_has_all_that_is_known_of_it(pairs: PairedTokens) -> None:
    for name in ("semantic", "energy", "beat_position", "timing", "phrase", "clip", "clip_seconds", "certainty"):
        assert getattr(pairs, name).shape == (12, TOKENS), name
    assert pairs.dance.shape == (12, 4, TOKENS)
    assert pairs.beat_position[0, :8].tolist() == [1, 2, 3, 4] * 2


def test_timing_follows_the_certainty_of_the_clip(pairs: PairedTokens) -> None:
    exact = np.isin(pairs.clip, [i for i, name in enumerate(pairs.clips) if name.startswith("sway0")])
    recovered = np.isin(pairs.clip, [i for i, name in enumerate(pairs.clips) if name.startswith("sway1")])
    assert (pairs.certainty[exact] == CERTAINTIES.index("exact")).all()
    assert (pairs.certainty[recovered] == CERTAINTIES.index("recovered")).all()
    np.testing.assert_array_equal(pairs.timing == ON_THE_BEAT, exact | recovered)
    np.testing.assert_array_equal(pairs.timing == AS_DANCED, ~(exact | recovered))
    assert 0 < exact.mean() < 1


def test_places_of_a_phrase_follow_each_other_in_its_clip(pairs: PairedTokens) -> None:
    """Four tokens a beat: at 113 bpm the dance of a 120 bpm clip goes on by an eighth of a second each time."""
    same = np.diff(pairs.phrase, axis=1) == 0
    certain = same & (pairs.timing[:, 1:] == ON_THE_BEAT)
    assert np.median(np.diff(pairs.clip_seconds, axis=1)[certain]) == pytest.approx(0.125, abs=0.002)


def test_a_short_song_goes_round_in_whole_beats(
    clips: list[SourceClip], tiny_checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paired_tokens, "TOKENS", TOKENS)
    short = drums(6.0)
    round_trip = 4 * (len(Clock.of_beats(short.beats, 6.0).beats) - 1)
    pairs = build([short], [], clips, codecs=tiny_checkpoint, count=3, seed=0)
    assert round_trip < TOKENS
    for music in (pairs.semantic, pairs.acoustic):
        np.testing.assert_array_equal(music[:, round_trip:], music[:, : TOKENS - round_trip])
    assert pairs.beat_position[0].tolist() == [1, 2, 3, 4] * (TOKENS // 4)


def test_pairs_are_made_one_by_one(song: SourceSong, clips: list[SourceClip], tiny_checkpoint: Checkpoint) -> None:
    few, more = (build([song], [], clips, codecs=tiny_checkpoint, count=count, seed=3) for count in (1, 2))
    np.testing.assert_array_equal(few.dance[0], more.dance[0])
    assert few.sources[0] == more.sources[0]


def test_pairs_survive_the_disk(pairs: PairedTokens, tmp_path: Path) -> None:
    save(pairs, tmp_path / "pairs.npz")
    again = load(tmp_path / "pairs.npz")
    for name in ("semantic", "dance", "tempo", "genre", "phrase", "clip", "certainty", "timing"):
        np.testing.assert_array_equal(getattr(again, name), getattr(pairs, name))
    np.testing.assert_allclose(again.clip_seconds, pairs.clip_seconds, atol=1e-5)
    assert (again.sources, again.clips) == (pairs.sources, pairs.clips)


@pytest.mark.parametrize("missing", ["phrase", "clips"])
def test_pairs_of_an_earlier_version_are_refused(pairs: PairedTokens, tmp_path: Path, missing: str) -> None:
    save(pairs, tmp_path / "pairs.npz")
    with np.load(tmp_path / "pairs.npz") as file:
        np.savez(tmp_path / "old.npz", **{name: file[name] for name in file if name != missing})
    with pytest.raises(DataError, match="earlier version") as caught:
        load(tmp_path / "old.npz")
    assert "Delete it" in caught.value.hint


def test_damaged_pairs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(DataError, match="damaged"):
        load(tmp_path / "pairs.npz")


def test_every_genre_of_the_pack_has_a_weight() -> None:
    assert set(paired_tokens.GENRE_WEIGHTS) == set(GENRES) - {"any"}
    assert sum(paired_tokens.GENRE_WEIGHTS.values()) == pytest.approx(1.0)
