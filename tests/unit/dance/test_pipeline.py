"""The pipeline's promises, with an untrained model of the smallest size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.unit.other_values import another
from tokendance_core.dance.genre_choice import CHOOSABLE
from tokendance_core.dance.pipeline import STAGES, generate, last_beat
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.errors import Cancelled, CheckpointError, SettingError
from tokendance_core.finishing.finish import LAST_BEAT, finish
from tokendance_core.music import energy
from tokendance_core.music.clock import Clock
from tokendance_core.options import options
from tokendance_core.types import FPS, SAMPLE_RATE, Music, MusicFeatures

QUICK = GenerateSettings(steps=2)


@pytest.mark.parametrize("samples", [2 * SAMPLE_RATE, 2 * SAMPLE_RATE + 1, 3 * SAMPLE_RATE - 1, 60_000])
def test_dance_lasts_as_long_as_the_music(clicks, tiny_checkpoint, samples):
    music = Music(clicks.samples[:samples], "part")
    clip = generate(music, tiny_checkpoint, QUICK)
    assert clip.fps == FPS
    assert clip.frames == music.frames
    assert 0 <= clip.seconds - music.seconds < 1 / FPS


def test_seed_chooses_the_dance(clicks, tiny_checkpoint):
    first, again, other = (generate(clicks, tiny_checkpoint, replace(QUICK, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.rot6d, again.rot6d)
    np.testing.assert_array_equal(first.root, again.root)
    assert np.abs(first.rot6d - other.rot6d).max() > 1e-3


def test_temperature_zero_needs_no_seed(clicks, tiny_checkpoint):
    first, other = (
        generate(clicks, tiny_checkpoint, GenerateSettings(steps=1, temperature=0, seed=seed)) for seed in (1, 2)
    )
    np.testing.assert_array_equal(first.rot6d, other.rot6d)


def test_genre_changes_what_the_network_is_given(clicks, tiny_checkpoint):
    pop, salsa = (
        generate(clicks, tiny_checkpoint, GenerateSettings(genre=genre, steps=1)) for genre in ("pop", "salsa")
    )
    assert np.abs(pop.rot6d - salsa.rot6d).max() > 0


@pytest.mark.parametrize("correction", [{"tempo": "half"}, {"tempo": "double"}, {"beat_shift": "half"}])
def test_a_dance_follows_beats_that_were_put_right(clicks, tiny_checkpoint, correction):
    settings = GenerateSettings(steps=1, temperature=0)
    heard, corrected = (generate(clicks, tiny_checkpoint, one) for one in (settings, replace(settings, **correction)))
    assert {name: corrected.info[name] for name in correction} == correction
    assert np.abs(heard.rot6d - corrected.rot6d).max() > 1e-3
    away = (corrected.info[LAST_BEAT] - heard.info[LAST_BEAT]) % 0.5  # 120 beats a minute
    assert "tempo" in correction or away == pytest.approx(0.25, abs=0.03)


def test_energy_that_is_not_told_does_not_matter(clicks, tiny_checkpoint):
    calm, wild = (GenerateSettings(steps=1, energy=shift) for shift in (-2.0, 2.0))
    told = [generate(clicks, tiny_checkpoint, settings).rot6d for settings in (calm, wild)]
    untold = [generate(clicks, tiny_checkpoint, settings, levels=energy.untold).rot6d for settings in (calm, wild)]
    assert np.abs(told[0] - told[1]).max() > 0
    np.testing.assert_array_equal(*untold)


def test_global_randomness_is_left_alone(clicks, tiny_checkpoint):
    before = torch.get_rng_state()
    generate(clicks, tiny_checkpoint, QUICK)
    assert torch.equal(before, torch.get_rng_state())


def test_progress_names_every_stage_and_never_falls(clicks, tiny_checkpoint):
    told = []
    generate(clicks, tiny_checkpoint, GenerateSettings(steps=4), lambda stage, fraction: told.append((stage, fraction)))
    fractions = [fraction for _, fraction in told]
    assert list(dict.fromkeys(stage for stage, _ in told)) == list(STAGES)
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert len({fraction for stage, fraction in told if stage == "generator"}) >= 4


def test_a_stage_is_told_by_the_work_that_it_is(clicks, tiny_checkpoint):
    """More passes: more of the whole is the generator's; no finishing, no share of it."""

    def share_before(settings: GenerateSettings, stage: str) -> float:
        told: dict[str, float] = {}
        generate(clicks, tiny_checkpoint, settings, lambda name, fraction: told.setdefault(name, fraction))
        return told[stage]

    few, many = (GenerateSettings(steps=steps, returns=0, finish=None) for steps in (1, 8))
    assert share_before(few, "decode") < 0.75 < share_before(many, "decode")
    assert share_before(few, "generator") > 2 * share_before(many, "generator")
    assert share_before(many, "finishing") == 1 > share_before(GenerateSettings(steps=8), "finishing")


@pytest.mark.parametrize("last", STAGES)
def test_progress_may_cancel_in_every_stage(clicks, tiny_checkpoint, last):
    def stop(stage, fraction):
        if stage == last:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        generate(clicks, tiny_checkpoint, QUICK, stop)


