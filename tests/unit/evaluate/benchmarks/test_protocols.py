from __future__ import annotations

import re
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.dance_files import write_sound
from tests.unit.motion_samples import swaying_clip
from tokendance_core.datasets import finedance
from tokendance_core.datasets.recording import Recording
from tokendance_core.errors import DataError
from tokendance_core.evaluate.benchmarks import protocols
from tokendance_core.evaluate.benchmarks.protocols import PROTOCOLS, Counts, Measurement, Protocol
from tokendance_core.files import bvh
from tokendance_core.files import clip as clip_file
from tokendance_core.motion import edits as augment
from tokendance_core.types import MotionClip

A, B, C = (PROTOCOLS[name] for name in "ABC")


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocols, "FLOOR_DRAWS", 2)


def _recordings(count: int = 4, test: int = 3, frames: int = 75, music: bool = True) -> list[Recording]:
    clips = [replace(swaying_clip(frames, seed=seed), name=f"d{seed}") for seed in range(count)]
    return [
        Recording(c, "pop", Path(f"s{i // 2}.wav") if music else None, "test" if i < test else "train")
        for i, c in enumerate(clips)
    ]


def _truth(recordings: list[Recording]) -> dict[str, MotionClip]:
    return {r.name: r.clip for r in recordings}


def _beats(music: Path) -> np.ndarray:
    return np.arange(0.0, 60.0, 0.5)


def _run(protocol: Protocol, recordings: list[Recording], dances: dict[str, MotionClip], **more) -> Measurement:
    return protocols.run(protocol, recordings, dances, _beats, **more)


def _short(protocol: Protocol) -> Protocol:
    """Protocol C with windows that the samples fill."""
    return replace(protocol, frames=30, stride=15)


@pytest.mark.parametrize("protocol", [A, B, _short(C)], ids="ABC")
def test_ground_truth_scores_as_ground_truth(protocol: Protocol) -> None:
    recordings = _recordings()
    figures = _run(protocol, recordings, _truth(recordings)).figures
    assert {
        "fid_kinetic",
        "fid_geometric",
        "diversity_kinetic",
        "beat_alignment",
        "skating_ratio",
        "physical_foot_contact",
    } <= set(figures)
    assert ("fid_kinetic_legacy" in figures) == (protocol.name != "C")
    for figure in figures.values():
        assert figure.generated == pytest.approx(figure.ground_truth, abs=1e-9)
        assert np.isfinite([value for value in astuple(figure) if value is not None]).all()


def test_the_whole_pool_as_dances_has_no_distance_to_it() -> None:
    recordings = _recordings(4, 4)
    figures = _run(A, recordings, _truth(recordings)).figures
    assert figures["fid_kinetic"].generated == pytest.approx(0, abs=1e-6)
    assert figures["fid_kinetic"].floor > 0


def test_another_dance_is_farther_and_a_frozen_one_meets_no_beat() -> None:
    recordings = _recordings()
    frozen = {
        n: replace(c, rot6d=c.rot6d[:1].repeat(75, 0), root=c.root[:1].repeat(75, 0))
        for n, c in _truth(recordings).items()
    }
    figures = _run(A, recordings, frozen).figures
    assert figures["fid_kinetic"].generated > figures["fid_kinetic"].ground_truth
    assert figures["diversity_kinetic"].generated < figures["diversity_kinetic"].ground_truth
    assert figures["beat_alignment"].generated == 0 < figures["beat_alignment"].ground_truth


@pytest.mark.parametrize("protocol", [A, B], ids="AB")
def test_place_and_heading_do_not_matter(protocol: Protocol) -> None:
    recordings = _recordings()
    truth = _truth(recordings)
    moved = {
        n: replace(augment.turn(c, 1.0), root=augment.turn(c, 1.0).root + np.float32([3, 0, -2]))
        for n, c in truth.items()
    }
    before, after = (_run(protocol, recordings, dances).figures for dances in (truth, moved))
    for name in ("fid_kinetic", "fid_kinetic_legacy", "fid_geometric", "beat_alignment"):
        assert after[name].generated == pytest.approx(before[name].generated, rel=0.02, abs=0.02)


