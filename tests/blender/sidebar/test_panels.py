"""What the sidebar shows in every state, without working anything out; presets, translations, texts; and a generation
beside the work.
"""

from __future__ import annotations

import builtins
import os
import shutil
import subprocess
from pathlib import Path
from types import FunctionType, SimpleNamespace

import bpy
import pytest

import blender_addon
from blender_addon import compat, session
from blender_addon.armature import rig
from blender_addon.armature.recipe import Recipe
from blender_addon.dance.outcome import Outcome, Situation
from blender_addon.interface import drawing
from blender_addon.runtime import interpreter as runtime
from blender_addon.runtime import worker as worker_client
from blender_addon.sidebar import character_panel as rig_map_panel
from blender_addon.sidebar import menus, panels, presets, readiness, takes_panel
from blender_addon.song import facts as song_facts
from blender_addon.takes import naming
from blender_addon.takes import store as takes
from tests.blender.dance.test_generate import needs_sound
from tests.blender.takes import test_takes
from tests.blender.takes.test_takes import starred_takes, tweaked
from tokendance_core import SettingError, SongFacts

generate, mannequin, worker = test_takes.generate, test_takes.mannequin, test_takes.worker

PANELS = (
    panels.MusicPanel,
    rig_map_panel.CharacterPanel,
    rig_map_panel.MapPanel,
    rig_map_panel.JointsPanel,
    panels.DancePanel,
    panels.GeneratePanel,
    takes_panel.TakesPanel,
    takes_panel.FinishPanel,
)


class Layout:
    """Takes every call of a panel; remembers texts, properties, and operators with whether they can be pressed.

    ``height`` is how much room it takes, in rows of the interface.
    """

    def __init__(self, seen: SimpleNamespace, enabled: bool = True, *, is_row: bool = False) -> None:
        self.__dict__.update(seen=seen, enabled=enabled, scale_y=1.0, is_row=is_row, inner=[])

    @property
    def height(self) -> float:
        heights = [inner.height if isinstance(inner, Layout) else inner for inner in self.inner]
        return round(self.scale_y * (max(heights, default=0.0) if self.is_row else sum(heights)), 6)

    def label(self, text: str = "", **_: object) -> None:
        self.inner.append(1.0)
        self.seen.texts.append(text)

    def operator(self, name: str, text: str | None = None, **_: object) -> SimpleNamespace:
        group, _, short = name.partition(".")
        assert getattr(getattr(bpy.ops, group), short).get_rna_type(), f"there is no operator {name}"
        self.inner.append(1.0)
        self.seen.operators[name] = self.enabled
        pressed = SimpleNamespace(text=text)
        self.seen.buttons.append((name, pressed))
        return pressed

    def prop(self, owner: bpy.types.bpy_struct, name: str, **_: object) -> None:
        assert name in owner.bl_rna.properties, f"there is no property {name}"
        self.inner.append(1.0)
        self.seen.properties.append(name)

    def progress(self, factor: float, type: str, text: str) -> None:
        assert 0 <= factor <= 1
        self.inner.append(1.0)
        self.seen.texts.append(text)

    def template_list(
        self, name: str, _id: str, data: object, items: str, active: object, index: str, *, rows: int, maxrows: int
    ) -> None:
        assert hasattr(bpy.types, name)
        assert hasattr(data, items)
        assert index in active.bl_rna.properties
        assert rows == maxrows, "a list that grows moves what lies below it"
        self.inner.append(float(rows))
        self.seen.lists.append(_id)

    def menu(self, name: str, **_: object) -> None:
        assert hasattr(bpy.types, name)
        self.inner.append(1.0)

    def separator(self, **_: object) -> None:
        """Nothing to be read."""

    def operator_menu_enum(self, name: str, prop: str, **_: object) -> None:
        self.operator(name)

    def panel(self, name: str, default_closed: bool = False) -> tuple[Layout, Layout | None]:
        """A part that can be folded, as it is when it is seen for the first time."""
        assert len(name) < 64
        self.seen.folded[name] = default_closed
        return self.row(), None if default_closed else self.column()

    def _inner(self, *, is_row: bool) -> Layout:
        made = Layout(self.seen, self.enabled, is_row=is_row)
        self.inner.append(made)
        return made

    def row(self, **_: object) -> Layout:
        return self._inner(is_row=True)

    def column(self, **_: object) -> Layout:
        return self._inner(is_row=False)

    split = row
    box = grid_flow = column


