"""Stands in for the ``blender`` program where Blender is a Python module: only the options that README uses.

``python blender_application.py --background [FILE.blend] (--python FILE | --command tokendance WORDS…)``
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from pathlib import Path

import bpy

import blender_addon
from blender_addon.headless import cli


def main(words: list[str]) -> int:
    """Open the file, register the add-on, run the script or the command; the exit code."""
    assert words.pop(0) == "--background"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    blender_addon.register()
    if not words[0].startswith("-"):
        bpy.ops.wm.open_mainfile(filepath=str(Path(words.pop(0)).absolute()))
    option, name, *words = words
    if option == "--python":
        runpy.run_path(name)
        return 0
    assert (option, name) == ("--command", "tokendance")
    return cli.main(words)


try:
    code = main(sys.argv[1:])
except BaseException:
    traceback.print_exc()
    code = 1
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # Blender as a module may hang or crash while Python takes it down
