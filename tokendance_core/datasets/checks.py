"""What may be wrong with a recorded dance, each fault as a sentence: frame rate, jumps, falls, floor, knees, pelvis.

The limits were set on 340 takes of several captures: none counts as too fast at its true speed, and salsa and
Charleston played twice as fast do. Half as fast cannot be told: a body that moves slowly keeps its balance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from tokendance_core.datasets.balance import GRAVITY, Body, outside_feet
from tokendance_core.motion.contacts import clearance
from tokendance_core.motion.skeleton import INDEX, JOINTS, PARENTS, SIDES
from tokendance_core.types import MotionClip

_OUTSIDE = 0.10
"""Metres from the feet beyond which the zero-moment point counts as outside: shoes, and the body's proportions."""

_TOO_OFTEN = 0.37
"""Share of a typical second outside the feet above which a clip is too fast, where that can be told: takes at true
speed reach 0.36, salsa and Charleston at double speed begin at 0.39.
"""

_SETTLES = 0.4
"""Share of these frames that may be left at half speed; where more are, something other than feet carries."""

_LEAST_SECONDS = 4
"""Seconds with feet on the floor without which the balance says nothing."""

_LEAPS = 0.02
"""Share of frames in which the centre of mass falls faster than gravity above which the balance says nothing: somebody
drew the motion.
"""

_FASTEST = 15.0
"""m/s: the hands of a back flip and the foot of a kick stay below."""

_FREE_FALL, _FALLING = 1.5, 0.02
"""Times gravity that the centre of mass may fall with, and the share of frames in which it may fall faster."""

_FLOOR = 0.05
"""Metres by which feet may stand above or below y = 0."""

_LOWEST = 2.0
"""Percentile over time of the lowest foot that is compared with the floor."""

_HYPEREXTENDED = np.radians(15.0)
"""Angle by which a knee may bend backwards."""

_TURNED_ROUND = 0.2
"""Share of frames in which knees or pelvis may be the wrong way round."""

_FEWEST_FRAMES = 3

Kind = Literal["frame rate", "speed", "falls", "floor", "knees", "pelvis"]


@dataclass(frozen=True)
class Finding:
    """A fault of a clip: its ``figure`` (a share, m/s or metres), and a ``sentence`` with the figure, what it means and
    what to do.
    """

    kind: Kind
    figure: float
    sentence: str


class Balance(NamedTuple):
    """Shares of a typical second in which the zero-moment point lies outside the feet, ``stored`` and played at
    ``half`` speed (NaN where no foot stands), and what follows for the frame rate.
    """

    stored: float
    half: float
    verdict: Literal["plausible", "too fast", "cannot be told"]


def check(clip: MotionClip) -> tuple[Finding, ...]:
    """All faults that are found in a clip; a clip of one or two frames has none."""
    if clip.frames < _FEWEST_FRAMES:
        return ()
    body = Body.of(clip)
    found = (check_one(body) for check_one in (_frame_rate, _speed, _falls, _floor, _knees, _pelvis))
    return tuple(finding for finding in found if finding)


def summary(clips: Iterable[MotionClip]) -> list[str]:
    """A line for each kind of fault in a data set: how many clips have it, and the worst of them with its sentence."""
    clips = list(clips)
    found = [(clip.name, finding) for clip in clips for finding in check(clip)]
    lines = []
    for kind in dict.fromkeys(finding.kind for _, finding in found):
        same = [(name, finding) for name, finding in found if finding.kind == kind]
        name, worst = max(same, key=lambda pair: abs(pair[1].figure))
        lines.append(f"{kind}: {len(same)} of {len(clips)} clips, worst {name}. {worst.sentence}")
    return lines


def balance(clip: MotionClip) -> Balance:
    """Whether the dancer keeps the balance at the stored speed, or only at half of it.

    It cannot be told of a short clip, where hands or a partner carry, and of motion that nobody captured.
    """
    return _balance(Body.of(clip)) if clip.frames >= _FEWEST_FRAMES else Balance(np.nan, np.nan, "cannot be told")