def test_only_the_first_frames_count() -> None:
    recordings = _recordings()
    longer = {
        n: replace(c, rot6d=np.tile(c.rot6d, (2, 1, 1)), root=np.tile(c.root, (2, 1)))
        for n, c in _truth(recordings).items()
    }
    short = replace(B, frames=40)
    assert _run(short, recordings, longer).figures == _run(short, recordings, _truth(recordings)).figures
    assert _run(B, recordings, longer).figures != _run(B, recordings, _truth(recordings)).figures


def test_a_dance_at_another_rate_is_resampled() -> None:
    recordings = _recordings()
    double = {n: clip_file.resample_to_fps(c, 60.0) for n, c in _truth(recordings).items()}
    figures = _run(B, recordings, double).figures
    assert figures["fid_kinetic"].generated == pytest.approx(figures["fid_kinetic"].ground_truth, rel=1e-3)


def test_windows_are_whole_and_compared_with_those_of_the_test_alone() -> None:
    recordings = _recordings(frames=67)
    result = _run(_short(C), recordings, _truth(recordings))
    assert result.counts == Counts(generated=9, ground_truth=9, pool=9)
    assert _run(A, recordings, _truth(recordings)).counts == Counts(generated=3, ground_truth=3, pool=4)


def test_joints_relative_to_the_pelvis_forget_where_the_dance_travels() -> None:
    recordings = _recordings()
    shift = np.linspace(0, 4, 75)[:, None] * np.float32([1, 0, 0])
    travelling = {n: replace(c, root=(c.root + shift).astype(np.float32)) for n, c in _truth(recordings).items()}
    ratios = []
    for protocol in (A, B):
        legacy = _run(protocol, recordings, travelling).figures["diversity_kinetic_legacy"]
        ratios.append(abs(legacy.generated / legacy.ground_truth - 1))
    assert ratios[1] < ratios[0]


def test_dances_may_be_named_after_their_song() -> None:
    recordings = _recordings(test=2)
    by_song = {"s0": recordings[0].clip}
    assert _run(A, recordings, by_song).counts.generated == 2
    with pytest.raises(DataError, match="no dance for d0 or s0") as caught:
        _run(A, recordings, {"s1": recordings[0].clip})
    assert caught.value.hint


def test_without_music_there_is_no_alignment() -> None:
    recordings = _recordings(music=False)
    figures = _run(A, recordings, _truth(recordings)).figures
    assert "fid_kinetic" in figures
    assert not [name for name in figures if "beat" in name]


def test_beats_are_asked_for_once_a_song_and_only_within_the_dance() -> None:
    asked = []

    def beats_of(music: Path) -> np.ndarray:
        asked.append(music)
        return np.array([0.5, 1.0, 1.5, 100.0])

    recordings = _recordings(test=4)
    late = protocols.run(A, recordings, _truth(recordings), beats_of).figures["beat_alignment"]
    assert sorted(asked) == [Path("s0.wav"), Path("s1.wav")]
    early = protocols.run(A, recordings, _truth(recordings), lambda music: np.array([0.5, 1.0, 1.5])).figures[
        "beat_alignment"
    ]
    assert late == early


def test_the_seed_decides_the_floor_alone() -> None:
    recordings = _recordings()
    first, again, other = (
        _run(B, recordings, _truth(recordings), seed=seed).figures["fid_kinetic"] for seed in (0, 0, 1)
    )
    assert first == again
    assert first.floor != other.floor
    assert first.generated == other.generated


def test_unsmoothed_beats_look_as_many_frames_around_as_the_protocol_says() -> None:
    recordings = _recordings(frames=150)
    near, far = (
        _run(replace(B, beat_order=order), recordings, _truth(recordings)).figures["beat_alignment_dance_to_music"]
        for order in (1, B.beat_order)
    )
    assert near != far
    assert {protocol.beat_order for protocol in PROTOCOLS.values()} == {10}  # of 60 fps and of 30 alike


def test_what_published_kinetic_figures_mean_is_told() -> None:
    assert all("never corrected" in protocol.note for protocol in (A, B))
    assert "FlowerDance's first frames" in C.note


def test_features_that_never_change_are_counted() -> None:
    recordings = _recordings()
    notes = _run(B, recordings, _truth(recordings)).notes
    assert any(re.search(r"\d+ of 32 geometric features never change", note) for note in notes)
    # The sways share one path, so the pelvis never moves otherwise than the pool's.
    assert any(note.startswith("3 of 66 kinetic features never change") for note in notes)


