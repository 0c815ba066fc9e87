"""Dances for songs, made from clips without music: phrases of clips, warped in time onto the beats of a song.

No clip of the pack comes with its music, so pairs are built: a phrase starts on a beat, each of its beats falls on a
beat of the song (a few per cent faster or slower than it was danced), and the next phrase is the one that fits the pose
best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tokendance_core.datasets import clip_clocks
from tokendance_core.datasets.pack import SourceClip
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.sampling import neighbours
from tokendance_core.motion.skeleton import HORIZONTAL, OVER_THE_FLOOR, UP, UPPER
from tokendance_core.music.clock import to_both_ends
from tokendance_core.types import FPS, MotionClip

BLEND = 8
"""Frames over which one phrase blends into the next, ending on the beat."""

LOOP_SECONDS = 12.0
"""Seconds to which a loop is tiled."""

PHRASE_BEATS = (4, 8, 8, 16)
BEATS_PER_BEAT = (0.5, 1.0, 2.0)
"""Clip beats danced to one song beat: half time, as it is, double time."""

_SPEED_TOLERANCE = 0.1
"""Standard deviation of the logarithm of playback speed: how far from their own speed clips are still chosen."""

_CANDIDATES = 32
_CONTINUE = 0.8
_ONWARD = 0.15
"""Seconds for which both phrases are continued at their velocity, to judge how well they meet."""

_MIX = 0.05  # share of phrases with the arms of another clip
_LARGEST_TURN = 0.3
"""Radians by which a phrase may be turned to meet the one before."""


def tile(clip: MotionClip, seconds: float) -> MotionClip:
    """A loop repeated until it lasts ``seconds``, its travel continued from one round to the next."""
    times = int(np.ceil(seconds / clip.seconds))
    step = (clip.root[-1] - clip.root[0]) * OVER_THE_FLOOR * clip.frames / max(clip.frames - 1, 1)
    root = np.concatenate([clip.root + i * step for i in range(times)])
    return replace(clip, rot6d=np.tile(clip.rot6d, (times, 1, 1)), root=root.astype(np.float32))


@dataclass(frozen=True, eq=False, kw_only=True)
class Danceable:
    """A clip ready to be cut into phrases.

    ``quaternions`` (T, 24, 4), ``root`` (T, 3), ``joints`` (T, 24, 3) around the pelvis' floor point, ``beats`` (B,)
    seconds.
    """

    name: str
    genre: str
    quaternions: np.ndarray
    root: np.ndarray
    joints: np.ndarray
    beats: np.ndarray

    @property
    def period(self) -> float:
        return float(np.median(np.diff(self.beats)))


def danceables(source: SourceClip) -> list[Danceable]:
    """The clip and its mirror image with their beats, loops tiled; none when it has fewer than four beats or hardly
    moves.
    """
    if source.loop:
        source = replace(source, clip=tile(source.clip, LOOP_SECONDS))
    beats = clip_clocks.clock_of(source).beats
    if len(beats) < 4 or source.low_motion:
        return []
    return [
        _danceable(source.name, source.genre, source.clip, beats),
        _danceable(f"{source.name} mirrored", source.genre, kinematics.mirror(source.clip), beats),
    ]


def _danceable(name: str, genre: str, clip: MotionClip, beats: np.ndarray) -> Danceable:
    matrices = rotation.matrix_from_6d(clip.rot6d)
    joints = kinematics.forward_kinematics(matrices, clip.root * UP)[0]
    return Danceable(
        name=name,
        genre=genre,
        quaternions=rotation.quaternion_from_matrix(matrices),
        root=clip.root.astype(np.float64),
        joints=joints,
        beats=beats,
    )


@dataclass(frozen=True, eq=False)
class Phrase:
    """``beats`` song beats of a clip from its beat ``start``, advancing ``rate`` clip beats per song beat."""

    clip: Danceable
    start: int
    rate: float
    beats: int

    @property
    def end(self) -> float:
        return self.start + self.rate * self.beats


@dataclass(frozen=True, eq=False)
class Dance:
    """A dance made for a song: the clip, its genre, and for each phrase (first frame, source clip, arms' source clip or
    "").
    """

    clip: MotionClip
    genre: str
    sources: tuple[tuple[int, str, str], ...]


def playback_speed(clip: Danceable, rate: float, song_period: float) -> float:
    """How many times faster than danced the clip runs when it advances ``rate`` beats per song beat."""
    return rate * clip.period / song_period


def best_rate(clip: Danceable, song_period: float) -> float:
    """Half, single or double time, whichever changes the clip's speed least."""
    return min(BEATS_PER_BEAT, key=lambda rate: abs(np.log(playback_speed(clip, rate, song_period))))


