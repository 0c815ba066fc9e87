"""The add-on as Blender sees it: manifest, classes, compatibility with this version."""

from __future__ import annotations

import tomllib
from pathlib import Path

import bpy

import blender_addon
import tokendance_core
from blender_addon import compat
from blender_addon.runtime import preferences


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