def watched() -> SimpleNamespace:
    """What a layout remembers, empty."""
    return SimpleNamespace(texts=[], operators={}, properties=[], buttons=[], lists=[], folded={})


def wanted(panel: type) -> bool:
    """Whether Blender would draw it: its parent comes first."""
    parent = next((other for other in PANELS if other.bl_idname == getattr(panel, "bl_parent_id", "")), None)
    return (parent is None or wanted(parent)) and (not hasattr(panel, "poll") or panel.poll(bpy.context))


def drawn(panel: type) -> SimpleNamespace:
    """What a panel draws now; nothing if it does not want to."""
    seen = watched()
    methods = {name: value for name, value in vars(panel).items() if isinstance(value, FunctionType)}
    layout = Layout(seen)
    if wanted(panel):
        type("Drawn", (), {**methods, "layout": layout})().draw(bpy.context)
    seen.height = layout.height
    assert all(isinstance(text, str) and "{" not in text for text in seen.texts)
    return seen


def everything_drawn() -> SimpleNamespace:
    seen = [drawn(panel) for panel in PANELS]
    return SimpleNamespace(
        texts=[text for one in seen for text in one.texts],
        operators={name: on for one in seen for name, on in one.operators.items()},
    )


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """Sentences on one line, and nothing remembered from other tests."""
    monkeypatch.setattr(drawing, "_letters", lambda context: 500)
    forget()
    yield
    forget()


def forget() -> None:
    session.current().close()


def settle() -> None:
    """Let everything that drawing asked for be worked out."""
    everything_drawn()
    session.current().ticker.tick()


@pytest.fixture
def two_songs(scene, tone):
    return [compat.strips(scene).new_sound(f"song {channel}", str(tone), channel, 10) for channel in (1, 2)]


@pytest.fixture
def song_strip(scene, tone):
    return compat.strips(scene).new_sound("song", str(tone), 1, 10)


def a_generation(**state: object) -> SimpleNamespace:
    usual = {
        "stage": "Dancing",
        "fraction": 0.4,
        "place_in_line": (2, 3),
        "remaining_seconds": 65.0,
        "cancel": lambda: None,
    }
    return SimpleNamespace(**{**usual, **state})


# --- every state ------------------------------------------------------------------------------------------------------


def test_an_empty_scene_shows_the_way(scene, worker):
    settle()
    seen = everything_drawn()
    assert {
        "Or drop a sound file into this view",
        "There is no character: a mannequin will be added",
        "Dances that were generated are listed here",
    } <= set(seen.texts)
    assert seen.operators["tokendance.use_song"]
    assert not seen.operators["tokendance.generate"]
    assert not seen.operators["tokendance.finish_take"]


@needs_sound
def test_a_song_shows_its_part_and_what_was_heard(scene, song_strip, worker, tone):
    assert "0:00–0:04 of 0:04" in drawn(panels.MusicPanel).texts
    assert "tokendance.listen" in drawn(panels.MusicPanel).operators
    answers = [SongFacts(path="", seconds=4.0, bpm=bpm, beats=(1.0,)) for bpm in (0.0, 119.6)]
    worker.ask = lambda arguments: worker.task(answer=answers.pop)
    song_facts.ask(bpy.context, scene)
    assert "0:00–0:04 of 0:04, listening…" in drawn(panels.MusicPanel).texts
    height = drawn(panels.MusicPanel).height
    session.current().ticker.tick()
    assert "0:00–0:04 of 0:04, 120 bpm" in drawn(panels.MusicPanel).texts
    assert drawn(panels.MusicPanel).height == height
    os.utime(tone, (1, 1))
    song_facts.listen(bpy.context, scene, song_strip)
    assert "0:00–0:04 of 0:04, no clear beat" in drawn(panels.MusicPanel).texts
    bpy.ops.tokendance.add_beat_markers()
    assert "tokendance.remove_beat_markers" in drawn(panels.MusicPanel).operators


