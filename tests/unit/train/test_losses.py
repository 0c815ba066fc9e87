from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance import representation
from tokendance_core.motion import kinematics
from tokendance_core.train import losses


def test_dynamic_loss_by_hand() -> None:
    x = torch.tensor([0.0, 1.0, 4.0])[None, :, None]
    # positions (0+1+4)/3, velocities (1+3)/2 weighted 0.5, acceleration 2 weighted 0.25
    assert float(losses.dynamic_l1(x, torch.zeros_like(x))) == pytest.approx(5 / 3 + 0.5 * 2 + 0.25 * 2)


def test_joints_are_forward_kinematics_without_the_path() -> None:
    clip = swaying_clip(20)
    matrix = torch.from_numpy(representation.to_matrix(clip))[None]
    expected = kinematics.joint_positions(clip) - clip.root[:, None] * np.array([1, 0, 1])
    np.testing.assert_allclose(losses.joints(matrix)[0].numpy(), expected, atol=1e-5)


def test_foot_velocity_loss_is_blind_to_a_path_that_goes_with_the_steps() -> None:
    matrix = torch.from_numpy(representation.to_matrix(swaying_clip(20)))[None]
    joints = losses.joints(matrix)
    assert float(losses.foot_velocity_l1(matrix, matrix, joints, joints)) == 0.0
    sliding = matrix.clone()
    sliding[..., 0] += 0.01  # one centimetre a frame to the side moves each foot's x alone
    assert float(losses.foot_velocity_l1(sliding, matrix, joints, joints)) == pytest.approx(0.01 / 3, rel=1e-4)


def test_masked_cross_entropy_counts_hidden_tokens_only() -> None:
    logits = torch.zeros(1, 3, 10)
    logits[0, 0, 4] = 50.0
    tokens = torch.tensor([[4, 1, 2]])
    assert float(losses.masked_cross_entropy(logits, tokens, torch.tensor([[True, False, False]]))) == pytest.approx(
        0.0, abs=1e-6
    )
    assert float(losses.masked_cross_entropy(logits, tokens, torch.tensor([[True, True, False]]))) == pytest.approx(
        np.log(10) / 2, rel=1e-5
    )
    assert float(losses.masked_cross_entropy(logits, tokens, torch.zeros(1, 3, dtype=torch.bool))) == 0.0


def test_events_are_worth_their_weight() -> None:
    logits, events = torch.zeros(2), torch.tensor([1.0, 0.0])
    assert float(losses.event_cross_entropy(logits, events, 6.0)) == pytest.approx(np.log(2) * 7 / 2, rel=1e-5)


def test_reach_counts_the_size_of_a_movement_and_not_its_direction() -> None:
    path = torch.linspace(0, 1, 21)[None, :, None, None]
    forth = torch.cat((path, torch.zeros(1, 21, 1, 2)), -1)  # 5 cm a frame
    still, back = torch.zeros_like(forth), -forth
    assert float(losses.reach_l1(forth, back)) == pytest.approx(0.0, abs=1e-6)
    assert float(losses.reach_l1(forth, still)) == pytest.approx(0.05 * (4 + 8), rel=1e-3)


def test_travel_loss_sees_a_drift_that_no_frame_shows() -> None:
    matrix = torch.from_numpy(representation.to_matrix(swaying_clip(240)))[None]
    drifting = matrix.clone()
    drifting[..., 2] += 0.001  # a millimetre a frame: 1.5, 6 and 20 cm over the spans, in one of two directions
    assert float(losses.travel_l1(matrix, matrix)) == 0.0
    assert float(losses.travel_l1(drifting, matrix)) == pytest.approx(sum(losses.TRAVEL_FRAMES) * 0.001 / 2, rel=1e-4)
