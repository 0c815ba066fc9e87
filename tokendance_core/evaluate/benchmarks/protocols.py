"""The benchmarks of the field, as tables of settings, and one function that runs any of them.

Scripts in circulation differ in frame rate, length, joints, where the root is put and what the dances are compared
with, and the most widely used ones have an error, never corrected upstream, in the acceleration of their kinetic
features. ``*_legacy`` figures repeat such a script; the others are the same quantity computed as it is defined. Dances
and ground truth share one skeleton, ours, because SMPL's body may not be redistributed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tokendance_core.datasets import aist, finedance, folder, motorica
from tokendance_core.datasets.recording import Importer, Recording
from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics import beats, distribution, feet
from tokendance_core.evaluate.metrics.geometric import geometric_features, geometric_features_legacy
from tokendance_core.evaluate.metrics.kinetic import kinetic_features, kinetic_features_legacy
from tokendance_core.files import clip as clip_file
from tokendance_core.motion import kinematics
from tokendance_core.motion.speed import motion_beats
from tokendance_core.music import audio, features
from tokendance_core.types import MotionClip

ENOUGH = 100
"""Dances below which a Frechet distance is mostly the error of its own estimate."""

FLOOR_DRAWS = 20

IMPORTERS: dict[str, Importer] = {
    "aist": aist.load,
    "finedance": finedance.load,
    "motorica": motorica.load,
    "folder": folder.load,
}
"""Layouts of data sets, by the name a user gives."""

_SKELETON = (
    "The joints are those of our skeleton, not of SMPL's: legacy kinetic figures depend on bone lengths and so differ "
    "from published ones even for the same dance."
)

_LEGACY = (
    "Published tables mean the legacy kinetic figures: the error in their acceleration was never corrected upstream."
)


def _is_of_aist(name: str) -> bool:
    return bool(aist.music_of(name)) and name.split("_")[0] in aist.GENRES


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a benchmark is measured.

    ``format``: the layout of its own data, see ``IMPORTERS``; ``fps``: dances are resampled to it; ``frames``: the most
    that count, from the start or, with ``stride``, of each window; ``joints``: how many count; ``relative``: legacy
    features take joints relative to the pelvis of their frame; ``legacy_rate``: frames per second that the legacy
    kinetic features assume, None where the scripts have no error to repeat; ``beat_order``: frames within which
    an unsmoothed motion beat is the slowest; ``whole_pool``: dances are compared with every recording, not only with
    the test's; ``songs`` and ``pool``: the benchmark's size; ``test_name``: whether a recording's name can belong to
    the benchmark's test.
    """

    name: str
    title: str
    format: str
    fps: float
    frames: int
    stride: int | None
    joints: int
    relative: bool
    legacy_rate: float | None
    beat_order: int
    whole_pool: bool
    songs: int
    pool: int
    test_name: Callable[[str], bool]
    note: str

    @property
    def beat_tolerance(self) -> float:
        """Seconds: three frames, as the scripts have it."""
        return 3.0 / self.fps

    @property
    def beat_smoothing(self) -> float:
        """Seconds: sigma of five frames, as the scripts have it."""
        return 5.0 / self.fps


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            name="A",
            title="AIST++ as Bailando: 60 fps, 40 dances of up to 1200 frames against every motion",
            format="aist",
            fps=60.0,
            frames=1200,
            stride=None,
            joints=24,
            relative=False,
            legacy_rate=60.0,
            beat_order=10,
            whole_pool=True,
            songs=40,
            pool=1320,
            test_name=_is_of_aist,
            note="The test's own motions are part of the pool, so ground truth is compared with a set that holds it. "
            f"{_LEGACY}",
        ),
        Protocol(
            name="B",
            title="FineDance as Lodge: 30 fps, first 1024 frames of 20 songs against every recording",
            format="finedance",
            fps=30.0,
            frames=1024,
            stride=None,
            joints=22,
            relative=True,
            legacy_rate=60.0,
            beat_order=10,
            whole_pool=True,
            songs=20,
            pool=195,
            test_name=finedance.TEST.__contains__,
            note="Lodge's script aligns whole dances, not 1024 frames, and counts music beats beyond their end: not "
            f"repeated here. {_LEGACY}",
        ),
        Protocol(
            name="C",
            title="FineDance as MEGADance and FlowerDance: windows of 1024 frames, every 512, against the same windows "
            "of ground truth",
            format="finedance",
            fps=30.0,
            frames=1024,
            stride=512,
            joints=24,
            relative=False,
            legacy_rate=None,
            beat_order=10,
            whole_pool=False,
            songs=20,
            pool=0,
            test_name=finedance.TEST.__contains__,
            note="The two smooth velocities differently, and FlowerDance's first frames reach back to the last one "
            "(index -1), so that a slow walk of 0.25 m/s scores 1.556 instead of 0.063 m²/s²: not repeated here; "
            "compare figures within this table only.",
        ),
    )
}
"""The protocols by name."""


