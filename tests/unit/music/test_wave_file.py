"""WAVE files are read as libsndfile reads them, whatever their headers promise, and nothing else is."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.music.wave_file import MAX_CHANNELS, MAX_CHUNKS, MAX_RATE, UnknownFormat, WaveFile

RATE = 8000
NOISE = np.random.default_rng(0).uniform(-1, 1, (500, 3))


def wave(form: str = "WAV", subtype: str = "PCM_16", samples: np.ndarray = NOISE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format=form, subtype=subtype)
    return file.getvalue()


def read(path: Path, data: bytes) -> np.ndarray:
    path.write_bytes(data)
    sound = WaveFile(path)
    samples = sound.read(10**6)
    assert samples.shape == (sound.frames, sound.channels)
    return samples


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content + bytes(len(content) % 2)


def form_chunk(tag: int = 1, channels: int = 1, rate: int = RATE, frame_bytes: int = 2, bits: int = 16) -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * frame_bytes, frame_bytes, bits))


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content) if size is None else size) + content


RAMP = np.arange(100, dtype="<i2")
SOUND = chunk(b"data", RAMP.tobytes())


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "W64"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 3])
def test_samples_are_those_of_libsndfile(tmp_path, form, subtype, channels):
    data = wave(form, subtype, NOISE[:, :channels])
    expected, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    np.testing.assert_array_equal(read(tmp_path / "song.wav", data), expected)
    assert WaveFile(tmp_path / "song.wav").samplerate == rate


@given(first=st.integers(0, 700), counts=st.lists(st.integers(0, 300), max_size=5))
@settings(max_examples=30, deadline=None)
def test_any_part_is_read_in_any_blocks(tmp_path_factory, first, counts):
    path = tmp_path_factory.mktemp("wave") / "song.wav"
    whole = read(path, wave(subtype="PCM_24"))
    sound = WaveFile(path)
    sound.seek(first)
    blocks = np.concatenate([np.empty((0, 3), np.float32), *(sound.read(count) for count in counts)])
    np.testing.assert_array_equal(blocks, whole[first : first + sum(counts)])


@pytest.mark.parametrize(
    "data",
    [
        riff(form_chunk(), chunk(b"LIST", b"odd"), SOUND, chunk(b"LIST", bytes(40))),
        riff(chunk(b"bext", bytes(601)), form_chunk(), SOUND),
        riff(form_chunk(), chunk(b"data", RAMP.tobytes(), 0), size=0),
        riff(form_chunk(), chunk(b"data", RAMP.tobytes(), 0), size=36),
        riff(form_chunk(), chunk(b"data", RAMP.tobytes(), 0xFFFFFFFF), size=0xFFFFFFFF),
        riff(form_chunk(), chunk(b"data", RAMP.tobytes(), 10**9)),
        riff(form_chunk(), chunk(b"data", RAMP.tobytes() + b"1"), size=5),
    ],
    ids=["padded", "metadata_first", "streamed_0", "streamed_header", "streamed_max", "cut_short", "half_a_frame"],
)
def test_what_is_there_is_read(tmp_path, data):
    np.testing.assert_array_equal(read(tmp_path / "song.wav", data)[:, 0] * 32768, RAMP)


def test_an_empty_sound_is_not_what_follows_it(tmp_path):
    assert not len(read(tmp_path / "song.wav", riff(form_chunk(), chunk(b"data", b""), chunk(b"LIST", bytes(40)))))


def test_huge_doubles_warn_nobody(tmp_path):
    data = wave(subtype="DOUBLE", samples=np.array([1e300, np.nan, 0.5]))
    np.testing.assert_array_equal(read(tmp_path / "song.wav", data)[:, 0], np.float32([np.inf, np.nan, 0.5]))


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"RIFF", b"ID3\x04" + bytes(100), bytes(1000), riff(), riff(form_chunk()), riff(SOUND)),
        b"RIFF" + bytes(4) + b"AVI " + form_chunk() + SOUND,
        riff(form_chunk()[:20], SOUND),
        riff(form_chunk(tag=2, bits=4), SOUND),
        riff(form_chunk(tag=0xFFFE), SOUND),
        riff(form_chunk(tag=3), SOUND),
        riff(form_chunk(bits=0), SOUND),
        riff(form_chunk(channels=0, frame_bytes=0), SOUND),
        riff(form_chunk(channels=MAX_CHANNELS + 1, frame_bytes=2 * MAX_CHANNELS + 2), SOUND),
        riff(form_chunk(rate=0), SOUND),
        riff(form_chunk(rate=MAX_RATE + 1), SOUND),
        riff(form_chunk(frame_bytes=3), SOUND),
        riff(form_chunk(), *[chunk(b"JUNK", b"")] * MAX_CHUNKS, SOUND),
        riff(form_chunk(), chunk(b"LIST", b"", 0xFFFFFFF0), SOUND),
        wave("W64")[:56] + b"\xff" * 8 + wave("W64")[64:],
        wave(subtype="ULAW"),
        wave("AIFF"),
    ],
)
def test_everything_else_is_left_to_other_decoders(tmp_path, data):
    with pytest.raises(UnknownFormat):
        read(tmp_path / "song.wav", data)


def test_a_file_that_is_gone_is_left_to_other_decoders(tmp_path):
    with pytest.raises(UnknownFormat):
        WaveFile(tmp_path / "song.wav")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, data):
    """Never another error, and never more memory than the file is worth."""
    stored = bytearray(wave(data.draw(st.sampled_from(["WAV", "WAVEX", "RF64", "W64"])), samples=NOISE[:20]))
    for _ in range(data.draw(st.integers(1, 6))):
        stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(st.sampled_from([0, 1, 3, 24, 127, 128, 255]))
    path = tmp_path_factory.getbasetemp() / "damaged.wav"
    path.write_bytes(stored[: data.draw(st.integers(0, len(stored)))])
    tracemalloc.start()
    try:
        sound = WaveFile(path)
        assert len(sound.read(10**9)) == sound.frames <= len(stored)
    except UnknownFormat:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 300_000
