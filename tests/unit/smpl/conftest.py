from __future__ import annotations

from pathlib import Path

import pytest

from tests import body_models


@pytest.fixture(params=tuple(body_models.JOINT_COUNTS))
def kind(request) -> str:
    return request.param


@pytest.fixture
def model(kind, tmp_path) -> Path:
    return body_models.write(tmp_path / f"{kind}.npz", kind)


@pytest.fixture
def smpl(tmp_path) -> Path:
    return body_models.write(tmp_path / "SMPL_NEUTRAL.npz", "smpl")