@dataclass(frozen=True)
class Sides:
    """One figure: of the dances to be measured, of ground truth, and as ``floor`` of as many real dances from the pool,
    half of it at most, against its others (mean over draws; distances only).
    """

    generated: float
    ground_truth: float
    floor: float | None = None


@dataclass(frozen=True)
class Counts:
    """Dances, or windows of dances, that were compared."""

    generated: int
    ground_truth: int
    pool: int


@dataclass(frozen=True)
class Measurement:
    """A protocol's figures by name.

    ``comparable`` is False, with the reason in ``notes``, when there are fewer than 100 dances or the recordings are
    not the benchmark's.
    """

    counts: Counts
    comparable: bool
    notes: tuple[str, ...]
    figures: Mapping[str, Sides]


def load(protocol: Protocol, data: Path, layout: str | None = None) -> list[Recording]:
    """The recordings that the protocol needs from a data set in a ``layout`` of ``IMPORTERS``, its own by default.
    Raises DataError.
    """
    recordings = _read(protocol, data) if layout is None else list(IMPORTERS[layout](data))
    found = [r for r in recordings if protocol.whole_pool or r.split == "test"]
    if not any(r.split == "test" for r in found):
        raise DataError(
            f"None of the {len(recordings)} recordings in {data} belongs to the test of protocol {protocol.name}.",
            hint="Check that the data set is complete; its test dances are fixed by name.",
        )
    return found


def _read(protocol: Protocol, data: Path) -> list[Recording]:
    """The protocol's own data set; who has another one is told how to name it."""
    try:
        return list(IMPORTERS[protocol.format](data))
    except DataError as problem:
        others = ", ".join(name for name in IMPORTERS if name != protocol.format)
        raise DataError(
            str(problem), hint=f"{problem.hint} For data of another kind add --format and one of: {others}."
        ) from None


def dances_in(folder: Path) -> dict[str, MotionClip]:
    """Name -> dance for every motion file of a folder. Raises DataError when there is none, ClipError for a damaged
    one.
    """
    paths = sorted(path for path in folder.glob("*") if path.name.lower().endswith(clip_file.SUFFIXES))
    if not paths:
        raise DataError(
            f"No dances in {folder}, expected {', '.join(clip_file.SUFFIXES)}.",
            hint="Generate them first, one for each song.",
        )
    return {path.name.split(".")[0]: clip_file.load(path) for path in paths}


def dances_for(recordings: Sequence[Recording], dance_for: Callable[[Path], MotionClip]) -> dict[str, MotionClip]:
    """Name -> dance made by ``dance_for`` for the music of every test recording. Raises DataError when one has no
    music.
    """
    test = [r for r in recordings if r.split == "test"]
    silent = [r.name for r in test if r.music is None]
    if silent:
        raise DataError(
            f"{len(silent)} of {len(test)} test recordings have no music, among them {silent[0]}.",
            hint="Put the data set's sound files where the importer looks for them, under their original names.",
        )
    return {r.name: dance_for(r.music) for r in test if r.music}


def song_beats(music: Path) -> np.ndarray:
    """(B,) seconds of a sound file's beats."""
    return features.beat_times(features.extract(audio.load(music)))


