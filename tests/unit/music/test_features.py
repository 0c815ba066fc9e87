"""librosa defines the 35 features, numpy computes them: both must agree on signals made here and on real songs."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tokendance_core.music import audio, features
from tokendance_core.music.rhythm import phase, tempo, tracker
from tokendance_core.types import FPS, MUSIC_FEATURES, SAMPLE_RATE, Music, MusicFeatures

ROOT = Path(__file__).parents[3]
EXCERPT = 25.3
SOUND_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
LIBRARY = sorted((ROOT.parent / "shared" / "data" / "music").glob("*.ogg"))[::9]
SHIPPED = sorted(path for path in (ROOT / "examples").glob("*") if path.suffix in SOUND_SUFFIXES)


def clicks(bpm: float, seconds: float, *, offset: float = 0.5) -> np.ndarray:
    """Return decaying bursts of noise at a steady tempo."""
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 1e-3, round(seconds * SAMPLE_RATE))
    burst = rng.normal(0, 0.5, 1500) * np.exp(-np.arange(1500) / 300)
    for beat in np.arange(offset, seconds - 0.2, 60 / bpm):
        at = round(beat * SAMPLE_RATE)
        samples[at : at + len(burst)] += burst
    return samples


def signals() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.1, 12 * SAMPLE_RATE + 100)
    sweep = 0.3 * np.sin(np.cumsum(np.linspace(100, 7000, len(noise))) * 2 * np.pi / SAMPLE_RATE)
    chord = sum(np.sin(2 * np.pi * hertz * np.arange(len(noise)) / SAMPLE_RATE) for hertz in (261.6, 329.6, 392.0)) / 10
    rubato = np.concatenate([clicks(bpm, 3.1) for bpm in (70, 90, 120, 160)])
    return {
        "steady": clicks(120, 20.01),
        "slow": clicks(63, 20.01),
        "fast": clicks(190, 20.01),
        "rubato": rubato,
        "noise": noise,
        "sweep": sweep,
        "chord": chord,
        "silent_start": np.concatenate([np.zeros(4 * SAMPLE_RATE), noise]),
        "short": noise[: 2 * SAMPLE_RATE + 1],
        "whole_frames": noise[: 10 * SAMPLE_RATE],
        "longer_than_a_block": np.tile(clicks(128, 14.9), 3),
    }


SIGNALS = {name: samples.astype(np.float32) for name, samples in signals().items()}


@pytest.fixture(scope="module")
def librosa():
    return pytest.importorskip("librosa")


def librosa_features(librosa, samples: np.ndarray, frames: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Return librosa's values (T, 35), tempo and beat frames."""
    rate = {"sr": SAMPLE_RATE, "hop_length": 512}
    onset = librosa.onset.onset_strength(y=samples, **rate)[:frames]
    values = np.zeros((frames, 35))
    values[:, 0] = onset
    values[:, 1:21] = librosa.feature.mfcc(y=samples, n_mfcc=20, **rate).T[:frames]
    values[:, 21:33] = librosa.feature.chroma_stft(y=samples, tuning=0.0, **rate).T[:frames]
    values[librosa.onset.onset_detect(onset_envelope=onset, **rate), 33] = 1
    tempo, beats = librosa.beat.beat_track(onset_envelope=onset, **rate)
    values[beats, 34] = 1
    return values, float(np.squeeze(tempo)), beats


def tempo_of(found: MusicFeatures) -> float:
    """Beats a minute at the period that the beats are joined by, whole frames; 0.0 without any onset."""
    onset = found.values[:, features.ONSET]
    return FPS * 60 / tempo.beat_period(onset) if onset.any() else 0.0


def assert_agree(librosa, music: Music) -> None:
    ours = features.extract(music)
    theirs, tempo, beats = librosa_features(librosa, music.samples, music.frames)
    reach = np.maximum(np.ptp(theirs[:, :33], axis=0), 1e-6)
    worst = (np.abs(ours.values - theirs)[:, :33] / reach).max(axis=0)
    assert worst.max() < 1e-4, f"{features.FEATURE_NAMES[worst.argmax()]} is off by {worst.max():.1e} of its range"
    assert np.mean(ours.values[:, 33] != theirs[:, 33]) < 0.002
    assert tempo_of(ours) == pytest.approx(tempo)
    found = features.beat_frames(ours)
    assert abs(len(found) - len(beats)) <= 0.05 * len(beats)
    assert np.mean(np.abs(found[:, None] - beats).min(axis=0) <= 1) >= 0.95


@pytest.mark.parametrize("name", SIGNALS)
def test_agrees_with_librosa_on_made_signals(librosa, name):
    assert_agree(librosa, Music(SIGNALS[name]))


@pytest.mark.parametrize("path", [*SHIPPED, *LIBRARY], ids=lambda path: path.stem)
def test_agrees_with_librosa_on_songs(librosa, path):
    assert_agree(librosa, audio.load(path, start=3.0, duration=EXCERPT) if path in LIBRARY else audio.load(path))


