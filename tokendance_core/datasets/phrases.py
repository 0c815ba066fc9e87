"""Clips cut into phrases: some beats of a clip, read at any moment of a song, as the dancer feels them.

Felt means in the form ``heading`` of ``dance/representation.py``: steps, turning and pose in the dancer's own axes,
whichever way the clip was facing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tokendance_core.dance import footing, representation
from tokendance_core.dance.representation import FOOT_STEPS, ROTATIONS, YAW
from tokendance_core.datasets.clip_clocks import Certainty, clock_of
from tokendance_core.datasets.pack import SourceClip
from tokendance_core.datasets.stillness import still
from tokendance_core.motion import contacts, edits, kinematics, rotation
from tokendance_core.motion.sampling import neighbours
from tokendance_core.motion.skeleton import FEET, HORIZONTAL, JOINTS, OVER_THE_FLOOR
from tokendance_core.motion.speed import joint_speed
from tokendance_core.music import energy
from tokendance_core.types import FPS, MotionClip

LOOP_SECONDS = 12.0
"""Seconds to which a loop is tiled."""

BEATS_PER_BEAT = (0.5, 1.0, 2.0)
"""Clip beats danced to one song beat: half time, as it is, double time."""

CHANGES = np.r_[0, 2, YAW, FOOT_STEPS]
"""Columns of a felt matrix that grow with the playback speed: steps, turning, and what the feet do over the floor."""

LEAD_IN = 8
"""Frames before its first beat over which a phrase blends with the one before."""

FEWEST_BEATS = 4
"""Clip beats that must follow where a phrase begins."""

_ONWARD = 0.15
"""Seconds for which phrases are continued at their velocity, to judge how well they meet."""

_JOINT_WEIGHTS = np.where(np.isin(np.arange(len(JOINTS)), FEET), 4.0, 1.0)
"""Feet count more than other joints: where they differ, they must slide."""

_TURNING = 0.2  # metres of misfit for each radian by which both turn differently, shortly before or after
_TURN_SECONDS = 0.3
_FOOTING = 0.1  # metres of misfit for a point of the feet that stands in one phrase and not in the other

_POSES = 3 * len(JOINTS)
MOVING = slice(_POSES, 2 * _POSES + 2)
"""Columns of the matching features that grow with the playback speed."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Danceable:
    """A clip ready to be cut into phrases.

    ``beats`` (B,) seconds; ``quaternions`` (T, 24, 4), the pelvis relative to the own heading; ``felt`` (T, 156) the
    clip in the form ``heading``; ``matching`` (T, 150) see ``matching_features``; ``speed`` (T,) of the joints over
    about two seconds in m/s; ``still`` (T,) bool.
    """

    name: str
    genre: str
    certainty: Certainty
    beats: np.ndarray
    quaternions: np.ndarray
    felt: np.ndarray
    matching: np.ndarray
    speed: np.ndarray
    still: np.ndarray

    @property
    def frames(self) -> int:
        return len(self.felt)

    @cached_property
    def period(self) -> float:
        """Seconds of a beat."""
        return float(np.median(np.diff(self.beats)))

    @cached_property
    def end(self) -> float:
        """The last frame, in beats."""
        return len(self.beats) - 1 + ((self.frames - 1) / FPS - float(self.beats[-1])) / self.period

    @cached_property
    def starts(self) -> np.ndarray:
        """(S,) beats on which a phrase may begin: there is a lead-in before them, and dance after them."""
        starts = np.arange(np.searchsorted(self.beats, LEAD_IN / FPS), int(self.end) - FEWEST_BEATS + 1)
        return starts if len(starts) else np.zeros(1, int)

    @property
    def counted(self) -> bool:
        """Whether beat 0 is the first of a bar: known where the clock is that of the music."""
        return self.certainty == "exact"

    def seconds_at(self, positions: np.ndarray) -> np.ndarray:
        """Seconds in the clip at ``positions`` in its beats, going on in a straight line beyond the first and last."""
        return _interpolate(positions, np.arange(len(self.beats)), self.beats)

    def frames_at(self, positions: np.ndarray) -> np.ndarray:
        """The frames at ``positions`` in the clip's beats, or the clip's first or last one."""
        return np.clip(self.seconds_at(positions) * FPS, 0, self.frames - 1).astype(int)

    def mean_over(self, track: np.ndarray, starts: np.ndarray, beats: float) -> np.ndarray:
        """Mean of a ``track`` (T,) over the ``beats`` clip beats after each of ``starts``."""
        total = np.concatenate(([0.0], np.cumsum(track)))
        first, last = self.frames_at(starts), self.frames_at(starts + beats) + 1
        mean: np.ndarray = (total[last] - total[first]) / (last - first)
        return mean


def tile(clip: MotionClip, seconds: float) -> MotionClip:
    """A loop repeated until it lasts ``seconds``, its travel continued from one round to the next."""
    times = int(np.ceil(seconds / clip.seconds))
    step = (clip.root[-1] - clip.root[0]) * OVER_THE_FLOOR * clip.frames / max(clip.frames - 1, 1)
    root = np.concatenate([clip.root + i * step for i in range(times)])
    return replace(clip, rot6d=np.tile(clip.rot6d, (times, 1, 1)), root=root.astype(np.float32))