@needs_sound
def test_a_song_that_could_not_be_heard_says_why(scene, song_strip, worker):
    def answer() -> None:
        raise SettingError("The song is silent.", hint="Use another.")

    worker.ask = lambda arguments: worker.task(answer=answer)
    song_facts.ask(bpy.context, scene)
    session.current().ticker.tick()
    assert "The song is silent. Use another." in drawn(panels.MusicPanel).texts


@needs_sound
def test_a_song_whose_path_is_written_in_another_way_is_the_same_song(scene, tone, worker):
    strip = compat.strips(scene).new_sound("song", str(tone), 1, 10)
    strip.sound.filepath = f"{tone.parent}//{tone.name}"
    worker.ask = lambda arguments: worker.task(answer=lambda: SongFacts(path="", seconds=4.0, bpm=120.0, beats=(1.0,)))
    bpy.ops.tokendance.listen()
    assert "0:00–0:04 of 0:04, 120 bpm" in drawn(panels.MusicPanel).texts


@needs_sound
def test_several_songs_ask_for_a_choice(scene, two_songs):
    assert drawn(panels.MusicPanel).properties == ["strip"]
    scene.tokendance.strip = "song 2"
    assert "0:00–0:04 of 0:04" in drawn(panels.MusicPanel).texts


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({}, "2 of 3, 1:05 left"),
        ({"place_in_line": (1, 1)}, "1:05 left"),
        ({"place_in_line": (1, 1), "remaining_seconds": None}, "Esc stops it"),
        ({"remaining_seconds": None}, "2 of 3"),
    ],
)
def test_a_running_generation_shows_how_far_it_is(scene, state, text):
    session.current().generation = a_generation(**state)
    seen = drawn(panels.GeneratePanel)
    assert seen.texts == ["Dancing, 40 %", text]
    assert seen.operators == {"tokendance.cancel": True}


@pytest.mark.parametrize("status", ["done", "cancelled", "failed"])
def test_how_it_ended_stays_to_be_read(scene, status):
    hint, about = "What to do." if status == "failed" else "", Situation.here(bpy.context)
    session.current().outcome = Outcome(status, "What happened.", hint, about=about)
    seen = drawn(panels.GeneratePanel)
    assert "What happened." in seen.texts
    assert ("What to do." in seen.texts) == ("tokendance.copy_diagnostics" in seen.operators) == (status == "failed")


def test_takes_are_listed_and_the_danced_one_is_described(mannequin, generate, scene):
    generate(genre="salsa", seed=3, variations=2)
    scene.frame_end = 20
    seen = everything_drawn()
    assert {"Salsa, refined in 8 passes", "Seed 3, frames 1 to 60"} <= set(seen.texts)
    assert "As in the take" in seen.texts
    assert not seen.operators["tokendance.finish_take"]
    assert seen.operators["tokendance.fit_frame_range"]
    scene.frame_end = 60
    assert not drawn(takes_panel.TakesPanel).operators["tokendance.fit_frame_range"]
    scene.tokendance.mirror = True
    assert drawn(takes_panel.FinishPanel).operators["tokendance.finish_take"]
    mannequin.animation_data.action = None
    assert "Click a take to dance it" in drawn(takes_panel.TakesPanel).texts
    starred_takes(mannequin)
    bpy.ops.tokendance.compare_takes()
    assert "tokendance.end_comparison" in drawn(takes_panel.TakesPanel).operators


def test_a_take_tells_the_genre_that_the_song_chose(mannequin, generate):
    generate(seed=3)
    assert "Street (any), refined in 8 passes" in drawn(takes_panel.TakesPanel).texts


def listed(key: str, searched: str = "") -> list[bpy.types.Action]:
    """The takes that the list with this key shows, in their order."""
    state = SimpleNamespace(filter_name=searched, bitflag_filter_item=1, list_id=key)
    flags, order = takes_panel.TakeList.filter_items(state, bpy.context, bpy.data, "actions")
    assert sorted(order) == list(range(len(bpy.data.actions)))
    shown = [(place, take) for take, flag, place in zip(bpy.data.actions, flags, order, strict=True) if flag]
    return [take for _, take in sorted(shown, key=lambda item: item[0])]


