"""A report as one HTML file that needs nothing else: gates first, tables, plots, and each song's dance to watch."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.page import figures
from tokendance_core.evaluate.results import UNITS, Cell, Gate, Report, Section, SongResult, Table, cells
from tokendance_core.motion import kinematics
from tokendance_core.motion.skeleton import JOINTS, PARENTS
from tokendance_core.types import MotionClip

PLAYER_FPS = 15.0
"""Frames per second of the dances in the page; the player draws straight lines between them."""

Plots = Mapping[str, Sequence[tuple[str, Callable[[], bytes]]]]
"""section -> (caption, how to draw it) of each plot."""


def words(column: str) -> str:
    """A column's name for people: ``foot_slide_cm_s`` -> foot slide, cm/s."""
    for ending, unit in UNITS.items():
        if column.endswith(ending):
            return column.removesuffix(ending).replace("_", " ") + unit
    return column.replace("_", " ")


def number(value: float) -> str:
    """Three significant digits, thousands in full, nothing but a dash for what is not a number."""
    if not np.isfinite(value):
        return "–"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    if 0 < abs(value) < 0.001:
        return "&lt; 0.001" if value > 0 else "&gt; −0.001"
    return f"{value:#.3g}".rstrip(".").replace("-", "−") if value else "0"


def cell(value: Cell) -> str:
    """A figure as a table cell."""
    return f"<td>{_figure(value)}</td>"


def _figure(value: Cell) -> str:
    """Below a mean its interval, then its spread over seeds."""
    if isinstance(value, Estimate):
        spread = "" if value.sd is None else f" ± {number(value.sd)}"
        return f"{number(value.mean)}<small>{number(value.low)} … {number(value.high)}{spread}</small>"
    return escape(value) if isinstance(value, str) else number(value)


def table(rows: Table) -> str:
    """Rows by name; a row may lack some of the columns."""
    found = {name: cells(row) for name, row in rows.items()}
    columns = list(dict.fromkeys(column for row in found.values() for column in row))
    head = "".join(f"<th>{escape(words(column))}</th>" for column in columns)
    body = "".join(
        f"<tr><th{_highlight(name)}>{escape(name)}</th>{''.join(cell(row.get(column, '–')) for column in columns)}</tr>"
        for name, row in found.items()
    )
    return f'<div class="wide"><table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _highlight(name: str) -> str:
    return ' class="model"' if name.startswith("model") else ""


def gate_table(gates: Iterable[Gate]) -> str:
    """Every requirement: figure, target, met or missed."""
    verdicts = {True: '<td class="met">met</td>', False: '<td class="missed">missed</td>'}
    body = "".join(
        f"<tr><th>{escape(gate.theme)}</th><td>{escape(gate.what)}</td>{cell(gate.figure)}"
        f"<td>{escape(gate.target)}</td>{verdicts[gate.met]}</tr>"
        for gate in gates
    )
    head = "".join(f"<th>{name}</th>" for name in ("", "what", "figure", "target", ""))
    return f'<div class="wide"><table class="gates"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def player(clip: MotionClip, beats: np.ndarray) -> str:
    """Canvas, button and slider for one dance; joints as millimetres in base64, ``beats`` (B,) in seconds flash."""
    joints = kinematics.joint_positions(kinematics.resample_to_fps(clip, PLAYER_FPS))
    # 32 metres is as far as sixteen bits of millimetres go.
    data = np.clip(1000 * joints, -32767, 32767).astype("<i2").tobytes()
    times = json.dumps([round(float(beat), 2) for beat in beats if beat < clip.seconds])
    return (
        f'<div><canvas width="280" height="250" data-fps="{PLAYER_FPS:g}" data-beats="{times}" '
        f'data-joints="{_base64(data)}"></canvas>'
        '<div class="controls"><button title="play or pause">▶</button>'
        '<input type="range" min="0" max="1" step="any" value="0">'
        "<output>0:00.0</output></div></div>"
    )


def song_card(song: SongResult, clip: MotionClip) -> str:
    """A song's dance to play, its contact sheet and its own figures."""
    facts = ", ".join(f"{escape(words(name))} {_figure(value)}" for name, value in cells(song.figures).items())
    return (
        f'<div class="song"><h3>{escape(song.name)}</h3>'
        f'<p class="note">{escape(song.split)}; {facts}</p>'
        f"{player(clip, np.asarray(song.beats))}{_image(figures.contact_sheet(clip), 'png')}</div>"
    )


def render(title: str, report: Report, plots: Plots, dances: Sequence[MotionClip] = ()) -> str:
    """The page: ``plots`` by section, and one dance to each song of the report, or none at all."""
    about = " · ".join(f"{escape(key)} {escape(_short(value))}" for key, value in report.about.items())
    sections = {name: _section(section, plots.get(name, ())) for name, section in report.sections.items()}
    if dances:
        sections["Songs"] = "".join(song_card(song, clip) for song, clip in zip(report.songs, dances, strict=True))
    links = "".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name in sections)
    gates = report.gates
    met = sum(gate.met for gate in gates)
    verdict = f'<h2 id="gates">Gates: {met} of {len(gates)} met</h2>{gate_table(gates)}' if gates else ""
    body = "".join(f'<h2 id="{_anchor(name)}">{escape(name)}</h2>{section}' for name, section in sections.items())
    here = Path(__file__)
    sides = [1 if "left" in joint else -1 if "right" in joint else 0 for joint in JOINTS]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{here.with_name('page.css').read_text(encoding='utf-8')}</style></head>"
        f'<body><main data-parents="{json.dumps(PARENTS)}" data-sides="{json.dumps(sides)}"><h1>{escape(title)}</h1>'
        f'<p class="about">{about}</p><nav>{links}</nav>{verdict}{body}</main>'
        f"<script>{here.with_name('player.js').read_text(encoding='utf-8')}</script></body></html>\n"
    )


def _section(section: Section, plots: Sequence[tuple[str, Callable[[], bytes]]]) -> str:
    drawn = "".join(
        f"<figure>{_image(draw(), 'svg+xml')}<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, draw in plots
    )
    tables = "".join(f"<h3>{escape(title)}</h3>{table(rows)}" for title, rows in section.tables.items())
    return f'<p class="note">{escape(section.note)}</p>{drawn}{tables}'


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _image(data: bytes, kind: str) -> str:
    return f'<img alt="" src="data:image/{kind};base64,{_base64(data)}">'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
