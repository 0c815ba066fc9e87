"""``body``: a motion file and the user's body model in, a dancing mesh out."""

from __future__ import annotations

import argparse
from pathlib import Path

from tokendance_core.commands.reports import StageClock, done, report_for
from tokendance_core.errors import SettingError

# Fractions of the whole command: skinning fills the middle.
SKIN_START, SKIN_END = 0.1, 0.9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("dance", type=Path, help="dance.npz, dance.smpl.npz or dance.bvh, as `generate` writes them")
    add(
        "--model",
        type=Path,
        required=True,
        metavar="FILE",
        help="body model of SMPL, SMPL-H or SMPL-X, for example SMPL_NEUTRAL.npz",
    )
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="dance.pc2 (with dance.obj beside it), dance.npz or dance.obj",
    )
    add("--betas", type=float, nargs="+", metavar="X", help="shape of the body (default: the mean body)")
    add("--fps", type=float, metavar="N", help="frames per second of the file (default: those of the dance)")
    add("--json", action="store_true", help="JSON lines on standard output instead of a progress bar")


def run(args: argparse.Namespace) -> int:
    """Check what can be checked at once, then load, skin and save; files appear only when they are complete."""
    from tokendance_core.errors import ClipError
    from tokendance_core.files import clip as clip_file
    from tokendance_core.files.atomic import check_outputs, check_writable
    from tokendance_core.motion.kinematics import resample_to_fps
    from tokendance_core.smpl import mesh_files
    from tokendance_core.smpl.skinning import skin

    outputs = mesh_files.files(args.output)
    check_outputs(outputs, [args.dance, args.model])
    for path in outputs:
        check_writable(path, ClipError)
    if args.fps is not None and not 1 <= args.fps <= 240:
        raise SettingError(
            f"“fps” must be from 1 to 240, found {args.fps:g}.",
            hint="Use the frame rate of your scene, 24 to 60 for most.",
        )

    report, clock = report_for(args.json), StageClock()

    def enter(stage: str, fraction: float) -> None:
        clock.enter(stage)
        report.progress(stage, fraction)

    enter("load", 0.0)
    clip = clip_file.load(args.dance)
    clip = resample_to_fps(clip, args.fps) if args.fps else clip

    enter("body", SKIN_START)
    span = SKIN_END - SKIN_START
    body = skin(
        clip, args.model, betas=args.betas, progress=lambda fraction: enter("body", SKIN_START + span * fraction)
    )

    enter("export", SKIN_END)
    mesh_files.save(body, args.output)
    report.answer(done(args.output, clip, clock.seconds()))
    return 0
