"""The add-on as Blender sees it: manifest, classes, compatibility with this version."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

import blender_addon
import tokendance_core
from blender_addon import compat, session
from blender_addon.dance import generation
from blender_addon.dance.generation import Order
from blender_addon.dance.outcome import Outcome
from blender_addon.runtime import operators as runtime_operators
from blender_addon.runtime import preferences
from blender_addon.runtime.interpreter import Versions, find_python
from blender_addon.session import Session
from blender_addon.sidebar.menus import _ENTRIES
from blender_addon.song.facts import Question
from tokendance_core import BeatSettings, SongPart


def test_manifest_tells_the_truth():
    manifest = tomllib.loads(
        (Path(blender_addon.__file__).parent / "blender_manifest.toml").read_text(encoding="utf-8")
    )
    assert manifest["version"] == tokendance_core.__version__
    assert tuple(map(int, manifest["blender_version_min"].split("."))) <= bpy.app.version
    texts = [manifest["tagline"], *manifest["permissions"].values()]
    assert all(len(text) <= 64 and (text[-1].isalnum() or text[-1] in ")]}") for text in texts)


def test_unregister_takes_everything_back(scene):
    blender_addon.unregister()
    assert not hasattr(bpy.types, "TOKENDANCE_OT_generate")
    assert "generate" not in dir(bpy.ops.tokendance)
    blender_addon.register()
    assert "generate" in dir(bpy.ops.tokendance)


def owned(now: Session) -> dict[str, object]:
    """Everything that a session can have come to know or to run."""
    return {
        "worker": now.worker.running(),
        "generation": now.generation,
        "outcome": now.outcome,
        "check": now.checks.latest,
        "set-up": now.set_ups.latest,
        "songs": (now.songs._facts, now.songs._asked, now.songs._failed),
        "characters": (now.summaries._known, now.summaries._asked),
        "runtimes": (now.runtimes._versions, now.runtimes._facts),
        "texts": (now.genre_items, now.bone_items),
        "watches": now.ticker._watches,
        "ticks": now.ticker.is_running,
    }


def test_a_session_ends_with_everything_in_it_and_the_next_knows_nothing(scene, stand_in, tone, tmp_path, monkeypatch):
    stand_in("hang")
    (tmp_path / "jobs").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "jobs"))
    first, python = session.current(), find_python()
    bpy.ops.tokendance.add_mannequin()
    first.generation = generation.begin(bpy.context, Order(song=str(tone)))
    first.outcome = Outcome("failed", "What happened.")
    first.wake_up = bpy.context.window_manager.event_timer_add(1.0)
    first.summaries.make(bpy.context.active_object)
    first.summaries.look_up(bpy.context.active_object)
    asked = Question(state=(), path=str(tone), part=SongPart(), beats=BeatSettings())
    first.songs.ask(asked, first.worker.running())
    first.runtimes.known("")
    first.runtimes.learn(python.path, Versions("3.11", "1.26", "2.13", ("cpu",)))
    check = first.checks.start(python)
    assert first.ticker.is_running
    assert len(list((tmp_path / "jobs").iterdir())) == 2  # the worker's folder and the check's
    worker = first.worker.running()
    blender_addon.unregister()
    try:
        assert not worker.alive()
        assert check._process.poll() is not None
        assert list((tmp_path / "jobs").iterdir()) == []
        assert not first.ticker.is_running
        assert first.generation is first.wake_up is None
        with pytest.raises(RuntimeError, match="not registered"):
            session.current()
    finally:
        blender_addon.register()
    assert session.current() is not first
    assert owned(session.current()) | {"texts": None} == owned(blender_addon.new_session()) | {"texts": None}


def test_registering_twice_leaves_nothing_behind(scene):
    def menus() -> list[int]:
        return [len(getattr(bpy.types, name).draw._draw_funcs) for name in _ENTRIES]

    blender_addon.unregister()
    before = set(dir(bpy.types)), menus(), set(bpy.types.Scene.bl_rna.properties.keys())
    for _ in range(2):
        blender_addon.register()
        blender_addon.unregister()
    after = set(dir(bpy.types)), menus(), set(bpy.types.Scene.bl_rna.properties.keys())
    blender_addon.register()
    assert after == before


def test_without_preferences_the_defaults_hold(scene):
    assert preferences.runtime(bpy.context) == preferences.Runtime()


def test_movie_settings_give_a_film_with_sound(scene):
    compat.record_movie(scene)
    assert scene.render.image_settings.file_format == "FFMPEG"
    assert scene.render.is_movie_format
    assert scene.render.ffmpeg.audio_codec == "AAC"
    compat.record_images(scene)
    assert scene.render.image_settings.file_format == "PNG"
    assert not scene.render.is_movie_format


def test_help_is_a_file_that_is_there(addon, monkeypatch):
    opened: list[str] = []
    wm = SimpleNamespace(path_open=lambda filepath: opened.append(filepath) or {"FINISHED"})
    monkeypatch.setattr(runtime_operators, "bpy", SimpleNamespace(ops=SimpleNamespace(wm=wm)))
    assert runtime_operators.ShowHelp.execute(None, bpy.context) == {"FINISHED"}
    assert "## Use" in Path(opened[0]).read_text(encoding="utf-8")
