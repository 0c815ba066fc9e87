"""A user's session in a real Blender window, played by timers: run by ``test_window.py`` inside Blender, never imported
by pytest.

``blender --factory-startup --enable-event-simulate --python session.py -- FOLDER``: FOLDER holds ``addon.zip``,
``song.wav``; ``result.json`` and the pictures are left there.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
MODULE = "bl_ext.user_default.tokendance"
LIMIT_SECONDS = 180.0
PICTURED = 1210
"""The frame of the picture in README."""

Wait = float | Callable[[], bool]
"""What a step yields: seconds to let pass, or a condition to wait for."""

found: dict[str, object] = {"pictures": []}
_costs: dict[str, list[float]] = {}


def addon(name: str) -> object:
    return sys.modules[f"{MODULE}.{name}"]


def now() -> object:
    """The add-on's session."""
    return addon("session").current()


def window() -> bpy.types.Window:
    return bpy.context.window_manager.windows[0]


def view() -> dict[str, object]:
    """What an operator that is pressed in the sidebar runs in."""
    area = next(area for area in window().screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == "WINDOW")
    return {"window": window(), "area": area, "region": region}


def picture(name: str) -> Iterator[Wait]:
    """Draw everything, then photograph the screen."""
    addon("interface.ticker").redraw()
    yield 1.0
    subprocess.run(["import", "-window", "root", str(FOLDER / f"{name}.png")], check=True)
    found["pictures"].append(name)


def scrolled(steps: int = 20) -> Iterator[Wait]:
    """Scroll the sidebar down."""
    area = view()["area"]
    sidebar = next(region for region in area.regions if region.type == "UI")
    with bpy.context.temp_override(window=window(), area=area, region=sidebar):
        for _ in range(steps):
            bpy.ops.view2d.scroll_down()
    yield 0.5


def press(operator: object, **options: object) -> set[str]:
    with bpy.context.temp_override(**view()):
        return operator("INVOKE_DEFAULT", **options)


def key(kind: str) -> None:
    area = view()["area"]
    place = {"x": area.x + area.width // 3, "y": area.y + area.height // 2}
    for value in ("PRESS", "RELEASE"):
        window().event_simulate(type=kind, value=value, **place)


def timed(owner: object, name: str, label: str) -> None:
    """From now on remember how long each call takes."""
    function = getattr(owner, name)

    def measured(*args: object, **options: object) -> object:
        start = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            _costs.setdefault(label, []).append(time.perf_counter() - start)

    setattr(owner, name, measured)


def status() -> str:
    outcome = now().outcome
    return outcome.status if outcome is not None else ""


def said() -> str:
    """What the panel says of the last generation now."""
    outcome = now().outcome
    with bpy.context.temp_override(**view()):
        here = addon("dance.outcome").Situation.here(bpy.context)
    return outcome.message if outcome is not None and outcome.holds(here) else ""


def is_playing() -> bool:
    return window().screen.is_animation_playing


def takes() -> list[str]:
    return sorted(action.name for action in bpy.data.actions)


def generated(label: str, **options: object) -> Iterator[Wait]:
    """Press Generate and wait for the end; tells the seconds from the click to each stage and to the dance."""
    start = time.perf_counter()
    found[f"{label} pressed"] = sorted(press(bpy.ops.tokendance.generate, **options))
    stages: dict[str, float] = {}
    found[f"{label} stages"] = stages

    def is_done() -> bool:
        running = now().generation
        if running is not None:
            if running.fraction > 0:
                stages.setdefault("first progress", time.perf_counter() - start)
            stages.setdefault(running.stage, time.perf_counter() - start)
        return running is None

    yield is_done
    found[f"{label} dance"] = time.perf_counter() - start
    found[f"{label} status"] = status()


def session() -> Iterator[Wait]:
    bpy.ops.extensions.package_install_files(
        filepath=str(FOLDER / "addon.zip"), repo="user_default", enable_on_install=True
    )
    yield 1.0
    space = next(area for area in window().screen.areas if area.type == "VIEW_3D").spaces.active
    space.show_region_ui = True
    yield 1.0
    sidebar = next(region for region in view()["area"].regions if region.type == "UI")
    sidebar.active_panel_category = "TokenDance"
    yield 2.5  # the time in which it is looked up what makes the dances
    yield from picture("empty")
    yield from _preferences()
    yield from _song()
    yield from _generations()
    yield from _faults()
    yield from _takes()
    yield from _files()


def _preferences() -> Iterator[Wait]:
    """Folded and unfolded, in a window of their own."""
    preferences = bpy.context.preferences.addons[MODULE].preferences
    press(bpy.ops.tokendance.show_preferences)
    yield from picture("preferences")
    preferences.show_optional = True
    yield from picture("optional")
    preferences.show_optional = False
    extra = bpy.context.window_manager.windows[-1]
    with bpy.context.temp_override(window=extra):
        bpy.ops.wm.window_close()
    yield 0.5


def _song() -> Iterator[Wait]:
    start = time.perf_counter()
    with bpy.context.temp_override(**view()):
        dropped = bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory=str(FOLDER), files=[{"name": "song.wav"}])
    found["dropped"] = sorted(dropped)
    found["strips"] = [strip.name for strip in addon("compat").existing_strips(bpy.context.scene)]
    songs = now().songs
    yield lambda: bool(songs._facts)
    found["heard"] = time.perf_counter() - start
    found["bpm"] = next(iter(songs._facts.values()))[1].bpm

    press(bpy.ops.tokendance.add_beat_markers, every=4)
    found["markers"] = len(bpy.context.scene.timeline_markers)
    yield from picture("ready")


