from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tokendance_core.types import (
    CODES,
    SAMPLE_RATE,
    DanceTokens,
    MotionClip,
    Music,
    MusicFeatures,
    MusicTokens,
    Rig,
    RigAnimation,
    RigMap,
    Switch,
)


def _clip(**changes: object) -> MotionClip:
    fields = {"rot6d": np.zeros((4, 24, 6), np.float32), "root": np.zeros((4, 3), np.float32), **changes}
    return MotionClip(**fields)


def _rig(**changes: object) -> Rig:
    fields = {
        "names": ("a", "b"),
        "parents": np.array([-1, 0]),
        "rest": np.tile(np.eye(4), (2, 1, 1)),
        "world": np.eye(4),
        **changes,
    }
    return Rig.plain(**fields)


def test_clip_knows_its_length() -> None:
    clip = _clip(fps=8.0)
    assert (clip.frames, clip.seconds) == (4, 0.5)


def test_clip_is_cut_as_slices_are() -> None:
    clip = _clip(root=np.arange(12, dtype=np.float32).reshape(4, 3), fps=8.0)
    assert clip.cut(1, 3).root[:, 0].tolist() == [3, 6]
    assert clip.cut(2).root[:, 0].tolist() == [6, 9]
    assert clip.cut(0, 9).frames == 4
    assert (clip.cut(1, 3).rot6d.shape, clip.cut(1, 3).fps) == ((2, 24, 6), 8.0)


def test_nouns_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        _clip().fps = 24.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rot6d": np.zeros((4, 22, 6))}, r"rot6d must have shape .*found \(4, 22, 6\)"),
        ({"root": np.zeros((5, 3))}, r"root must have shape \(4, 3\).*drift apart"),
        ({"rot6d": [[1]]}, "must be a numpy array"),
        ({"root": np.full((4, 3), np.nan)}, "12 values that are not finite"),
        ({"fps": 0.0}, "fps must be positive"),
    ],
)
def test_a_clip_that_cannot_be_danced_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _clip(**changes)


def test_music_is_mono_and_its_frames_are_rounded_up() -> None:
    assert Music(np.zeros(SAMPLE_RATE, np.float32)).frames == 30
    assert Music(np.zeros(SAMPLE_RATE + 1, np.float32)).frames == 31
    with pytest.raises(ValueError, match="stereo"):
        Music(np.zeros((10, 2), np.float32))


def test_features_have_35_columns() -> None:
    assert MusicFeatures(np.zeros((7, 35), np.float32)).frames == 7
    with pytest.raises(ValueError, match="35"):
        MusicFeatures(np.zeros((7, 34), np.float32))


@pytest.mark.parametrize(
    ("kind", "first", "second", "good"),
    [(MusicTokens, "semantic", "acoustic", np.arange(5)), (DanceTokens, "upper", "lower", np.arange(10).reshape(5, 2))],
)
def test_tokens_are_codes_in_two_streams_of_equal_length(kind: type, first: str, second: str, good: np.ndarray) -> None:
    assert len(kind(good, good, frames=40)) == 5
    for bad, message in [
        (good[:4], second),
        (good + CODES, "999"),
        (good - 1, "whole numbers"),
        (good.astype(float), "whole numbers"),
    ]:
        with pytest.raises(ValueError, match=message):
            kind(**{first: good, second: bad, "frames": 40})


def test_streams_of_a_dance_come_codebook_by_codebook() -> None:
    tokens = DanceTokens(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[11, 12, 13], [14, 15, 16]]), frames=8)
    assert tokens.streams.tolist() == [[1, 4], [11, 14], [2, 5], [12, 15], [3, 6], [13, 16]]
    again = DanceTokens.of_streams(tokens.streams, 8)
    np.testing.assert_array_equal(again.upper, tokens.upper)
    np.testing.assert_array_equal(again.lower, tokens.lower)


def test_rig_lists_parents_before_children() -> None:
    assert _rig().names == ("a", "b")
    with pytest.raises(ValueError, match=r"parents before children, \['a'\]"):
        _rig(parents=np.array([1, -1]))
    with pytest.raises(ValueError, match="rest"):
        _rig(rest=np.zeros((3, 4, 4)))