def test_clip_tells_how_it_was_made(clicks, tiny_checkpoint):
    settings = GenerateSettings(genre="pop", seed=5, steps=2, temperature=0.8)
    clip = generate(clicks, tiny_checkpoint, settings)
    assert clip.name == "clicks"
    chosen = {key: getattr(settings, key) for key in options(GenerateSettings)}
    named = {key: clip.info[key] for key in ("version", "last_beat")}
    assert clip.info == {"song": "clicks", "checkpoint": "tiny", "finished": True, "danced": "pop"} | chosen | named


def test_any_dances_the_genre_that_the_song_chooses(clicks, tiny_checkpoint):
    anything = generate(clicks, tiny_checkpoint, QUICK)
    assert anything.info["genre"] == "any"
    chosen = anything.info["danced"]
    assert chosen in CHOOSABLE
    asked_for = generate(clicks, tiny_checkpoint, replace(QUICK, genre=chosen))
    np.testing.assert_array_equal(anything.rot6d, asked_for.rot6d)


def test_a_checkpoint_of_other_genres_dances_any_as_it_learned(clicks, tiny_checkpoint):
    renamed = ("any", *(f"our {genre}" for genre in tiny_checkpoint.genres[1:]))
    assert generate(clicks, replace(tiny_checkpoint, genres=renamed), QUICK).info["danced"] == "any"


def test_raw_dance_is_finished_later_to_the_same_dance(clicks, tiny_checkpoint):
    raw = generate(clicks, tiny_checkpoint, replace(QUICK, finish=None))
    done = generate(clicks, tiny_checkpoint, QUICK)
    assert raw.info["finished"] is False
    assert np.abs(raw.root - done.root).max() > 0
    again = finish(raw, end=raw.info["last_beat"])
    np.testing.assert_allclose(again.rot6d, done.rot6d, atol=1e-5)
    np.testing.assert_allclose(again.root, done.root, atol=1e-5)


def test_unknown_genre_is_told_with_the_known_ones(clicks, tiny_checkpoint):
    with pytest.raises(SettingError, match="polka") as caught:
        generate(clicks, tiny_checkpoint, GenerateSettings(genre="polka"))
    assert all(genre in caught.value.hint for genre in tiny_checkpoint.genres)


def test_checkpoint_of_stage_one_cannot_dance(clicks, tiny_checkpoint):
    with pytest.raises(CheckpointError, match="no generator"):
        generate(clicks, replace(tiny_checkpoint, generator=None), QUICK)


# A short song of clicks has no passage that returns (see test_returns.py), and but one eight for accents.
@pytest.mark.parametrize("name", sorted(options(GenerateSettings).keys() - {"returns", "accents"}))
def test_every_option_makes_another_dance(clicks, tiny_checkpoint, name):
    """The smallest network hardly tells genres and energies apart: its tokens may be drawn alike, so many are."""
    value = another(options(GenerateSettings)[name])
    dances = [
        generate(clicks, tiny_checkpoint, replace(GenerateSettings(steps=2, seed=seed), **change))
        for change in ({}, {name: value})
        for seed in range(3)
    ]
    assert any(np.abs(one.rot6d - other.rot6d).max() > 0 for one, other in zip(dances[:3], dances[3:], strict=True))


def test_accents_are_told_or_left_to_the_dance(clicks, tiny_checkpoint):
    told, left = (
        [generate(clicks, tiny_checkpoint, GenerateSettings(steps=2, seed=seed, accents=share)) for seed in range(3)]
        for share in (1.0, 0.0)
    )
    assert any(np.abs(one.rot6d - other.rot6d).max() > 0 for one, other in zip(told, left, strict=True))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("variety", 0.0),
        ("variety", 1.1),
        ("energy", 2.1),
        ("energy", float("nan")),
        ("seed", -1),
        ("seed", 2**31),
    ],
)
def test_settings_that_make_no_sense(name, value):
    with pytest.raises(SettingError, match=name) as caught:
        GenerateSettings(**{name: value})
    assert caught.value.hint


def test_energy_changes_what_the_network_is_given(clicks, tiny_checkpoint):
    usual, wild = (generate(clicks, tiny_checkpoint, GenerateSettings(steps=1, energy=energy)) for energy in (0.0, 2.0))
    assert np.abs(usual.rot6d - wild.rot6d).max() > 0


def test_a_dance_can_be_made_in_the_time_of_the_frames(clicks, tiny_checkpoint):
    clip = generate(clicks, replace(tiny_checkpoint, clock="frames"), QUICK)
    assert clip.frames == clicks.frames


def test_the_last_beat_is_the_last_one_that_sounds():
    values = np.zeros((300, 35), np.float32)
    values[200:, 1] = -500.0  # faded away
    values[14:300:15, 34] = 1
    heard = MusicFeatures(values)
    for form in ("beats", "frames"):
        last = last_beat(heard, Clock.of_music(heard, form))
        assert 199 / FPS - 0.6 < last <= 199 / FPS


def test_music_without_beats_ends_when_it_fades():
    heard = MusicFeatures(np.zeros((90, 35), np.float32))
    assert last_beat(heard, Clock.of_music(heard, "frames")) == pytest.approx(89 / FPS)