def _generations() -> Iterator[Wait]:
    timed(addon("interface.ticker").Ticker, "tick", "tick")
    timed(addon("dance.generation").Generation, "poll", "poll")
    timed(addon("dance.delivery").Delivery, "step", "placing a dance")
    now().worker.stop()
    yield from generated("cold")
    found["first dance"] = _first_dance()
    found["clicked body"] = yield from _clicked_body()
    yield from picture("done")
    bpy.context.scene.tokendance.seed = 1
    yield from generated("warm")
    found["takes"], found["said"] = takes(), [said()]
    with bpy.context.temp_override(**view()):
        bpy.ops.ed.undo()
    yield 0.5
    found["takes after undo"] = takes()
    found["said"].append(said())
    with bpy.context.temp_override(**view()):
        bpy.ops.ed.redo()
    yield 0.5
    found["takes after redo"] = takes()
    found["said"].append(said())


def _first_dance() -> dict[str, object]:
    """Where the mannequin came to stand in the factory scene, and what is seen of it."""
    scene, space = bpy.context.scene, view()["area"].spaces.active
    mannequin = addon("character.dancer").dancer(bpy.context)
    return {
        "from the cube": max(abs(part) for part in (mannequin.location - bpy.data.objects["Cube"].location)[:2]),
        "from the middle of the view": (space.region_3d.view_location - mannequin.location).length,
        "distance": space.region_3d.view_distance,
        "range": [scene.frame_start, scene.frame_end],
        "dance": list(addon("takes.store").frame_range(mannequin.animation_data.action)),
    }


def _clicked_body() -> Iterator[Wait]:
    """The mannequin's mesh is the active object: who dances, and which takes are listed."""
    dancers = addon("character.dancer")
    before = bpy.context.view_layer.objects.active
    bpy.context.view_layer.objects.active = dancers.dancer(bpy.context).children[0]
    yield 0.5
    shown = dancers.shown(bpy.context)
    seen = {"reason": shown.reason, "takes": len(addon("takes.store").of(shown.armature))}
    bpy.context.view_layer.objects.active = before
    return seen


def _started(**options: object) -> Iterator[Wait]:
    """Generate is under way, far enough to be photographed."""
    press(bpy.ops.tokendance.generate, **options)
    yield lambda: now().generation is None or now().generation.fraction > 0.06


def _faults() -> Iterator[Wait]:
    before = takes()
    yield from _started(variations=16, steps=64)
    yield from picture("running")
    start = time.perf_counter()
    key("ESC")
    yield lambda: now().generation is None
    found["escape"] = {"seconds": time.perf_counter() - start, "status": status(), "changed": takes() != before}
    yield from picture("cancelled")
    yield from _escape_while_playing()
    yield from _started(variations=16, steps=64)
    start = time.perf_counter()
    found["cancel pressed"] = sorted(press(bpy.ops.tokendance.cancel))
    yield lambda: now().generation is None
    found["cancel"] = {"seconds": time.perf_counter() - start, "status": status(), "changed": takes() != before}
    yield from _started(variations=4, steps=64)
    os.kill(now().worker.running()._process.pid, signal.SIGKILL)
    yield lambda: now().generation is None
    found["killed"] = {"status": status(), "message": now().outcome.message, "changed": takes() != before}
    yield from picture("failed")
    bpy.ops.tokendance.copy_diagnostics()
    found["diagnostics"] = bpy.context.window_manager.clipboard
    yield from generated("after the fault", seed=2)
    yield from _started(variations=3)
    with bpy.context.temp_override(**view()):
        bpy.ops.ed.undo()
    found["undo in between"] = sorted(takes())
    yield lambda: now().generation is None
    found["after undo in between"] = {"status": status(), "takes": takes()}


