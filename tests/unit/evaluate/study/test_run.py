"""The sections of a study on made-up material, where what must come out is known; no weights."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.motion_samples import arms_or_knees, posed, source, still_clip, swaying_clip, walking
from tokendance_core.datasets import pack
from tokendance_core.errors import DataError, SettingError
from tokendance_core.evaluate.metrics import beats
from tokendance_core.evaluate.metrics.events import EVENTS
from tokendance_core.evaluate.page import study_plots
from tokendance_core.evaluate.results import SongFigures, SongResult
from tokendance_core.evaluate.study import distribution as study_distribution
from tokendance_core.evaluate.study import feet_and_quality, material
from tokendance_core.evaluate.study import genre as study_genre
from tokendance_core.evaluate.study import life as study_life
from tokendance_core.evaluate.study import rhythm as study_rhythm
from tokendance_core.evaluate.study import staging as study_staging
from tokendance_core.evaluate.study import structure as study_structure
from tokendance_core.evaluate.study import tokenizers as study_tokenizers
from tokendance_core.evaluate.study.life import Life
from tokendance_core.evaluate.study.material import (
    COMPOSED,
    MODEL,
    ONE_STEP,
    SHUFFLED,
    UNLOCKED,
    WRONG_TEMPO,
    StudySettings,
)
from tokendance_core.evaluate.study.rhythm import Rhythm, Tracked
from tokendance_core.evaluate.timed_dances import Kind, Moves
from tokendance_core.music import features
from tokendance_core.types import FPS, SAMPLE_RATE, Music, MusicFeatures


def dancer(song: np.ndarray, late: float = 0.0) -> Moves:
    """Moves that settle, brake and step ``late`` seconds after each beat."""
    return Moves(dict.fromkeys(EVENTS, song[:-1] + late), seconds=30.0, speed=0.5)


def kind(*seeds: list[Moves]) -> Kind:
    """Dances to ``SONGS``, or the first of them, each by an artist of its own."""
    songs = SONGS[: len(seeds[0])]
    return Kind(seeds, songs, [str(i) for i in range(len(songs))])


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
    held_out = [
        source(swaying_clip(540, seed=seed), genre=genre) for seed, genre in enumerate(("pop", "pop", "salsa", "salsa"))
    ]
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
        locked=dances,
        whole=dances,
        untold=dances,
    )


def test_dance_on_the_beat_beats_its_controls():
    row = study_rhythm.alignment(kind([dancer(song) for song in SONGS]), SONGS, beats.beat_alignment)
    assert row.own_song.mean > 0.97
    assert row.other_songs.mean < 0.6
    assert row.random_phase.mean < 0.6
    assert row.p_own_over_other == pytest.approx(1 / 2**7)
    assert row.p_own_over_phase == pytest.approx(1 / 2**7)


def test_dance_at_any_phase_gains_nothing():
    late = np.random.default_rng(0).uniform(0, 0.5, len(SONGS))
    dances = kind([dancer(song, by) for song, by in zip(SONGS, late, strict=True)])
    assert study_rhythm.alignment(dances, SONGS, beats.beat_alignment).p_own_over_phase > 0.05


def test_seeds_are_averaged_before_the_test():
    good, bad = [dancer(song) for song in SONGS], [dancer(song, 0.3) for song in SONGS]
    row = study_rhythm.alignment(kind(good, bad), SONGS, beats.beat_alignment)
    alone = study_rhythm.alignment(kind(good), SONGS, beats.beat_alignment)
    assert row.own_song.sd > 0.1
    assert row.own_song.mean < alone.own_song.mean


def test_settling_shows_the_part_of_the_beat():
    table = study_rhythm.settling(kind([dancer(SONGS[0], 0.25 * 60 / 90)]))
    assert max(table, key=table.get) == "0.25"
    assert table["0.25"] == pytest.approx(study_rhythm.PARTS)


def test_beats_on_frames_settle_everywhere_alike():
    song = np.arange(0, 600, 15) / FPS
    everywhere = Moves({"minima": np.arange(0, 585) / FPS}, seconds=20.0, speed=0.5)
    table = study_rhythm.settling(Kind([[everywhere]], [song], ["song"]))
    np.testing.assert_allclose(list(table.values()), 1.0, atol=0.03)


def test_who_answers_late_keeps_the_tempo_but_not_the_beat():
    row = study_rhythm.timing(kind([dancer(song, 0.5 * np.diff(song)[0]) for song in SONGS]))
    assert row.lock_excess.mean > 0.3
    assert row.minima_gain.mean < -0.3
    assert row.dances == len(SONGS)


def test_songs_of_one_artist_count_once():
    dances = [dancer(SONGS[0]), *(dancer(song, 0.3) for song in SONGS[1:4])]
    row = study_rhythm.timing(Kind([dances], SONGS[:4], ["a", "b", "b", "b"]))
    gains = [beats.gain_over_random_phase(song[:-1], moves.beats) for song, moves in zip(SONGS, dances, strict=False)]
    assert row.minima_gain.mean == pytest.approx((gains[0] + np.mean(gains[1:])) / 2, abs=0.03)


def rhythm_material(small):
    """A song to train on and two others, each "heard" as its beats, which the model keeps or not."""
    songs = [
        SimpleNamespace(name=str(i), artist=str(i), split=split, beats=np.arange(0.5, 12, period))
        for i, (split, period) in enumerate((("train", 0.5), ("test", 0.55), ("validation", 0.6)))
    ]
    return replace(small, songs=songs, music=[song.beats for song in songs], settings=StudySettings(seconds=12))


def test_rhythm_is_measured_on_songs_that_nothing_was_trained_on(small, clips):
    found = study_rhythm.rhythm(rhythm_material(small), second=lambda heard: heard + 0.05)
    assert found.songs == 2
    assert set(found.agreement) == {"1", "2"}
    assert found.agreement["1"].f_at_70_ms == 1
    assert found.agreement["1"].offset_ms == pytest.approx(50)
    assert set(found.trackers) == {study_rhythm.OWN, study_rhythm.SECOND}
    rows = found.trackers[study_rhythm.OWN].timing
    assert {MODEL, material.RAW, COMPOSED, study_rhythm.REAL, study_rhythm.WRONG_SONG} <= set(rows)
    assert rows[MODEL].dances == 2
    assert rows[study_rhythm.REAL].dances == len(clips)
    assert rows[MODEL].placed_by == "the network"
    assert "Tempo lock, and gain over random phase, beats by librosa" in found.section.tables
    gates = {gate.what: gate for gate in found.section.gates}
    for name, tracked in found.trackers.items():
        own = tracked.music_to_dance[MODEL].own_song.mean
        assert gates[f"beat alignment by {name}"].figure == own
        assert gates[f"beat alignment by {name}"].met is (own >= study_rhythm.LAST_RELEASE[name])


@pytest.mark.parametrize(("deaf", "trackers"), [((1,), 2), ((0, 1), 1)])
def test_songs_in_which_the_second_tracker_hears_nothing_are_left_out_of_its_rows(small, deaf, trackers):
    made = rhythm_material(small)
    nothing = [song.beats for i, song in enumerate(made.songs) if i in deaf]
    found = study_rhythm.rhythm(made, second=lambda heard: heard[:0] if any(heard is n for n in nothing) else heard)
    assert set(found.agreement) == {"2"}
    assert len(found.trackers) == trackers
    assert [tracked.timing[MODEL].dances for tracked in found.trackers.values()] == [2, 1][:trackers]


def test_shares_of_real_dance():
    rows = {
        study_rhythm.REAL: study_rhythm.timing(kind([dancer(song) for song in SONGS])),
        MODEL: study_rhythm.timing(kind([dancer(song) for song in SONGS])),
    }
    assert study_rhythm.shares(rows) == {MODEL: {figure: pytest.approx(100) for figure in study_rhythm.SHARES}}
    assert study_rhythm.shares({MODEL: rows[MODEL]}) == {}


def test_a_perfect_codec_meets_every_gate(small):
    section = study_tokenizers.tokenizers(small)
    row = section.tables["Reconstruction"]["held out"]
    assert row.joint_error_cm.mean == 0
    assert (row.jerk_ratio, row.drift_cm_per_10s, row.yaw_drift_degrees_per_10s, row.clips) == (1.0, 0.0, 0.0, 4)
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


def test_copies_are_told_genre_by_genre(small):
    clips = split_clips({"pop": ("arms", "arms"), "salsa": ("knees", "knees"), "jazz": ("arms", "arms")})
    material = replace(small, clips=clips[:-1])
    known, new = material.training_clips("pop"), [arms_or_knees("knees", seed) for seed in range(6, 8)]
    life = study_life.life(material, {"pop": known, "salsa": new, "jazz": new})
    assert life.copying["pop"].over_held_out < 0.1 < 0.3 < life.copying["salsa"].over_held_out
    assert life.copying["jazz"].held_out_distance_cm is None
    gates = {gate.theme: gate.met for gate in life.section.gates if "training data" in gate.what}
    assert gates["4 life, pop"] is False
    assert set(gates) == {"4 life, pop", "4 life, salsa"}


def split_clips(looks: dict[str, tuple[str, str]], frames: int = 600) -> list:
    """Four training and two held-out clips of each genre, from how either looks."""
    made = [
        (source(arms_or_knees(look, seed, frames), genre=genre), split)
        for genre, both in looks.items()
        for look, split, seeds in zip(both, ("train", "test"), (range(4), range(4, 6)), strict=True)
        for seed in seeds
    ]
    return [replace(clip, split=split) for clip, split in made]


def copied(material) -> dict:
    return {genre: material.training_clips(genre) for genre in ("pop", "salsa")}


def test_genre_is_judged_by_dance_that_nobody_copied(small):
    material = replace(small, clips=split_clips({"pop": ("arms", "arms"), "salsa": ("knees", "knees")}))
    section = study_genre.genre(material, copied(material) | {"any": material.training_clips()})
    rows, means = section.tables["Recognised as requested"], section.tables["Mean over the genres that can be judged"]
    assert set(rows) == {"pop", "salsa"}
    assert (rows["pop"].held_out_percent, rows["pop"].model_percent, rows["pop"].verdict) == (100, 100, "judged")
    assert means[study_genre.REQUESTED].over_held_out == 1
    assert means["the same, another genre requested"].accuracy_percent == 0
    assert means["chance"].accuracy_percent == 50
    assert [gate.met for gate in section.gates] == [True, True, True]


def test_a_copied_dancer_is_no_genre(small):
    # Held-out dancers look the other way round than those that the model learned from.
    material = replace(small, clips=split_clips({"pop": ("arms", "knees"), "salsa": ("knees", "arms")}))
    section = study_genre.genre(material, copied(material))
    row = section.tables["Recognised as requested"]["pop"]
    assert (row.model_by_training_classifier_percent, row.held_out_percent, row.model_percent) == (100, 100, 0)
    assert [gate.met for gate in section.gates] == [True, False, False]


def test_a_genre_that_is_never_recognised_is_not_hidden_by_the_others(small):
    looks = {"pop": ("arms", "arms"), "salsa": ("knees", "knees")}
    material = replace(small, clips=split_clips(looks))
    made = copied(material)
    section = study_genre.genre(material, {"pop": made["pop"], "salsa": made["pop"]})
    assert {gate.theme: gate.met for gate in section.gates} == {
        "6 genre": True,
        "6 genre, pop": True,
        "6 genre, salsa": False,
    }


def test_a_genre_with_little_held_out_dance_is_undecidable(small):
    clips = split_clips({"pop": ("arms", "arms"), "salsa": ("knees", "knees"), "jazz": ("arms", "arms")})
    held_out = [clip for clip in clips if clip.split == "test"]
    material = replace(small, clips=[clip for clip in clips if clip is not held_out[-1]])
    assert set(study_genre.decidable(material)) == {"pop", "salsa"}
    row = study_genre.genre(material, copied(material) | {"jazz": material.training_clips("jazz")}).tables[
        "Recognised as requested"
    ]["jazz"]
    assert (row.verdict, row.model_percent) == (study_genre.UNDECIDABLE, None)
    alone = replace(small, clips=[clip for clip in clips if clip not in held_out[1:]])
    section = study_genre.genre(alone, copied(alone))
    assert all(row.verdict == study_genre.UNDECIDABLE for row in section.tables["Recognised as requested"].values())
    assert [gate.met for gate in section.gates] == [False]


def test_windows_start_where_the_dancer_stands(clips):
    windows = study_distribution.cut([clip.clip for clip in clips])
    assert len(windows) == len(clips)
    assert all(window.shape == (300, 24, 3) and not window[0, 0].any() for window in windows)


def test_plots_need_no_song_with_phrases(small):
    settling = {kind: {"0": 1.0} for kind in (MODEL, ONE_STEP, COMPOSED, WRONG_TEMPO)}
    study = SimpleNamespace(
        rhythm=Rhythm(trackers={study_rhythm.OWN: Tracked({}, {}, {}, settling)}, amount={}, agreement={}, songs=0),
        life=Life(by_genre={}, copying={}, differences={}, nearest={}, repetition={}),
        songs=[SongResult("short", "held out", beats=[], figures=SongFigures(0, 0, 0, 0, 0), energy=[])],
    )
    assert set(study_plots.plots(study)) == {"Rhythm", "Life"}


def test_shuffled_music_keeps_its_sounds():
    music = Music(np.arange(10 * SAMPLE_RATE, dtype=np.float32), "count")
    mixed = material.shuffled(music, np.random.default_rng(0))
    assert not np.array_equal(mixed.samples, music.samples)
    np.testing.assert_array_equal(np.sort(mixed.samples), music.samples)
    assert 3 <= (np.diff(mixed.samples) != 1).sum() <= 14


def test_phrases_at_a_wrong_tempo_are_the_same_phrases():
    clip = swaying_clip(300)
    slow = material.slowed(clip)
    assert slow.frames == clip.frames
    np.testing.assert_allclose(slow.root[107], clip.root[100], atol=1e-3)
    np.testing.assert_allclose(slow.rot6d[214], clip.rot6d[200], atol=1e-3)


def test_feet_that_glide_miss_their_gates(small):
    gliding, real = [walking(1.5, 300)] * 3, source(walking(0.5, 300))
    clips, unlocked = [real, replace(real, split="test")], [walking(0.7, 300)] * 3
    material = replace(small, clips=clips, unlocked=unlocked, locked=gliding)
    section = feet_and_quality.feet_and_quality(replace(material, dances={kind: [gliding] for kind in small.dances}))
    row = section.tables["Feet and quality"][MODEL]
    assert row.foot_slide_cm_s.mean == 0  # too fast to be a contact
    assert row.low_feet_p50_cm_s == pytest.approx(150, rel=1e-3)
    found = {gate.what: gate for gate in section.gates if "low feet" in gate.what}
    finished, before = (
        f"speed of low feet{when}, 90th percentile, over held-out dance" for when in ("", " before the foot lock")
    )
    assert (found[finished].met, found[before].met) == (False, True)
    multiples = section.tables["Feet and quality, as multiples of held-out dance"]
    assert found[finished].figure == multiples[MODEL]["low_feet_p90"] == pytest.approx(3, rel=1e-3)
    assert found[before].figure == multiples[UNLOCKED]["low_feet_p90"] == pytest.approx(1.4, rel=1e-3)


def whipping(seconds: int, whips: int):
    """A dancer who stands, and turns round at once now and then."""
    turned = np.zeros(seconds * FPS)
    turned[[round((i + 1) * len(turned) / (whips + 1)) for i in range(whips)]] = np.pi
    return posed(len(turned), pelvis=(0, np.cumsum(turned), 0))


def test_whips_are_compared_with_those_of_the_genre(small):
    clips = [source(whipping(30, 2), genre="salsa"), replace(source(whipping(30, 0), genre="pop"), split="test")]
    calm = {kind: [[whipping(30, 0)]] for kind in small.dances}
    material = replace(small, clips=[*clips, replace(clips[0], split="test"), replace(clips[1], split="train")])
    material = replace(material, dances=calm, raw=[whipping(30, 0)])
    one = [whipping(30, 1)]
    section = study_staging.staging(material, {"any": one, "salsa": one, "pop": one})
    row = section.tables["Whips by genre"]["salsa"]
    assert (row.whips_per_minute.mean, row.real_whips_per_minute.mean, row.real_minutes) == (2, 4, 1)
    met = {gate.theme: gate.met for gate in section.gates if "whips" in gate.what}
    assert met == {"8 stage": True, "8 stage, salsa": True, "8 stage, pop": False}


def test_a_dance_may_return_where_its_song_does(small):
    sounds = np.random.default_rng(0).normal(size=(3, 40 * FPS, 35)).astype(np.float32)
    # Sways of a second each, none like another, but for the third passage, which is the first again.
    seconds = [*range(80), *range(40), *range(80, 120)]
    clip = swaying_clip(len(seconds) * FPS)
    clip = replace(clip, rot6d=np.concatenate([swaying_clip(FPS, seed=seed).rot6d for seed in seconds]))
    song = SimpleNamespace(features=MusicFeatures(np.concatenate(sounds[[0, 1, 0, 2]])))
    rows = study_life.life(replace(small, songs=[song], whole=[clip]), {}).repetition
    assert (rows[MODEL].most, rows[study_life.ANEW].most) == (2, 1)


def song_of(phrases: list[float], name: str, artist: str, split: str = "test") -> SimpleNamespace:
    """A song of phrases of eight seconds with these loudnesses and onset strengths."""
    values = np.zeros((240 * len(phrases), 35), np.float32)
    values[:, [features.LOUDNESS, features.ONSET]] = np.repeat(phrases, 240)[:, None]
    beats = np.arange(0, 8 * len(phrases), 0.5)
    return SimpleNamespace(name=name, artist=artist, split=split, beats=beats, features=MusicFeatures(values))


def following(song: SimpleNamespace):
    return walking(song.features.values[:, features.LOUDNESS] / 5, song.features.frames)


def test_structure_stands_beside_what_it_was_told_and_another_song(small):
    rng = np.random.default_rng(0)
    songs = [song_of(list(rng.permutation(9) + 1.0), f"song {i}", f"artist {i}") for i in range(4)]
    followed, even = [following(song) for song in songs], [still_clip(song.features.frames) for song in songs]
    dances = {kind: [even] for kind in small.dances}
    section = study_structure.structure(replace(small, songs=songs, whole=followed, untold=even, dances=dances))
    rows = section.tables["Rank correlation of joint speed with onset strength"]
    assert rows[MODEL].own_song.mean == pytest.approx(1)
    assert rows[MODEL].gain.low > 0.3
    assert rows[MODEL].effect > 1
    assert rows[study_structure.UNTOLD].own_song.mean == 0
    assert rows[study_structure.WRONG_SONG].own_song.mean < 0.7
    assert [gate.met for gate in section.gates] == [True, False]


def test_structure_counts_artists_of_songs_that_were_not_trained_on(small):
    rising, falling = [1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0]
    songs = [
        *(song_of(rising, f"one {i}", "one") for i in range(3)),
        song_of(falling, "two", "two"),
        song_of(rising, "trained", "three", split="train"),
    ]
    # All that was heard of "one" is followed, and the contrary of "two".
    whole = [*(following(song) for song in songs[:3]), following(songs[0]), following(songs[3])]
    dances = {kind: [whole] for kind in small.dances}
    section = study_structure.structure(replace(small, songs=songs, whole=whole, untold=whole, dances=dances))
    row = section.tables["Rank correlation of joint speed with loudness"][MODEL]
    assert row.own_song.mean == pytest.approx(0)
    assert (row.own_song.low, row.own_song.high) == pytest.approx((-1, 1))
    assert len(section.tables[f"{MODEL}, song by song"]) == 5


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
    short = SimpleNamespace(name="short", split="test", beats=np.arange(4.0), features=SimpleNamespace(frames=4 * FPS))
    with pytest.raises(DataError, match="0 songs"):
        material.choose_songs([short], StudySettings())


def test_songs_that_were_all_trained_on_are_told():
    songs = [
        SimpleNamespace(name=name, split="train", beats=np.arange(60.0), features=SimpleNamespace(frames=60 * FPS))
        for name in ("a", "b")
    ]
    with pytest.raises(DataError, match="None of the 2 songs") as caught:
        material.choose_songs(songs, StudySettings())
    assert "split" in caught.value.hint


def test_held_out_songs_come_first():
    songs = [
        SimpleNamespace(name=name, split=split, beats=np.arange(60.0), features=SimpleNamespace(frames=60 * FPS))
        for name, split in (("a", "train"), ("b", "validation"), ("c", "train"))
    ]
    assert [song.name for song in material.choose_songs(songs, StudySettings(songs=2))] == ["b", "a"]


def test_the_card_names_the_windows_that_are_compared():
    card = (Path(__file__).parents[4] / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(\d+) s windows", card)) <= {f"{material.WINDOW:g}"}


def some_features(count: int, seed: int, shift: float = 0.0) -> dict[str, np.ndarray]:
    rows = np.random.default_rng(seed).standard_normal((count, 6)) + shift
    return dict.fromkeys(study_distribution.FEATURES, rows)


def test_kinds_with_more_windows_have_no_advantage():
    kinds = {
        "reference": some_features(80, 0),
        "few": some_features(40, 1),
        "many": some_features(800, 2),
        "other": some_features(40, 3, shift=1.0),
    }
    rows = study_distribution.distances(kinds, "reference")
    assert {row["drawn"] for row in rows.values()} == {40}
    assert rows["many"]["windows"] == 800
    floor = rows["reference"]["fid_k"].mean
    assert rows["few"]["fid_k"].mean == pytest.approx(floor, rel=0.5)
    assert rows["many"]["fid_k"].mean == pytest.approx(floor, rel=0.5)
    assert rows["other"]["fid_k"].mean > 3 * floor


def test_copies_are_near_training_dance_and_not_near_held_out_dance(small):
    apart = [source(arms_or_knees("arms", seed, 900)) for seed in range(4)]
    held_out = [replace(source(arms_or_knees("knees", seed, 900)), split="test") for seed in range(4)]
    dances = {kind: [[clip.clip for clip in apart]] for kind in small.dances}
    section = study_distribution.distribution(replace(small, clips=apart + held_out, dances=dances))
    near, far = (section.tables[f"Distance to {side}"] for side in ("training dance", "held-out dance"))
    assert near[MODEL]["fid_k"].mean < 0.5 * far[MODEL]["fid_k"].mean
    assert far["held-out dance"]["fid_k"].mean < far[MODEL]["fid_k"].mean
    # Nobody lifts a foot or a hand.
    assert section.tables["Features, training dance"]["g"]["left out"] > 10
    assert section.tables["Features, training dance"]["g"]["features"] == 32


def test_a_training_set_of_few_windows_is_told(small):
    with pytest.raises(DataError, match="fills 0 windows of 10 s, expected 4 or more"):
        study_distribution.distribution(replace(small, clips=[clip for clip in small.clips if clip.split != "train"]))


@pytest.mark.parametrize(
    ("splits", "told"),
    [(("train",), "no held-out clip"), (("test",), "no training clip"), (("train", "test"), "0 songs")],
)
def test_a_pack_without_one_side_is_told(clips, splits, told, monkeypatch):
    monkeypatch.setattr(pack, "load_motion", lambda data: [clip for clip in clips if clip.split in splits])
    monkeypatch.setattr(pack, "load_songs", lambda data, log: [])
    with pytest.raises(DataError, match=told) as caught:
        material.gather(None, Path("data"), StudySettings(), lambda line: None)
    assert caught.value.hint


def test_inside_leaves_both_ends_out_of_long_clips() -> None:
    clip = swaying_clip(600)
    inner = feet_and_quality.inside(clip)
    np.testing.assert_array_equal(inner.root, clip.root[90:510])
    assert feet_and_quality.inside(swaying_clip(200)).frames == 200
