"""No value is lost between a slider and the network: every option is followed on every way that it can go."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
from collections import Counter
from types import SimpleNamespace

import bpy
import pytest

from blender_addon.armature.recipe import Recipe
from blender_addon.character import dancer as dancers
from blender_addon.dance import delivery, operators, properties
from blender_addon.headless import batch, cli
from blender_addon.headless import table as batch_table
from blender_addon.options import (
    FITTING,
    QUALITY_STEPS,
    FilePlacement,
    Fitting,
    Order,
    Placement,
    quality_of,
)
from blender_addon.runtime.preferences import TokenDancePreferences
from blender_addon.sidebar import panels, presets, takes_panel
from tests.blender.sidebar.test_panels import drawn
from tests.blender.song import test_song
from tests.blender.takes import test_takes
from tests.unit.other_values import another, others
from tokendance_core import BeatSettings, GenerateSettings, RunSettings, SongPart, declared_options

strip = test_song.strip
generate, mannequin, worker = test_takes.generate, test_takes.mannequin, test_takes.worker

PART = others(SongPart, "speed") | {"start": 1.0}  # what is left of the song is long enough
MADE = others(GenerateSettings)
FITTED = {**others(Fitting), "root_motion": "in_place"}  # the mannequin has no separate root bone
FOR_ACTIONS = others(Placement, *FITTING)


def rna(owner: object) -> bpy.types.bpy_prop_collection:
    return owner.get_rna_type().properties if hasattr(owner, "get_rna_type") else owner.bl_rna.properties


def name_in_blender(name: str) -> str:
    return "filepath" if name == "song" else name


@pytest.mark.parametrize(
    ("owner", "kind", "without"),
    [
        (lambda: bpy.ops.tokendance.generate, GenerateSettings, ()),
        (lambda: bpy.ops.tokendance.generate, SongPart, ("speed",)),
        (lambda: bpy.ops.tokendance.generate, Order, ()),
        (lambda: bpy.ops.tokendance.generate, Placement, ()),
        (lambda: bpy.ops.tokendance.apply_motion, FilePlacement, ()),
        (lambda: bpy.ops.tokendance.finish_take, Placement, ("replace",)),
        (lambda: properties.SceneSettings, GenerateSettings, ("genre",)),  # chosen from those of the checkpoint
        (lambda: properties.SceneSettings, Placement, ()),
        (lambda: properties.SceneSettings, Order, properties.ELSEWHERE),
        (lambda: TokenDancePreferences, RunSettings, ()),
    ],
)
def test_blender_shows_what_is_declared(addon, owner, kind, without):
    found = rna(owner())
    for name, declared in declared_options(kind).items():
        if name in without:
            continue
        shown = found[name_in_blender(name)]
        assert (shown.name, shown.description) == (declared.label, declared.text)
        assert shown.default == pytest.approx(declared.default)
        if declared.choices:
            assert [item.identifier for item in shown.enum_items] == list(declared.choices)
        if declared.least is not None:
            assert shown.hard_min == pytest.approx(declared.least)
        if declared.most is not None:
            assert shown.hard_max == pytest.approx(declared.most)


def pressed(scene) -> Order:
    """What the button of the panel asks for."""
    button = SimpleNamespace(properties=SimpleNamespace(is_property_set=lambda name: False), filepath="")
    for kind in (GenerateSettings, SongPart, Order, Placement):
        for name, declared in declared_options(kind).items():
            setattr(button, name_in_blender(name), declared.default)
    properties.fill(button, bpy.context)
    return operators.GenerateDance._order(button)


def test_every_value_of_the_panel_reaches_the_order(mannequin, scene):
    settings = scene.tokendance
    for name, value in {**MADE, **FITTED, **FOR_ACTIONS, "in_range": True, "variations": 3, "strip": "song"}.items():
        setattr(settings, name, value)
    settings.quality = "custom"
    order = pressed(scene)
    assert order.settings == GenerateSettings(**MADE)
    assert order.placement == Placement(**FITTED, **FOR_ACTIONS)
    assert (order.in_range, order.variations, order.strip, order.armature) == (True, 3, "song", "Mannequin")
    for quality, steps in QUALITY_STEPS.items():
        settings.quality = quality
        assert (pressed(scene).settings.steps, quality_of(steps)) == (steps, quality)


def test_every_value_that_the_scene_keeps_is_drawn(mannequin, scene, strip):
    scene.tokendance.quality = "custom"
    shown = {
        name
        for panel in (*panels.CLASSES, *takes_panel.CLASSES)
        if hasattr(panel, "draw")
        for name in drawn(panel).properties
    }
    kept = {*declared_options(GenerateSettings), *declared_options(Placement), "quality", "variations"}
    assert kept - shown == set()


def test_every_value_is_drawn_in_one_place(mannequin, generate, scene):
    generate(seed=1)
    scene.tokendance.quality = "custom"
    drawing = [panel for panel in (*panels.CLASSES, *takes_panel.CLASSES) if hasattr(panel, "draw")]
    shown = Counter(name for panel in drawing for name in drawn(panel).properties)
    assert [name for name, count in shown.items() if count > 1] == []


def test_every_genre_says_what_it_is(scene):
    told = {genre: text for genre, _, text in properties._genre_items("")}
    assert len(told) > 5
    assert all(text and not text.endswith(".") for text in told.values())


def test_every_value_of_a_take_is_recalled_and_belongs_to_its_recipe(mannequin, generate, scene):
    generate(**MADE, **FITTED)
    made = Recipe.of(mannequin.animation_data.action)
    assert (made.settings, made.fitting) == (GenerateSettings(**MADE), Fitting(**FITTED))
    bpy.ops.tokendance.recall_settings()
    order = pressed(scene)
    assert order.settings == GenerateSettings(**MADE)
    assert order.placement.fitting() == Fitting(**FITTED)


def test_every_value_reaches_the_worker(mannequin, generate, worker):
    generate(**MADE, **PART)
    (request,) = worker.asked
    assert request.settings == dataclasses.replace(GenerateSettings(**MADE), finish=None)


def test_a_preset_keeps_everything_but_the_seed_and_how_the_song_is_heard(addon):
    of_one_dance = {"seed", *declared_options(BeatSettings)}
    expected = {*declared_options(GenerateSettings), *FITTING, "quality", "variations"} - of_one_dance
    assert set(presets.VALUES) == expected
    assert {value.removeprefix("settings.") for value in presets.AddDancePreset.preset_values} == expected


@pytest.fixture
def orders(monkeypatch) -> list[Order]:
    """What is asked for without a window."""
    asked = []

    def note(context: bpy.types.Context, order: Order, on_progress: object) -> tuple[str, list[str]]:
        asked.append(order)
        return dancers.dancer(context).name, []

    monkeypatch.setattr(delivery, "generate", note)
    return asked


def words(given: dict[str, object]) -> list[str]:
    """The command line that says the same."""
    flags = {name: f"--{name.replace('_', '-')}" for name in given}
    return [
        flags[name] if value is True else f"--no-{flags[name][2:]}" if value is False else f"{flags[name]}={value}"
        for name, value in given.items()
    ]


def test_every_value_of_the_command_line_reaches_the_order(mannequin, tone, tmp_path, orders):
    given = words({**MADE, **PART, **FITTED})
    assert cli.main(["generate", str(tone), "-o", str(tmp_path / "dance.blend"), *given]) == 0
    (order,) = orders
    assert order.settings == GenerateSettings(**MADE)
    assert order.part == SongPart(**PART)
    assert order.placement == Placement(**FITTED)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_every_value_of_a_table_reaches_the_order(scene, tone, tmp_path, orders, monkeypatch, kind):
    row = {"song": str(tone), **MADE, **PART, **FITTED}
    path = tmp_path / f"jobs.{kind}"
    if kind == "json":
        path.write_text(json.dumps([row]))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, row)
            writer.writeheader()
            writer.writerow(row)
    (job,) = batch_table.read(path)
    bpy.ops.tokendance.add_mannequin()
    batch.dance(job, dancers.who(bpy.context, "Mannequin"))
    (order,) = orders
    assert (order.settings, order.part) == (GenerateSettings(**MADE), SongPart(**PART))
    assert order.placement == Placement(**FITTED)


@pytest.mark.parametrize("name", [*MADE, *PART, *FITTED])
def test_a_table_refuses_what_the_core_refuses(tmp_path, name):
    declared = {
        key: one for kind in (GenerateSettings, SongPart, Fitting) for key, one in declared_options(kind).items()
    }
    wrong = "on wings" if declared[name].choices or declared[name].kind is bool else None
    if declared[name].least is not None:
        wrong = declared[name].least - 1
    if wrong is None:
        assert declared[name].kind is str  # every text is a genre until the checkpoint is asked
        return
    (tmp_path / "jobs.csv").write_text(f"song,{name}\na.ogg,{wrong}\n")
    with pytest.raises(Exception, match=f"Row 2, column “{name}”: found .*, expected {declared[name].expected}"):
        batch_table.read(tmp_path / "jobs.csv")


def test_front_ends_have_the_defaults_of_the_core(addon, tmp_path):
    (tmp_path / "jobs.csv").write_text("song\na.ogg\n")
    (job,) = batch_table.read(tmp_path / "jobs.csv")
    assert (job.settings, job.part, job.placement) == (GenerateSettings(), SongPart(), Placement())
    parser = argparse.ArgumentParser()
    cli._add_dance_options(parser)
    args = vars(parser.parse_args([]))
    for kind in (GenerateSettings, SongPart, Fitting):
        for name, declared in declared_options(kind).items():
            if name in args and name != "steps":
                assert args[name] == declared.default
    assert QUALITY_STEPS[args["quality"]] == GenerateSettings().steps
    assert Order().settings == GenerateSettings()


def test_another_value_is_another_one():
    """The values of these tests would not notice a default that takes their place otherwise."""
    for kind in (GenerateSettings, SongPart, Placement, RunSettings):
        for declared in declared_options(kind).values():
            assert another(declared) != declared.default
