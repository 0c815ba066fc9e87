"""Bones that do not hang together as a body does, whatever map they have: measured in the world, frame by frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.rig_zoo.builder import Specimen, pairs, rig_of
from tests.rig_zoo.hierarchies import HIERARCHIES
from tests.unit.rig_poses import character, own_map, posed, random_clip
from tokendance_core.motion.skeleton import JOINTS, SIDES
from tokendance_core.retarget import rest_pose
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.retarget.transfer import retarget
from tokendance_core.rigs import fidelity
from tokendance_core.rigs.fidelity import Miss
from tokendance_core.types import MotionClip, Rig, RigMap


def map_of(specimen: Specimen) -> RigMap:
    return RigMap(pairs(specimen.expected), "by hand", ik=pairs(specimen.ik))


def shown(rig: Rig, rig_map: RigMap, clip: MotionClip, **options) -> dict[str, np.ndarray]:
    """Bone -> (T, 4, 4) armature-space matrices of the dance."""
    pose = posed(rig, retarget(clip, rig, rig_map, RetargetSettings(**options)))
    return {name: pose[:, bone] for bone, name in enumerate(rig.names)}


def misses(rig: Rig, rig_map: RigMap, clip: MotionClip, **options) -> dict[str, Miss]:
    return fidelity.measure(rig, rig_map, clip, shown(rig, rig_map, clip, **options))


@pytest.mark.parametrize(
    ("name", "root_motion"),
    [
        (name, motion)
        for name, specimen in HIERARCHIES.items()
        for motion in ("hips", "root")
        if motion == "hips" or "root " in specimen.expected
    ],
)
def test_nothing_stretches_and_hips_and_limbs_are_the_dancer_s(name: str, root_motion: str) -> None:
    rig, rig_map = rig_of(HIERARCHIES[name], seed=3), map_of(HIERARCHIES[name])
    found = misses(rig, rig_map, random_clip(5, frames=20, spread=0.3), root_motion=root_motion)
    assert found["hip line"].worst < 0.01
    assert found["limbs"].worst < 0.01
    assert found["trunk"].mean < 8  # one or two bones bend where the dancer's three do
    assert found["shoulder line"].mean < 5
    assert found["stretch"].worst < 0.01
    assert found["floor"].worst < 3


# --- any tree at all --------------------------------------------------------------------------------------------------

_seeds = st.integers(0, 2**32 - 1)
_LOOSE = [joint for joint in JOINTS if joint != "pelvis"]


@given(_seeds, st.lists(st.sampled_from(_LOOSE), unique=True, max_size=6), st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_bones_may_hang_on_the_root_or_on_nothing(
    seed: int, loose: list[str], on_nothing: bool, travels: bool
) -> None:
    """The dance is the one of the same body in one piece, to a thousandth of a millimetre."""
    whole = character(seed, extra=True)
    parents = whole.parents.copy()
    parents[[whole.names.index(joint) for joint in loose]] = -1 if on_nothing else whole.names.index("control")
    torn = replace(whole, parents=parents)
    rig_map = own_map(whole)
    rig_map = replace(rig_map, bones={**rig_map.bones, "root": "control"})
    clip = random_clip(seed, frames=6)
    wanted, found = (shown(rig, rig_map, clip, root_motion="root" if travels else "hips") for rig in (whole, torn))
    assume(on_nothing or "spine1" not in loose)  # as in MMD: upper and lower body side by side, both carried
    for joint in JOINTS:
        np.testing.assert_allclose(found[joint], wanted[joint], atol=1e-6)


@given(_seeds)
@settings(max_examples=10, deadline=None)
def test_locations_that_an_earlier_dance_left_behind_do_not_count(seed: int) -> None:
    rig, rig_map = rig_of(HIERARCHIES["two roots"]), map_of(HIERARCHIES["two roots"])
    rng = np.random.default_rng(seed)
    basis = rig.basis.copy()
    for bone in rig_map.bones.values():
        basis[rig.names.index(bone), :3, 3] = rng.normal(size=3)
    clip = random_clip(seed, frames=4)
    clean, left = (retarget(clip, one, rig_map) for one in (rig, replace(rig, basis=basis)))
    np.testing.assert_allclose(left.quaternions, clean.quaternions, atol=1e-9)
    for bone, location in clean.locations.items():
        np.testing.assert_allclose(left.locations[bone], location, atol=1e-9)


# --- which bones take what --------------------------------------------------------------------------------------------


def _pelvis(name: str) -> set[str]:
    rig = rig_of(HIERARCHIES[name])
    rest = rest_pose.read(rig, map_of(HIERARCHIES[name]))
    return {rig.names[bone] for bone in rest.pelvis}


@pytest.mark.parametrize(
    ("name", "bones"),
    [
        ("thighs below the spine", {"Pelvis", "Spine"}),
        ("IK feet", {"Body", "Hips"}),
        ("IK feet, hips beside", {"Body", "Hips"}),
        ("waist beside", {"Hub", "Waist"}),
        ("hips above", {"Hips", "Spine"}),
        ("hips above, mapped", {"Hips", "Spine"}),
        ("two roots", {"Pelvis"}),
    ],
)
def test_what_lies_at_the_hips_turns_with_them(name: str, bones: set[str]) -> None:
    assert _pelvis(name) == bones
    rig, rig_map = rig_of(HIERARCHIES[name]), map_of(HIERARCHIES[name])
    found = shown(rig, rig_map, random_clip(2, frames=4))
    turns = [found[bone][:, :3, :3] @ rig.rest[rig.names.index(bone), :3, :3].T for bone in sorted(bones)]
    for turn in turns[1:]:
        np.testing.assert_allclose(turn, turns[0], atol=1e-6)


def test_a_body_in_one_piece_gets_no_more_locations_than_before() -> None:
    rig = character(4, extra=True)
    assert set(retarget(random_clip(4), rig, own_map(rig)).locations) == {"pelvis"}


def test_bones_that_follow_or_are_connected_are_not_moved() -> None:
    rig, rig_map = rig_of(HIERARCHIES["IK feet"]), map_of(HIERARCHIES["IK feet"])
    foot = rig.names.index("LeftFoot")
    for trait, value in (("connected", True), ("follows", rig.names.index("LeftPole"))):
        flags = getattr(rig, trait).copy()
        flags[foot] = value
        assert "LeftFoot" not in retarget(random_clip(), replace(rig, **{trait: flags}), rig_map).locations


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_the_pole_of_a_leg_with_an_ik_foot_is_keyed_with_it(side: str) -> None:
    rig, rig_map = rig_of(HIERARCHIES["IK feet"]), map_of(HIERARCHIES["IK feet"])
    clip = random_clip(6, spread=0.4)
    found = shown(rig, rig_map, clip)
    knee, pole = (found[f"{side}{part}"][:, :3, 3] for part in ("Shin", "Pole"))
    far = np.linalg.norm(rig.heads[rig.names.index(f"{side}Pole")] - rig.heads[rig.names.index(f"{side}Shin")])
    np.testing.assert_allclose(np.linalg.norm(pole - knee, axis=-1), far, rtol=0.2)
    assert all(f"{one.capitalize()}Pole" in retarget(clip, rig, rig_map).locations for one in SIDES)
