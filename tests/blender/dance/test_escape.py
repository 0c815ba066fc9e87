"""Esc stops one thing at a time, what plays or renders first; the button stops the generation at once."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest

from blender_addon import session
from blender_addon.dance import operators
from blender_addon.interface import playback
from tests.blender.dance import test_outcome
from tests.blender.dance.test_outcome import Pressed, said

mannequin, worker = test_outcome.mannequin, test_outcome.worker
nothing_remembered = test_outcome.nothing_remembered

ESC = SimpleNamespace(type="ESC", value="PRESS")
RELEASE = SimpleNamespace(type="ESC", value="RELEASE")


@pytest.fixture
def blender(monkeypatch) -> SimpleNamespace:
    """A Blender that plays and works: there is no window that could."""
    state = SimpleNamespace(is_playing=True, jobs=set())
    monkeypatch.setattr(playback, "is_on", lambda: state.is_playing)
    monkeypatch.setattr(playback, "cancel", lambda: setattr(state, "is_playing", False))
    app = SimpleNamespace(is_job_running=lambda kind: kind in state.jobs)
    monkeypatch.setattr(operators, "bpy", SimpleNamespace(app=app, data=bpy.data, types=bpy.types, context=bpy.context))
    return state


def test_the_first_esc_stops_playback_and_the_next_the_generation(mannequin, worker, tone, blender):
    pressed = Pressed(tone)
    assert pressed.send(ESC) == {"RUNNING_MODAL"}
    assert (blender.is_playing, session.current().generation.is_cancelled) == (False, False)
    pressed.send(RELEASE)
    assert not session.current().generation.is_cancelled
    pressed.send(ESC)
    assert session.current().generation.is_cancelled


@pytest.mark.parametrize("job", ["RENDER", "OBJECT_BAKE"])
def test_esc_during_a_render_is_left_to_blender(mannequin, worker, tone, blender, job):
    blender.is_playing, blender.jobs = False, {job}
    pressed = Pressed(tone)
    assert pressed.send(ESC) == {"PASS_THROUGH"}
    assert not session.current().generation.is_cancelled
    blender.jobs.clear()
    pressed.send(ESC)
    assert session.current().generation.is_cancelled


def test_the_button_cancels_whatever_plays(mannequin, worker, tone, blender):
    pressed = Pressed(tone)
    assert bpy.ops.tokendance.cancel() == {"FINISHED"}
    pressed.to_the_end()
    assert blender.is_playing
    assert said() == "Stopped: nothing was changed"