def row_of(take: bpy.types.Action) -> SimpleNamespace:
    """What the list draws for a take."""
    seen = watched()
    takes_panel.TakeList.draw_item(None, bpy.context, Layout(seen), None, take, 0, None, "")
    return seen


def told_in_row(take: bpy.types.Action) -> str:
    """The words of its row; a click on them dances it."""
    ((name, pressed),) = row_of(take).buttons
    assert (name, pressed.take) == ("tokendance.activate_take", take.name)
    return pressed.text


def test_the_list_of_takes_shows_those_of_the_character_alone(mannequin, generate):
    generate(seed=3, variations=2)
    bpy.data.actions.new("By hand")
    (key,) = drawn(takes_panel.TakesPanel).lists
    for searched, count in (("", 2), ("any 4", 1), ("STREET 4", 1), ("hand", 0)):
        assert len(listed(key, searched)) == count
    assert row_of(takes.active(mannequin)).texts == ["0:02"]
    assert row_of(takes.active(mannequin)).properties == ["starred"]


MOST_LETTERS = 15
"""Letters that a row has room for beside star and length, in a sidebar as wide as it is at first."""


def test_takes_are_told_apart_where_there_is_little_room(mannequin, generate):
    """Many kinds: genres, seeds, a genre that the song chose, the same dance with other settings, a name by hand."""
    generate(seed=3, genre="salsa")
    generate(seed=3, genre="salsa", energy=1.0)
    generate(seed=3, genre="pop")
    generate(seed=4)
    generate(seed=2**31 - 1, genre="pop")
    takes.active(mannequin).name = "The one"
    rows = [told_in_row(take) for take in takes.newest_first(mannequin)]
    assert rows == ["The one", "Street 4", "Pop 3", "Salsa 3 #2", "Salsa 3"]
    assert max(map(len, rows)) <= MOST_LETTERS


def test_the_newest_take_is_on_top_whatever_it_is_called_and_stays_there(mannequin, generate, tmp_path):
    for seed in (5, 1, 9):
        generate(seed=seed)
    (key,) = drawn(takes_panel.TakesPanel).lists

    def order() -> list[int]:
        return [Recipe.of(take).settings.seed for take in listed(key)]

    assert order() == [9, 1, 5]
    bpy.ops.tokendance.activate_take(take=listed(key)[1].name)
    bpy.ops.tokendance.finish_take(mirror=True)
    takes.active(mannequin).name = "Aardvark"
    assert order() == [9, 1, 5]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    assert order() == [9, 1, 5]


def test_songs_are_headings_and_the_danced_one_is_open(mannequin, generate, tone):
    generate()
    other = tone.with_name("other song.wav")
    shutil.copy(tone, other)
    bpy.ops.tokendance.generate(filepath=str(other), seed=8)
    seen = drawn(takes_panel.TakesPanel)
    assert seen.texts[:2] == ["other song", tone.stem]
    assert list(seen.folded.values()) == [False, True]
    assert [Recipe.of(take).settings.seed for take in listed(seen.lists[0])] == [8]


def test_the_tooltip_of_a_take_tells_all_of_it(mannequin, generate, tone):
    generate(seed=3, genre="salsa", frame_start=10)
    operator = bpy.types.TOKENDANCE_OT_activate_take
    told = operator.description(bpy.context, SimpleNamespace(take=takes.active(mannequin).name))
    for words in (f"“{tone.stem} salsa 3”", "Salsa, seed 3", "Refined in 8 passes", "0:02, frames 10 to 69", str(tone)):
        assert words in told.splitlines()
    assert operator.description(bpy.context, SimpleNamespace(take="gone")) == ""


def test_a_take_on_the_nla_tells_its_track(mannequin, generate):
    generate(seed=3)
    take = takes.active(mannequin)
    bpy.ops.tokendance.push_take()
    mannequin.animation_data.nla_tracks[0].name = "My track"
    assert "On the NLA track “My track”" in drawn(takes_panel.TakesPanel).texts
    assert len(row_of(take).texts) == 2