def source_times(phrase: Phrase, song_beats: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Clip seconds for song seconds ``times``; beat ``i`` of ``song_beats`` falls on clip beat ``start + rate * i``.

    Linear between beats and beyond both ends, so that the lead-in of a phrase can be read before its first beat.
    """
    position = _interpolate(times, song_beats, np.arange(len(song_beats)))
    return _interpolate(phrase.start + phrase.rate * position, np.arange(len(phrase.clip.beats)), phrase.clip.beats)


def _interpolate(x: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """``np.interp`` that goes on in a straight line outside ``xs``."""
    y = np.interp(x, xs, ys)
    before, after = x < xs[0], x > xs[-1]
    y[before] += (x[before] - xs[0]) * (ys[1] - ys[0]) / (xs[1] - xs[0])
    y[after] += (x[after] - xs[-1]) * (ys[-1] - ys[-2]) / (xs[-1] - xs[-2])
    return y


def _read(clip: Danceable, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quaternions (N, 24, 4) and root (N, 3) of a clip at ``seconds`` (clamped to its ends)."""
    low, high, share = neighbours(seconds * FPS, len(clip.root))
    root = clip.root[low] * (1 - share)[:, None] + clip.root[high] * share[:, None]
    return rotation.slerp(clip.quaternions[low], clip.quaternions[high], share[:, None]), root


def compose(song_beats: np.ndarray, frames: int, clips: list[Danceable], genre: str, rng: np.random.Generator) -> Dance:
    """A dance of ``frames`` frames for a song with beats at ``song_beats`` (B,) seconds, from ``clips`` of one genre.

    Raises ValueError with fewer than two beats or no clip.
    """
    if len(song_beats) < 2 or not clips:
        raise ValueError(f"compose needs two beats and a clip, found {len(song_beats)} beats and {len(clips)} clips")
    beats = to_both_ends(song_beats, frames / FPS)
    quaternions, velocity, height = np.zeros((frames, 24, 4)), np.zeros((frames, 2)), np.zeros(frames)
    sources: list[tuple[int, str, str]] = []
    phrase, beat = None, 0
    while beat < len(beats) - 1:
        period = float(beats[beat + 1] - beats[beat])
        first, last = (int(np.ceil(beats[i] * FPS)) for i in (beat, beat + 1))
        if last <= 0 or first >= frames:
            beat += 1
            continue
        first = max(first, 0)
        phrase = _next_phrase(phrase, clips, period, _pose(quaternions, first), rng)
        stop = min(beat + phrase.beats, len(beats) - 1)
        end = min(int(np.ceil(beats[stop] * FPS)), frames)
        lead = min(BLEND, first)
        span = np.arange(first - lead, end)
        window = beats[beat : stop + 1]
        piece, root, arms = _render(phrase, window, span / FPS, clips, rng)
        piece, root = _turned_to_meet(piece, root, quaternions, first, lead)
        _blend_in(quaternions, velocity, height, piece, root, span, lead)
        sources.append((first, phrase.clip.name, arms))
        beat = stop
    root = np.stack((np.cumsum(velocity[:, 0]), height, np.cumsum(velocity[:, 1])), 1)
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_quaternion(quaternions))
    return Dance(
        MotionClip(rot6d.astype(np.float32), root.astype(np.float32), info={"genre": genre}), genre, tuple(sources)
    )


def _pose(quaternions: np.ndarray, frame: int) -> np.ndarray | None:
    """Joints (2, 24, 3) around the pelvis in the two frames before ``frame``; None at the very start."""
    if frame < 2:
        return None
    matrices = rotation.matrix_from_quaternion(quaternions[frame - 2 : frame])
    joints: np.ndarray = kinematics.forward_kinematics(matrices, np.zeros((2, 3)))[0]
    return joints


def _next_phrase(
    previous: Phrase | None, clips: list[Danceable], period: float, pose: np.ndarray | None, rng: np.random.Generator
) -> Phrase:
    """Go on with the same clip while it lasts, else the best fitting of some random phrases at a speed near their
    own.
    """
    beats = int(rng.choice(PHRASE_BEATS))
    if (
        previous is not None
        and rng.random() < _CONTINUE
        and previous.end + 4 * previous.rate <= len(previous.clip.beats)
        and previous.end % 1 == 0
    ):
        return _fitted(Phrase(previous.clip, int(previous.end), previous.rate, beats))
    weights = np.array([_speed_weight(clip, period) * len(clip.beats) for clip in clips])
    weights = weights / weights.sum()
    candidates = []
    for index in rng.choice(len(clips), _CANDIDATES, p=weights):
        clip = clips[index]
        rate = best_rate(clip, period)
        latest = max(int(len(clip.beats) - 4 * rate), 1)
        candidates.append(_fitted(Phrase(clip, int(rng.integers(0, latest)), rate, beats)))
    if pose is None:
        return candidates[0]
    return min(candidates, key=lambda phrase: _mismatch(phrase, pose))


