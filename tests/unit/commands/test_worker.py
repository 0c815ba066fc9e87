"""The resident process in this process, with an untrained model: what is asked for, what is answered, what stays
behind.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.__main__ import main
from tokendance_core.commands import worker
from tokendance_core.commands.answers import Ready
from tokendance_core.commands.requests import (
    KINDS,
    DanceRequest,
    ListenRequest,
    Request,
    RunSettings,
    WarmRequest,
    request_to_json,
)
from tokendance_core.commands.weights import CheckpointCache
from tokendance_core.dance import checkpoint, pipeline
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.errors import CheckpointError, FileError, SettingError
from tokendance_core.files import clip as clip_file
from tokendance_core.files.atomic import write_aside
from tokendance_core.music import audio
from tokendance_core.music.settings import SongPart
from tokendance_core.types import FPS, SAMPLE_RATE

WHOLE = SongPart()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "requests"
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def song(clicks, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("songs") / "clicks.wav"
    soundfile.write(path, clicks.samples, SAMPLE_RATE)
    return path


@pytest.fixture
def run_settings(tiny_checkpoint_file: Path) -> RunSettings:
    return RunSettings(device="cpu", checkpoint=str(tiny_checkpoint_file))


@pytest.fixture
def dance(folder: Path, song: Path, run_settings: RunSettings) -> Callable[..., DanceRequest]:
    """A request for a short dance into ``N.npz``, left as the network made it."""

    def request(
        number: int = 1, part: SongPart = WHOLE, run: RunSettings = run_settings, **chosen: object
    ) -> DanceRequest:
        settings = GenerateSettings(**{"steps": 1, "finish": None, **chosen})
        return DanceRequest(song=str(song), output=str(folder / f"{number}.npz"), settings=settings, part=part, run=run)

    return request


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that checkpoints were read from."""
    read, seen = checkpoint.load, []
    monkeypatch.setattr(checkpoint, "load", lambda path, *where: seen.append(path) or read(path, *where))
    return seen


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., threading.Thread]]:
    """Run the worker beside the test; at the end it is told to stop."""
    running = []

    def run(idle: float = 60.0) -> threading.Thread:
        running.append(threading.Thread(target=worker.run, args=(argparse.Namespace(folder=folder, idle=idle),)))
        running[-1].start()
        return running[-1]

    yield run
    if folder.exists():
        (folder / "stop").touch()
    for thread in running:
        thread.join(20)
        assert not thread.is_alive()
    assert not running or not folder.exists()


def put(folder: Path, number: int, asked: Request | bytes | object) -> Path:
    """A request as the add-on puts it there, complete from its first moment on; or bytes, or any other JSON instead."""
    path = folder / f"{number}.request.json"
    with write_aside(path) as aside:
        if isinstance(asked, bytes):
            aside.write_bytes(asked)
        elif isinstance(asked, Request):
            aside.write_text(request_to_json(asked), encoding="utf-8")
        else:
            aside.write_text(json.dumps(asked), encoding="utf-8")
    return path


def said(folder: Path, number: int, kind: str = "answer") -> dict[str, object]:
    return json.loads((folder / f"{number}.{kind}.json").read_text(encoding="utf-8"))


def answered(folder: Path, number: int, asked: object, cache: CheckpointCache | None = None) -> dict[str, object]:
    worker.answer(put(folder, number, asked), cache or CheckpointCache())
    return said(folder, number)


def waited_for(folder: Path, number: int, seconds: float = 20.0) -> dict[str, object]:
    """The answer, once there is one and its request has been taken away."""
    answer, request = folder / f"{number}.answer.json", folder / f"{number}.request.json"
    end = time.monotonic() + seconds
    while (request.exists() or not answer.exists()) and time.monotonic() < end:
        time.sleep(0.005)
    return said(folder, number)


def does(monkeypatch: pytest.MonkeyPatch, work: Callable[[ListenRequest, worker.FolderReport], object]) -> None:
    """Let ``work`` be what listening to a song does."""
    monkeypatch.setitem(worker.WORK, ListenRequest, lambda request, report, load: work(request, report))