def menu_drawn(draw, context) -> list[tuple[str, SimpleNamespace]]:
    seen = watched()
    draw(SimpleNamespace(layout=Layout(seen)), context)
    return seen.buttons


def test_the_right_button_offers_what_can_be_done_with_a_row(mannequin, generate):
    generate(seed=3, variations=2)
    waiting = next(take for take in takes.of(mannequin) if take != takes.active(mannequin))
    clicked = SimpleNamespace(bl_rna=SimpleNamespace(identifier="TOKENDANCE_OT_activate_take"), take=waiting.name)
    offered = menu_drawn(menus._draw_on_take, SimpleNamespace(button_operator=clicked))
    assert {name for name, _ in offered} >= {"tokendance.delete_take", "tokendance.push_take", "tokendance.export_take"}
    assert {pressed.take for _, pressed in offered} == {waiting.name}
    other = SimpleNamespace(bl_rna=SimpleNamespace(identifier="WM_OT_save_mainfile"))
    assert menu_drawn(menus._draw_on_take, SimpleNamespace(button_operator=other)) == []
    assert menu_drawn(menus._draw_on_take, SimpleNamespace()) == []


def test_takes_of_others_are_offered_by_song_genre_and_seed(mannequin, generate, tone):
    generate(seed=3, genre="salsa")
    bpy.ops.tokendance.add_mannequin()
    bpy.context.scene.tokendance.character = bpy.context.active_object
    ((name, pressed),) = menu_drawn(menus.OtherTakes.draw, bpy.context)
    assert (name, pressed.text) == ("tokendance.adopt_take", f"{tone.stem}: Salsa 3")


# --- nothing moves under the mouse ------------------------------------------------------------------------------------


def test_a_value_that_changes_moves_nothing(mannequin, generate, scene):
    generate(seed=3)
    panel = takes_panel.FinishPanel
    before = drawn(panel)
    assert [name for name, _ in before.buttons] == ["tokendance.finish_take"]
    for name, value in {"mirror": True, "foot_lock": 0.0, "root_motion": "in_place", "travel": 2.0}.items():
        setattr(scene.tokendance, name, value)
        after = drawn(panel)
        assert after.operators["tokendance.finish_take"]
        assert (after.height, [name for name, _ in after.buttons]) == (
            before.height,
            [name for name, _ in before.buttons],
        )
    mannequin.animation_data.action = None
    assert drawn(panel).height == before.height
    heights = set()
    for quality in ("draft", "final", "custom"):
        scene.tokendance.quality = quality
        heights.add(drawn(panels.DancePanel).height)
    assert len(heights) == 1


def test_what_is_shown_of_the_danced_take_has_one_height(mannequin, generate, scene):
    heights = set()
    generate(seed=3, genre="salsa")
    generate(seed=2**31 - 1)
    for take in takes.of(mannequin):
        bpy.ops.tokendance.activate_take(take=take.name)
        for last in (20, 500):
            scene.frame_end = last
            heights.add(drawn(takes_panel.TakesPanel).height)
    bpy.ops.tokendance.push_take()
    heights.add(drawn(takes_panel.TakesPanel).height)
    assert len(heights) == 1


@needs_sound
def test_a_generation_moves_nothing(mannequin, song_strip, worker, monkeypatch):
    monkeypatch.setattr(drawing, "_letters", lambda context: 25)  # a sidebar as wide as it is at first
    settle()
    now, heights = session.current(), {}
    heights["ready"] = drawn(panels.GeneratePanel).height
    for state in ({}, {"remaining_seconds": None, "place_in_line": (1, 1)}, {"stage": "Writing keys", "fraction": 1.0}):
        now.generation = a_generation(**state)
        heights[f"running {state}"] = drawn(panels.GeneratePanel).height
    now.generation = None
    for status, message in (
        ("done", "The dance is on the character"),
        ("cancelled", "Stopped: nothing was changed"),
    ):
        now.outcome = Outcome(status, message, about=Situation.here(bpy.context))
        heights[status] = drawn(panels.GeneratePanel).height
    assert len(set(heights.values())) == 1, heights


