"""A batch from the table to the files: what a table means, what each job leaves behind, and what a second run does."""

from __future__ import annotations

import csv
import json
import os
import time
import unicodedata
import warnings
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from blender_addon.dance import delivery
from blender_addon.headless import batch, exchange
from blender_addon.headless import table as batch_table
from tests.blender.stand_in import SECONDS
from tokendance_core import JOINTS, GenerateSettings, SettingError

FORMATS = tuple(exchange.WRITERS)
FPS = 24
"""Of a new file of Blender."""


def table(folder: Path, content: str | bytes | object, name: str = "jobs.csv") -> Path:
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def run(jobs, folder, formats=(".blend",), **options):
    heard = []
    results = batch.run(
        jobs, folder, formats, **{"resume": False, "stop_on_error": False, "tell": heard.append, **options}
    )
    return results, heard


def report(folder: Path) -> list[dict[str, object]]:
    return json.loads((folder / batch.REPORT).read_text(encoding="utf-8"))["jobs"]


def come_back(path: Path) -> bpy.types.Object:
    """The dancer in a file that was written, in an empty scene of the frame rate at which a batch writes."""
    with warnings.catch_warnings():
        # Some of Blender's importers leave files open, and some use numpy in a way that newer ones discourage.
        warnings.simplefilter("ignore")
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        bpy.context.scene.render.fps = FPS
        if path.suffix == ".bvh":  # holds the mannequin's own space, which is Blender's
            bpy.ops.import_anim.bvh(filepath=str(path), axis_forward="Y", axis_up="Z")
        else:
            exchange.READERS[path.suffix](path)
    return next(item for item in bpy.context.scene.objects if item.type == "ARMATURE")


def posed(armature: bpy.types.Object, frame: int) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    whole = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([whole.matrix_world @ whole.pose.bones[joint].head for joint in JOINTS])


def seconds(armature: bpy.types.Object) -> float:
    """Length of the active action."""
    first, last = armature.animation_data.action.curve_frame_range
    return (last - first + 1) / bpy.context.scene.render.fps


def test_every_column_reaches_the_job(tmp_path):
    (job,) = batch_table.read(
        table(
            tmp_path,
            "song,character,armature,genre,seed,quality,energy,temperature,start,duration,name,format,foot_lock,root_motion,mirror\n"
            "a.ogg,in/hero.glb,Rig,salsa,7,draft,-0.5,0.25,1.5,20,take one,fbx;.GLB,0.5,in_place,yes\n",
        )
    )
    assert (job.song, job.character) == (tmp_path / "a.ogg", tmp_path / "in" / "hero.glb")
    assert (job.armature, job.settings.genre, job.settings.seed, job.settings.steps) == (
        "Rig",
        "salsa",
        7,
        batch_table.QUALITY_STEPS["draft"],
    )
    assert (job.settings.energy, job.settings.temperature, job.part.start, job.part.duration) == (-0.5, 0.25, 1.5, 20.0)
    assert (job.name, job.formats) == ("take one", (".fbx", ".glb"))
    assert (job.placement.foot_lock, job.placement.root_motion, job.placement.mirror) == (0.5, "in_place", True)


def test_semicolons_give_every_combination_with_names_of_their_own(tmp_path):
    jobs = batch_table.read(table(tmp_path, "song,character,genre,seed\na.ogg;b.ogg,x.glb;y.fbx,pop;salsa,1;2\n"))
    assert len(jobs) == len({job.name.lower() for job in jobs}) == 16
    assert {(job.song.name, job.character.name, job.settings.genre, job.settings.seed) for job in jobs} == {
        (song, character, genre, seed)
        for song in ("a.ogg", "b.ogg")
        for character in ("x.glb", "y.fbx")
        for genre in ("pop", "salsa")
        for seed in (1, 2)
    }


def test_json_says_the_same_with_lists_and_defaults(tmp_path):
    content = {
        "defaults": {"genre": "pop", "song": "a.ogg"},
        "jobs": [{"seed": [1, 2]}, {"genre": "salsa", "mirror": True}],
    }
    jobs = batch_table.read(table(tmp_path, content, "jobs.json"))
    assert [(job.settings.genre, job.settings.seed) for job in jobs] == [("pop", 1), ("pop", 2), ("salsa", 0)]
    assert jobs[2].placement.mirror
    assert batch_table.read(table(tmp_path, [{"song": "a.ogg"}], "jobs.json"))[0].character is None