def _fitted(phrase: Phrase) -> Phrase:
    """No longer than the clip lasts, at least two beats."""
    left = (len(phrase.clip.beats) - phrase.start) / phrase.rate
    return replace(phrase, beats=max(min(phrase.beats, int(left)), 2))


def _speed_weight(clip: Danceable, period: float) -> float:
    speed = playback_speed(clip, best_rate(clip, period), period)
    return float(np.exp(-0.5 * (np.log(speed) / _SPEED_TOLERANCE) ** 2)) + 1e-9


def _mismatch(phrase: Phrase, pose: np.ndarray) -> float:
    """Mean distance in metres between the joints where the phrase begins and ``pose``, plus that between where they
    move next.
    """
    frame = min(max(int(phrase.clip.beats[phrase.start] * FPS), 1), len(phrase.clip.joints) - 1)
    joints = phrase.clip.joints[frame - 1 : frame + 1]
    there = np.linalg.norm(joints - joints[:, :1] - pose, axis=-1).mean()
    onward = np.linalg.norm(
        (np.diff(joints - joints[:, :1], axis=0) - np.diff(pose, axis=0)) * FPS * _ONWARD, axis=-1
    ).mean()
    return float(there + onward)


def _render(
    phrase: Phrase, song_beats: np.ndarray, times: np.ndarray, clips: list[Danceable], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, str]:
    """The phrase at song seconds ``times``; now and then with the arms of another clip danced to the same beats."""
    quaternions, root = _read(phrase.clip, source_times(phrase, song_beats, times))
    if rng.random() >= _MIX:
        return quaternions, root, ""
    other = clips[rng.integers(len(clips))]
    rate = best_rate(other, float(np.median(np.diff(song_beats))))
    start = int(rng.integers(0, max(int(len(other.beats) - rate * len(song_beats)), 1)))
    arms, _ = _read(other, source_times(Phrase(other, start, rate, len(song_beats)), song_beats, times))
    quaternions[:, list(UPPER)] = arms[:, list(UPPER)]
    return quaternions, root, other.name


def _heading(quaternion: np.ndarray) -> float:
    forward = rotation.matrix_from_quaternion(quaternion)[:, 2]
    return float(np.arctan2(forward[0], forward[2]))


def _turned_to_meet(
    piece: np.ndarray, root: np.ndarray, quaternions: np.ndarray, first: int, lead: int
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the phrase towards the heading of the one before, by ``_LARGEST_TURN`` at most: the dance keeps facing its
    audience.
    """
    if lead == 0:
        return piece, root
    gap = _heading(quaternions[first - 1, 0]) - _heading(piece[lead, 0])
    angle = float(np.clip((gap + np.pi) % (2 * np.pi) - np.pi, -_LARGEST_TURN, _LARGEST_TURN))
    spin = rotation.heading_matrix(angle)
    piece = piece.copy()
    piece[:, 0] = rotation.quaternion_from_matrix(spin @ rotation.matrix_from_quaternion(piece[:, 0]))
    return piece, root @ spin.T


def _blend_in(
    quaternions: np.ndarray,
    velocity: np.ndarray,
    height: np.ndarray,
    piece: np.ndarray,
    root: np.ndarray,
    span: np.ndarray,
    lead: int,
) -> None:
    """Write a phrase over ``span``, its first ``lead`` frames blended with what is there; paths blend as velocities."""
    ramp = np.ones(len(span))
    t = np.arange(1, lead + 1) / (lead + 1)
    ramp[:lead] = t * t * (3 - 2 * t)
    planar = np.diff(root[:, HORIZONTAL], axis=0, prepend=root[:1, HORIZONTAL])
    planar[:1] = planar[1:2]
    kept = slice(span[0], span[0] + lead)
    piece = piece.copy()
    piece[:lead] = rotation.slerp(quaternions[kept], piece[:lead], np.repeat(ramp[:lead, None], 24, 1))
    quaternions[span] = piece
    velocity[span] = velocity[span] * (1 - ramp)[:, None] + planar * ramp[:, None]
    height[span] = height[span] * (1 - ramp) + root[:, 1] * ramp