def danceables(source: SourceClip) -> list[Danceable]:
    """The clip and its mirror image with their beats, loops tiled; none when it has fewer than four beats or hardly
    moves.
    """
    if source.loop:
        source = replace(source, clip=tile(source.clip, LOOP_SECONDS))
    clock = clock_of(source)
    if len(clock.beats) < 4 or source.low_motion:
        return []
    return [
        _danceable(source.name, source.genre, source.clip, clock.beats, clock.certainty),
        _danceable(
            f"{source.name} mirrored", source.genre, kinematics.mirror(source.clip), clock.beats, clock.certainty
        ),
    ]


def _danceable(name: str, genre: str, clip: MotionClip, beats: np.ndarray, certainty: Certainty) -> Danceable:
    felt = representation.to_matrix(clip, "heading")
    matrices = rotation.matrix_from_6d(felt[:, ROTATIONS].reshape(clip.frames, -1, 6))
    return Danceable(
        name=name,
        genre=genre,
        certainty=certainty,
        beats=beats,
        quaternions=rotation.quaternion_from_matrix(matrices).astype(np.float32),
        felt=felt,
        matching=matching_features(clip),
        speed=energy.smoothed(joint_speed(clip)),
        still=still(clip),
    )


def matching_features(clip: MotionClip) -> np.ndarray:
    """(T, 150) what tells how well one frame follows another, in metres: their Euclidean distance is the misfit.

    In the dancer's own axes: joints around the pelvis' floor point, their velocities over the floor, the turns shortly
    before and after, so that no spin begins without its wind-up, and which points of the feet stand. After motion
    matching (Clavet, GDC 2016).
    """
    positions = kinematics.joint_positions(clip)
    standing = contacts.steady_contacts(positions, clip.fps)
    facing = edits.headings(clip)
    velocities = kinematics.velocities(positions, clip.fps)
    positions[..., HORIZONTAL] -= positions[:, :1, HORIZONTAL]
    for vectors in (positions, velocities):
        vectors[..., HORIZONTAL] = footing.turned(vectors[..., HORIZONTAL], -facing[:, None])
    frame, reach = np.arange(clip.frames), round(_TURN_SECONDS * clip.fps)
    weights = np.sqrt(_JOINT_WEIGHTS / _JOINT_WEIGHTS.sum())[:, None]
    columns = (
        (positions * weights).reshape(clip.frames, -1),
        _ONWARD * (velocities * weights).reshape(clip.frames, -1),
        _TURNING * (facing - facing[np.maximum(frame - reach, 0)])[:, None],
        _TURNING * (facing[np.minimum(frame + reach, clip.frames - 1)] - facing)[:, None],
        _FOOTING * standing,
    )
    matching: np.ndarray = np.concatenate(columns, 1).astype(np.float32)
    return matching


@dataclass(frozen=True, eq=False)
class Phrase:
    """``beats`` song beats of a clip from its beat ``start``, advancing ``rate`` clip beats per song beat."""

    clip: Danceable
    start: float
    rate: float
    beats: int

    @property
    def end(self) -> float:
        return self.start + self.rate * self.beats


def playback_speed(clip: Danceable, rate: float, song_period: float) -> float:
    """How many times faster than danced the clip runs when it advances ``rate`` beats per song beat."""
    return rate * clip.period / song_period


def best_rates(clips: Sequence[Danceable], song_period: float) -> np.ndarray:
    """(C,) for each clip half, single or double time, whichever changes its speed least; where beats mean nothing,
    whatever keeps the clip's own speed.
    """
    own = song_period / np.array([clip.period for clip in clips])
    near = np.abs(np.log(np.array(BEATS_PER_BEAT)[:, None] / own)).argmin(0)
    unknown = np.array([clip.certainty == "none" for clip in clips])
    return np.where(unknown, own, np.array(BEATS_PER_BEAT)[near])


def source_times(phrase: Phrase, song_beats: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Clip seconds for song seconds ``times``; beat ``i`` of ``song_beats`` falls on clip beat ``start + rate * i``.

    Linear between beats and beyond both ends, so that the lead-in of a phrase can be read before its first beat.
    """
    position = _interpolate(times, song_beats, np.arange(len(song_beats)))
    return phrase.clip.seconds_at(phrase.start + phrase.rate * position)


def _interpolate(x: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """``np.interp`` that goes on in a straight line outside ``xs``."""
    y = np.interp(x, xs, ys)
    before, after = x < xs[0], x > xs[-1]
    y[before] += (x[before] - xs[0]) * (ys[1] - ys[0]) / (xs[1] - xs[0])
    y[after] += (x[after] - xs[-1]) * (ys[-1] - ys[-2]) / (xs[-1] - xs[-2])
    return y


def read(clip: Danceable, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quaternions (N, 24, 4) and felt matrix (N, 156) of a clip at ``seconds`` (N,), two or more, clamped to its ends;
    changes since the frame before are those at the speed of ``seconds``.
    """
    seconds = np.clip(seconds, 0.0, (clip.frames - 1) / FPS)
    low, high, share = neighbours(seconds * FPS, clip.frames)
    felt = clip.felt[low] * (1 - share)[:, None] + clip.felt[high] * share[:, None]
    felt[:, CHANGES] *= np.gradient(seconds * FPS)[:, None]
    return rotation.slerp(clip.quaternions[low], clip.quaternions[high], share[:, None]), felt
