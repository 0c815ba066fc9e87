"""Songs through Blender's own sound library: what it decodes at once, in short pieces; and everything it refuses."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from blender_addon import compat, session
from blender_addon.interface.ticker import Ticker
from blender_addon.song import decoding as song_decoding
from blender_addon.song.decoding import KEPT, DecodedSongs, Decoding
from blender_addon.song.pieces import DecodedPieces
from tokendance_core import AudioError, SongPart, load_music
from tokendance_core.music import audio
from tokendance_core.types import SAMPLE_RATE

pytestmark = pytest.mark.skipif(not compat.decodes_sound(), reason="this Blender decodes no sound")

RATE, SECONDS = 44_100, 13
FORMATS = {  # suffix -> container, codec, sample rate
    "wav": ("WAV", "PCM", RATE),
    "flac": ("FLAC", "FLAC", RATE),
    "mp3": ("MP3", "MP3", RATE),
    "ogg": ("OGG", "VORBIS", RATE),
    "opus": ("OGG", "OPUS", 48_000),
    "aac": ("AAC", "AAC", RATE),
    "mkv": ("MATROSKA", "AAC", RATE),
    "ac3": ("AC3", "AC3", RATE),
}


def music() -> np.ndarray:
    """Drums and a gliding tone, a pause of six seconds in the middle, a wide picture.

    No hiss: decoders put noise of their own in its place, another one every time.
    """
    time = np.arange(SECONDS * RATE) / RATE
    drums, bells = (
        np.exp(-20 * (time % beat)) * np.sin(2 * np.pi * hertz * (time % beat))
        for beat, hertz in ((0.5, 180), (0.7, 900))
    )
    glide = 0.2 * np.sin(2 * np.pi * (200 + 20 * time) * time)
    stereo = np.column_stack((drums + glide, drums + 0.3 * bells))
    stereo[4 * RATE : 10 * RATE] = 0
    return (0.5 * stereo).astype(np.float32)


def written(path: Path, samples: np.ndarray, suffix: str) -> Path:
    import aud

    container, codec, rate = FORMATS[suffix]
    kinds = [getattr(aud, f"{kind}_{name}", None) for kind, name in (("CONTAINER", container), ("CODEC", codec))]
    if None in kinds:
        pytest.skip(f"this Blender does not write {suffix}")
    depth = aud.FORMAT_S16 if suffix in ("wav", "flac") else aud.FORMAT_FLOAT32
    aud.Sound.buffer(samples, RATE).write(str(path), rate, samples.shape[1], depth, *kinds, 192_000)
    return path


@pytest.fixture(scope="module")
def songs(tmp_path_factory) -> Path:
    """A folder with one song in every format."""
    folder = tmp_path_factory.mktemp("songs")
    for suffix in FORMATS:
        try:
            written(folder / f"song.{suffix}", music(), suffix)
        except pytest.skip.Exception:
            continue
    return folder


@pytest.fixture
def decoded(tmp_path) -> DecodedSongs:
    return DecodedSongs(session.current().ticker)


def finished(decoding: Decoding) -> Path:
    while not decoding.is_done:
        decoding.step()
    return Path(decoding.result())


def whole(path: Path) -> np.ndarray:
    import aud

    return np.array(aud.Sound.file(str(path)).data())


@pytest.mark.parametrize("suffix", FORMATS)
def test_pieces_are_the_whole_decoded_at_once(songs, suffix):
    path = songs / f"song.{suffix}"
    if not path.exists():
        pytest.skip(f"this Blender does not write {suffix}")
    pieces = list(DecodedPieces(path))
    assert len(pieces) > 3
    joined, at_once = np.concatenate(pieces), whole(path)
    assert joined.shape == at_once.shape
    noise = {"opus": 1e-3, "aac": 1e-2, "mkv": 1e-2, "ac3": 2e-2}.get(suffix, 0.0)  # some decoders make noise
    np.testing.assert_allclose(joined, at_once, atol=noise)


@pytest.mark.parametrize(("level", "joins"), [(0.05, True), (20.0, False)])
def test_pieces_are_joined_through_noise_that_is_new_every_time(songs, monkeypatch, level, joins):
    """Where even that is not possible, the rest is decoded at once."""
    pieces, draw, asked = DecodedPieces(songs / "song.flac"), np.random.default_rng(0), []
    decoded = pieces._decoded

    def noisy(first: int, count: int | None) -> np.ndarray:
        asked.append(count)
        frames = decoded(first, count)
        return frames + frames * draw.uniform(-level, level, frames.shape).astype(np.float32)

    monkeypatch.setattr(pieces, "_decoded", noisy)
    joined = np.concatenate(list(pieces))
    np.testing.assert_allclose(joined, whole(songs / "song.flac"), atol=level)
    assert (None not in asked) == joins


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg"])
@pytest.mark.parametrize("part", [SongPart(), SongPart(start=1.25, duration=3.0, speed=1.035), SongPart(start=10.4)])
def test_blender_and_the_command_line_hear_the_same(songs, decoded, tmp_path, suffix, part):
    path = songs / f"song.{suffix}"
    ours = audio.load_samples(finished(decoded.ask(str(path), part, tmp_path)), path.name)
    theirs = load_music(path, start=part.start, duration=part.duration or None, speed=part.speed)
    assert (ours.name, abs(len(ours.samples) - len(theirs.samples)) <= 0.03 * SAMPLE_RATE) == (theirs.name, True)
    count = min(len(ours.samples), len(theirs.samples)) - 400
    error = np.linalg.norm(ours.samples[:count] - theirs.samples[:count]) / np.linalg.norm(theirs.samples[:count])
    assert error < 0.05


def test_channels_that_cancel_give_way_to_one(decoded, tmp_path):
    wave = music()[:, :1]
    path = written(tmp_path / "song.flac", np.hstack((wave, -wave)), "flac")
    samples = np.load(finished(decoded.ask(str(path), SongPart(), tmp_path)))
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(wave**2)), rel=0.05)


# --- once for each song -----------------------------------------------------------------------------------------------


def test_a_song_is_decoded_once_for_a_state_of_its_file(decoded, songs, tmp_path):
    path = tmp_path / "song.flac"
    path.write_bytes((songs / "song.flac").read_bytes())
    first = decoded.ask(str(path), SongPart(), tmp_path)
    assert decoded.ask(str(path), SongPart(), tmp_path) is first
    samples = finished(first)
    assert decoded.ask(str(path), SongPart(), tmp_path) is first
    assert decoded.ask(str(path), SongPart(start=1.0), tmp_path) is not first
    os.utime(path, (1, 1))
    assert decoded.ask(str(path), SongPart(), tmp_path) is not first
    assert samples.exists()


def test_the_last_few_are_kept_and_those_in_use(decoded, songs, tmp_path):
    path, held = str(songs / "song.flac"), []
    for number in range(KEPT + 3):
        decoding = decoded.ask(path, SongPart(start=0.1 * number), tmp_path)
        finished(decoding)
        held = held or [decoding]
        del decoding
    gc.collect()
    assert len(list(tmp_path.glob("*.npy"))) == KEPT + 1
    assert Path(held[0].result()).exists()
    held.clear()
    decoded.close()
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_decoding_that_nobody_wants_any_more_leaves_nothing_behind(songs, tmp_path):
    ticker = Ticker()
    decoding = DecodedSongs(ticker).ask(str(songs / "song.mp3"), SongPart(), tmp_path)
    ticker.tick()
    assert 0 < decoding.fraction < 1
    del decoding
    gc.collect()
    assert ticker.tick() is None
    assert list(tmp_path.iterdir()) == []
    ticker.close()


def test_the_ticker_decodes_piece_by_piece(songs, tmp_path, monkeypatch):
    monkeypatch.setattr(song_decoding, "TICK_SECONDS", 0.0)
    ticker, told = Ticker(), []
    decoding = DecodedSongs(ticker).ask(str(songs / "song.ogg"), SongPart(), tmp_path)
    while ticker.tick() is not None:
        told.append(decoding.fraction)
    assert decoding.is_done
    assert len(told) > 3
    assert told == sorted(told)
    assert np.load(decoding.result()).shape == (SECONDS * SAMPLE_RATE,)
    ticker.close()


# --- what is no song --------------------------------------------------------------------------------------------------

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n"
HOSTILE = {
    "text.mp3": (lambda path, songs: path.write_text("la la la\n" * 2000), "not a sound file"),
    "zeros.wav": (lambda path, songs: path.write_bytes(bytes(50_000)), "not a sound file"),
    "empty.ogg": (lambda path, songs: path.touch(), "is empty"),
    "folder.wav": (lambda path, songs: path.mkdir(), "is a folder"),
    "missing.wav": (lambda path, songs: None, "There is no file"),
    "header.flac": (lambda path, songs: path.write_bytes((songs / "song.flac").read_bytes()[:60]), "not a sound file"),
    "cut.mp3": (
        lambda path, songs: path.write_bytes((songs / "song.mp3").read_bytes()[:9000]),
        "expected at least 2 s",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_song_is_told_in_a_sentence(decoded, songs, tmp_path, name):
    make, message = HOSTILE[name]
    make(tmp_path / name, songs)
    decoding = decoded.ask(str(tmp_path / name), SongPart(), tmp_path)
    with pytest.raises(AudioError, match=message) as refusal:
        finished(decoding)
    assert refusal.value.hint
    assert list(tmp_path.glob("*.npy")) == []
    del decoding
    with pytest.raises(AudioError, match=message):  # a failure is not remembered in place of the song
        finished(decoded.ask(str(tmp_path / name), SongPart(), tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="pipes in the file system")
def test_a_pipe_is_refused_instead_of_waited_for(decoded, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="device or a pipe"):
        finished(decoded.ask(str(tmp_path / "pipe.wav"), SongPart(), tmp_path))


def test_a_start_beyond_the_end_is_told(decoded, songs, tmp_path):
    with pytest.raises(AudioError, match=r"start is at 99 s, but song.ogg ends at 13\.0 s"):
        finished(decoded.ask(str(songs / "song.ogg"), SongPart(start=99.0), tmp_path))


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp3", "list.wav"])
@pytest.mark.parametrize("text", [PLAYLIST, "ffconcat version 1.0\nfile '{url}'\n"])
def test_a_playlist_does_not_reach_the_network(decoded, tmp_path, name, text):
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/song.mp3"
        (tmp_path / name).write_text(text.format(url=url))

        def listen() -> None:
            with contextlib.suppress(TimeoutError):
                calls.append(server.accept()[0].close())

        listener = threading.Thread(target=listen)
        listener.start()
        with pytest.raises(AudioError, match="not a sound file"):
            finished(decoded.ask(str(tmp_path / name), SongPart(), tmp_path))
        listener.join()
    assert calls == []