def test_a_spreadsheet_s_byte_order_mark_is_no_part_of_a_column(tmp_path):
    (job,) = batch_table.read(table(tmp_path, b"\xef\xbb\xbfsong,seed\r\nm\xc3\xa9lodie.ogg,3\r\n"))
    assert (job.song.name, job.settings.seed) == ("mélodie.ogg", 3)


def test_equal_names_are_told_apart_even_without_capitals(tmp_path):
    jobs = batch_table.read(table(tmp_path, "song,name\na.ogg,Take\nb.ogg,take\nc.ogg,a/b:c\n"))
    names = [job.name for job in jobs]
    assert len({name.lower() for name in names}) == 3
    assert not set("/:") & set("".join(names))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("song,colour\na.ogg,red\n", "jobs.csv", "Row 2 has an unknown column “colour”"),
        ("song,seed\na.ogg,1\nb.ogg,one\n", "jobs.csv", "Row 3, column “seed”: found 'one'"),
        ("song,mirror\na.ogg,perhaps\n", "jobs.csv", "Row 2, column “mirror”"),
        ("song,quality\na.ogg,best\n", "jobs.csv", "Row 2, column “quality”"),
        ("song,seed\n,1\n", "jobs.csv", "Row 2 has no song"),
        ("song,seed\na.ogg,1,2\n", "jobs.csv", "Row 2 has more cells"),
        ("song,seed\n", "jobs.csv", "no rows"),
        ("", "jobs.csv", "no rows"),
        (b"song\nm\xe9lodie.ogg\n", "jobs.csv", "not UTF-8"),
        ("[{", "jobs.json", "no JSON"),
        ("[3]", "jobs.json", "Job 1 is 3"),
        ('{"jobs": {}}', "jobs.json", "no list of jobs"),
        ('[{"song": "a.ogg", "seed": []}]', "jobs.json", "Row 1, column “seed”: the list is empty"),
        ('[{"song": "a.ogg", "seed": {}}]', "jobs.json", "Row 1, column “seed”"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence_that_names_the_place(tmp_path, content, name, message):
    with pytest.raises(SettingError, match=message) as caught:
        batch_table.read(table(tmp_path, content, name))
    assert caught.value.hint


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_are_told_apart_by_commas_semicolons_or_tabs(tmp_path, delimiter):
    rows = [("song", "seed", "genre"), ("a.ogg", "3", ""), ('"b.ogg;c.ogg"', "4", "pop")]
    jobs = batch_table.read(table(tmp_path, "\r\n".join(delimiter.join(row) for row in rows)))
    assert [(job.song.name, job.settings.seed) for job in jobs] == [("a.ogg", 3), ("b.ogg", 4), ("c.ogg", 4)]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("song,seed,Seed\na.ogg,1,2\n", "jobs.csv", "the column “seed” twice"),
        (f"song\n{'x' * 200_000}\n", "jobs.csv", "Row 2 cannot be read"),
        (f"song\n{'x' * 30_000}\n", "jobs.csv", "Row 2 cannot be read"),
        ('song\n"a.ogg\n' + "x\n" * 100_000, "jobs.csv", "Row .* cannot be read"),
        ("[" * 100_000, "jobs.json", "no JSON"),
        ('[{"song": "a.ogg", "name": "\\ud800"}]', "jobs.json", "half a letter"),
        ('[{"song": ["", null]}]', "jobs.json", "column “song”: one of several values is empty"),
        ("song\na.ogg;\n", "jobs.csv", "column “song”: one of several values is empty"),
        ('[{"song": true}]', "jobs.json", "column “song”: found 'True'"),
        ('[{"song": "a.ogg", "seed": [1, null]}]', "jobs.json", "column “seed”: one of several values is empty"),
        (f'[{{"song": {["a"] * 100}, "seed": {[*range(100)]}, "genre": {["pop"] * 100}}}]'.replace("'", '"'),
         "jobs.json", "asks for 1000000 dances"),
    ],
)  # fmt: skip
def test_tables_that_no_program_should_take_are_refused_at_once(tmp_path, content, name, message):
    since = time.monotonic()
    with pytest.raises(SettingError, match=message) as caught:
        batch_table.read(table(tmp_path, content, name))
    assert caught.value.hint
    assert time.monotonic() - since < 5


