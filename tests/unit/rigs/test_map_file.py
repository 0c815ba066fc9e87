from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tests.rig_zoo import SPECIMENS, ZOO
from tokendance_core.errors import RigError
from tokendance_core.rigs import recognise
from tokendance_core.rigs.map_file import from_json, load_rig_map, save_rig_map, to_json
from tokendance_core.types import RigMap

_MAP = replace(recognise.match(ZOO["rigify"]()), offsets={"left_shoulder": (1.0, -2.5, 3.0)})


def _values(rig_map: RigMap) -> dict:
    return {field.name: getattr(rig_map, field.name) for field in fields(rig_map)}


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_map_comes_back_as_it_was(name: str) -> None:
    rig_map = recognise.match(ZOO[name]())
    assert _values(from_json(to_json(rig_map))) == _values(rig_map)


def test_a_map_goes_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    save_rig_map(_MAP, path)
    assert _values(load_rig_map(path)) == _values(_MAP)
    assert list(tmp_path.iterdir()) == [path]


def _changed(**values: object) -> str:
    return json.dumps(json.loads(to_json(_MAP)) | values)


_VERSION_1 = """{
  "format": "tokendance rig map",
  "version": 1,
  "family": "mmd",
  "score": 0.97,
  "reasons": ["19 of 22 joints by MMD names"],
  "bones": {"pelvis": "下半身", "left_hip": "足.L"},
  "twist": {},
  "doubles": {"left_hip": ["足D.L"]},
  "ik": {},
  "switches": [],
  "path": "センター",
  "offsets": {"left_hip": [0.0, 10.0, 0.0]}
}
"""


def test_a_map_of_version_1_is_read_and_saved_as_the_present_version() -> None:
    rig_map = from_json(_VERSION_1)
    assert rig_map.followers == {"left_hip": ("足D.L",)}
    assert (rig_map.bones["left_hip"], rig_map.path, rig_map.offsets) == (
        "足.L",
        "センター",
        {"left_hip": (0.0, 10.0, 0.0)},
    )
    saved = json.loads(to_json(rig_map))
    assert (saved["version"], saved["followers"]) == (2, {"left_hip": ["足D.L"]})
    assert "doubles" not in saved
    assert _values(from_json(to_json(rig_map))) == _values(rig_map)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not complete JSON"),
        ("[]", "expected an object with the format"),
        ("[" * 100_000, "not complete JSON"),
        (to_json(_MAP)[:-30], "not complete JSON"),
        (_changed(format="other"), "format “tokendance rig map”"),
        (_changed(version=3), "version 3, expected version 1 to 2"),
        (_changed(version="1"), "version must be a whole number, found str"),
        (_changed(version=0), "version 0, expected version 1 to 2"),
        (_changed(colour="red"), "the entry 'colour'"),
        (_changed(doubles={}), "the entry 'doubles', expected .*followers"),
        (_changed(version=1), "the entry 'followers', expected .*doubles"),
        (_changed(bones={}), "bones is empty"),
        (_changed(bones=["Hips"]), "bones must be an object by joint, found list"),
        (_changed(bones={"left_tail": "Tail"}), "the joint 'left_tail', expected one of"),
        (_changed(bones={"pelvis": 3}), "bones of pelvis must be a bone name, found int"),
        (_changed(twist={"left_hip": "Twist"}), "twist of left_hip must be a list of bone names, found str"),
        (_changed(ik={"left_toe": "IK"}), "ik names the joint 'left_toe'"),
        (_changed(ik={"left_ankle": ""}), "ik of left_ankle must be a bone name, found empty text"),
        (_changed(score=2), "score must lie between 0 and 1, found 2"),
        (_changed(switches=[{"bone": "a"}]), "a switch must have bone, property and value, found bone"),
        (_changed(switches=[{"bone": "a", "property": "b", "value": True}]), "a switch must be a number, found bool"),
        (_changed(offsets={"left_hip": [1, 2]}), "three angles in degrees, found 2"),
        (_changed(offsets={"left_hip": [1, 2, float("nan")]}), "finite number"),
        (_changed(score=None), "score must be a number, found NoneType"),
        (to_json(_MAP).replace('"path"', '"version": 1, "path"'), "'version' stands twice"),
    ],
)
def test_anything_else_is_refused(text: str, words: str) -> None:
    with pytest.raises(RigError, match=words) as caught:
        from_json(text)
    assert caught.value.hint


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"Cannot read the rig map .*absent"):
        load_rig_map(tmp_path / "absent.json")
    (tmp_path / "picture.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RigError, match="it is not text"):
        load_rig_map(tmp_path / "picture.json")
    (tmp_path / "half.json").write_text("{")
    with pytest.raises(RigError, match=r"half\.json: This is no rig map"):
        load_rig_map(tmp_path / "half.json")
    with pytest.raises(RigError, match="Cannot write"):
        save_rig_map(_MAP, tmp_path / "absent" / "map.json")