def run(
    protocol: Protocol,
    recordings: Sequence[Recording],
    dances: Mapping[str, MotionClip],
    beats_of: Callable[[Path], np.ndarray] = song_beats,
    seed: int = 0,
) -> Measurement:
    """Every figure of a protocol for ``dances``, by recording name or song name, beside ground truth and the floor.

    Raises DataError for a missing dance or fewer than two.
    """
    test = [r for r in recordings if r.split == "test"]
    others = [r for r in recordings if r.split != "test"] if protocol.whole_pool else []
    made = [_at_rate(_dance_of(r, dances), protocol) for r in test]
    truth = [_at_rate(r.clip, protocol) for r in test]
    made_features, true_features = _features(made, protocol), _features(truth, protocol)
    other_features = _features((_at_rate(r.clip, protocol) for r in others), protocol)
    generated, ground_truth = len(made_features["kinetic"]), len(true_features["kinetic"])
    if min(generated, ground_truth) < 2:
        raise DataError(
            f"Protocol {protocol.name} compares sets of dances, found {generated} generated and {ground_truth} true.",
            hint=f"Give two or more dances of at least {protocol.frames} frames."
            if protocol.stride
            else "Give two or more dances.",
        )
    pool = {
        name: np.concatenate((rows, other_features[name])) if others else rows for name, rows in true_features.items()
    }
    made_starts, true_starts = ([_start(clip, protocol) for clip in clips] for clips in (made, truth))
    figures = _distances(made_features, true_features, pool, seed)
    figures |= _feet(made_starts, true_starts)
    figures |= _rhythm(protocol, made_starts, true_starts, [r.music for r in test], beats_of)
    reasons = _reasons_against(protocol, test, len(test) + len(others), generated)
    counts = Counts(generated, ground_truth, len(pool["kinetic"]))
    return Measurement(counts, not reasons, (*reasons, *_left_out(pool), _SKELETON, protocol.note), figures)


def _dance_of(recording: Recording, dances: Mapping[str, MotionClip]) -> MotionClip:
    names = [recording.name, *([recording.music.stem] if recording.music else [])]
    found = next((dances[name] for name in names if name in dances), None)
    if found is None:
        raise DataError(
            f"There is no dance for {' or '.join(names)}.",
            hint="Name each dance after its recording or song, and leave none out.",
        )
    return found


def _at_rate(clip: MotionClip, protocol: Protocol) -> MotionClip:
    return kinematics.resample_to_fps(clip, protocol.fps)


def _start(clip: MotionClip, protocol: Protocol) -> MotionClip:
    """What counts of a dance where it is not cut into windows."""
    return clip if protocol.stride else clip.cut(0, protocol.frames)


def _features(clips: Iterable[MotionClip], protocol: Protocol) -> dict[str, np.ndarray]:
    """Name -> (N, F) features of what counts of each dance: its start, or all its whole windows."""
    extractors = _extractors(protocol)
    rows: dict[str, list[np.ndarray]] = {name: [] for name in extractors}
    for clip in clips:
        for joints in _cut(kinematics.joint_positions(clip), protocol):
            for name, extract in extractors.items():
                rows[name].append(extract(joints))
    return {name: np.array(values) for name, values in rows.items()}


def _cut(joints: np.ndarray, protocol: Protocol) -> Iterator[np.ndarray]:
    if protocol.stride is None:
        yield joints[: protocol.frames]
    else:
        yield from (
            joints[at : at + protocol.frames] for at in range(0, len(joints) - protocol.frames + 1, protocol.stride)
        )