def test_a_raw_dance_is_the_one_that_the_pipeline_makes(folder, dance, song, tiny_checkpoint_file):
    told = answered(folder, 1, dance(1, SongPart(start=1.0, duration=3.0), seed=5, genre="salsa"))
    assert (told["event"], told["path"], told["frames"], told["fps"]) == ("done", str(folder / "1.npz"), 3 * FPS, 30.0)
    chosen = GenerateSettings(genre="salsa", seed=5, steps=1, finish=None)
    expected = pipeline.generate(audio.load(song, start=1, duration=3), checkpoint.load(tiny_checkpoint_file), chosen)
    clip = clip_file.load(folder / "1.npz")
    np.testing.assert_array_equal(clip.rot6d, expected.rot6d)
    np.testing.assert_array_equal(clip.root, expected.root)
    assert clip.info == expected.info
    assert clip.info["finished"] is False


def test_requests_are_answered_by_number_and_taken_away(folder, start, monkeypatch):
    seen = []
    does(monkeypatch, lambda request, report: (seen.append(request.song), report.answer(Ready())))
    for number in (10, 9, 2):
        put(folder, number, ListenRequest(song=str(number)))
    (folder / "notes.request.json").touch()
    start()
    waited_for(folder, 10)
    put(folder, 1, ListenRequest(song="late"))
    waited_for(folder, 1)
    assert seen == ["2", "9", "10", "late"]
    assert worker.next_request(folder) is None


def test_everything_that_is_asked_for_in_one_session_comes(folder, start, dance, song, run_settings, loads):
    requests = [WarmRequest(run=run_settings), dance(2), ListenRequest(song=str(song)), dance(4, seed=1)]
    for number, asked in enumerate(requests, start=1):
        put(folder, number, asked)
    start()
    waited_for(folder, 4)
    assert [said(folder, number)["event"] for number in (1, 2, 3, 4)] == ["ready", "done", "heard", "done"]
    assert said(folder, 3)["bpm"] == pytest.approx(120, abs=2)
    assert len(loads) == 1
    assert clip_file.load(folder / "2.npz").root.tolist() != clip_file.load(folder / "4.npz").root.tolist()


def test_decoded_samples_take_the_place_of_the_file(folder, start, dance, song, clicks):
    """The file itself need not be readable here, and its part is cut already."""
    audio.save_samples(folder / "song.npy", clicks.samples[: 3 * SAMPLE_RATE])
    gone = {"song": "gone/clicks.m4a", "samples": str(folder / "song.npy")}
    put(folder, 1, replace(dance(1, part=SongPart(start=100.0, duration=3.0)), **gone))
    put(folder, 2, ListenRequest(**gone))
    start()
    waited_for(folder, 2)
    clip = clip_file.load(folder / "1.npz")
    assert clip.seconds == pytest.approx(3.0, abs=0.04)
    assert clip.info["song"] == "clicks.m4a"
    heard = said(folder, 2)
    assert (heard["path"], heard["seconds"]) == ("gone/clicks.m4a", 3.0)
    assert heard["bpm"] == pytest.approx(120, abs=2)


def test_a_checkpoint_is_read_again_only_when_it_changed(tiny_checkpoint_file, tmp_path, loads):
    file, cache = tmp_path / "weights.safetensors", CheckpointCache()
    file.write_bytes(tiny_checkpoint_file.read_bytes())
    first = cache.load(RunSettings(checkpoint=str(file), device="cpu"))
    assert cache.load(RunSettings(checkpoint=str(file), device="cpu")) is first
    file.write_bytes(file.read_bytes())
    assert cache.load(RunSettings(checkpoint=str(file), device="cpu")) is not first
    assert cache.load(RunSettings(checkpoint=str(tiny_checkpoint_file), device="cpu")).genres == first.genres
    assert loads == [file, file, tiny_checkpoint_file]