def test_names_and_streams_cover_every_column_once():
    assert len(features.FEATURE_NAMES) == len(set(features.FEATURE_NAMES)) == MUSIC_FEATURES == 35
    assert list(features.SEMANTIC) == list(range(1, 21))
    assert sorted(features.SEMANTIC + features.ACOUSTIC) == list(range(35))
    assert [features.FEATURE_NAMES[i] for i in (features.ONSET, features.PEAK, features.BEAT)] == [
        "onset",
        "peak",
        "beat",
    ]
    assert features.FEATURE_NAMES[features.CHROMA] == tuple(f"chroma_{i}" for i in range(12))


@pytest.mark.parametrize("bpm", [75, 90, 100, 120, 150])
def test_finds_the_beats_of_a_metronome(bpm):
    heard = features.extract(Music(clicks(bpm, 30).astype(np.float32)))
    beats = features.beat_frames(heard)
    assert tempo_of(heard) == pytest.approx(bpm, rel=0.03)
    truth = np.arange(0.5, 29.8, 60 / bpm)[1:-1] * FPS  # the tracker may drop beats at the ends
    assert np.abs(beats[:, None] - truth).min(axis=0).max() <= 2
    np.testing.assert_allclose(np.diff(beats).mean(), FPS * 60 / bpm, rtol=0.01)


def test_chroma_names_the_note():
    for pitch_class, hertz in ((0, 261.63), (4, 329.63), (9, 440.0)):
        wave = np.sin(2 * np.pi * hertz * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
        chroma = features.extract(Music(wave)).values[5:-5, features.CHROMA]
        assert (chroma.argmax(axis=1) == pitch_class).all()


@given(
    count=st.integers(0, 40_000),
    level=st.sampled_from([0.0, 1e-30, 1e-8, 1e-3, 1.0, 1e4]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_any_length_and_level_gives_finite_rows_for_every_frame(count, level, seed):
    music = Music((level * np.random.default_rng(seed).normal(size=count)).astype(np.float32))
    heard = features.extract(music)
    assert heard.values.shape == (music.frames, 35)
    assert heard.values.dtype == np.float32
    assert np.isfinite(heard.values).all()
    assert np.isin(heard.values[:, [features.PEAK, features.BEAT]], (0, 1)).all()


@given(arrays.arrays(np.float32, st.integers(1, 6000), elements=st.floats(-2, 2, width=32)))
@settings(max_examples=25, deadline=None)
def test_any_samples_give_finite_features(samples):
    assert np.isfinite(features.extract(Music(samples)).values).all()


@given(arrays.arrays(np.float32, st.integers(2, 400), elements=st.floats(0, 50, width=32)))
@settings(max_examples=60, deadline=None)
def test_any_onset_envelope_has_a_tempo_in_range_and_beats_in_order(onset):
    values = np.zeros((len(onset), 35), np.float32)
    values[:, features.ONSET] = onset
    assert tempo_of(MusicFeatures(values)) == 0 or 7.5 < tempo_of(MusicFeatures(values)) < 320
    beats = tracker.beats(onset, np.zeros((len(onset), phase.COLUMNS)))
    assert (np.diff(beats) > 0).all()
    assert not len(beats) or (beats[0] >= 0 and beats[-1] < len(onset))


def test_silence_has_no_rhythm():
    heard = features.extract(Music(np.zeros(3 * SAMPLE_RATE, np.float32)))
    assert tempo_of(heard) == 0.0
    assert not len(features.beat_frames(heard))
    assert not heard.values[:, features.PEAK].any()


def test_later_sound_does_not_change_earlier_timbre_and_harmony():
    samples = SIGNALS["rubato"]
    whole, part = (features.extract(Music(s)).values for s in (samples, samples[: 6 * SAMPLE_RATE]))
    np.testing.assert_allclose(part[: 6 * FPS - 3, 1:33], whole[: 6 * FPS - 3, 1:33], atol=1e-2)


def test_time_and_memory_grow_linearly():
    minute = np.tile(SIGNALS["steady"], 3)[: 60 * SAMPLE_RATE]

    def cost(minutes: int) -> tuple[float, int]:
        music = Music(np.tile(minute, minutes))
        begin = time.process_time()
        features.extract(music)
        seconds = time.process_time() - begin
        tracemalloc.start()
        features.extract(music)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return seconds, peak

    cost(1)
    (short_time, short_peak), (long_time, long_peak) = cost(2), cost(10)
    assert long_time < 5 * 2 * short_time + 0.1
    assert long_peak < 5 * short_peak
    assert long_peak < 100e6


def test_needs_neither_librosa_nor_torch():
    program = (
        "import sys; from tokendance_core.music import audio, features; print({'librosa', 'numba', 'torch'} & "
        "set(sys.modules) or 'clean')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "clean"
