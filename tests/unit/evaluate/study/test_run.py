"""The sections of a study on made-up material, where what must come out is known; no weights."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.motion_samples import source, swaying_clip
from tokendance_core.datasets import pack
from tokendance_core.errors import DataError, SettingError
from tokendance_core.evaluate.metrics import beats
from tokendance_core.evaluate.page import study_plots
from tokendance_core.evaluate.results import SongFigures, SongResult
from tokendance_core.evaluate.study import distribution as study_distribution
from tokendance_core.evaluate.study import feet_and_quality, material
from tokendance_core.evaluate.study import genre as study_genre
from tokendance_core.evaluate.study import life as study_life
from tokendance_core.evaluate.study import rhythm as study_rhythm
from tokendance_core.evaluate.study import tokenizers as study_tokenizers
from tokendance_core.evaluate.study.life import Life
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, ONE_STEP, SHUFFLED, WRONG_TEMPO, StudySettings
from tokendance_core.evaluate.study.rhythm import Moves, Rhythm
from tokendance_core.types import FPS, SAMPLE_RATE, Music, MusicFeatures


def dancer(song: np.ndarray, late: float = 0.0) -> Moves:
    """Moves that settle ``late`` seconds after each beat."""
    return Moves(song[:-1] + late, seconds=30.0, density=2.0, speed=0.5)


SONGS = [np.arange(0.2 + 0.03 * i, 30.0, 60 / bpm) for i, bpm in enumerate((90, 97, 104, 111, 118, 125, 132))]


class IdentityCodec:
    """Loses nothing; the codes of a dance are its frame numbers, two codebooks a half."""

    def encode(self, clip):
        tokens = np.arange(10).reshape(5, 2)
        return SimpleNamespace(upper=tokens, lower=tokens % 2, clip=clip)

    def decode(self, tokens):
        return tokens.clip


class OneNote:
    def encode(self, features):
        return SimpleNamespace(semantic=np.zeros(8, int), acoustic=np.arange(8))


@pytest.fixture(scope="module")
def clips():
    moving = [
        source(swaying_clip(360, seed=seed), genre=genre) for seed, genre in enumerate(("pop", "pop", "salsa", "salsa"))
    ]
    held_out = [source(swaying_clip(360, seed=seed), genre=genre) for seed, genre in ((0, "pop"), (2, "salsa"))]
    for clip in held_out:
        object.__setattr__(clip, "split", "test")
    return moving + held_out


@pytest.fixture(scope="module")
def small(clips):
    """Material whose model dances exactly the training clips."""
    song = SimpleNamespace(
        name="song", split="train", beats=np.arange(0, 12, 0.5), features=MusicFeatures(np.zeros((360, 35), np.float32))
    )
    dances = [clip.clip for clip in clips[:3]]
    kinds = (
        MODEL,
        ONE_STEP,
        COMPOSED,
        SHUFFLED,
        WRONG_TEMPO,
        material.RECONSTRUCTED,
        material.RANDOM_CLIP,
        material.FROZEN,
    )
    model = SimpleNamespace(dance_codec=IdentityCodec(), music_codec=OneNote(), genres=("any", "pop", "salsa"))
    return material.Material(
        model=model,
        settings=StudySettings(),
        clips=clips,
        all_songs=[song],
        songs=[song] * 3,
        music=[],
        dances={kind: [dances] for kind in kinds},
        raw=dances,
        unlocked=dances,
        whole=dances,
    )


def test_dance_on_the_beat_beats_its_controls():
    row = study_rhythm.alignment([[dancer(song) for song in SONGS]], SONGS, beats.beat_alignment)
    assert row.own_song.mean > 0.97
    assert row.other_songs.mean < 0.6
    assert row.random_phase.mean < 0.6
    assert row.p_own_over_other == pytest.approx(1 / 2**7)
    assert row.p_own_over_phase == pytest.approx(1 / 2**7)


def test_dance_at_any_phase_gains_nothing():
    late = np.random.default_rng(0).uniform(0, 0.5, len(SONGS))
    row = study_rhythm.alignment(
        [[dancer(song, by) for song, by in zip(SONGS, late, strict=True)]], SONGS, beats.beat_alignment
    )
    assert row.p_own_over_phase > 0.05


def test_seeds_are_averaged_before_the_test():
    good, bad = [dancer(song) for song in SONGS], [dancer(song, 0.3) for song in SONGS]
    row = study_rhythm.alignment([good, bad], SONGS, beats.beat_alignment)
    alone = study_rhythm.alignment([good], SONGS, beats.beat_alignment)
    assert row.own_song.sd > 0.1
    assert row.own_song.mean < alone.own_song.mean


def test_settling_shows_the_part_of_the_beat():
    table = study_rhythm.settling([[dancer(song, 0.25 * 60 / 90) for song in SONGS[:1]]], SONGS[:1])
    assert max(table, key=table.get) == "0.25"
    assert table["0.25"] == pytest.approx(study_rhythm.PARTS)


def test_beats_on_frames_settle_everywhere_alike():
    song = np.arange(0, 600, 15) / FPS
    table = study_rhythm.settling([[Moves(np.arange(0, 585) / FPS, seconds=20.0, density=30.0, speed=0.5)]], [song])
    np.testing.assert_allclose(list(table.values()), 1.0, atol=0.03)


def test_a_perfect_codec_meets_every_gate(small):
    section = study_tokenizers.tokenizers(small)
    row = section.tables["Reconstruction"]["held out"]
    assert row.joint_error_cm.mean == 0
    assert (row.jerk_ratio, row.drift_cm_per_10s, row.yaw_drift_degrees_per_10s, row.clips) == (1.0, 0.0, 0.0, 2)
    assert row.standing_slide_cm_s == row.slide_in_own_contacts_cm_s == row.true_standing_slide_cm_s
    assert len(section.gates) == 4
    assert all(gate.met for gate in section.gates)


def test_code_usage_counts_every_codebook(small):
    rows = study_tokenizers.code_usage(small)
    assert set(rows) == {
        "upper, codebook 1",
        "upper, codebook 2",
        "lower, codebook 1",
        "lower, codebook 2",
        "semantic, codebook 1",
        "acoustic, codebook 1",
    }
    assert rows["upper, codebook 1"].used_percent == 0.5
    assert rows["acoustic, codebook 1"].entropy_bits == pytest.approx(3.0)
    assert rows["semantic, codebook 1"].entropy_bits == 0


def test_copies_of_training_dance_are_found_out(small):
    by_genre = {"pop": small.training_clips("pop"), "salsa": small.training_clips("salsa")}
    life = study_life.life(small, by_genre)
    assert life.nearest[MODEL].distance_cm.mean < 0.1
    assert all(gate.met for gate in life.section.gates if "speed" in gate.what or "range" in gate.what)
    assert life.differences["model, one seed, two songs"].distance_cm.mean > 1


def test_genre_of_the_training_dance_is_recognised(small):
    by_genre = {
        "any": small.training_clips(),
        "pop": small.training_clips("pop"),
        "salsa": small.training_clips("salsa"),
    }
    section = study_genre.genre(small, by_genre)
    rows = section.tables["Accuracy"]
    assert rows["model, genre as requested"].accuracy_percent == 100
    assert rows["the same, another genre requested"].accuracy_percent == 0
    assert rows["chance"].accuracy_percent == 50
    assert section.gates[0].met


def test_windows_start_where_the_dancer_stands(clips):
    windows = study_distribution.cut([clip.clip for clip in clips])
    assert len(windows) == len(clips)
    assert all(window.shape == (300, 24, 3) and not window[0, 0].any() for window in windows)


def test_plots_need_no_song_with_phrases(small):
    settling = {kind: {"0": 1.0} for kind in (MODEL, ONE_STEP, COMPOSED, WRONG_TEMPO)}
    study = SimpleNamespace(
        rhythm=Rhythm(music_to_dance={}, dance_to_music={}, settling=settling, amount={}, songs=0),
        life=Life(by_genre={}, differences={}, nearest={}, repetition={}),
        songs=[SongResult("short", "held out", beats=[], figures=SongFigures(0, 0, 0, 0, 0), energy=[])],
    )
    assert set(study_plots.plots(study)) == {"Rhythm", "Life"}


def test_shuffled_music_keeps_its_sounds():
    music = Music(np.arange(10 * SAMPLE_RATE, dtype=np.float32), "count")
    mixed = material.shuffled(music, np.random.default_rng(0))
    assert not np.array_equal(mixed.samples, music.samples)
    np.testing.assert_array_equal(np.sort(mixed.samples), music.samples)
    assert 3 <= (np.diff(mixed.samples) != 1).sum() <= 14


def test_frozen_holds_the_first_pose():
    clip = swaying_clip(60)
    frozen = material.frozen(clip)
    assert frozen.frames == 60
    np.testing.assert_array_equal(frozen.root, np.tile(clip.root[0], (60, 1)))
    np.testing.assert_array_equal(frozen.rot6d, np.tile(clip.rot6d[0], (60, 1, 1)))


@pytest.mark.parametrize("wrong", [{"songs": 1}, {"seeds": 0}, {"seconds": 5.0}])
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(SettingError, match="expected") as caught:
        StudySettings(**wrong)
    assert caught.value.hint


def test_too_few_songs_are_told():
    short = SimpleNamespace(name="short", split="train", beats=np.arange(4.0), features=SimpleNamespace(frames=4 * FPS))
    with pytest.raises(DataError, match="0 songs"):
        material.choose_songs([short], StudySettings())


def test_held_out_songs_come_first():
    songs = [
        SimpleNamespace(name=name, split=split, beats=np.arange(60.0), features=SimpleNamespace(frames=60 * FPS))
        for name, split in (("a", "train"), ("b", "validation"), ("c", "train"))
    ]
    assert [song.name for song in material.choose_songs(songs, StudySettings(songs=2))] == ["b", "a"]


def test_training_dance_has_no_distance_to_itself(small):
    rows = study_distribution.distribution(small).tables["Distance to training dance"]
    assert rows[study_distribution.REFERENCE]["fid_k"] == pytest.approx(0, abs=1e-6)
    assert rows[MODEL]["windows"] == 3
    assert rows[MODEL]["enough_windows"] == "no"
    assert rows["held-out dance"]["fid_g"] >= 0


@pytest.mark.parametrize(
    ("splits", "told"),
    [(("train",), "no held-out clip"), (("test",), "no training clip"), (("train", "test"), "0 songs")],
)
def test_a_pack_without_one_side_is_told(clips, splits, told, monkeypatch):
    monkeypatch.setattr(pack, "load_motion", lambda data: [clip for clip in clips if clip.split in splits])
    monkeypatch.setattr(pack, "load_songs", lambda data: [])
    with pytest.raises(DataError, match=told) as caught:
        material.gather(None, Path("data"), StudySettings(), lambda line: None)
    assert caught.value.hint


def test_inside_leaves_both_ends_out_of_long_clips() -> None:
    clip = swaying_clip(600)
    inner = feet_and_quality.inside(clip)
    np.testing.assert_array_equal(inner.root, clip.root[90:510])
    assert feet_and_quality.inside(swaying_clip(200)).frames == 200