def test_a_checkpoint_that_is_gone_or_damaged_is_told_and_the_next_one_is_read(tiny_checkpoint_file, tmp_path):
    file, cache = tmp_path / "weights.safetensors", CheckpointCache()
    for damage in (lambda: None, lambda: file.write_bytes(b"nonsense" * 9)):
        damage()
        with pytest.raises(CheckpointError):
            cache.load(RunSettings(checkpoint=str(file), device="cpu"))
    file.write_bytes(tiny_checkpoint_file.read_bytes())
    cache.load(RunSettings(checkpoint=str(file), device="cpu"))
    file.unlink()
    with pytest.raises(CheckpointError):
        cache.load(RunSettings(checkpoint=str(file), device="cpu"))
    with pytest.raises(SettingError):
        cache.load(RunSettings(checkpoint=str(tiny_checkpoint_file), device="mps"))
    assert cache.load(RunSettings(checkpoint=str(tiny_checkpoint_file), device="cpu")).id


def test_progress_is_written_and_never_falls(folder, dance, monkeypatch):
    tell, seen = worker.FolderReport.progress, []

    def noted(report: worker.FolderReport, stage: str, fraction: float) -> None:
        tell(report, stage, fraction)
        seen.append(said(folder, 1, "progress"))

    monkeypatch.setattr(worker.FolderReport, "progress", noted)
    assert answered(folder, 1, dance(1, steps=3))["event"] == "done"
    fractions = [event["fraction"] for event in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], {event["event"] for event in seen}) == (0.0, {"progress"})
    assert {"start", "load", "checkpoint", "export", *pipeline.STAGES} == {event["stage"] for event in seen}
    assert 0.9 < fractions[-1] <= 1


@pytest.mark.parametrize("stage", ["start", "load", "generator", "finishing"])
def test_cancel_is_obeyed_and_the_next_request_is_answered(folder, dance, monkeypatch, stage):
    tell, cache = worker.FolderReport.progress, CheckpointCache()

    def cancelled(report: worker.FolderReport, now: str, fraction: float) -> None:
        if now == stage:
            (folder / "1.cancel").touch()
        tell(report, now, fraction)

    monkeypatch.setattr(worker.FolderReport, "progress", cancelled)
    told = answered(folder, 1, dance(1), cache)
    assert (told["event"], told["exit_code"]) == ("error", 130)
    assert not (folder / "1.npz").exists()
    monkeypatch.undo()
    assert answered(folder, 2, dance(2), cache)["event"] == "done"


def edited(request: Request, **changes: object) -> dict[str, object]:
    """A request as JSON with some of its top fields replaced; None takes a field out."""
    ((kind, fields),) = json.loads(request_to_json(request)).items()
    return {kind: {name: value for name, value in {**fields, **changes}.items() if value is not None}}


DANCE = DanceRequest(song="a.wav", output="x.npz")
LISTEN = ListenRequest(song="a.wav")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe{", "cannot be read"),
        (b'{"generate": {"song"', "cannot be read"),
        ([], "nothing known"),
        ({}, "nothing known"),
        (None, "nothing known"),
        ("generate", "nothing known"),
        ({"train": {}}, "nothing known"),
        ({"generate": {}, "listen": {}}, "nothing known"),
        ({"generate": {}}, "expected an object of song, samples, output, settings"),
        ({"generate": ["a.wav"]}, "expected an object"),
        (edited(LISTEN, song=["a.wav", "b.wav"]), "“song”"),
        ({"listen": {"song": "a.wav", "samples": "", "loudly": True}}, "loudly"),
        (edited(DANCE, output=None), "expected an object"),
        (edited(DANCE, settings={"seed": "many"}), "many"),
        (edited(DANCE, settings={**asdict(GenerateSettings()), "seed": "many"}), "“seed” is 'many'"),
        (edited(DANCE, run={"device": "abacus", "checkpoint": ""}), "abacus"),
        (ListenRequest(song="no such song.wav"), "no such song"),
        (edited(LISTEN, song="\ud800.wav"), "no file"),
        (WarmRequest(run=RunSettings(checkpoint="nothing.safetensors")), "nothing.safetensors"),
    ],
)
def test_requests_that_make_no_sense_get_an_error_and_the_worker_goes_on(folder, asked, message, start):
    put(folder, 1, asked)
    put(folder, 2, ListenRequest(song="also no song.wav"))
    start()
    assert "also no song" in waited_for(folder, 2)["message"]
    told = said(folder, 1)
    assert told["event"] == "error"
    assert message in told["message"]
    assert told["hint"]


