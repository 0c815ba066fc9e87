"""Song by song: what the page shows beside each dance."""

from __future__ import annotations

import numpy as np

from tokendance_core.datasets.pack import SourceSong
from tokendance_core.evaluate.metrics import beats, feet, motion, structure
from tokendance_core.evaluate.results import SongFigures, SongResult
from tokendance_core.evaluate.study.material import MODEL, Material
from tokendance_core.motion.speed import joint_speed, motion_beats
from tokendance_core.music import features
from tokendance_core.types import FPS, MotionClip


def songs(material: Material) -> list[SongResult]:
    """Each song with the first seed's dance to its start, and the course of its dance to the whole of it."""
    dances = zip(material.songs, material.dances[MODEL][0], material.whole, strict=True)
    return [_result(song, clip, whole) for song, clip, whole in dances]


def _result(song: SourceSong, clip: MotionClip, whole: MotionClip) -> SongResult:
    times = song.beats[song.beats < clip.seconds]
    end = min(whole.frames, song.features.frames)
    phrase_beats = song.beats[song.beats < end / FPS]
    return SongResult(
        name=song.name,
        split="danced to in training" if song.split == "train" else "held out",
        beats=times.tolist(),
        figures=SongFigures(
            beat_alignment=beats.beat_alignment(times, motion_beats(clip)),
            motion_beats_per_second=beats.motion_beat_density(clip),
            joint_speed_m_s=float(joint_speed(clip).mean()),
            foot_slide_cm_s=100 * feet.foot_slide(clip),
            freeze_ratio_percent=100 * motion.freeze_ratio(clip),
        ),
        energy=_by_phrase(joint_speed(whole)[:end], phrase_beats),
        loudness=_by_phrase(song.features.values[:end, features.LOUDNESS], phrase_beats),
    )


def _by_phrase(values: np.ndarray, beats_of_song: np.ndarray) -> list[float]:
    energy: list[float] = structure.phrase_energy(values, FPS, beats_of_song).tolist()
    return energy
