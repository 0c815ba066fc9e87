"""Soles and capsules from clouds of vertices whose measures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rig_poses import Z_UP, character, own_map
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import SIDES
from tokendance_core.retarget.body_fit import Skin, fit
from tokendance_core.types import BodyShape, Capsule, Rig, Sole

AXES = pytest.mark.parametrize("axes", [Z_UP, np.eye(3)])


def around(start: np.ndarray, end: np.ndarray, wide: np.ndarray, deep: np.ndarray, count: int = 400) -> np.ndarray:
    """(count, 3) points on a rod of half axes ``wide`` and ``deep`` (3,)."""
    angle = np.linspace(0, 40 * np.pi, count, endpoint=False)
    along = np.linspace(0, 1, count)[:, None]
    return start + along * (end - start) + np.cos(angle)[:, None] * wide + np.sin(angle)[:, None] * deep


def skin_of(rig: Rig, clouds: dict[str, np.ndarray], axes: np.ndarray, scale: float) -> Skin:
    """Bone -> points in our axes and metres, each hanging on that bone alone."""
    points = np.concatenate([scale * cloud @ axes.T for cloud in clouds.values()])
    bones = np.concatenate([np.full(len(cloud), rig.names.index(bone)) for bone, cloud in clouds.items()])
    return Skin(points, np.arange(len(points)), bones, np.ones(len(points)))


def places(rig: Rig, axes: np.ndarray, scale: float) -> dict[str, np.ndarray]:
    return {name: rig.heads[bone] @ axes / scale for bone, name in enumerate(rig.names)}


def body(axes: np.ndarray = Z_UP, scale: float = 1.0) -> tuple[Rig, dict[str, np.ndarray]]:
    """A character and clouds: an elliptic trunk 0.32 m wide and 0.2 deep, forearms, thighs, and feet of few points."""
    rig = character(2, axes=axes, scale=scale)
    at, (left, up, front) = places(rig, axes, scale), np.eye(3)
    clouds = {"spine2": around(at["pelvis"], at["neck"], 0.16 * left, 0.1 * front)}
    for side in SIDES:
        clouds[f"{side}_elbow"] = around(at[f"{side}_elbow"], at[f"{side}_wrist"], 0.04 * up, 0.04 * front)
        clouds[f"{side}_hip"] = around(at[f"{side}_hip"], at[f"{side}_knee"], 0.07 * left, 0.07 * front)
        ankle, toe = at[f"{side}_ankle"], at[f"{side}_foot"]
        corners = [(aside, ahead) for aside in (-0.04, 0.04) for ahead in (-0.06, 0.13)]
        clouds[f"{side}_ankle"] = np.array(
            [[ankle[0] + x, toe[1] + y, ankle[2] + z] for x, z in corners for y in (0, 0.1)]
        )
        ends = [(aside, ahead) for aside in (-0.04, 0.04) for ahead in (0.14, 0.21)]
        clouds[f"{side}_foot"] = np.array(
            [[ankle[0] + x, toe[1] + y, ankle[2] + z] for x, z in ends for y in (0, 0.03)]
        )
    return rig, clouds


@AXES
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_limbs_and_trunk_are_as_thick_as_their_vertices(axes: np.ndarray, scale: float) -> None:
    rig, clouds = body(axes, scale)
    shape = fit(rig, own_map(rig), skin_of(rig, clouds, axes, scale))
    radii = {capsule.joint: capsule.radius / scale for capsule in shape.capsules}
    assert radii["left_elbow"] == pytest.approx(0.04, rel=0.02)
    assert radii["right_hip"] == pytest.approx(0.07, rel=0.02)
    slices = [capsule for capsule in shape.capsules if capsule.joint == "spine2"]
    assert len(slices) == 9
    for capsule in slices:
        reach = np.abs((capsule.ends @ axes)[:, 0]).max() / scale + capsule.radius / scale
        assert capsule.radius / scale == pytest.approx(0.1, rel=0.05)
        assert reach == pytest.approx(0.16, rel=0.05)


@AXES
def test_soles_touch_the_floor_with_heel_ball_and_toes(axes: np.ndarray) -> None:
    rig, clouds = body(axes)
    soles = fit(rig, own_map(rig), skin_of(rig, clouds, axes, 1.0)).soles
    ankle = places(rig, axes, 1.0)["left_ankle"]
    heel, ball, toes = (zone @ axes - ankle for zone in (soles["left"].heel, soles["left"].ball, soles["left"].toes))
    assert heel[:, 2].min() == pytest.approx(-0.06)
    assert ball[:, 2] == pytest.approx(np.full(len(ball), 0.135), abs=0.01)
    assert toes[:, 2].max() == pytest.approx(0.21)
    for zone in (heel, ball, toes):
        assert zone[:, 1].min() == pytest.approx(-0.06, abs=1e-6)
    assert np.ptp(toes[:, 0]) == pytest.approx(0.08)
    assert soles["left"].bends
    assert soles.keys() == set(SIDES)


@pytest.mark.parametrize("degrees", [15.0, 40.0])
@pytest.mark.parametrize("axis", ["X", "Z"])
def test_the_sole_of_a_character_that_rests_leaning_is_what_it_stands_on(degrees: float, axis: str) -> None:
    """Bones and skin lean together; the soles are those that touch the floor once it is set upright."""
    rig, clouds = body()
    skin = skin_of(rig, clouds, Z_UP, 1.0)
    lean = np.eye(4)
    lean[:3, :3] = Z_UP @ rotation.matrix_from_axis_angle(np.radians(degrees) * np.eye(3)["XYZ".index(axis)]) @ Z_UP.T
    leaning = Rig.plain(rig.names, rig.parents, lean @ rig.rest, np.eye(4))
    upright = fit(rig, own_map(rig), skin).soles["left"]
    found = fit(leaning, own_map(leaning), replace(skin, points=skin.points @ lean[:3, :3].T)).soles["left"]
    for zone in ("heel", "toes"):
        ends = [getattr(sole, zone) @ turn for sole, turn in ((found, lean[:3, :3]), (upright, np.eye(3)))]
        for extreme in (np.min, np.max):
            np.testing.assert_allclose(extreme(ends[0], 0)[[0, 2]], extreme(ends[1], 0)[[0, 2]], atol=1e-6)


def test_toes_whose_skin_hangs_on_the_foot_do_not_bend() -> None:
    rig, clouds = body()
    for side in SIDES:
        clouds[f"{side}_ankle"] = np.concatenate((clouds[f"{side}_ankle"], clouds.pop(f"{side}_foot")))
    sole = fit(rig, own_map(rig), skin_of(rig, clouds, Z_UP, 1.0)).soles["right"]
    assert not sole.bends
    assert sole.toes[:, 1].min() == pytest.approx(-0.21)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_some_strays_change_little(seed: int) -> None:
    rig, clouds = body()
    rng = np.random.default_rng(seed)
    clouds["spine2"] = np.concatenate((clouds["spine2"], [0, 1.2, 0] + rng.normal(size=(4, 3)) * 0.2))
    shape = fit(rig, own_map(rig), skin_of(rig, clouds, Z_UP, 1.0))
    slices = [capsule.radius for capsule in shape.capsules if capsule.joint == "spine2"]
    assert np.median(slices) == pytest.approx(0.1, rel=0.1)


def test_bones_of_their_own_belong_to_the_limb_that_they_lie_in() -> None:
    """As a control rig has them: the skin hangs on bones beside those that are keyed."""
    rig, clouds = body()
    names = [f"{side}_elbow" for side in SIDES]
    bones = [rig.names.index(name) for name in names]
    lengths = np.append(np.zeros(len(rig.names)), [0.1, 0.1])
    rest = rig.rest.copy()
    deforming = rest[bones].copy()
    for row, side in enumerate(SIDES):
        way = rig.heads[rig.names.index(f"{side}_wrist")] - rig.heads[rig.names.index(f"{side}_elbow")]
        deforming[row, :3, 1] = way / np.linalg.norm(way)
    rig = Rig.plain(
        (*rig.names, *(f"DEF {name}" for name in names)),
        np.append(rig.parents, [0, 0]),
        np.concatenate((rest, deforming)),
        rig.world,
        lengths=lengths,
    )
    clouds = {f"DEF {bone}" if bone in names else bone: cloud for bone, cloud in clouds.items()}
    shape = fit(rig, own_map(rig), skin_of(rig, clouds, Z_UP, 1.0))
    assert {capsule.joint for capsule in shape.capsules} >= set(names)


def test_a_skin_that_hangs_on_nothing_that_dances_has_no_shape() -> None:
    rig, clouds = body()
    skin = skin_of(rig, clouds, Z_UP, 1.0)
    assert fit(rig, own_map(rig), replace(skin, weights=np.zeros(len(skin.weights)))) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Sole(np.zeros((0, 3)), np.zeros((1, 3)), np.zeros((1, 3)), False),
            "heel must hold at least one point",
        ),
        (lambda: Sole(np.zeros((1, 3)), np.zeros(3), np.zeros((1, 3)), False), "ball must have shape"),
        (lambda: Capsule("", np.zeros((2, 3)), 1.0), "must not be empty"),
        (lambda: Capsule("head", np.zeros((2, 2)), 1.0), "ends must have shape"),
        (lambda: Capsule("head", np.zeros((2, 3)), 0.0), "radius must be positive"),
        (lambda: Capsule("head", np.zeros((2, 3)), float("nan")), "radius must be a finite number"),
        (lambda: BodyShape({"left": None}, ()), "must hold Soles"),
        (lambda: BodyShape({}, ["rod"]), "must be a tuple"),
        (lambda: BodyShape({}, ("rod",)), "must be a tuple of Capsule"),
    ],
)
def test_shapes_that_make_no_sense_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