def test_what_the_network_cannot_dance_to_is_told_with_its_exit_code(folder, dance):
    asked = [
        (dance(1, genre="polka"), 2),
        (dance(2, SongPart(start=99.0)), 3),
        (dance(3, run=RunSettings(checkpoint="none")), 4),
        (replace(dance(4), output=str(folder / "dance.fbx")), 5),
    ]
    for number, (request, code) in enumerate(asked, start=1):
        assert answered(folder, number, request)["exit_code"] == code


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*KINDS, "song", "settings"]) | st.text(), inner),
)


@given(st.binary(max_size=60) | JSON.map(lambda content: json.dumps(content).encode()))
@settings(max_examples=60, deadline=None)
def test_no_request_ends_the_worker(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("requests")
    assert answered(folder, 1, content)["event"] == "error"
    assert not (folder / "1.request.json").exists()


def fail_with(error: BaseException) -> Callable[..., None]:
    def fail(*_args: object, **_options: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 80 GB"), "not enough memory"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), "not enough memory"),
        (KeyError("a tensor"), "KeyError: 'a tensor'"),
        (RuntimeError("shapes do not fit"), "shapes do not fit"),
        (RecursionError("too deep"), "too deep"),
    ],
)
def test_faults_and_lack_of_memory_are_answered(folder, dance, monkeypatch, capsys, error, message):
    monkeypatch.setattr(pipeline, "generate", fail_with(error))
    told = answered(folder, 1, dance())
    assert told["event"] == "error"
    assert message in told["message"]
    assert told["hint"]
    assert not (folder / "1.npz").exists()
    assert ("Traceback" in capsys.readouterr().err) == ("memory" not in message)


def test_the_folder_goes_after_some_time_without_requests(folder):
    assert worker.run(argparse.Namespace(folder=folder, idle=0.05)) == 0
    assert not folder.exists()


def test_requests_keep_the_worker_awake(folder, start, monkeypatch):
    does(monkeypatch, lambda request, report: (time.sleep(0.5), report.answer(Ready())))
    put(folder, 1, ListenRequest(song="any"))
    thread = start(idle=0.4)
    waited_for(folder, 1)
    put(folder, 2, ListenRequest(song="any"))
    waited_for(folder, 2)
    thread.join(5)
    assert not folder.exists()


def test_stop_ends_it_at_once_and_takes_the_folder_away(folder, start):
    thread = start()
    (folder / "stop").touch()
    thread.join(2)
    assert not thread.is_alive()
    assert not folder.exists()


def test_the_one_who_asked_being_gone_ends_it_politely(folder, monkeypatch):
    does(monkeypatch, fail_with(KeyboardInterrupt()))
    put(folder, 1, ListenRequest(song="any"))
    assert worker.run(argparse.Namespace(folder=folder, idle=60)) == 0
    assert not folder.exists()


def test_a_folder_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["worker", str(tmp_path / "nowhere")]) == SettingError.exit_code
    assert "nowhere" in capsys.readouterr().err


def test_a_disk_that_is_full_ends_it_with_the_code_that_the_add_on_knows(folder, song, monkeypatch, capsys):
    put(folder, 1, ListenRequest(song=str(song)))
    monkeypatch.setattr(worker, "write_aside", fail_with(FileError("the disk is full", hint="Free some space.")))
    assert main(["worker", str(folder)]) == FileError.exit_code
    assert "disk is full" in capsys.readouterr().err


def test_progress_that_cannot_be_written_does_not_stop_the_dance(folder, dance, monkeypatch):
    def full(path: Path, **_options: object) -> object:
        return fail_with(FileError("the disk is full"))() if "progress" in path.name else write_aside(path)

    monkeypatch.setattr(worker, "write_aside", full)
    assert answered(folder, 1, dance())["event"] == "done"
    assert not (folder / "1.progress.json").exists()
