"""Pictures of a study: plots as SVG, stick figures as PNG; matplotlib is only imported when it is needed."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.results import SongResult
from tokendance_core.motion import kinematics
from tokendance_core.motion.skeleton import INDEX, JOINTS, PARENTS
from tokendance_core.types import MotionClip

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

Options = ParamSpec("Options")

INK, MUTED, LINE = "#26242b", "#8a8691", "#d9d6de"
LEFT, RIGHT = "#d1495b", "#2e6f95"
COLOURS = (LEFT, RIGHT, MUTED, "#edae49")

_STYLE: dict[RcKeyType, Any] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "tokendance",
}

POSES, POSE_ROWS = 24, 2

Series = Mapping[str, Sequence[Estimate]]
"""Words for the legend -> one mean with its interval for each row."""


def check_installed() -> None:
    """Raise DataError when matplotlib is missing, to be called before long work."""
    if find_spec("matplotlib") is None:
        raise DataError(
            "The pictures of the report need matplotlib, which is not installed.",
            hint='Install it: pip install "tokendance[evaluate]".',
        )


def _styled(draw: Callable[Options, bytes]) -> Callable[Options, bytes]:
    """``draw`` with our colours and fonts, whatever the user's own settings are."""

    @wraps(draw)
    def styled(*args: Options.args, **kwargs: Options.kwargs) -> bytes:
        from matplotlib import rc_context, rcdefaults

        with rc_context():
            rcdefaults()
            with rc_context(_STYLE):
                return draw(*args, **kwargs)

    return styled


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")


def _saved(figure: Figure, kind: str) -> bytes:
    stream = io.BytesIO()
    # Without a date the same figures give the same bytes.
    figure.savefig(
        stream, format=kind, dpi=100, transparent=True, **({"metadata": {"Date": None}} if kind == "svg" else {})
    )
    return stream.getvalue()


def _means(series: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """(N,) means and (2, N) how far their intervals reach down and up."""
    low, means, high = np.array([(figure.low, figure.mean, figure.high) for figure in series]).reshape(-1, 3).T
    return means, np.maximum([means - low, high - means], 0)


def _legend(figure: Figure, columns: int) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=columns)


@_styled
def interval_plot(rows: Sequence[str], series: Series, label: str) -> bytes:
    """SVG: for each row the means of all series with their intervals, one above the other."""
    figure = _figure(9, 0.42 * len(rows) + 0.9)
    axes = figure.subplots()
    for i, (words, estimates) in enumerate(series.items()):
        means, reach = _means(estimates)
        at = np.arange(len(rows)) + 0.2 * (i - (len(series) - 1) / 2)
        axes.errorbar(means, at, xerr=reach, fmt="o", ms=4.5, lw=1.4, color=COLOURS[i], label=words)
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(label)
    _legend(figure, len(series))
    return _saved(figure, "svg")


@_styled
def bars(rows: Sequence[str], series: Series, label: str) -> bytes:
    """SVG: for each row a group of bars, one for each series, with their intervals."""
    figure = _figure(9, 2.6)
    axes = figure.subplots()
    width = 0.75 / len(series)
    for i, (words, estimates) in enumerate(series.items()):
        means, reach = _means(estimates)
        at = np.arange(len(rows)) + width * (i - (len(series) - 1) / 2)
        axes.bar(at, means, 0.92 * width, yerr=reach, color=COLOURS[i], error_kw={"lw": 1, "ecolor": INK}, label=words)
    axes.set_xticks(range(len(rows)), rows)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel(label)
    axes.tick_params(axis="x", colors=INK, length=0)
    _legend(figure, len(series))
    return _saved(figure, "svg")


@_styled
def lines(rows: Mapping[str, Mapping[str, float]], label: str, value_label: str) -> bytes:
    """SVG: a line for each row over its columns."""
    figure = _figure(9, 2.9)
    axes = figure.subplots()
    for colour, (name, row) in zip((*COLOURS, INK), rows.items(), strict=False):
        axes.plot(list(row), list(row.values()), color=colour, marker="o", ms=3, label=name)
    axes.set_xlabel(label)
    axes.set_ylabel(value_label)
    axes.set_ylim(bottom=0)
    _legend(figure, 2)
    return _saved(figure, "svg")


@_styled
def courses(songs: Sequence[SongResult], columns: int = 3) -> bytes:
    """SVG: energy of the dance and loudness of the song by phrase, each in units of its own standard deviation; one
    small plot a song.
    """
    rows = -(-len(songs) // columns)
    figure = _figure(9, 1.5 * rows + 0.3)
    for i, song in enumerate(songs):
        axes = figure.add_subplot(rows, columns, i + 1)
        for colour, curve, words in (
            (MUTED, song.loudness, "loudness of the song"),
            (LEFT, song.energy, "joint speed of the dance"),
        ):
            values = np.asarray(curve, float)
            axes.plot(
                (values - values.mean()) / (values.std() + 1e-9), color=colour, marker="o", ms=2.5, lw=1.3, label=words
            )
        axes.set_title(song.name[:34], fontsize=8)
        axes.tick_params(labelbottom=False, labelleft=False, length=0)
    _legend(figure, 2)
    return _saved(figure, "svg")


@_styled
def contact_sheet(clip: MotionClip, poses: int = POSES, rows: int = POSE_ROWS) -> bytes:
    """PNG: stick figures at even times, seen from the audience; the dancer's left is red, the right blue, the floor
    grey.
    """
    from matplotlib.collections import LineCollection

    frames = np.linspace(0, clip.frames - 1, poses).round().astype(int)
    joints = kinematics.joint_positions(clip)[frames]
    columns, wide, high = -(-poses // rows), 1.5, 2.15
    figure = _figure(11, 11 / columns / wide * high * rows)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    at = np.stack((np.arange(poses) % columns * wide, -(np.arange(poses) // columns) * high), 1)
    places = joints[..., :2] - joints[:, :1, :2] * (1, 0) + at[:, None]
    axes.hlines(-high * np.arange(rows), -wide / 2, wide * (columns - 0.5), color=LINE, lw=1)
    bones = [joint for joint in range(1, len(JOINTS))]
    colours = [LEFT if "left" in JOINTS[j] else RIGHT if "right" in JOINTS[j] else INK for j in bones]
    # The farther side first, so that the nearer one covers it.
    order = np.argsort(joints[:, bones, 2] + joints[:, [PARENTS[j] for j in bones], 2], axis=1)
    for pose, nearness in zip(places, order, strict=True):
        segments = [(pose[PARENTS[bones[b]]], pose[bones[b]]) for b in nearness]
        axes.add_collection(
            LineCollection(segments, colors=[colours[b] for b in nearness], linewidths=2.4, capstyle="round")
        )
    heads = places[:, INDEX["head"]] + (0, 0.08)
    axes.scatter(heads[:, 0], heads[:, 1], s=70, color=INK, zorder=3)
    for (x, y), frame in zip(at, frames, strict=True):
        axes.text(
            x - wide / 2 + 0.05,
            y - 0.2,
            f"{int(frame / clip.fps // 60)}:{frame / clip.fps % 60:04.1f}",
            color=MUTED,
            fontsize=7,
        )
    axes.set(xlim=(-wide / 2, wide * (columns - 0.5)), ylim=(-high * (rows - 1) - 0.27, high - 0.27), aspect="equal")
    axes.axis("off")
    return _saved(figure, "png")
