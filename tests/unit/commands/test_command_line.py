"""The command line in this process, with an untrained model: what it prints, returns and leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
import soundfile

from tests.unit.other_values import others
from tokendance_core import __main__ as command_line
from tokendance_core.__main__ import COMMANDS, main
from tokendance_core.commands import generate as command
from tokendance_core.commands.reports import StageClock
from tokendance_core.commands.requests import DanceRequest, RunSettings
from tokendance_core.dance import pipeline
from tokendance_core.dance.genre_choice import CHOOSABLE
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.files import clip as clip_file
from tokendance_core.music.settings import SongPart
from tokendance_core.types import FPS, SAMPLE_RATE


@pytest.fixture
def song_file(tmp_path, clicks):
    path = tmp_path / "clicks.wav"
    soundfile.write(path, clicks.samples, SAMPLE_RATE)
    return path


@pytest.fixture
def generate(song_file, tiny_checkpoint_file):
    """``generate(output, *options)`` with the tiny model -> exit code."""

    def run(output, *options, song=song_file):
        words = [
            "generate",
            song,
            "-o",
            output,
            "--checkpoint",
            tiny_checkpoint_file,
            "--steps",
            2,
            "--device",
            "cpu",
            *options,
        ]
        return main([str(word) for word in words])

    return run


def events(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["dance.bvh", "dance.npz", "dance.smpl.npz", "Tänze für 踊り.npz"])
def test_generate_writes_the_format_of_the_suffix(generate, tmp_path, clicks, name):
    assert generate(tmp_path / name) == 0
    assert clip_file.load(tmp_path / name).frames == clicks.frames
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["clicks.wav", name])


def test_text_tells_result_and_stages(generate, tmp_path, capsys):
    assert generate(tmp_path / "dance.npz") == 0
    said = capsys.readouterr()
    assert "dance.npz: 154 frames, 5.1 s at 30 fps" in said.out
    assert all(stage in said.out for stage in ("load", "checkpoint", *pipeline.STAGES, "export"))
    assert said.err == ""


def test_json_lines_tell_progress_then_done(generate, tmp_path, capsys):
    assert generate(tmp_path / "dance.npz", "--json") == 0
    *progress, done = events(capsys.readouterr().out)
    fractions = [event["fraction"] for event in progress]
    assert {event["event"] for event in progress} == {"progress"}
    assert fractions == sorted(fractions)
    assert fractions[0] >= 0
    assert fractions[-1] <= 1
    assert list(dict.fromkeys(event["stage"] for event in progress)) == list(done["stages"])
    assert (done["event"], done["path"], done["frames"], done["fps"]) == (
        "done",
        str(tmp_path / "dance.npz"),
        154,
        30.0,
    )
    assert done["seconds"] == pytest.approx(154 / 30, abs=1e-3)
    assert done["danced"] in CHOOSABLE


@pytest.mark.parametrize(("asked", "danced"), [("pop", {"pop"}), ("any", set(CHOOSABLE))])
def test_who_asks_for_any_is_told_the_genre(generate, tmp_path, capsys, asked, danced):
    assert generate(tmp_path / "dance.npz", "--genre", asked) == 0
    first = capsys.readouterr().out.splitlines()[0]
    info = clip_file.load(tmp_path / "dance.npz").info
    assert info["genre"] == asked
    assert info["danced"] in danced
    assert first.endswith(f"at 30 fps, {info['danced']}")


@pytest.mark.parametrize(
    ("options", "frames", "fps"),
    [
        (("--start", 1, "--duration", 2), 2 * FPS, FPS),
        (("--duration", 2.5), 75, FPS),
        (("--duration", 4, "--fps", 24), 96, 24),
        (("--duration", 4, "--fps", 60), 239, 60),
    ],
)
def test_part_and_frame_rate(generate, tmp_path, options, frames, fps):
    assert generate(tmp_path / "dance.npz", *options) == 0
    clip = clip_file.load(tmp_path / "dance.npz")
    assert (clip.frames, clip.fps) == (frames, fps)


def test_same_seed_same_bytes(generate, tmp_path):
    for name in ("a.npz", "b.npz", "a.bvh", "b.bvh"):
        assert generate(tmp_path / name, "--seed", 3) == 0
    assert generate(tmp_path / "c.npz", "--seed", 4) == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.npz", "b.npz", "c.npz"))
    assert a == b
    assert a != c
    assert (tmp_path / "a.bvh").read_bytes() == (tmp_path / "b.bvh").read_bytes()


def test_existing_file_is_replaced_only_by_a_whole_dance(generate, tmp_path, monkeypatch):
    output = tmp_path / "dance.npz"
    output.write_bytes(b"yesterday's dance")
    monkeypatch.setattr(pipeline, "generate", interrupt)
    assert generate(output) == 130
    assert output.read_bytes() == b"yesterday's dance"
    monkeypatch.undo()
    assert generate(output) == 0
    assert clip_file.load(output).frames == 154


@pytest.fixture
def asked(monkeypatch) -> list[DanceRequest]:
    """What the command is asked for."""
    requests = []
    monkeypatch.setattr(command, "work", lambda request, report, load, fps: requests.append(request))
    return requests


def test_every_option_of_the_command_line_reaches_the_request(asked):
    kinds = {GenerateSettings: "settings", SongPart: "part", RunSettings: "run"}
    given = {kind: others(kind) for kind in kinds}
    words = [f"--{name.replace('_', '-')}={value}" for values in given.values() for name, value in values.items()]
    assert main(["generate", "song.ogg", "-o", "dance.bvh", *words]) == 0
    expected = DanceRequest(
        song="song.ogg", output="dance.bvh", **{name: kind(**given[kind]) for kind, name in kinds.items()}
    )
    assert asked == [expected]


def test_without_options_the_command_line_asks_for_what_is_declared(asked):
    assert main(["generate", "song.ogg", "-o", "dance.bvh"]) == 0
    assert asked == [DanceRequest(song="song.ogg", output="dance.bvh")]
    assert main(["generate", "song.ogg", "-o", "dance.bvh", "--raw"]) == 0
    assert asked[1].settings == GenerateSettings(finish=None)


def interrupt(*args):
    raise KeyboardInterrupt


def out_of_memory(*args):
    raise MemoryError


def out_of_memory_in_torch(*args):
    raise RuntimeError(
        "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried to allocate 80 GB"
    )


def fault_of_ours(*args):
    raise RuntimeError("shapes do not fit")


@pytest.mark.parametrize(
    ("fault", "exit_code", "word"),
    [(interrupt, 130, "Stopped"), (out_of_memory, 1, "memory"), (out_of_memory_in_torch, 1, "memory")],
)
def test_end_in_the_middle_leaves_nothing(generate, tmp_path, monkeypatch, capsys, fault, exit_code, word):
    monkeypatch.setattr(pipeline, "generate", fault)
    assert generate(tmp_path / "dance.npz", "--json") == exit_code
    last = events(capsys.readouterr().out)[-1]
    assert last["event"] == "error"
    assert word in last["message"]
    assert last["exit_code"] == exit_code
    assert [path.name for path in tmp_path.iterdir()] == ["clicks.wav"]


def test_a_fault_of_ours_is_not_hidden(generate, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "generate", fault_of_ours)
    with pytest.raises(RuntimeError, match="shapes"):
        generate(tmp_path / "dance.npz")


@pytest.mark.parametrize(
    ("options", "exit_code", "word"),
    [
        (("--genre", "polka"), 2, "polka"),
        (("--steps", 0), 2, "steps"),
        (("--temperature", -1), 2, "temperature"),
        (("--seed", -1), 2, "seed"),
        (("--fps", 0), 2, "fps"),
        (("--device", "mps"), 2, "mps"),
        (("--start", -1), 3, "start"),
        (("--start", 60), 3, "start"),
        (("--duration", 0.5), 3, "duration"),
        (("--checkpoint", "nowhere.safetensors"), 4, "nowhere.safetensors"),
    ],
)
def test_bad_option_is_one_sentence_with_a_way_out(generate, tmp_path, capsys, options, exit_code, word):
    assert generate(tmp_path / "dance.npz", *options) == exit_code
    said = capsys.readouterr()
    assert said.out == ""
    assert word in said.err.lower()
    assert said.err.count("\n") == 1
    assert said.err.count(". ") >= 1
    assert not (tmp_path / "dance.npz").exists()


@pytest.mark.parametrize("name", ["dance.fbx", "dance", "missing/dance.npz", "clicks.wav/dance.npz", ""])
def test_output_is_checked_before_the_song_is_read(generate, tmp_path, capsys, name):
    assert generate(tmp_path / name, song=tmp_path / "no such song.wav") == 5
    assert "no such song" not in capsys.readouterr().err


def test_option_that_does_not_exist_ends_with_usage(generate, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        generate(tmp_path / "dance.npz", "--colour", "red")
    assert caught.value.code == 2
    assert "--colour" in capsys.readouterr().err


def test_info_tells_versions_devices_and_checkpoint(tiny_checkpoint_file, capsys):
    assert main(["info", "--json", "--checkpoint", str(tiny_checkpoint_file)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert list(facts) == [
        *("tokendance", "python", "numpy", "torch", "system", "devices", "engine", "threads", "checkpoint")
    ]
    assert "cpu" in facts["devices"]
    assert facts["engine"] in ("numpy", "torch")
    assert facts["threads"] >= 1
    assert facts["checkpoint"]["path"] == str(tiny_checkpoint_file)
    assert "salsa" in facts["checkpoint"]["genres"]


def test_info_survives_a_checkpoint_that_cannot_be_read(tmp_path, capsys):
    assert main(["info", "--checkpoint", str(tmp_path / "none.safetensors")]) == 4
    said = capsys.readouterr().out
    assert "torch" in said
    assert "none.safetensors" in said


@pytest.mark.parametrize("words", [["--help"], ["generate", "--help"], ["info", "--help"], ["--version"]])
def test_help_needs_neither_torch_nor_numpy(root, words):
    code = (
        "import sys, tokendance_core.__main__ as command_line\n"
        f"try: command_line.main({words!r})\n"
        "except SystemExit: sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True).returncode == 0


def test_a_command_that_this_copy_lacks_is_a_sentence_and_not_in_the_help(monkeypatch, capsys):
    monkeypatch.setitem(COMMANDS, "train", ("tokendance_core.commands.nothing", "teach it"))
    assert main(["train", "tokenizers", "--steps", "3"]) == 2
    assert "The command “train” is not part of the add-on's copy" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "teach it" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_command_whose_packages_are_missing_says_what_to_install(monkeypatch, capsys, command):
    monkeypatch.setattr(command_line, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    assert main([command, "--out", "runs"]) == 2
    said = capsys.readouterr().err
    assert f"The command “{command}” needs torch, which this Python does not have." in said
    assert f'pip install "tokendance[{command}]"' in said


def test_stage_clock_adds_up_visits():
    clock = StageClock()
    for stage in ("load", "decode", "load"):
        clock.enter(stage)
    assert list(clock.seconds()) == ["load", "decode"]
    assert min(clock.seconds().values()) >= 0
