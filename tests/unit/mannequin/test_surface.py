from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.mannequin.shape import PARTS
from tokendance_core.mannequin.surface import distance, skin
from tokendance_core.mannequin.weights import skin_weights
from tokendance_core.motion.skeleton import JOINTS


def test_sides_are_mirror_images() -> None:
    vertices, quads = skin(PARTS, 0.02)
    weights = skin_weights(vertices)
    left, right = (
        weights[:, [i for i, joint in enumerate(JOINTS) if joint.startswith(side)]] for side in ("left", "right")
    )
    assert (left[vertices[:, 0] < -0.01] == 0).all()
    assert (right[vertices[:, 0] > 0.01] == 0).all()
    np.testing.assert_allclose(np.sort(vertices[:, 0]), np.sort(-vertices[:, 0]), atol=1e-4)
    assert quads.min() == 0
    assert quads.max() == len(vertices) - 1


@pytest.mark.parametrize("step", [0.012, 0.02])
def test_vertices_lie_on_the_implicit_surface(step: float) -> None:
    vertices, _ = skin(PARTS, step)
    assert np.abs(distance(PARTS, vertices)).max() < 0.15 * step
