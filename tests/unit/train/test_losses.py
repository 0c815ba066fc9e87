from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance import footing, representation
from tokendance_core.dance.representation import RootForm
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import OFFSETS
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


def test_joints_and_their_gradient_agree_with_forward_kinematics() -> None:
    def slowly(matrix: torch.Tensor) -> torch.Tensor:
        rotations = rotation.matrix_from_6d(matrix[..., representation.ROTATIONS].unflatten(-1, (-1, 6)))
        height = matrix[..., representation.ROOT] * torch.tensor([0.0, 1.0, 0.0])
        return kinematics.forward_kinematics(rotations, height, torch.tensor(OFFSETS))[0]

    torch.manual_seed(0)
    matrix = torch.randn(2, 5, representation.BODY, requires_grad=True)
    towards = torch.randn(2, 5, 24, 3)
    made, expected = losses.joints(matrix), slowly(matrix)
    torch.testing.assert_close(made, expected, atol=1e-5, rtol=0)
    gradient, true = (torch.autograd.grad((joints * towards).sum(), matrix)[0] for joints in (made, expected))
    torch.testing.assert_close(gradient, true, atol=1e-4, rtol=1e-4)


def travel_of(matrix: torch.Tensor, root: RootForm = "velocity") -> losses.Travel:
    return losses.travel(matrix, losses.joints(matrix), root)


def test_foot_loss_is_blind_to_a_path_that_goes_with_the_steps() -> None:
    matrix = torch.from_numpy(representation.to_matrix(swaying_clip(20)))[None]
    true = travel_of(matrix)
    assert float(losses.foot_l1(true, true)) == 0.0
    sliding = matrix.clone()
    sliding[..., 0] += 0.01  # one centimetre a frame to the side moves each foot's x alone
    weight = float((1 + losses.STANDING * footing.standing(true.feet)).mean())
    assert float(losses.foot_l1(travel_of(sliding), true)) == pytest.approx(weight * 0.01 / 2, rel=1e-3)


def test_a_standing_foot_that_slides_costs_more_than_one_in_the_air() -> None:
    still = torch.zeros(1, 5, 2), torch.zeros(1, 4, 4, 2), torch.zeros(1, 5)
    standing = losses.Travel(*still)
    swinging = standing._replace(feet=standing.feet + 0.05)
    slip = torch.full_like(standing.feet, 0.01)
    cost = losses.foot_l1(standing._replace(feet=slip), standing)
    assert float(cost) == pytest.approx(0.01 * (1 + losses.STANDING), rel=1e-4)
    assert float(losses.foot_l1(swinging._replace(feet=swinging.feet + slip), swinging)) == pytest.approx(
        0.01, rel=1e-2
    )


def test_feet_move_over_the_floor_as_the_clip_says_in_the_form_heading() -> None:
    matrix = torch.from_numpy(representation.to_matrix(swaying_clip(30), "heading"))[None]
    told = matrix[:, 1:, representation.FOOT_STEPS].unflatten(-1, (4, 2))
    np.testing.assert_allclose(travel_of(matrix, "heading").feet, told, atol=1e-5)


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


def test_path_loss_sees_a_drift_that_no_frame_shows() -> None:
    matrix = torch.from_numpy(representation.to_matrix(swaying_clip(240)))[None]
    drifting = matrix.clone()
    drifting[..., 2] += 0.001  # a millimetre a frame: 1.5, 6 and 20 cm over the spans, in one of two directions
    true = travel_of(matrix)
    assert float(losses.path_l1(true, true)) == 0.0
    expected = sum(losses.TRAVEL_FRAMES) * 0.001 / 2
    assert float(losses.path_l1(travel_of(drifting), true)) == pytest.approx(expected, rel=1e-4)


def test_yaw_loss_sees_a_slow_turn() -> None:
    still = losses.Travel(torch.zeros(1, 90, 2), torch.zeros(1, 89, 4, 2), torch.zeros(1, 90))
    turning = still._replace(yaw=still.yaw + 0.01)
    assert float(losses.yaw_l1(turning, still)) == pytest.approx(0.01 * sum(losses.YAW_FRAMES), rel=1e-4)
