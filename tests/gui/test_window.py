"""A user's session in a real Blender window, with the built zip and the shipped weights; looked at afterwards through
its pictures.

Environment variables:
    TOKENDANCE_BLENDER         the command that runs Blender with a screen, for example ``xvfb-run -a blender``; without
    it these tests
                               are left out. ImageMagick's ``import`` must be there too.
    TOKENDANCE_BLENDER_FOLDER  where that Blender runs in a root of its own: a folder outside and what it is called
    inside,
                               ``OUTSIDE:INSIDE``
    TOKENDANCE_PYTHON          a Python with torch as Blender sees it (default: Blender's own makes the dances)
    TOKENDANCE_PICTURES        where the pictures are kept
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

HERE = Path(__file__).resolve().parent
BLENDER = os.environ.get("TOKENDANCE_BLENDER", "")
PICTURES = (
    "empty",
    "preferences",
    "optional",
    "ready",
    "done",
    "running",
    "cancelled",
    "failed",
    "panel",
    "takes",
    "compared",
    "unchanged",
    "changed",
    "finish",
    "testing",
)
"""What to look at: the rows of "takes" tell genre, seed and length at the width that the sidebar has at first; every
dancer of "compared" has its label and room; *Update Take* is at the same place in "unchanged" and "changed"; *Takes* is
at the same place in "ready", "running" and "done".
"""
TICK_SECONDS = 0.005

pytestmark = pytest.mark.skipif(not BLENDER, reason="TOKENDANCE_BLENDER does not name a Blender with a window")


@pytest.fixture(scope="module")
def told(root: Path, song: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the session in Blender found."""
    outside, _, inside = os.environ.get("TOKENDANCE_BLENDER_FOLDER", "").partition(":")
    folder = Path(outside) / "tokendance-gui" if outside else tmp_path_factory.mktemp("gui")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    subprocess.run([sys.executable, str(root / "build_addon.py"), "--output", str(folder)], cwd=root, check=True)
    next(folder.glob("*.zip")).rename(folder / "addon.zip")
    soundfile.write(folder / "song.wav", *soundfile.read(song))
    shutil.copy(HERE / "session.py", folder)
    seen = Path(inside) / folder.name if outside else folder
    options = ["--factory-startup", "--enable-event-simulate", "--window-geometry", "0", "0", "1280", "720"]
    command = [*shlex.split(BLENDER), *options, "--python", str(seen / "session.py"), "--", str(seen)]
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(folder / "resources")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    if pictures := os.environ.get("TOKENDANCE_PICTURES"):
        for path in folder.glob("*.png"):
            shutil.copy(path, pictures)
    log = done.stdout + done.stderr
    assert (folder / "result.json").exists(), log
    result = json.loads((folder / "result.json").read_text())
    assert "failed" not in result, f"{result['failed']}\n{log}"
    assert "Traceback" not in log, log
    return result


def test_every_state_was_photographed(told):
    assert tuple(told["pictures"]) == PICTURES


def test_a_dropped_song_is_heard_and_marked(told):
    assert told["dropped"] == ["FINISHED"]
    assert told["strips"] == ["song"]
    assert told["bpm"] == pytest.approx(99, abs=0.5)
    assert told["markers"] > 20


@pytest.mark.parametrize("label", ["cold", "warm", "after the fault", "variations"])
def test_a_dance_is_made_beside_the_users_work(told, label):
    assert told[f"{label} pressed"] == ["RUNNING_MODAL"]
    assert told[f"{label} status"] == "done"


def test_the_first_dance_can_be_seen(told):
    """Beside the cube, in the middle of the view, in a scene that ends with it."""
    seen = told["first dance"]
    assert seen["from the cube"] > 1.4
    assert seen["from the middle of the view"] < 1
    assert 2 < seen["distance"] < 9
    assert seen["range"] == [1, seen["dance"][1]]


def test_who_clicks_the_body_means_the_character(told):
    assert told["clicked body"] == {"reason": "Mannequin, the armature of the active mesh Mannequin Body", "takes": 1}


def test_a_warm_worker_begins_to_dance_sooner(told):
    """The dance itself takes as long, so that only its beginning can be compared on a busy machine."""
    print({name: value for name, value in told.items() if name == "heard" or name.endswith((" stages", " dance"))})
    assert told["warm stages"]["Dancing"] < told["cold stages"]["Dancing"]


def test_one_undo_step_takes_one_generation_back(told):
    assert told["takes"] == ["song any 0", "song any 1"]
    assert told["takes after undo"] == ["song any 0"]
    assert told["takes after redo"] == told["takes"]


def test_the_end_is_told_where_it_is_true(told):
    assert told["said"] == ["The dance is on the character", "", "The dance is on the character"]
    assert told["said in another file"] == ""


def test_escape_stops_playback_first(told):
    assert told["escape while playing"] == [[True, True], [False, True], [False, False]]


def test_a_test_of_the_map_plays_until_it_is_looked_away_from(told):
    before, during, after = told["map test"]
    assert during == [True, "TokenDance Test", True]
    assert after == before


@pytest.mark.parametrize("way", ["escape", "cancel"])
def test_cancel_is_obeyed_within_a_second_and_changes_nothing(told, way):
    assert told[way]["status"] == "cancelled"
    assert told[way]["seconds"] < 1
    assert not told[way]["changed"]


def test_a_killed_worker_is_told_and_changes_nothing(told):
    assert told["killed"]["status"] == "failed"
    assert "signal 9" in told["killed"]["message"]
    assert not told["killed"]["changed"]
    assert "signal 9" in told["diagnostics"]


def test_undo_saving_deleting_and_opening_meanwhile_are_safe(told):
    assert told["after undo in between"]["status"] == "done"
    assert set(told["undo in between"]) < set(told["after undo in between"]["takes"])
    assert told["saved meanwhile"] == "done"
    assert told["deleted meanwhile"]["status"] == "failed"
    assert "is gone" in told["deleted meanwhile"]["message"]
    assert told["opened meanwhile"] == {"running": False, "status": "cancelled", "takes": told["takes in the file"]}


def test_a_tick_costs_next_to_nothing(told):
    """The usual tick; the worst depends on what else this machine does, and is printed."""
    print({name: f"{1000 * cost['worst']:.1f} ms at worst" for name, cost in told["costs"].items()})
    assert told["costs"]["tick"]["median"] < TICK_SECONDS
    assert told["costs"]["poll"]["median"] < TICK_SECONDS


def test_nothing_is_left_when_blender_is_closed(told):
    pid, folder = told["worker at the end"]
    outside = os.environ.get("TOKENDANCE_BLENDER_FOLDER", "").partition(":")[0]
    here = Path(outside).parent / Path(folder).relative_to("/") if outside else Path(folder)
    assert not here.exists()
    assert not Path(f"/proc/{pid}").exists()
