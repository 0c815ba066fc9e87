"""A data pack of a few seconds, in the layout that ``pack`` documents: one clip of every split, two songs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from tests.unit.motion_samples import swaying_clip
from tokendance_core.datasets import pack
from tokendance_core.motion.skeleton import INDEX
from tokendance_core.train import percussion
from tokendance_core.types import SAMPLE_RATE

CLIPS = {  # name, style
    "cmu_60_01": "salsa", "cmu_61_01": "salsa", "cmu_60_11": "salsa", "cmu_60_13": "salsa",
    "g1_J_Dance1_Modern": "modern", "g1_J_Dance6_Sassy": "sassy", "m2m_dance_loop": "loop",
}  # fmt: skip

SONGS = {"song": "train", "other": "validation"}
"""Split by name."""


def write(folder: Path) -> None:
    """Fill an empty ``folder``."""
    for name in ("motion", "motion_aux", "music"):
        (folder / name).mkdir()
    joints = list(pack._SMPL_NAME)
    order = [INDEX[pack._SMPL_NAME[joint]] for joint in joints]
    for seed, name in enumerate([*CLIPS, "aux_walk"]):
        clip = swaying_clip(300, seed=seed)
        where = folder / ("motion_aux" if name == "aux_walk" else "motion") / f"{name}.npz"
        np.savez(where, rot6d=clip.rot6d[:, order].astype(np.float16), root=clip.root)
    clips = [{"id": name, "style": style} for name, style in CLIPS.items()]
    (folder / "motion_index.json").write_text(json.dumps({"joints": joints, "clips": clips}))
    recovered, exact = ({"bpm": 120.0, "phase": 0.1, "z": z} for z in (9.0, None))
    (folder / "motion_tempo.json").write_text(json.dumps({"cmu_60_01": recovered, "g1_J_Dance1_Modern": exact}))
    for seed, name in enumerate(SONGS):
        drums = percussion.drum_track(118.0, 14.0, np.random.default_rng(seed))
        soundfile.write(folder / "music" / f"{name}.ogg", drums.samples, SAMPLE_RATE)
    songs = [{"file": f"{name}.ogg", "split": split} for name, split in SONGS.items()]
    (folder / "music_index.json").write_text(json.dumps(songs))