@needs_sound
def test_a_take_that_is_out_of_sync_says_so(mannequin, generate, scene):
    generate()
    assert "tokendance.resync" not in drawn(panels.MusicPanel).operators
    scene.render.fps = 24
    seen = drawn(panels.MusicPanel)
    assert any("out of sync" in text for text in seen.texts)
    assert "tokendance.resync" in seen.operators


# --- why Generate cannot be pressed -----------------------------------------------------------------------------------


@needs_sound
def test_generate_can_be_pressed_when_nothing_is_missing(mannequin, song_strip, worker):
    settle()
    seen = drawn(panels.GeneratePanel)
    assert readiness.why_not(bpy.context) == ""
    assert seen.operators == {"tokendance.generate": True}
    assert seen.texts == ["", ""]


@needs_sound
@pytest.mark.parametrize("case", ["song", "several", "edit", "unrecognised", "tweak"])
def test_the_reason_why_generate_is_disabled_is_always_told(scene, worker, tone, monkeypatch, case):
    expected = {
        "song": "Open a song in Music first",
        "several": "Choose a sound strip in Music first",
        "edit": "“Mannequin” is in edit mode",
        "unrecognised": "The character cannot dance yet",
        "tweak": "An NLA strip of “Mannequin” is being tweaked",
    }
    for channel in range(1, {"song": 1, "several": 3}.get(case, 2)):
        compat.strips(scene).new_sound(f"song {channel}", str(tone), channel, 10)
    if case == "unrecognised":
        thing = bpy.data.objects.new("Thing", bpy.data.armatures.new("Thing"))
        scene.collection.objects.link(thing)
        bpy.context.view_layer.objects.active = thing
        bpy.context.view_layer.update()
    else:
        bpy.ops.tokendance.add_mannequin()
    if case == "edit":
        bpy.ops.object.mode_set(mode="EDIT")
    if case == "tweak":
        bpy.ops.tokendance.generate()
        tweaked(bpy.context.active_object)
    settle()
    seen = drawn(panels.GeneratePanel)
    assert seen.operators["tokendance.generate"] is False
    assert readiness.why_not(bpy.context) in seen.texts
    assert any(text.startswith(expected[case]) for text in seen.texts)
    assert "tokendance.show_preferences" not in seen.operators
    if case == "edit":
        bpy.ops.object.mode_set(mode="OBJECT")


@needs_sound
def test_a_python_that_does_not_make_the_dances_is_told_and_stops_nobody(
    mannequin, song_strip, worker, monkeypatch, tmp_path
):
    monkeypatch.setenv(runtime.PYTHON_VARIABLE, str(tmp_path / "missing"))
    session.current().runtimes.forget()
    settle()
    seen = drawn(panels.GeneratePanel)
    assert seen.operators == {"tokendance.generate": True, "tokendance.show_preferences": True}
    assert any("TOKENDANCE_PYTHON does not exist" in text for text in seen.texts)


# --- drawing is cheap -------------------------------------------------------------------------------------------------


@needs_sound
@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("state", ["empty", "song", "several", "running", "takes", "failed"])
def test_drawing_reads_no_files_starts_no_process_and_leaves_the_rig_alone(
    scene, worker, tone, monkeypatch, state, settled
):
    if state not in ("empty", "several"):
        compat.strips(scene).new_sound("song", str(tone), 1, 10)
        bpy.ops.tokendance.add_mannequin()
    if state == "several":
        for channel in (1, 2):
            compat.strips(scene).new_sound(f"song {channel}", str(tone), channel, 10)
    if state == "takes":
        bpy.ops.tokendance.generate()
        starred_takes(bpy.context.active_object)
    now = session.current()
    now.generation = a_generation() if state == "running" else None
    about = Situation.here(bpy.context)
    now.outcome = Outcome("failed", "What happened.", about=about) if state == "failed" else None
    forget_nothing = (now.generation, now.outcome)
    if settled:
        settle()
    doors = [
        (subprocess, "Popen"),
        (worker_client, "Worker"),
        (worker_client.WorkerHolder, "start"),
        (rig, "read_rig"),
        (builtins, "open"),
        (os, "stat"),
        (os, "scandir"),
        (Path, "is_file"),
        (Path, "exists"),
        (Path, "open"),
        (Path, "stat"),
    ]
    with monkeypatch.context() as shut:
        opened = []
        for owner, name in doors:
            shut.setattr(owner, name, lambda *_, name=name, **__: opened.append(name))
        everything_drawn()
    assert opened == []
    assert (now.generation, now.outcome) == forget_nothing