def test_a_table_is_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", tmp_path):
        with pytest.raises(SettingError, match="cannot be read"):
            batch_table.read(path)


def test_many_jobs_of_one_name_are_named_at_once(tmp_path):
    since = time.monotonic()
    names = [job.name for job in batch_table.read(table(tmp_path, "song,name\n" + "a.ogg,take\n" * 20_000))]
    assert len(set(names)) == 20_000
    assert names[:2] + names[-1:] == ["take", "take 2", "take 20000"]
    assert time.monotonic() - since < 20


def test_names_that_may_be_one_file_are_told_apart(tmp_path):
    one, other = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "É")
    names = [job.name for job in batch_table.read(table(tmp_path, f"song,name\na,{one}\na,{other}\na,ß\na,SS\n"))]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == 4


@pytest.mark.parametrize(
    "name", ["COM¹", "lpt³.x", "CONIN$", "conout$.a.b", "CON .x", "nul", "Aux. ", "com0", "a\udcff", "a\x7f", "é" * 200]
)
def test_names_are_safe_everywhere(name):
    made = batch_table.safe(name)
    assert len(made.encode()) <= 161
    assert made == batch_table.safe(made)
    assert not any(letter in made for letter in "\x7f\udcff")
    assert made.split(".")[0].rstrip().upper() not in batch_table._RESERVED


def test_nothing_is_written_over_what_a_batch_reads(tone, tmp_path):
    character = tmp_path / "hero.blend"
    character.write_bytes(b"mine")
    (tmp_path / "link.blend").symlink_to(character)
    for job, jobs in (
        (batch_table.Job(song=tone, name="hero", character=character), "jobs.csv"),
        (batch_table.Job(song=tone, name="link", character=character), "jobs.csv"),
        (batch_table.Job(song=tone, name="take"), "report.csv"),
        (batch_table.Job(song=tone, name="take"), "report.json"),
    ):
        (tmp_path / jobs).touch()
        with pytest.raises(SettingError, match="would be written over"):
            batch.check([job], tmp_path / jobs, tmp_path, [".blend"])
    batch.check(
        [batch_table.Job(song=tone, name="take", character=character)], tmp_path / "jobs.csv", tmp_path, [".fbx"]
    )


@pytest.mark.parametrize(
    "content",
    [
        '{"jobs": [{"name": {}, "status": "done", "digest": "", "files": []}]}',
        "[" * 100_000,
        '{"jobs": [{"files": 3}]}',
        "3",
    ],
)
def test_a_report_that_makes_no_sense_is_no_reason_not_to_run(tmp_path, content):
    (tmp_path / batch.REPORT).write_text(content)
    assert batch._former(tmp_path) == {}


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(SettingError, match="cannot be read"):
        batch_table.read(tmp_path / "none.csv")


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_comes_back_as_long_as_the_dance_and_moving(scene, stand_in, tone, tmp_path, suffix):
    stand_in()
    ((result,), _) = run([batch_table.Job(song=tone, name="take")], tmp_path / "out", (suffix,))
    assert (result.status, result.files) == ("done", (f"take{suffix}",))
    armature = come_back(tmp_path / "out" / f"take{suffix}")
    assert {bone.name for bone in armature.data.bones} == set(JOINTS)
    assert seconds(armature) == pytest.approx(SECONDS, abs=2 / FPS)
    first = round(armature.animation_data.action.curve_frame_range[0])
    poses = [posed(armature, first + step) for step in (0, FPS, 2 * FPS)]
    assert np.ptp(poses, axis=0).max() > 0.5
    assert np.ptp(poses[0][:, 2]) > 1.2, "the dancer stands upright, a person tall"


def test_motion_of_a_file_without_a_scene_begins_at_its_beginning(scene, stand_in, tone, tmp_path):
    stand_in()
    run([batch_table.Job(song=tone, name="take")], tmp_path, (".glb", ".bvh"))
    written = (tmp_path / "take.glb").read_bytes()
    described = json.loads(written[20 : 20 + int.from_bytes(written[12:16], "little")])
    times = {sampler["input"] for animation in described["animations"] for sampler in animation["samplers"]}
    assert {described["accessors"][index]["min"][0] for index in times} == {0}
    frames = int((tmp_path / "take.bvh").read_text().partition("Frames:")[2].split()[0])
    longest = max(described["accessors"][index]["max"][0] for index in times)
    assert longest == pytest.approx((frames - 1) / bpy.context.scene.render.fps, abs=1e-3)


