"""``python scripts/test_matrix.py``: test the add-on, and the built zip in a fresh Blender, in the other Blenders, each
in an environment under .venvs.

Blender 5.0 is in .venv already. A version whose Python is not on this machine is named and left out. ``--dry-run``
installs and tests nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from setup import ROOT, find_python, is_python, run

# bpy -> its Python, and the numpy that the Blender application of that version carries
MATRIX = {
    "4.2.23": ("3.11", "numpy<2"),
    "4.5.15": ("3.11", "numpy<2"),
    "5.2.3": ("3.13", "numpy>=2.2"),
}
# Each is a process of its own: Blender as a Python module keeps state that no test can undo.
TESTS = ("tests/blender", "tests/end_to_end/test_fresh_blender.py")
# What the core needs without the network: in these tests a stand-in takes the network's place.
PACKAGES = ("pytest", "hypothesis", "soundfile", "soxr")


def python_of(blender: str) -> Path:
    """Where the Python of that Blender's environment is, once it is made."""
    return ROOT / ".venvs" / f"blender-{blender}" / "bin" / "python"


def environment(blender: str, version: str, numpy: str) -> Path | None:
    """The Python of that Blender's environment, made now if need be; None without a Python to make it from."""
    python = python_of(blender)
    if is_python(python, version, also="import bpy, pytest"):
        return python
    base = find_python(version)
    if base is None:
        return None
    run(base, "-m", "venv", "--clear", python.parents[1])
    run(python, "-m", "pip", "install", "--quiet", f"bpy=={blender}", numpy, *PACKAGES)
    return python


def outcome(blender: str, version: str, numpy: str) -> str:
    """Test in that Blender; what became of it."""
    python = environment(blender, version, numpy)
    if python is None:
        return f"left out: python{version} was not found"
    print(f"\nBlender {blender}", flush=True)
    codes = [subprocess.run([python, "-m", "pytest", "-q", tests], cwd=ROOT).returncode for tests in TESTS]
    return "failed" if any(codes) else "passed"


def plan(blender: str, version: str) -> str:
    """What ``outcome`` would do."""
    base = python_of(blender) if python_of(blender).exists() else find_python(version)
    return f"would be tested with {base}" if base else f"would be left out: python{version} was not found"


def main(argv: Sequence[str]) -> int:
    """Test in all of them and tell what became of each; non-zero when one failed."""
    parser = argparse.ArgumentParser(description="Test the add-on in other versions of Blender.")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be tested, and with which Python")
    dry_run = parser.parse_args(argv).dry_run
    outcomes = {
        blender: plan(blender, version) if dry_run else outcome(blender, version, numpy)
        for blender, (version, numpy) in MATRIX.items()
    }
    print("\n" + "\n".join(f"Blender {blender}: {what}" for blender, what in outcomes.items()))
    return int("failed" in outcomes.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
