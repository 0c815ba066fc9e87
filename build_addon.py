"""Make the installable extension: ``python build_addon.py`` leaves ``dist/tokendance-VERSION.zip``.

The zip holds the add-on and, as a pure-Python wheel, the core with its weights but without training and evaluation.
Everything is put together in a temporary folder; no tracked file changes. Where Blender is installed as a Python
module, its own validation has the last word.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from tokendance_core import __version__

ROOT = Path(__file__).resolve().parent
ADDON, CORE = ROOT / "blender_addon", ROOT / "tokendance_core"
MANIFEST, HELP = "blender_manifest.toml", "help.txt"

RESEARCH = ("train/", "datasets/", "evaluate/", "commands/data.py", "commands/train.py", "commands/evaluate.py")
"""Parts of the core that no command of the add-on needs: they stay out of its wheel."""

_LEFT_OUT = ("__pycache__", ".*")
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """Write ``files`` by name, with a fixed date and system: equal content gives equal bytes. Weights hardly compress,
    text does.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = _UNIX
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def files_under(folder: Path) -> Iterator[Path]:
    """Every file below ``folder`` in a stable order, without caches and hidden files."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in parts):
            yield path


def core_files() -> list[Path]:
    """The files of the core that the add-on ships."""
    return [path for path in files_under(CORE) if not path.relative_to(CORE).as_posix().startswith(RESEARCH)]


def build_wheel(folder: Path) -> Path:
    """Write the core as a wheel into ``folder`` (binary distribution format, PEP 427); its path."""
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in core_files()}
    # Blender unpacks a wheel only when its version is new to it: another content is another version.
    version = f"{__version__}+{_digest(files)}"
    info = f"tokendance_core-{version}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: tokendance-core\nVersion: {version}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: build_addon\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(
        [f"{_record(name, content)}\n" for name, content in files.items()] + [f"{info}/RECORD,,\n"]
    ).encode()
    wheel = folder / f"tokendance_core-{version}-py3-none-any.whl"
    write_zip(wheel, files)
    return wheel


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name, content in files.items():
        whole.update(name.encode() + hashlib.sha256(content).digest())
    return whole.hexdigest()[:10]


def _record(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}"


def help_text() -> str:
    """How the add-on is used: that part of README alone."""
    _, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Use\n")
    return f"TokenDance {__version__}\n\n{after.partition(chr(10) + '## ')[0].strip()}\n"


def stage(folder: Path) -> None:
    """Put the add-on, the wheel and a manifest that names the wheel into ``folder``."""
    shutil.copytree(ADDON, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True)
    shutil.copy(ROOT / "LICENSE", folder)
    (folder / HELP).write_text(help_text(), encoding="utf-8")
    (folder / "wheels").mkdir()
    wheel = build_wheel(folder / "wheels")
    manifest = (folder / MANIFEST).read_text(encoding="utf-8")
    stated = tomllib.loads(manifest)["version"]
    if stated != __version__:
        sys.exit(f"{MANIFEST} says version {stated}, tokendance_core says {__version__}: make them equal")
    listed = manifest.replace("\n[permissions]", f'\nwheels = ["./wheels/{wheel.name}"]\n\n[permissions]', 1)
    (folder / MANIFEST).write_text(listed, encoding="utf-8")


def validate(path: Path) -> bool:
    """Check the zip with Blender's own tool; False when there is no Blender to ask."""
    blender = find_spec("bpy")
    if blender is None:
        return False
    (tool,) = Path(blender.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    subprocess.run([sys.executable, str(tool), "validate", str(path)], check=True)
    return True


def build(output: Path) -> Path:
    """Build, validate and only then put the zip into the folder ``output``; its path."""
    output.mkdir(parents=True, exist_ok=True)
    result = output / f"tokendance-{__version__}.zip"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "tokendance"
        folder.mkdir()
        stage(folder)
        built = output / f".{result.name}"
        try:
            write_zip(built, {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_under(folder)})
            validated = validate(built)
            os.replace(built, result)
        finally:
            built.unlink(missing_ok=True)
    print(
        f"{result} ({result.stat().st_size / 1e6:.1f} "
        f"MB{', validated by Blender' if validated else ', not validated: no bpy here'})"
    )
    return result


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Make the installable Blender extension.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder for the zip (default: dist)")
    build(parser.parse_args(argv).output)


if __name__ == "__main__":
    main(sys.argv[1:])
