"""Put all that training needs into one folder, for a machine without this project: code, motion, features of the music.

``python -m scripts.pack_for_training DATA FOLDER``; ``FOLDER/train_on_gpu.sh`` is what to run there. No sound goes
along, and nothing that is kept for testing. ``FOLDER/smoke`` is a few clips and songs of the same, to see that the
other machine can train at all.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

from tokendance_core.datasets import pack
from tokendance_core.music import feature_file

ROOT = Path(__file__).resolve().parent.parent
INDICES = ("motion_index.json", "motion_tempo.json")
LIMIT_MB = 45.0
SMOKE = {"train": 4, "validation": 1}
"""Clips and songs of each split in the small set."""


def make(data: Path, folder: Path) -> float:
    """Fill ``folder``, which must not exist; its size in MB."""
    folder.mkdir(parents=True)
    without = shutil.ignore_patterns("__pycache__", "*.safetensors", "evaluate", "blender_addon")
    shutil.copytree(ROOT / "tokendance_core", folder / "tokendance_core", ignore=without)
    shutil.copy(ROOT / "scripts" / "train_on_gpu.sh", folder)
    for name, most in (("data", {"train": sys.maxsize, "validation": sys.maxsize}), ("smoke", SMOKE)):
        _copy_motion(data, folder / name, most)
        _copy_songs(data, folder / name, most)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _copy_motion(data: Path, to: Path, most: dict[str, int]) -> None:
    for kind in ("motion", "motion_aux"):
        (to / kind).mkdir(parents=True)
        left = dict(most)
        for path in sorted((data / kind).glob("*.npz")):
            split = "train" if kind == "motion_aux" else pack.split_of(path.stem)
            if left.get(split, 0) > 0:
                left[split] -= 1
                _copy_clip(path, to / kind / path.name)
    for name in INDICES:
        shutil.copy(data / name, to)


def _copy_clip(path: Path, to: Path) -> None:
    """The arrays that training reads."""
    with np.load(path, allow_pickle=False) as arrays:
        np.savez_compressed(to, **{name: arrays[name] for name in ("rot6d", "root")})


def _copy_songs(data: Path, to: Path, most: dict[str, int]) -> None:
    (to / "features").mkdir()
    left, kept = dict(most), []
    index = {Path(entry["file"]).stem: entry for entry in json.loads((data / "music_index.json").read_text("utf-8"))}
    for split in left:
        for song in pack.load_songs(data, print, (split,)):
            if left[split] > 0:
                left[split] -= 1
                feature_file.write(song.features, to / "features" / f"{song.name}.npz")
                kept.append(index[song.name])
            else:
                break
    (to / "music_index.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    size = make(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{sys.argv[2]}: {size:.1f} MB")
    if size > LIMIT_MB:
        sys.exit(f"That is more than {LIMIT_MB:g} MB.")
