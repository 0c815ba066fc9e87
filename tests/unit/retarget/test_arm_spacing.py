"""Arms beside bodies of capsules: out of them, smooth, and as they were where nothing is in the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rig_poses import Z_UP, bone_heads, character, own_map, posed
from tokendance_core.motion import edits, rotation
from tokendance_core.motion.skeleton import SIDES
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.retarget.transfer import retarget
from tokendance_core.types import BodyShape, Capsule, MotionClip, Rig

THIN, HAND = 0.03, 0.03


def barrel(rig: Rig, width: float, depth: float) -> BodyShape:
    """A trunk of capsules across the body, carried by pelvis and chest; thin arms and hands."""
    heads = {name: rig.heads[bone] for bone, name in enumerate(rig.names)}
    aside = Z_UP @ [width - depth, 0, 0]
    capsules = []
    for part in np.linspace(-0.2, 1.0, 9):
        middle = heads["pelvis"] + part * (heads["spine3"] - heads["pelvis"])
        ends = np.stack((middle + aside, middle - aside))
        capsules.append(Capsule("spine3" if part > 0.5 else "pelvis", ends, depth))
    for side in SIDES:
        elbow, wrist, hand = (heads[f"{side}_{joint}"] for joint in ("elbow", "wrist", "hand"))
        capsules.append(Capsule(f"{side}_elbow", np.stack((elbow, wrist)), THIN))
        capsules.append(Capsule(f"{side}_wrist", np.stack((wrist, hand)), HAND))
    return BodyShape({}, tuple(capsules))


def sweep(high: float, low: float, inwards: float, frames: int = 90) -> MotionClip:
    """Standing; both arms go from ``high`` to ``low`` and back, radians below the horizontal, elbows bent inwards."""
    clip = edits.hold_t_pose(frames)
    wave = (1 - np.cos(2 * np.pi * np.arange(frames) / frames)) / 2
    for side, sign in zip(SIDES, (1, -1), strict=True):
        clip = edits.bend(clip, f"{side}_elbow", "Z", np.full(frames, -sign * inwards))
        clip = edits.bend(clip, f"{side}_elbow", "Y", np.full(frames, -sign * 0.3))
        clip = edits.bend(clip, f"{side}_shoulder", "Z", -sign * (high + wave * (low - high)))
    return clip


def arms(rig: Rig, clip: MotionClip, body: BodyShape | None, spacing: float) -> np.ndarray:
    """(T, 2, 3, 3) shoulders, elbows and wrists in our axes."""
    pose = posed(rig, retarget(clip, rig, own_map(rig), RetargetSettings(arm_spacing=spacing), body))
    names = [f"{side}_{joint}" for side in SIDES for joint in ("shoulder", "elbow", "wrist")]
    return (bone_heads(rig, pose, *names) @ Z_UP).reshape(len(pose), 2, 3, 3)


def depths(rig: Rig, found: np.ndarray, width: float, depth: float) -> np.ndarray:
    """(T, 2) how deep the outer half of each forearm is in the barrel, which stands still; negative outside."""
    places = found[:, :, 1, None] + np.linspace(0.5, 1, 8)[:, None] * (found[:, :, 2] - found[:, :, 1])[:, :, None]
    heads = {name: Z_UP.T @ rig.heads[bone] for bone, name in enumerate(rig.names)}
    centre = heads["pelvis"]
    low, high = (centre[1] + part * (heads["spine3"] - centre)[1] for part in (-0.2, 1.0))
    beside = np.maximum(np.abs(places[..., 0] - centre[0]) - (width - depth), 0)
    above = np.maximum(np.maximum(places[..., 1] - high, low - places[..., 1]), 0)
    return (depth + THIN - np.sqrt(beside**2 + above**2 + (places[..., 2] - centre[2]) ** 2)).max(-1)


@given(st.floats(0.14, 0.3), st.floats(0.1, 0.14), st.floats(0.0, 1.2), st.floats(1.2, 1.5))
@settings(max_examples=15, deadline=None)
def test_forearms_stay_out_of_trunks_of_any_width(width: float, depth: float, inwards: float, low: float) -> None:
    rig = character(0)
    clip, body = sweep(0.3, low, inwards), barrel(rig, width, depth)
    before, after = (arms(rig, clip, body, spacing) for spacing in (0.0, 1.0))
    deep = depths(rig, before, width, depth).max()
    found = depths(rig, after, width, depth)
    assert (found > 0.012).mean() < 0.03
    assert found.max() < max(0.03, 0.4 * deep)
    np.testing.assert_allclose(*(np.linalg.norm(np.diff(a, axis=2), axis=-1) for a in (before, after)), atol=1e-6)


@given(st.floats(0.14, 0.3), st.floats(1.2, 1.5))
@settings(max_examples=10, deadline=None)
def test_arms_with_nothing_in_the_way_are_exactly_the_dancer_s(width: float, low: float) -> None:
    rig = character(0)
    clip, body = sweep(-0.2, low, 0.8), barrel(rig, width, 0.12)
    before, after = (arms(rig, clip, body, spacing) for spacing in (0.0, 1.0))
    touched = (depths(rig, before, width, 0.12) > -0.06).any(1)
    if not touched.any():
        np.testing.assert_allclose(after, before, atol=1e-6)
    # A correction fades within a third of a second.
    free = np.convolve(touched, np.ones(41), "same") == 0
    np.testing.assert_allclose(after[free], before[free], atol=1e-3)


@pytest.mark.parametrize("width", [0.2, 0.28])
def test_a_correction_is_smooth(width: float) -> None:
    rig = character(0)
    clip, body = sweep(0.2, 1.5, 0.6, 120), barrel(rig, width, 0.13)
    speeds = []
    for spacing in (0.0, 1.0):
        wrists = arms(rig, clip, body, spacing)[:, :, 2]
        speeds.append(np.linalg.norm(np.diff(wrists, 2, axis=0), axis=-1).max() * 900)
    assert speeds[1] < speeds[0] + 8.0  # m/s²; a hand that jumps by a centimetre has 9


def test_a_hand_in_the_hip_comes_to_rest_on_it() -> None:
    rig = character(0)
    clip, body = sweep(1.35, 1.35, 0.7, 60), barrel(rig, 0.26, 0.13)
    deep, found = (depths(rig, arms(rig, clip, body, spacing), 0.26, 0.13)[30] for spacing in (0.0, 1.0))
    assert deep.min() > 0.03
    np.testing.assert_allclose(found, 0.0, atol=0.012)


def test_part_of_the_strength_moves_part_of_the_way() -> None:
    rig = character(0)
    clip, body = sweep(1.35, 1.35, 0.7, 30), barrel(rig, 0.26, 0.13)
    none, half, whole = (
        depths(rig, arms(rig, clip, body, spacing), 0.26, 0.13)[15].max() for spacing in (0.0, 0.5, 1.0)
    )
    assert whole < half < none


def test_the_trunk_goes_with_the_body() -> None:
    """Turned about the vertical, the arms are moved as they were before."""
    rig, body = character(0), barrel(character(0), 0.26, 0.13)
    clip = sweep(1.35, 1.35, 0.7, 30)
    plain, turned = (arms(rig, dance, body, 1.0) for dance in (clip, edits.turn(clip, 2.0)))
    spans = [found[:, :, 1:] - found[:, :, :1] for found in (plain, turned)]
    np.testing.assert_allclose(spans[1], spans[0] @ rotation.heading_matrix(2.0).T, atol=2e-3)