def _balance(body: Body) -> Balance:
    stored, half = (_typical_share(outside_feet(body, speed), body.fps) for speed in (1.0, 0.5))
    leaps = np.mean(body.acceleration[:, 1] < -GRAVITY)
    if np.isnan(stored) or leaps > _LEAPS or (stored > _TOO_OFTEN and half > _SETTLES * stored):
        return Balance(stored, half, "cannot be told")
    return Balance(stored, half, "too fast" if stored > _TOO_OFTEN else "plausible")


def _typical_share(distance: np.ndarray, fps: float) -> float:
    """The median over seconds of the share of frames outside, so that a single leap does not matter; NaN when there are
    too few seconds.
    """
    seconds = [piece[~np.isnan(piece)] for piece in np.array_split(distance, max(int(len(distance) / fps), 1))]
    shares = [np.mean(piece > _OUTSIDE) for piece in seconds if len(piece) >= fps / 4]
    return float(np.median(shares)) if len(shares) >= _LEAST_SECONDS else np.nan


def _frame_rate(body: Body) -> Finding | None:
    stored, half, verdict = _balance(body)
    if verdict != "too fast":
        return None
    return Finding(
        "frame rate",
        stored,
        f"The ground would have to push more than {100 * _OUTSIDE:.0f} cm outside the feet in {stored:.0%} of a "
        f"typical second and at half speed in {half:.0%}, so it is played about twice too fast: correct its frame "
        "rate, or leave it out.",
    )


def _speed(body: Body) -> Finding | None:
    steps = np.linalg.norm(np.diff(body.positions, axis=0), axis=-1) * body.fps
    frame, joint = np.unravel_index(steps.argmax(), steps.shape)
    fastest = float(steps[frame, joint])
    if fastest <= _FASTEST:
        return None
    return Finding(
        "speed",
        fastest,
        f"The {JOINTS[joint].replace('_', ' ')} moves at {fastest:.1f} m/s after {frame / body.fps:.1f} s, which no "
        "dancer does, so the capture jumps there: repair that moment or cut it out.",
    )


def _falls(body: Body) -> Finding | None:
    share = float(np.mean(body.acceleration[:, 1] < -_FREE_FALL * GRAVITY))
    if share <= _FALLING:
        return None
    return Finding(
        "falls",
        share,
        f"The centre of mass falls faster than {_FREE_FALL:g} times gravity in {share:.0%} of frames, so the motion "
        "was drawn or is played too fast: check its frame rate, or leave it out where weight matters.",
    )


def _floor(body: Body) -> Finding | None:
    height = float(np.percentile(clearance(body.positions), _LOWEST))
    if abs(height) <= _FLOOR:
        return None
    side, way = ("above", "down") if height > 0 else ("below", "up")
    return Finding(
        "floor",
        height,
        f"The feet stand {100 * abs(height):.0f} cm {side} y = 0, so they would float or sink in: move the clip {way} "
        "by that much.",
    )


def _knees(body: Body) -> Finding | None:
    """A shin that points forward from its thigh bends the knee backwards."""
    shares = []
    for side in SIDES:
        knee, ankle = INDEX[f"{side}_knee"], INDEX[f"{side}_ankle"]
        shin = body.positions[:, ankle] - body.positions[:, knee]
        ahead = (shin * body.rotations[:, PARENTS[knee], :, 2]).sum(-1) / np.linalg.norm(shin, axis=-1)
        shares.append(np.mean(ahead > np.sin(_HYPEREXTENDED)))
    share = float(max(shares))
    if share <= _TURNED_ROUND:
        return None
    return Finding(
        "knees",
        share,
        f"A knee bends backwards in {share:.0%} of frames, so the legs were read with another rest pose or other axes: "
        "convert the file anew.",
    )


def _pelvis(body: Body) -> Finding | None:
    forward = body.rotations[..., 2]
    pelvis = forward[:, INDEX["pelvis"]]
    others = (forward[:, INDEX["spine3"]], forward[:, INDEX["left_ankle"]] + forward[:, INDEX["right_ankle"]])
    share = float(np.mean([(pelvis * other).sum(-1) < 0 for other in others], axis=1).min())
    if share <= _TURNED_ROUND:
        return None
    return Finding(
        "pelvis",
        share,
        f"The pelvis faces against chest and feet in {share:.0%} of frames, so it was turned round when the file was "
        "converted: convert it anew.",
    )
