"""``--command tokendance`` as a program: what it prints, what it leaves, and the exit code that it ends with."""

from __future__ import annotations

import json
import os
import signal
import warnings
from pathlib import Path

import bpy
import pytest

from blender_addon import session
from blender_addon.dance import delivery
from blender_addon.headless import cli, exchange


def command(*words: object) -> int:
    return cli.main([str(word) for word in words])


def json_lines(capsys) -> list[dict[str, object]]:
    """Blender and its exporters speak in between."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_help_tells_the_exit_codes(addon, capsys):
    assert command("--help") == 0
    said = capsys.readouterr().out
    assert "blender --command tokendance" in said
    assert "130 stopped" in said


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("sing",),
        ("generate", "song.ogg"),
        ("generate", "song.ogg", "-o", "a.fbx", "--seed", "one"),
        ("generate", "song.ogg", "-o", "a.fbx", "--steps", "1", "--quality", "draft"),
        ("batch", "jobs.csv"),
    ],
)
def test_options_that_make_no_sense_end_with_2(addon, capsys, words):
    assert command(*words) == 2
    assert "usage" in capsys.readouterr().err


def test_generate_writes_every_output_of_the_open_file(scene, stand_in, tone, tmp_path, capsys):
    call = stand_in()
    bpy.ops.tokendance.add_mannequin()
    outputs = [tmp_path / f"dance{suffix}" for suffix in exchange.WRITERS]
    words = [word for output in outputs for word in ("-o", output)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Blender's exporters warn of themselves
        assert command("generate", tone, *words, "--seed", 7, "--genre", "pop", "--quality", "draft") == 0
    assert all(output.stat().st_size for output in outputs)
    assert sorted(path.name for path in tmp_path.glob(".tokendance-*")) == []
    asked = json.loads(call.read_text(encoding="utf-8"))
    settings = asked["settings"]
    assert (settings["seed"], settings["genre"], settings["steps"]) == (7, "pop", 1)
    assert all(str(output) in capsys.readouterr().out for output in outputs[:1])


def test_generate_on_a_character_from_a_file(scene, stand_in, tone, tmp_path, capsys):
    stand_in()
    assert command("generate", tone, "-o", tmp_path / "hero.blend") == 0
    assert (
        command("generate", tone, "--character", tmp_path / "hero.blend", "-o", tmp_path / "again.blend", "--json") == 0
    )
    said = json_lines(capsys)
    assert said[-1]["event"] == "done"
    assert said[-1]["path"] == str(tmp_path / "again.blend")
    assert {line["event"] for line in said} <= {"dancer", "progress", "warning", "done"}
    assert said[0] == {"event": "dancer", "reason": "Mannequin, the only character of the scene"}
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "again.blend"))
    assert len([item for item in bpy.data.objects if item.type == "ARMATURE"]) == 1


def test_the_armature_that_is_named_dances(scene, stand_in, tone, tmp_path):
    stand_in()
    for _ in range(2):
        bpy.ops.tokendance.add_mannequin()
    first = min(item.name for item in scene.objects if item.type == "ARMATURE")
    assert command("generate", tone, "-o", tmp_path / "a.blend", "--armature", first) == 0
    assert scene.objects[first].animation_data.action is not None


@pytest.mark.parametrize(
    ("words", "fate", "code"),
    [
        (("{tone}", "-o", "{out}/a.txt"), "dance", 5),
        (("{out}/none.ogg", "-o", "{out}/a.blend"), "dance", 3),
        (("{tone}", "-o", "{out}/a.blend"), "error", 3),
        (("{tone}", "-o", "{out}/a.blend"), "fault", 1),
        (("{tone}", "-o", "{out}/none/a.blend"), "dance", 5),
        (("{tone}", "-o", "{out}/a.blend", "--armature", "Nobody"), "dance", 6),
        (("{tone}", "-o", "{out}/a.blend", "--character", "{out}/none.fbx"), "dance", 6),
        (("{tone}", "-o", "{out}/a.blend", "--character", "{tone}"), "dance", 6),
    ],
)
def test_every_failure_has_its_exit_code_and_a_sentence(scene, stand_in, tone, tmp_path, capsys, words, fate, code):
    stand_in(fate)
    assert command("generate", *(word.format(tone=tone, out=tmp_path) for word in words)) == code
    said = capsys.readouterr().err
    assert "tokendance: " in said
    assert "Traceback" not in said
    assert not (tmp_path / "a.blend").exists()


def test_a_failure_is_one_json_object(scene, stand_in, tone, tmp_path, capsys):
    stand_in("error")
    assert command("generate", tone, "-o", tmp_path / "a.blend", "--json") == 3
    last = json_lines(capsys)[-1]
    assert (last["event"], last["message"], last["exit_code"]) == ("error", "The song is silent.", 3)
    assert last["hint"]


def test_an_event_is_a_line_of_its_own_after_a_line_that_blender_left_unfinished(
    scene, stand_in, tone, tmp_path, capsys, monkeypatch
):
    """An exporter that is stopped leaves its line as it is."""
    stand_in()

    def stop(path, armature):
        print("export progress . . truncated", end="", flush=True)
        raise KeyboardInterrupt

    monkeypatch.setitem(exchange.WRITERS, ".fbx", stop)
    assert command("generate", tone, "-o", tmp_path / "a.fbx", "--json") == 130
    assert json_lines(capsys)[-1]["exit_code"] == 130


def test_damaged_character_is_told_with_6(scene, stand_in, tone, tmp_path, capsys):
    stand_in()
    for suffix in (".blend", ".fbx", ".glb"):
        broken = tmp_path / f"broken{suffix}"
        broken.write_bytes(b"this is no character at all")
        assert command("generate", tone, "--character", broken, "-o", tmp_path / "a.blend") == 6
        assert f"broken{suffix}" in capsys.readouterr().err


def test_batch_ends_with_0_or_1_and_says_what_became_of_each(scene, stand_in, tone, tmp_path, capsys):
    stand_in()
    (tmp_path / "jobs.csv").write_text(f"song,name\n{tone.name},take\nnone.ogg,none\n", encoding="utf-8")
    assert command("batch", tmp_path / "jobs.csv", "--out", tmp_path / "out", "--json") == 1
    said = json_lines(capsys)
    assert [(line["name"], line["status"]) for line in said if line["event"] == "job"] == [
        ("take", "done"),
        ("none", "failed"),
    ]
    assert said[-1] == {"event": "end", "done": 1, "failed": 1}
    (tmp_path / "jobs.csv").write_text(f"song,name\n{tone.name},take\n", encoding="utf-8")
    assert command("batch", tmp_path / "jobs.csv", "--out", tmp_path / "out", "--resume") == 0
    assert "1 skipped" in capsys.readouterr().out


def test_a_table_that_makes_no_sense_ends_with_2_before_anything_starts(scene, stand_in, tone, tmp_path, capsys):
    call = stand_in()
    (tmp_path / "jobs.csv").write_text(f"song,colour\n{tone.name},red\n", encoding="utf-8")
    assert command("batch", tmp_path / "jobs.csv", "--out", tmp_path / "out") == 2
    assert "colour" in capsys.readouterr().err
    assert not call.exists()
    assert not (tmp_path / "out").exists()


def test_stopped_it_ends_with_130(scene, stand_in, tone, tmp_path, capsys, monkeypatch):
    stand_in()

    def stop(context, order, on_progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(delivery, "generate", stop)
    (tmp_path / "jobs.csv").write_text(f"song,name\n{tone.name},take\n", encoding="utf-8")
    assert command("generate", tone, "-o", tmp_path / "a.blend") == 130
    assert command("batch", tmp_path / "jobs.csv", "--out", tmp_path / "out") == 130
    entries = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["jobs"]
    assert [entry["status"] for entry in entries] == ["left"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_it_and_get_their_handlers_back(scene, stand_in, tone, tmp_path, monkeypatch, number):
    stand_in()
    former = signal.getsignal(number)
    monkeypatch.setattr(delivery, "generate", lambda context, order, on_progress: signal.raise_signal(number))
    assert command("generate", tone, "-o", tmp_path / "a.blend") == 130
    assert signal.getsignal(number) == former


def test_no_worker_stays_behind(scene, stand_in, tone, tmp_path):
    stand_in()
    assert command("generate", tone, "-o", tmp_path / "a.bvh") == 0
    assert session.current().worker.running() is None


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_may_not_be_written_ends_with_5(scene, stand_in, tone, tmp_path):
    stand_in()
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    assert command("generate", tone, "-o", locked / "a.blend") == 5
    assert command("batch", Path(tmp_path / "none.csv"), "--out", locked) == 2


def test_a_dance_is_not_written_over_its_character_or_its_song(scene, tone, tmp_path, capfd):
    character = tmp_path / "hero.blend"
    character.write_bytes(b"mine")
    (tmp_path / "link.blend").symlink_to(character)
    for output in (character, tmp_path / "link.blend", tmp_path / ".." / tmp_path.name / "hero.blend"):
        assert cli.main(["generate", str(tone), "--character", str(character), "-o", str(output)]) == 2
        assert "would be written over" in capfd.readouterr().err
    assert character.read_bytes() == b"mine"


@pytest.mark.parametrize("steps", ["1000000000", "0", "-1"])
def test_passes_of_refinement_are_bounded(scene, tone, tmp_path, capfd, steps):
    assert cli.main(["generate", str(tone), "-o", str(tmp_path / "a.blend"), f"--steps={steps}"]) == 2
    assert "“steps” is" in capfd.readouterr().err
