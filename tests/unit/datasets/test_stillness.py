from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import still_clip, swaying_clip
from tokendance_core.datasets import pack
from tokendance_core.datasets.stillness import dance_span, still
from tokendance_core.motion.skeleton import JOINTS
from tokendance_core.types import MotionClip

MARGIN = 9
"""Frames of standing that are kept at either end."""


def then(*clips: MotionClip) -> MotionClip:
    """One clip after the other."""
    rot6d, root = (np.concatenate([getattr(clip, name) for clip in clips]) for name in ("rot6d", "root"))
    return MotionClip(rot6d, root)


def standing(frames: int) -> MotionClip:
    """Somebody who stands where ``swaying_clip`` dances, the pelvis swaying by two centimetres."""
    pose = swaying_clip(1)
    sway = 0.02 * np.sin(np.arange(frames) / 30 * 2 * np.pi * 0.7)[:, None] * np.array([1.0, 0.1, 0.5])
    return MotionClip(np.repeat(pose.rot6d, frames, 0), (pose.root + sway).astype(np.float32))


@given(*2 * [st.just(0) | st.integers(30, 200)])
@settings(max_examples=20, deadline=None)
def test_a_swaying_stand_before_and_after_the_dance_is_found(before: int, after: int) -> None:
    clip = then(standing(before), swaying_clip(150), standing(after))
    start, stop = dance_span(clip)
    assert abs(start - max(before - MARGIN, 0)) <= 9
    assert abs(stop - min(before + 150 + MARGIN, clip.frames)) <= 9


def test_a_fidget_before_the_dance_is_not_its_beginning() -> None:
    start, _ = dance_span(then(standing(60), swaying_clip(12), standing(60), swaying_clip(150)))
    assert start == pytest.approx(132 - MARGIN, abs=9)


def test_a_clip_in_which_nobody_dances_stays_whole() -> None:
    assert dance_span(still_clip(100)) == (0, 100)
    assert still(still_clip(100)).all()


@pytest.mark.parametrize(("pause", "is_still"), [(60, True), (9, False)])
def test_a_pause_is_still_only_if_it_lasts(pause: int, is_still: bool) -> None:
    clip = then(swaying_clip(90), standing(pause), swaying_clip(90))
    assert still(clip)[90 + pause // 2] == is_still
    assert not still(clip)[:80].any()
    assert dance_span(clip) == (0, clip.frames)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack of takes with two seconds of standing before the dance: salsa, a loop, one danced to known music."""
    clip = then(standing(60), swaying_clip(150, bpm=100.0))
    names = [name for name in JOINTS if name in pack._SMPL_NAME.values()]
    theirs = {ours: name for name, ours in pack._SMPL_NAME.items()}
    kept = [JOINTS.index(name) for name in names]
    for where in ("motion", "motion_aux"):
        (tmp_path / where).mkdir()
        for name in ("cmu_60_01", "loop", "music"):
            np.savez(tmp_path / where / f"{name}.npz", rot6d=clip.rot6d[:, kept], root=clip.root)
    index = {"joints": [theirs[name] for name in names], "clips": [{"id": "loop", "style": "loop"}]}
    tempo = {name: {"bpm": 100.0, "phase": 0.25, "z": z} for name, z in (("cmu_60_01", 5.0), ("music", None))}
    for file, content in (("motion_index.json", index), ("motion_tempo.json", tempo)):
        (tmp_path / file).write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def test_takes_of_the_pack_begin_with_the_dance_and_their_grid_goes_along(folder: Path) -> None:
    take, loop, music = pack.load_motion(folder)
    cut = 210 - take.clip.frames
    assert cut == pytest.approx(60 - MARGIN, abs=9)
    assert loop.clip.frames == 210, "a loop closes only as a whole"
    assert music.clip.frames == 210, "its music plays from its first frame"
    assert take.grid is not None
    np.testing.assert_allclose(take.grid.beats(3.0) + cut / 30, pack.BeatGrid(100.0, 0.25).beats(3.0 + cut / 30)[3:])


def test_other_motion_of_the_pack_keeps_its_stillness(folder: Path) -> None:
    assert [source.clip.frames for source in pack.load_motion(folder, auxiliary=True)] == 3 * [210]


@given(st.floats(60, 200), st.floats(0, 1), st.floats(0, 20))
def test_a_grid_without_its_beginning_has_the_same_beats(bpm: float, share: float, cut: float) -> None:
    grid = pack.BeatGrid(bpm, share * 60 / bpm)
    there = grid.after(cut).beats(5.0) + cut
    position = (there - grid.phase) / (60 / bpm)
    np.testing.assert_allclose(position, np.round(position), atol=1e-6)
    assert replace(grid, phase=0.0).after(cut).phase < 60 / bpm + 1e-9
