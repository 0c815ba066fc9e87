"""Which engine and device a run comes to, on machines with and without torch, an NVIDIA card or Metal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tokendance_core.commands import devices
from tokendance_core.commands.requests import RunSettings
from tokendance_core.errors import SettingError

CARDS = {"cuda": ("cpu", "cuda"), "mps": ("cpu", "mps"), "none": ("cpu",)}


@pytest.fixture
def machine(monkeypatch):
    """Make this machine one with a graphics card or without, and with torch or without."""

    def make(card: str, torch: bool = True) -> None:
        here = SimpleNamespace(
            cuda=SimpleNamespace(is_available=lambda: card == "cuda"),
            backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: card == "mps")),
        )
        monkeypatch.setitem(sys.modules, "torch", here if torch else None)
        monkeypatch.setattr(devices, "find_spec", lambda name: torch or None)
        monkeypatch.setattr(devices, "_has_nvidia_driver", lambda: card == "cuda")

    return make


@pytest.mark.parametrize("card", CARDS)
def test_by_itself_a_run_uses_an_nvidia_card_or_else_numpy(machine, card):
    machine(card)
    assert devices.choose(RunSettings()) == (("torch", "cuda") if card == "cuda" else ("numpy", "cpu"))


@pytest.mark.parametrize("card", CARDS)
def test_without_torch_there_is_the_processor_and_numpy(machine, card):
    machine(card, torch=False)
    assert devices.available_devices() == ("cpu",)
    for engine, device in (("auto", "auto"), ("auto", "cpu"), ("numpy", "auto"), ("numpy", "cpu")):
        assert devices.choose(RunSettings(engine=engine, device=device)) == ("numpy", "cpu")
    for engine, device in (("auto", "cuda"), ("auto", "mps"), ("torch", "auto"), ("torch", "cpu")):
        with pytest.raises(SettingError, match="PyTorch is needed") as caught:
            devices.choose(RunSettings(engine=engine, device=device))
        assert "pip install" in caught.value.hint


@pytest.mark.parametrize("card", CARDS)
def test_the_processor_is_numpys_unless_torch_is_named(machine, card):
    machine(card)
    assert devices.choose(RunSettings(device="cpu")) == ("numpy", "cpu")
    assert devices.choose(RunSettings(engine="torch", device="cpu")) == ("torch", "cpu")
    assert devices.choose(RunSettings(engine="torch")) == ("torch", "cuda" if card == "cuda" else "cpu")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_card_is_torchs_and_must_be_there(machine, card, device):
    machine(card)
    assert devices.available_devices() == CARDS[card]
    if device in CARDS[card]:
        assert devices.choose(RunSettings(device=device)) == ("torch", device)
    else:
        with pytest.raises(SettingError, match=f"no {device} device"):
            devices.choose(RunSettings(device=device))
    with pytest.raises(SettingError, match="processor alone"):
        devices.choose(RunSettings(engine="numpy", device=device))


def test_a_torch_that_cannot_be_loaded_counts_as_none(monkeypatch, tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('libtorch_cpu.so: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(devices, "_has_nvidia_driver", lambda: True)
    assert devices.available_devices() == ("cpu",)
    assert devices.choose(RunSettings()) == ("numpy", "cpu")
    with pytest.raises(SettingError, match="libtorch_cpu"):
        devices.choose(RunSettings(engine="torch"))


# --- threads ----------------------------------------------------------------------------------------------------------

LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def limits_after(root: Path, code: str, **environment: str) -> list[str | None]:
    """The limits of threads in a new process that has run ``code``; only ``environment`` is set before."""
    told = f"import os\n{code}\nprint([os.environ.get(name) for name in {LIMITS}])"
    command = [sys.executable, "-c", told]
    return eval(subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("code", ["import tokendance_core", "import tokendance_core.__main__"])
def test_one_thread_unless_the_user_says_otherwise(root, code):
    assert limits_after(root, code) == ["1", "1", "1", "1"]
    assert limits_after(root, code, OMP_NUM_THREADS="3") == ["1", "3", "1", "1"]


@pytest.mark.parametrize("loaded", ["numpy", "bpy"])
def test_the_environment_of_a_host_is_left_alone(root, loaded):
    host = f"import sys; sys.modules[{loaded!r}] = object()"
    assert limits_after(root, f"{host}; import tokendance_core") == [None] * 4


def test_training_gets_the_threads_it_asks_for(root, tmp_path):
    code = (
        "import torch; from tokendance_core.__main__ import main; from tokendance_core.train import recipe\n"
        "recipe.assemble = lambda asked: print(torch.get_num_threads(), asked.workers)\n"
        f"main(['train', 'assemble', '--out', {str(tmp_path / 'runs')!r}, '--threads', '3', '--device', 'cpu'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["3", "3"]
