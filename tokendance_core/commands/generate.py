"""``generate``: a song in, a motion file out."""

from __future__ import annotations

import argparse
from pathlib import Path

from tokendance_core.commands.reports import Report, StageClock, done, report_for
from tokendance_core.commands.requests import DanceRequest, RunSettings
from tokendance_core.commands.weights import Load, load_once
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.errors import ClipError, SettingError
from tokendance_core.finishing.settings import FinishSettings
from tokendance_core.music.settings import SongPart
from tokendance_core.options import add_arguments as add_options
from tokendance_core.options import from_arguments

# Fractions of the whole command, as a warm worker spends its time: the pipeline's own progress fills the middle.
CHECKPOINT_START, PIPELINE_START, PIPELINE_END = 0.01, 0.03, 0.99


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
    add_options(parser, GenerateSettings)
    add_options(parser, FinishSettings)
    add_options(parser, SongPart)
    add(
        "--raw",
        action="store_true",
        help="the motion as the network made it: feet, stage, smoothing and both ends are left for later",
    )
    add_options(parser, RunSettings)
    add("--fps", type=float, metavar="N", help="frames per second of the file (default: 30)")
    add("--json", action="store_true", help="JSON lines on standard output instead of a progress bar")


def run(args: argparse.Namespace) -> int:
    """The command: see ``work``."""
    finish = None if args.raw else from_arguments(FinishSettings, args)
    request = DanceRequest(
        song=str(args.song),
        output=str(args.output),
        settings=from_arguments(GenerateSettings, args, finish=finish),
        part=from_arguments(SongPart, args),
        run=from_arguments(RunSettings, args),
    )
    work(request, report_for(args.json), load_once, fps=args.fps)
    return 0


def work(request: DanceRequest, report: Report, load: Load, fps: float | None = None) -> None:
    """Check what can be checked at once, then load, dance and save; the file appears only when it is complete.

    ``fps``: frames per second of the file, None for the 30 of the dance. Raises TokenDanceError.
    """
    from tokendance_core.dance.checkpoint_header import default_path
    from tokendance_core.files import clip as clip_file
    from tokendance_core.files.atomic import check_outputs, check_writable
    from tokendance_core.motion.kinematics import resample_to_fps
    from tokendance_core.music import audio

    output = Path(request.output)
    clip_file.check_suffix(output)
    check_outputs([output], [request.song, request.samples, request.run.checkpoint or default_path()])
    check_writable(output, ClipError)
    if fps is not None and not 1 <= fps <= 240:
        raise SettingError(
            f"“fps” must be from 1 to 240, found {fps:g}.", hint="Use the frame rate of your scene, 24 to 60 for most."
        )

    clock = StageClock()

    def enter(stage: str, fraction: float) -> None:
        clock.enter(stage)
        report.progress(stage, fraction)

    enter("load", 0.0)
    music, warnings = audio.load_asked(
        request.song, request.samples, request.part, lambda share: report.progress("load", CHECKPOINT_START * share)
    )

    enter("checkpoint", CHECKPOINT_START)
    # Importing torch takes longer than reading the song: a song that cannot be read is told first.
    from tokendance_core.dance import pipeline

    weights = load(request.run)
    span = PIPELINE_END - PIPELINE_START
    clip = pipeline.generate(
        music, weights, request.settings, lambda stage, fraction: enter(stage, PIPELINE_START + span * fraction)
    )

    enter("export", PIPELINE_END)
    del weights  # its threads end here, not between the answer and the end of Python, where a stop may come
    clip = resample_to_fps(clip, fps) if fps else clip
    clip_file.save(clip, output)
    report.answer(done(output, clip, clock.seconds(), warnings))
