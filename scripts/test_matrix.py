"""Run tests/blender in the other Blenders: one environment for each under .venvs, made once. ``python
scripts/test_matrix.py``.

Blender 5.0 is in .venv already. A version whose Python is not on this machine is named and left out.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from setup import ROOT, find_python, is_python, run

# bpy -> its Python, and the numpy that the Blender application of that version carries
MATRIX = {
    "4.2.23": ("3.11", "numpy<2"),
    "4.5.15": ("3.11", "numpy<2"),
    "5.2.3": ("3.13", "numpy>=2.2"),
}
# What the core needs without the network: in these tests a stand-in takes the network's place.
PACKAGES = ("pytest", "hypothesis", "scipy", "soundfile", "soxr", "tqdm")


def environment(blender: str, version: str, numpy: str) -> Path | None:
    """The Python of that Blender's environment, made now if need be; None without a Python to make it from."""
    folder = ROOT / ".venvs" / f"blender-{blender}"
    python = folder / "bin" / "python"
    if is_python(python, version, also="import bpy, pytest"):
        return python
    base = find_python(version)
    if base is None:
        return None
    run(base, "-m", "venv", "--clear", folder)
    run(python, "-m", "pip", "install", "--quiet", f"bpy=={blender}", numpy, *PACKAGES)
    return python


def main() -> int:
    """Test them all and tell what became of each; non-zero when one failed."""
    outcomes = {}
    for blender, (version, numpy) in MATRIX.items():
        python = environment(blender, version, numpy)
        if python is None:
            outcomes[blender] = f"left out: python{version} was not found"
        else:
            print(f"\nBlender {blender}", flush=True)
            failed = subprocess.run([python, "-m", "pytest", "-q", "tests/blender"], cwd=ROOT).returncode
            outcomes[blender] = "failed" if failed else "passed"
    print("\n" + "\n".join(f"Blender {blender}: {outcome}" for blender, outcome in outcomes.items()))
    return int("failed" in outcomes.values())


if __name__ == "__main__":
    sys.exit(main())