def _extractors(protocol: Protocol) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Name -> features of joint positions (T, 24, 3) in metres."""
    rate = protocol.legacy_rate

    def from_start(joints: np.ndarray) -> np.ndarray:
        placed: np.ndarray = joints[:, : protocol.joints] - joints[:1, :1]
        return placed

    def as_script(joints: np.ndarray) -> np.ndarray:
        placed = from_start(joints)
        return np.concatenate((placed[:, :1], placed[:, 1:] - placed[:, :1]), 1) if protocol.relative else placed

    corrected: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "kinetic": lambda joints: kinetic_features(from_start(joints), protocol.fps),
        "geometric": lambda joints: geometric_features(from_start(joints), protocol.fps),
    }
    if rate is None:
        return corrected
    return corrected | {
        "kinetic_legacy": lambda joints: kinetic_features_legacy(as_script(joints), rate),
        "geometric_legacy": lambda joints: geometric_features_legacy(as_script(joints)),
    }


def _distances(
    made: Mapping[str, np.ndarray], truth: Mapping[str, np.ndarray], pool: Mapping[str, np.ndarray], seed: int
) -> dict[str, Sides]:
    """FID, its floor, and diversity in every space of features."""
    figures: dict[str, Sides] = {}
    for name, reference in pool.items():
        figures[f"fid_{name}"] = Sides(
            distribution.frechet_distance(made[name], reference),
            distribution.frechet_distance(truth[name], reference),
            _floor(reference, len(made[name]), seed),
        )
        figures[f"diversity_{name}"] = Sides(
            distribution.diversity(made[name], reference), distribution.diversity(truth[name], reference)
        )
    return figures


def _floor(reference: np.ndarray, count: int, seed: int) -> float | None:
    """The mean of the draws; None for a pool that cannot be parted into two sets."""
    return float(distribution.floor(reference, count, seed, FLOOR_DRAWS).mean()) if len(reference) >= 4 else None


def _left_out(pool: Mapping[str, np.ndarray]) -> list[str]:
    """A sentence for each space of features of which some never change in the pool."""
    kept = {name: distribution.varied(reference) for name, reference in pool.items()}
    return [
        f"{int((~some).sum())} of {len(some)} {name.replace('_', ' ')} features never change in the pool and are left "
        "out; the scripts divide them by almost nothing."
        for name, some in kept.items()
        if not some.all()
    ]


def _feet(made: Sequence[MotionClip], truth: Sequence[MotionClip]) -> dict[str, Sides]:
    """Feet, as means over the dances."""
    measures: dict[str, Callable[[MotionClip], float]] = {
        "skating_ratio": feet.skating_ratio,
        "skating_ratio_legacy": feet.skating_ratio_signed,
        "physical_foot_contact": feet.physical_foot_contact,
    }
    return {
        name: Sides(*(float(np.mean([measure(clip) for clip in clips])) for clips in (made, truth)))
        for name, measure in measures.items()
    }


def _rhythm(
    protocol: Protocol,
    made: Sequence[MotionClip],
    truth: Sequence[MotionClip],
    songs: Sequence[Path | None],
    beats_of: Callable[[Path], np.ndarray],
) -> dict[str, Sides]:
    """Beat alignment both ways, beside random phase and beat density, as means over the dances that have music; empty
    when none has.
    """
    song_beats = {song: beats_of(song) for song in dict.fromkeys(songs) if song}
    if not song_beats:
        return {}

    def means(clips: Sequence[MotionClip]) -> dict[str, float]:
        scores = [_scores(clip, song_beats[song], protocol) for clip, song in zip(clips, songs, strict=True) if song]
        return {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}

    generated, ground_truth = means(made), means(truth)
    return {name: Sides(generated[name], ground_truth[name]) for name in generated}


def _scores(clip: MotionClip, song: np.ndarray, protocol: Protocol) -> dict[str, float]:
    """The figures of one dance and the beats (B,) of its song."""
    within, tolerance = song[song < clip.seconds], protocol.beat_tolerance
    moves = motion_beats(clip, protocol.beat_smoothing)
    return {
        "beat_alignment": beats.beat_alignment(within, moves, tolerance),
        "beat_alignment_dance_to_music": beats.beat_alignment_dance_to_music(
            within, beats.motion_beats_unsmoothed(clip, protocol.beat_order), tolerance
        ),
        "beat_alignment_random_phase": beats.random_phase_alignment(within, moves, tolerance=tolerance),
        "motion_beats_per_second": len(moves) / clip.seconds,
    }


def _reasons_against(protocol: Protocol, test: Sequence[Recording], pool: int, dances: int) -> list[str]:
    """Why the distances must not be compared with published ones; empty when they may."""
    reasons = []
    if dances < ENOUGH:
        reasons.append(
            f"FID of {dances} dances, fewer than {ENOUGH}, is mostly the error of its own estimate: read it beside its "
            "floor."
        )
    if len(test) != protocol.songs or pool < protocol.pool or not all(protocol.test_name(r.name) for r in test):
        reasons.append(
            f"The data are not the benchmark's: {len(test)} test recordings and a pool of {pool}, "
            f"expected {protocol.songs} and {protocol.pool or protocol.songs} with the benchmark's own names."
        )
    return reasons