@pytest.mark.parametrize("suffix", [".blend", ".fbx", ".glb", ".bvh", ".vrm"])
def test_characters_of_every_kind_dance(scene, stand_in, tone, tmp_path, suffix):
    stand_in()
    written = ".glb" if suffix == ".vrm" else suffix
    run([batch_table.Job(song=tone, name="hero")], tmp_path, (written,))
    character = (tmp_path / f"hero{written}").rename(tmp_path / f"character{suffix}")
    ((result,), _) = run([batch_table.Job(song=tone, name="take", character=character)], tmp_path / "out")
    assert result.status == "done"
    armature = come_back(tmp_path / "out" / "take.blend")
    assert seconds(armature) == pytest.approx(SECONDS, abs=2 / FPS)
    armatures = [item for item in bpy.context.scene.objects if item.type == "ARMATURE"]
    assert len(armatures) == 1, "the character dances, no mannequin beside it"


def test_bvh_of_a_character_in_centimetres_is_in_metres(scene, stand_in, tone, tmp_path):
    stand_in()
    bpy.ops.tokendance.add_mannequin()
    armature = bpy.context.view_layer.objects.active
    for item in (armature, *armature.children):
        item.data.transform(Matrix.Scale(100, 4))
    armature.scale = (0.01, 0.01, 0.01)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "large.blend"), copy=True)
    run([batch_table.Job(song=tone, name="take", character=tmp_path / "large.blend")], tmp_path / "out", (".bvh",))
    returned = come_back(tmp_path / "out" / "take.bvh")
    assert 1.2 < np.ptp(posed(returned, 1)[:, 2]) < 2.5


def test_a_failed_job_does_not_stop_the_others(scene, stand_in, tone, tmp_path):
    stand_in()
    nobody = batch_table.Job(song=tone, name="nobody", character=tmp_path / "nobody.fbx")
    silence = batch_table.Job(song=tmp_path / "silence.ogg", name="silence")
    results, heard = run([nobody, silence, batch_table.Job(song=tone, name="take")], tmp_path / "out")
    assert [(result.name, result.status, result.exit_code) for result in results] == [
        ("nobody", "failed", 6),
        ("silence", "failed", 3),
        ("take", "done", 0),
    ]
    assert heard == results
    assert all(result.message and result.hint for result in results[:2])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.csv", "report.json", "take.blend"]


def test_a_fault_of_ours_does_not_stop_the_others(scene, stand_in, tone, tmp_path, monkeypatch):
    stand_in()
    dance = delivery.generate

    def fail_for_seed_1(context, order, on_progress):
        if order.settings.seed == 1:
            raise KeyError("a bone")
        return dance(context, order, on_progress)

    monkeypatch.setattr(delivery, "generate", fail_for_seed_1)
    results, _ = run(
        [batch_table.Job(song=tone, name=f"take {seed}", settings=GenerateSettings(seed=seed)) for seed in (1, 2)],
        tmp_path / "out",
    )
    assert [(result.status, result.exit_code) for result in results] == [("failed", 1), ("done", 0)]
    assert "KeyError" in results[0].message


def test_the_first_failure_ends_it_when_asked(scene, stand_in, tone, tmp_path):
    stand_in()
    jobs = [batch_table.Job(song=tmp_path / "none.ogg", name="none"), batch_table.Job(song=tone, name="take")]
    run(jobs, tmp_path / "out", stop_on_error=True)
    assert [entry["status"] for entry in report(tmp_path / "out")] == ["failed", "left"]


def test_a_failing_exporter_leaves_nothing_half_written(scene, stand_in, tone, tmp_path, monkeypatch):
    stand_in()

    def write_half(path, armature):
        path.write_bytes(b"half a file")
        raise RuntimeError("Error: Python: Traceback\n  somewhere\nOSError: the pen is empty\nLocation: ops.py:109\n")

    monkeypatch.setitem(exchange.WRITERS, ".fbx", write_half)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "take.fbx").write_bytes(b"of an earlier run")
    ((result,), _) = run([batch_table.Job(song=tone, name="take")], tmp_path / "out", (".fbx",))
    assert (result.status, result.exit_code) == ("failed", 5)
    assert result.message.endswith("the pen is empty")
    assert (tmp_path / "out" / "take.fbx").read_bytes() == b"of an earlier run"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.csv", "report.json", "take.fbx"]


