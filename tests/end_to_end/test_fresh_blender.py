"""A new user's way from the zip to a dance: no network, no other Python or program, nothing but what Blender brings,
below a folder of a name that many programs stumble over, where nothing can be written once the add-on is installed.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.end_to_end import fresh_blender

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="Blender as a Python module is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="read-only folders and links are others there"),
]


@pytest.fixture(scope="module")
def told(package: Path, song: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the session in the fresh Blender found."""
    folder = tmp_path_factory.mktemp("fresh") / "新しい Blender"
    songs, result = folder / "歌 1", folder / "result.json"
    variables = fresh_blender.environment(folder)
    songs.mkdir()
    (songs / "song.ogg").symlink_to(song)
    soundfile.write(songs / "song.wav", *soundfile.read(song))
    session = Path(__file__).with_name("fresh_session.py")
    words = [str(session), str(package), str(songs), str(result)]
    command = fresh_blender.command(fresh_blender.make(folder / "blender"), *words)
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert result.exists(), done.stdout + done.stderr
    found = json.loads(result.read_text())
    assert "failed" not in found, f"{found['failed']}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    print(f"Blender {found['blender']}, {found['song']}")
    for seconds in (found["seconds"], *found["reached"]):
        print(", ".join(f"{name}: {second:.2f} s" for name, second in seconds.items()))
    return found


def test_blender_is_fresh(told):
    assert not told["online"]
    assert told["reachable"] == []
    assert told["refused"]


def test_two_dances_are_in_sync_with_the_song(told, song):
    assert [name.split()[-1] for name in told["takes"]] == ["0", "1"]
    seconds = soundfile.info(song).duration
    first, last = told["frames"]
    assert last - first + 1 == pytest.approx(seconds * told["fps"], abs=1)
    if told["strip"]:
        assert told["strip"] == [[first, pytest.approx(last - first + 1, abs=1)]]
    heights = np.array(told["heights"])
    assert (heights[:, 1] - heights[:, 0] > 0.2).mean() > 0.9  # the head is above the hips nearly always
    assert np.ptp(heights, axis=0).min() > 0.02


def test_blender_itself_makes_the_dances_and_says_so(told):
    assert "Makes the dances: Blender's own Python" in told["diagnostics"]
    assert "Notice: none" in told["diagnostics"]
    if "command" in told:
        assert "/新しい Blender/blender/" in told["command"][0]
        assert told["command"][1] == "-I"
        assert told["unwanted libraries"] == []
        assert told["variables"] == []
        assert told["megabytes"] < 400


def test_every_stage_is_told(told):
    for stages in told["reached"]:
        assert {"Listening", "Dancing"} <= set(stages)


def test_nobody_is_called_and_nothing_written_beside_the_addon(told):
    assert told["connections"] == []
    assert told.get("sockets", []) == []
    assert told["written"] == []
