"""``data``: what a data pack or a data set holds, and what may be wrong with its motion."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokendance_core.types import MotionClip

NOT_DANCE = "not dance"
"""Group of a pack's ``motion_aux/``."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from tokendance_core.evaluate.benchmarks.protocols import IMPORTERS

    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="folder of the data")
    add(
        "--format",
        choices=tuple(IMPORTERS),
        help="layout of a data set; folder is *.bvh beside sound files of the same names (default: a data pack with "
        "motion/ and its index files)",
    )


def run(args: argparse.Namespace) -> int:
    """Print a table of the groups, then every fault of every clip. Raises DataError."""
    groups: dict[str, list[MotionClip]] = {}
    for group, clip in _clips(args.data, args.format):
        groups.setdefault(group, []).append(clip)
    print(f"{'group':<16} {'clips':>6} {'minutes':>8} {'too fast':>9} {'cannot be told':>15} {'with faults':>12}")
    faults = [line for group in sorted(groups) for line in _print_group(group, groups[group])]
    if faults:
        print("", *faults, sep="\n")
    return 0


def _clips(data: Path, layout: str | None) -> Iterator[tuple[str, MotionClip]]:
    """Every clip of a data pack or, in another ``layout``, of a data set, behind its genre or ``NOT_DANCE``."""
    from tokendance_core.datasets import pack
    from tokendance_core.evaluate.benchmarks.protocols import IMPORTERS

    if layout:
        yield from ((recording.genre, recording.clip) for recording in IMPORTERS[layout](data))
        return
    yield from ((source.genre, source.clip) for source in pack.load_motion(data))
    if (data / "motion_aux").is_dir():
        yield from ((NOT_DANCE, source.clip) for source in pack.load_motion(data, auxiliary=True))


def _print_group(group: str, clips: Sequence[MotionClip]) -> list[str]:
    """Print the group's line of the table; its faults, a line each."""
    from tokendance_core.datasets import checks

    found = [(clip.name, checks.check(clip)) for clip in clips]
    verdicts = [checks.balance(clip).verdict for clip in clips]
    minutes = sum(clip.seconds for clip in clips) / 60
    faulty = sum(bool(findings) for _, findings in found)
    print(
        f"{group:<16} {len(clips):>6} {minutes:>8.1f} {verdicts.count('too fast'):>9} "
        f"{verdicts.count('cannot be told'):>15} {faulty:>12}",
        flush=True,
    )
    return [f"{name}, {finding.kind}: {finding.sentence}" for name, findings in found for finding in findings]