def test_a_pool_of_three_has_no_floor() -> None:
    recordings = _recordings(3)
    assert _run(A, recordings, _truth(recordings)).figures["fid_kinetic"].floor is None


def test_few_dances_and_other_data_are_never_comparable() -> None:
    recordings = _recordings()
    result = _run(A, recordings, _truth(recordings))
    assert not result.comparable
    assert "FID of 3 dances, fewer than 100" in result.notes[0]
    assert "3 test recordings and a pool of 4, expected 40 and 1320" in result.notes[1]


def test_the_benchmark_s_own_dances_in_number_are_comparable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocols, "ENOUGH", 40)
    names = sorted(finedance.TEST)
    recordings = [
        replace(r, clip=replace(r.clip, name=name)) for r, name in zip(_recordings(20, 20, 45), names, strict=True)
    ]
    assert _run(_short(C), recordings, _truth(recordings)).comparable
    renamed = [*recordings[1:], replace(recordings[0], clip=replace(recordings[0].clip, name="999"))]
    assert "not the benchmark's" in _run(_short(C), renamed, _truth(renamed)).notes[0]


@pytest.mark.parametrize(("protocol", "test"), [(A, 1), (C, 3)], ids=["one dance", "no whole window"])
def test_one_dance_is_no_distribution(protocol: Protocol, test: int) -> None:
    recordings = _recordings(test=test)
    with pytest.raises(DataError, match="compares sets of dances") as caught:
        _run(protocol, recordings, _truth(recordings))
    assert caught.value.hint


def test_recordings_are_read_by_the_protocol_s_importer_or_another(tmp_path: Path) -> None:
    (tmp_path / "motion").mkdir()
    row = np.concatenate((np.zeros(3), np.tile([1.0, 0, 0, 0, 1, 0], 52)))
    for name in ("001", "012"):
        np.save(tmp_path / "motion" / f"{name}.npy", np.tile(row, (3, 1)))
    assert [r.name for r in protocols.load(B, tmp_path)] == ["001", "012"]
    assert [r.name for r in protocols.load(C, tmp_path)] == ["012"]
    bvh.write(swaying_clip(3), tmp_path / "own.bvh")
    write_sound(tmp_path / "own.wav")
    assert [r.name for r in protocols.load(B, tmp_path, "folder")] == ["own"]
    (tmp_path / "motion" / "012.npy").unlink()
    with pytest.raises(DataError, match=r"None of the 1 recordings.*test of protocol B"):
        protocols.load(B, tmp_path)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_who_has_other_data_is_told_how_to_name_it(protocol: Protocol, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"FineDance has no|AIST\+\+ has no") as caught:
        protocols.load(protocol, tmp_path)
    assert "--format" in caught.value.hint
    assert all((name in caught.value.hint) == (name != protocol.format) for name in protocols.IMPORTERS)


def test_layouts_that_were_named_are_read_as_named(tmp_path: Path) -> None:
    for layout, told in (("aist", "AIST"), ("finedance", "FineDance"), ("motorica", "Motorica"), ("folder", "bvh")):
        with pytest.raises(DataError, match=told) as caught:
            protocols.load(C, tmp_path, layout)
        assert "--format" not in caught.value.hint


def test_dances_are_read_from_files_or_made_for_each_test_recording(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No dances in"):
        protocols.dances_in(tmp_path)
    clip_file.save(swaying_clip(3), tmp_path / "a.npz")
    clip_file.save(swaying_clip(3), tmp_path / "b.bvh")
    clip_file.save(swaying_clip(3), tmp_path / "c.smpl.npz")
    assert sorted(protocols.dances_in(tmp_path)) == ["a", "b", "c"]
    recordings = _recordings()
    danced = protocols.dances_for(recordings, lambda music: swaying_clip(3, seed=int(music.stem[1:])))
    assert {name: clip.name for name, clip in danced.items()} == {"d0": "sway0", "d1": "sway0", "d2": "sway1"}
    with pytest.raises(DataError, match="3 of 3 test recordings have no music, among them d0"):
        protocols.dances_for(_recordings(music=False), lambda music: swaying_clip(3))


def test_beats_are_found_in_the_sound_file(song: Path) -> None:
    assert np.all(np.diff(protocols.song_beats(song)) > 0.2)
