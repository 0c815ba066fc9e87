"""``generate``: a song in, a motion file out."""

from __future__ import annotations

import argparse
from pathlib import Path

from tokendance_core.commands.reports import Report, StageClock, report_for
from tokendance_core.commands.weights import Load, load_once
from tokendance_core.errors import SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")

# Fractions of the whole command: the pipeline's own progress fills the middle.
PIPELINE_START, PIPELINE_END = 0.1, 0.95


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("song", type=Path, help="wav, flac, ogg or mp3; m4a and others where ffmpeg is installed")
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="dance.bvh, dance.npz or dance.smpl.npz (AMASS)",
    )
    add("--genre", default="any", help="a genre of the checkpoint, see `info` (default: %(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="another number, another dance (default: %(default)s)")
    add(
        "--steps",
        type=int,
        default=8,
        metavar="N",
        help="refinement steps; 1 is the paper's single pass (default: %(default)s)",
    )
    add(
        "--temperature",
        type=float,
        default=1.0,
        metavar="X",
        help="0 is the likeliest dance, above 1 is wilder (default: %(default)s)",
    )
    add(
        "--energy",
        type=float,
        default=0.0,
        metavar="X",
        help="0 follows the song, -2 is calm, 2 is wild (default: %(default)s)",
    )
    add("--start", type=float, default=0.0, metavar="S", help="begin at this second of the song (default: %(default)s)")
    add("--duration", type=float, metavar="S", help="dance for so many seconds (default: to the end)")
    add(
        "--speed",
        type=float,
        default=1.0,
        metavar="X",
        help="the song is played so many times as fast (default: %(default)s)",
    )
    add(
        "--raw",
        action="store_true",
        help="the motion as the network made it: feet, smoothing and both ends are left for later",
    )
    add("--device", choices=DEVICES, default="auto", help="where the network runs (default: %(default)s)")
    add("--checkpoint", type=Path, metavar="FILE", help="weights (default: the shipped ones)")
    add("--fps", type=float, metavar="N", help="frames per second of the file (default: 30)")
    add("--json", action="store_true", help="JSON lines on standard output instead of a progress bar")


def run(args: argparse.Namespace) -> int:
    """The command: see ``work``."""
    return work(args, report_for(args.json), load_once)


def work(args: argparse.Namespace, report: Report, load: Load) -> int:
    """Check what can be checked at once, then load, dance and save; the file appears only when it is complete."""
    from tokendance_core.errors import ClipError
    from tokendance_core.files import clip as clip_file
    from tokendance_core.files.atomic import check_writable
    from tokendance_core.motion.kinematics import resample_to_fps
    from tokendance_core.music import audio

    clip_file.check_suffix(args.output)
    check_writable(args.output, ClipError)
    if args.fps is not None and not 1 <= args.fps <= 240:
        raise SettingError(
            f"“fps” must be from 1 to 240, found {args.fps:g}.",
            hint="Use the frame rate of your scene, 24 to 60 for most.",
        )

    clock = StageClock()

    def enter(stage: str, fraction: float) -> None:
        clock.enter(stage)
        report.progress(stage, fraction)

    enter("load", 0.0)
    music = audio.load(args.song, start=args.start, duration=args.duration, speed=args.speed)

    enter("checkpoint", 0.03)
    # Importing torch takes longer than reading the song: a song that cannot be read is told first.
    from tokendance_core.dance import pipeline
    from tokendance_core.finishing.finish import FinishSettings

    finish = None if args.raw else FinishSettings()
    settings = pipeline.GenerateSettings(args.genre, args.seed, args.steps, args.temperature, args.energy, finish)
    weights = load(args.checkpoint, args.device)
    span = PIPELINE_END - PIPELINE_START
    clip = pipeline.generate(
        music, weights, settings, lambda stage, fraction: enter(stage, PIPELINE_START + span * fraction)
    )

    enter("export", PIPELINE_END)
    clip = resample_to_fps(clip, args.fps) if args.fps else clip
    clip_file.save(clip, args.output)
    report.done(str(args.output), clip.frames, clip.fps, clock.seconds())
    return 0