def test_rig_traits_are_those_of_plain_bones_unless_told() -> None:
    rig = Rig.plain(
        ("a", "b"), np.array([-1, 0]), np.tile(np.eye(4), (2, 1, 1)), np.eye(4), lengths=np.array([1.0, 2.0])
    )
    assert rig.inherits_rotation.all()
    assert not rig.connected.any()
    assert rig.follows.tolist() == [-1, -1]
    np.testing.assert_array_equal(rig.tails, [[0, 1, 0], [0, 2, 0]])
    with pytest.raises(ValueError, match=r"Rig\.connected"):
        Rig.plain(("a", "b"), rig.parents, rig.rest, np.eye(4), connected=np.zeros(3, bool))


def test_rig_has_every_trait() -> None:
    with pytest.raises(TypeError, match="lengths"):
        Rig(("a",), np.array([-1]), np.eye(4)[None], np.eye(4))
    np.testing.assert_array_equal(Rig.plain(("a",), np.array([-1]), np.eye(4)[None]).world, np.eye(4))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("", "IK_FK", 1.0), "bone must not be empty"),
        (("control", 3, 1.0), "property must be text, found int"),
        (("control", "IK_FK", True), "value must be a finite number, found True"),
        (("control", "IK_FK", float("nan")), "value must be a finite number, found nan"),
    ],
)
def test_a_switch_that_cannot_be_set_is_refused(values: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Switch(*values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bones": ["pelvis"]}, "bones must be a mapping"),
        ({"bones": {"": "hips"}}, "a joint must not be empty"),
        ({"bones": {"pelvis": ""}}, "a bone must not be empty"),
        ({"bones": {"pelvis": 3}}, "a bone must be text, found int"),
        ({"family": None}, "family must be text"),
        ({"score": 1.2}, "between 0 and 1, found 1.2"),
        ({"score": "sure"}, "score must be a finite number"),
        ({"reasons": "by its names"}, "reasons must be a tuple"),
        ({"reasons": (1,)}, "a reason must be text"),
        ({"twist": {"left_hip": "twist"}}, "must be a tuple, found str"),
        ({"followers": {"left_hip": ("",)}}, "a bone must not be empty"),
        ({"ik": {"left_ankle": None}}, "a bone must be text"),
        ({"switches": ({"bone": "a"},)}, "must be a tuple of Switch"),
        ({"path": None}, "path must be text"),
        ({"offsets": {"left_knee": (1.0, 2.0)}}, "three angles in degrees, found 2"),
        ({"offsets": {"left_knee": (1.0, 2.0, float("inf"))}}, "must be a finite number, found inf"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RigMap(**{"bones": {"pelvis": "hips"}, "family": "by hand", **changes})


def test_a_map_tells_every_bone_that_it_names() -> None:
    rig_map = RigMap(
        {"pelvis": "hips"},
        "by hand",
        twist={"left_hip": ("twist 1", "twist 2")},
        followers={"left_hip": ("thigh D",)},
        ik={"left_ankle": "foot IK"},
        switches=(Switch("settings", "IK_FK", 1.0),),
        path="master",
    )
    uses = rig_map.bones_in_use()
    assert [(use.bone, use.owner) for use in uses if use.dances] == [
        ("hips", "pelvis"),
        ("twist 1", "left_hip"),
        ("twist 2", "left_hip"),
        ("thigh D", "left_hip"),
    ]
    assert [(use.bone, use.owner) for use in uses if not use.dances] == [
        ("foot IK", "left_ankle"),
        ("settings", "a switch"),
        ("master", "the path"),
    ]


def test_rig_animation_has_one_channel_per_bone_and_one_length() -> None:
    with pytest.raises(ValueError, match="quaternions"):
        RigAnimation(("a", "b"), np.zeros((5, 3, 4)), {"a": np.zeros((5, 3))}, 30.0)
    with pytest.raises(ValueError, match="locations"):
        RigAnimation(("a",), np.zeros((5, 1, 4)), {"a": np.zeros((4, 3))}, 30.0)