def test_reports_tell_everything(scene, stand_in, tone, tmp_path):
    stand_in()
    run(
        [batch_table.Job(song=tone, name="take"), batch_table.Job(song=tmp_path / "none.ogg", name="none")],
        tmp_path / "out",
        (".bvh", ".glb"),
    )
    done, failed = report(tmp_path / "out")
    assert (done["status"], done["files"]) == ("done", ["take.bvh", "take.glb"])
    assert done["seconds"] > 0
    assert (failed["status"], failed["exit_code"]) == ("failed", 3)
    assert failed["message"]
    assert failed["hint"]
    with (tmp_path / "out" / batch.TABLE).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["status"]) for row in rows] == [("take", "done"), ("none", "failed")]


def test_resuming_does_what_is_missing_and_what_has_changed(scene, stand_in, tone, tmp_path):
    stand_in()
    out, jobs = (
        tmp_path / "out",
        [batch_table.Job(song=tone, name=f"take {seed}", settings=GenerateSettings(seed=seed)) for seed in (1, 2, 3)],
    )
    run(jobs, out)
    (out / "take 2.blend").unlink()
    changed = [*jobs[:2], batch_table.Job(song=tone, name="take 3", settings=GenerateSettings(seed=3, genre="pop"))]
    results, _ = run(changed, out, resume=True)
    assert [result.status for result in results] == ["skipped", "done", "done"]
    assert [result.status for result in run(changed, out, resume=True)[0]] == ["skipped"] * 3, (
        "skipped counts as done the next time"
    )
    tone.write_bytes(tone.read_bytes() + b"\0\0")
    assert [result.status for result in run(changed, out, resume=True)[0]] == ["done"] * 3
    assert [result.status for result in run(changed, out)[0]] == ["done"] * 3, "without resume everything is done again"


def test_a_damaged_report_is_no_report(scene, stand_in, tone, tmp_path):
    stand_in()
    out, jobs = tmp_path / "out", [batch_table.Job(song=tone, name="take")]
    run(jobs, out)
    (out / batch.REPORT).write_text('{"jobs": [3', encoding="utf-8")
    assert [result.status for result in run(jobs, out, resume=True)[0]] == ["done"]


def test_stopped_it_says_what_is_left_and_forgets_nothing_that_was_done(scene, stand_in, tone, tmp_path, monkeypatch):
    stand_in()
    out, jobs = (
        tmp_path / "out",
        [batch_table.Job(song=tone, name=f"take {seed}", settings=GenerateSettings(seed=seed)) for seed in (1, 2, 3)],
    )
    run(jobs, out)
    (out / "take 1.blend").unlink()

    def stop(context, order, on_progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(delivery, "generate", stop)
    with pytest.raises(KeyboardInterrupt):
        run(jobs, out, resume=True)
    assert [entry["status"] for entry in report(out)] == ["left", "skipped", "skipped"]
    assert len(bpy.data.objects) == 0


def test_stopped_in_an_exporter_is_stopped_not_failed(scene, stand_in, tone, tmp_path, monkeypatch):
    stand_in()

    def stop(path, armature):
        # Blender makes this of whatever an operator written in Python raises.
        raise RuntimeError(
            "Error: Python: Traceback (most recent call last):\n  File somewhere\nKeyboardInterrupt\nLocation: "
            "ops.py:109\n"
        )

    monkeypatch.setitem(exchange.WRITERS, ".fbx", stop)
    with pytest.raises(KeyboardInterrupt):
        run([batch_table.Job(song=tone, name="take")], tmp_path / "out", (".fbx",))
    assert [entry["status"] for entry in report(tmp_path / "out")] == ["left"]


def test_one_job_knows_nothing_of_the_one_before(scene, stand_in, tone, tmp_path):
    stand_in()
    run(
        [batch_table.Job(song=tone, name=f"take {seed}", settings=GenerateSettings(seed=seed)) for seed in (1, 2)],
        tmp_path / "out",
    )
    come_back(tmp_path / "out" / "take 2.blend")
    assert len([item for item in bpy.data.objects if item.type == "ARMATURE"]) == 1
    assert [action.name for action in bpy.data.actions] == [f"{tone.stem} any 2"]