# --- presets, translations, texts -------------------------------------------------------------------------------------


def test_presets_are_kept_in_the_user_s_folder_and_come_back(scene):
    settings = scene.tokendance
    chosen = {
        "genre": "jazz",
        "quality": "draft",
        "energy": 1.5,
        "mirror": True,
        "root_motion": "in_place",
        "foot_lock": 0.25,
        "variations": 3,
    }
    for name, value in chosen.items():
        setattr(settings, name, value)
    assert bpy.ops.tokendance.add_preset(name="Wild One") == {"FINISHED"}
    folder = Path(bpy.utils.user_resource("SCRIPTS", path=f"presets/{presets.FOLDER}"))
    (file,) = folder.glob("*.py")
    for name in chosen:
        settings.property_unset(name)
    settings.seed = 42
    bpy.ops.script.execute_preset(filepath=str(file), menu_idname="TOKENDANCE_PT_presets")
    assert {name: getattr(settings, name) for name in chosen} == chosen
    assert settings.seed == 42
    bpy.ops.tokendance.add_preset(name=file.stem, remove_name=True)
    assert not file.exists()


def test_texts_are_translated_before_numbers_are_put_into_them(mannequin, generate, monkeypatch):
    """The dictionary takes Blender's place: the wheels of bpy come without languages."""
    generate(seed=3, genre="salsa", frame_start=10)
    words = {
        "frames {first} to {last}": "Bilder {first} bis {last}",
        "Seed {seed}, {frames}": "Keim {seed}, {frames}",
        "refined in {steps} passes": "in {steps} Schritten verfeinert",
        "Dancing": "Tanzt",
        "{number} of {count}": "{number} von {count}",
        "{time} left": "noch {time}",
    }
    for module in (panels, takes_panel, drawing, naming):
        monkeypatch.setattr(module, "iface", lambda text: words.get(text, text))
    seen = drawn(takes_panel.TakesPanel).texts
    assert {"Salsa, in 8 Schritten verfeinert", "Keim 3, Bilder 10 bis 69"} <= set(seen)
    session.current().generation = a_generation()
    assert drawn(panels.GeneratePanel).texts == ["Tanzt, 40 %", "2 von 3, noch 1:05"]


@pytest.mark.parametrize("cls", blender_addon.CLASSES, ids=lambda cls: cls.__name__)
def test_every_class_explains_itself_in_the_style_of_blender(cls):
    if issubclass(cls, bpy.types.Operator):
        assert (cls.bl_rna.description or cls.__doc__ or "").strip()
        assert not cls.bl_rna.description.endswith((".", " "))
        rna = cls.bl_rna
    elif issubclass(cls, bpy.types.PropertyGroup | bpy.types.AddonPreferences):
        rna = cls.bl_rna
    else:
        rna = None
    if issubclass(cls, bpy.types.Operator | bpy.types.Panel | bpy.types.FileHandler):
        assert cls.bl_label[:1].isupper()
        assert not cls.bl_label.endswith(".")
    own = {
        name
        for base in cls.__mro__
        if base.__module__.startswith("blender_addon")
        for name in getattr(base, "__annotations__", {})
    }
    for name in own & set(rna.properties.keys() if rna else ()):
        prop = rna.properties[name]
        if not prop.is_hidden and not name.startswith("bl_"):
            assert prop.name, name
            assert prop.description.strip(), name
            assert not prop.description.endswith((".", " ")), name
            for item in prop.enum_items if prop.type == "ENUM" else ():
                assert item.name, name
                assert not item.description.endswith("."), name