def _escape_while_playing() -> Iterator[Wait]:
    """The first Esc is for what plays, the second for the generation."""
    yield from _started(variations=16, steps=64)
    press(bpy.ops.screen.animation_play)
    yield 1.0
    told = [(is_playing(), now().generation is not None)]
    for _ in range(2):
        key("ESC")
        yield 2.0
        told.append((is_playing(), now().generation is not None))
    found["escape while playing"] = told


def _map_test() -> Iterator[Wait]:
    """The test of the map plays until another tab is looked at, and gives everything back."""
    sidebar = next(region for region in view()["area"].regions if region.type == "UI")
    scene, dancer = bpy.context.scene, addon("character.dancer").dancer(bpy.context)

    def state() -> list[object]:
        action = dancer.animation_data.action
        return [is_playing(), action.name if action else "", scene.use_preview_range]

    told = [state()]
    press(bpy.ops.tokendance.test_map)
    yield 2.0
    told.append(state())
    yield from picture("testing")
    sidebar.active_panel_category = "Item"
    yield 2.0
    told.append(state())
    sidebar.active_panel_category = "TokenDance"
    yield 0.5
    found["map test"] = told


def _takes() -> Iterator[Wait]:
    yield from generated("variations", variations=3, seed=7)
    dancer = addon("character.dancer").dancer(bpy.context)
    for take in addon("takes.store").of(dancer)[:3]:
        take.tokendance_take.starred = True
    found["all takes"] = takes()
    bpy.data.objects["Cube"].hide_set(True)
    bpy.context.scene.frame_set(PICTURED)
    yield from picture("panel")
    bpy.context.scene.frame_set(1)
    yield from scrolled()
    yield from picture("takes")
    press(bpy.ops.tokendance.compare_takes)
    bpy.context.scene.frame_set(120)
    yield from picture("compared")
    press(bpy.ops.tokendance.end_comparison)
    yield from picture("unchanged")
    bpy.context.scene.tokendance.mirror = True
    yield from picture("changed")
    start = time.perf_counter()
    found["finished"] = sorted(press(bpy.ops.tokendance.finish_take))
    found["finish seconds"] = time.perf_counter() - start
    yield from picture("finish")
    yield from _map_test()


def _files() -> Iterator[Wait]:
    path = str(FOLDER / "saved.blend")
    yield from _started(variations=2)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    yield lambda: now().generation is None
    found["saved meanwhile"] = status()
    yield from _started(variations=2)
    bpy.data.objects.remove(addon("character.dancer").dancer(bpy.context))
    yield lambda: now().generation is None
    found["deleted meanwhile"] = {"status": status(), "message": now().outcome.message}
    with bpy.context.temp_override(**view()):
        bpy.ops.wm.open_mainfile(filepath=path)
    yield 1.0
    found["takes in the file"], found["said in another file"] = takes(), said()
    yield from _started(variations=8, steps=64)
    with bpy.context.temp_override(**view()):
        bpy.ops.wm.open_mainfile(filepath=path)
    yield 1.5
    found["opened meanwhile"] = {"running": now().generation is not None, "status": status(), "takes": takes()}
    yield from _started(variations=8, steps=64)
    found["worker at the end"] = [
        now().worker.running()._process.pid,
        str(now().worker.running().folder),
    ]


def end() -> None:
    found["costs"] = {
        name: {"median": statistics.median(times), "worst": max(times), "count": len(times)}
        for name, times in _costs.items()
    }
    (FOLDER / "result.json").write_text(json.dumps(found, indent=1))
    bpy.ops.wm.quit_blender()


_steps = session()
_waiting: list[object] = [0.5, time.monotonic()]


def advance() -> float | None:
    wait, since = _waiting
    passed = time.monotonic() - since
    try:
        if callable(wait) and passed > LIMIT_SECONDS:
            raise TimeoutError(f"waited {passed:.0f} s in vain after {list(found)[-1]}")
        if passed < wait if isinstance(wait, float) else not wait():
            return 0.05
        _waiting[:] = next(_steps), time.monotonic()
        return 0.05
    except StopIteration:
        end()
    except Exception:
        found["failed"] = traceback.format_exc()
        end()
    return None


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(advance, first_interval=1.0, persistent=True)
