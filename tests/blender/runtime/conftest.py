"""What tests of processes share."""

from __future__ import annotations

import tempfile

import pytest

from blender_addon import session


@pytest.fixture
def own_temporary_folder(tmp_path, monkeypatch):
    """Where workers put their files, so that a test can see that they are gone."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    session.current().worker.stop()
    assert list(folder.iterdir()) == []
