"""What the end-to-end tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end import data_pack


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data pack of a few seconds."""
    folder = tmp_path_factory.mktemp("data")
    data_pack.write(folder)
    return folder
