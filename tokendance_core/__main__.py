"""The command line: ``python -m tokendance_core generate|listen|body|info|data|train|evaluate|worker …``.

Exit codes: 0 done; 2 a setting or option makes no sense; 3 song; 4 checkpoint; 5 motion file; 7 training data; 8 a file
of another kind cannot be written; 130 stopped.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import signal
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from tokendance_core import __version__
from tokendance_core.commands.answers import Failed
from tokendance_core.commands.devices import keep_large_blocks
from tokendance_core.commands.reports import problem_of, report_for, show_any_letter, silence, tell
from tokendance_core.errors import Cancelled, FileError, SettingError, TokenDanceError

# command -> module with add_arguments(parser) and run(args) -> exit code or None, and its line in --help
COMMANDS = {
    "generate": ("tokendance_core.commands.generate", "a dance for a song"),
    "listen": (
        "tokendance_core.commands.listen",
        "length, tempo, beats and form of a song, and the genre that suits it",
    ),
    "body": ("tokendance_core.commands.body", "a dance on the skin of your SMPL, SMPL-H or SMPL-X body model"),
    "info": ("tokendance_core.commands.info", "versions, devices and checkpoint"),
    "data": ("tokendance_core.commands.data", "what a data set holds, and what may be wrong with its motion"),
    "train": ("tokendance_core.commands.train", "tokenizers and generator from motion capture"),
    "evaluate": (
        "tokendance_core.commands.evaluate",
        "measure a checkpoint beside ground truth and controls: report.html",
    ),
    "worker": (
        "tokendance_core.commands.worker",
        "stay and answer requests that are put into a folder, as the Blender add-on does",
    ),
}

# extra of pyproject.toml, named as the command that needs it -> what that command cannot be imported without
EXTRAS = {"train": ("torch", "safetensors"), "evaluate": ("torch", "scipy")}

_STOPS = (signal.SIGTERM, signal.SIGINT)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Arguments with ``run`` set to the chosen command; imports only that command's module.

    Raises SettingError for a command that this copy does not have (the add-on's cannot train or evaluate), or whose
    packages are missing.
    """
    chosen = next(iter(argv), None)
    parser = argparse.ArgumentParser(prog="tokendance", description="A song in, a dance out.")
    parser.add_argument("--version", action="version", version=f"tokendance {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module_name, summary) in COMMANDS.items():
        if find_spec(module_name) is None:
            if name == chosen:
                raise SettingError(
                    f"The command “{name}” is not part of the add-on's copy of TokenDance.",
                    hint="Install TokenDance from its source code.",
                )
            continue
        command = commands.add_parser(name, help=summary, description=summary)
        if name == chosen:
            _check_extra(name)
            module = importlib.import_module(module_name)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser.parse_args(argv)


def _check_extra(name: str) -> None:
    missing = [package for package in EXTRAS.get(name, ()) if find_spec(package) is None]
    if missing:
        raise SettingError(
            f"The command “{name}” needs {' and '.join(missing)}, which this Python does not have.",
            hint=f'Install what it needs: pip install "tokendance[{name}]".',
        )


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; what a user can cause is told in a sentence, without a traceback."""
    args = argparse.Namespace()
    try:
        args = parse(argv)
        return args.run(args) or 0
    except (TokenDanceError, KeyboardInterrupt, MemoryError, RuntimeError) as error:
        problem = problem_of(error)
        if problem is None:
            raise
    report_for(getattr(args, "json", False)).answer(Failed.of(problem))
    return problem.exit_code


def _stop(signal_number: int, frame: object) -> None:
    _ignore_stops()  # one is enough: it is stopping
    raise KeyboardInterrupt


def _ignore_stops() -> None:
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)


def _run(argv: Sequence[str]) -> int:
    """As ``main``; what is printed may have no reader any more (``| head -1``), or no room."""
    try:
        code = main(argv)
    except SystemExit as end:  # --help, --version, or an option that does not exist
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except OSError as error:
        return _unprinted(error)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        return code or _unprinted(error)
    return code


def _unprinted(error: OSError) -> int:
    """The exit code where something could not be printed; other errors go on."""
    if not isinstance(error, BrokenPipeError) and error.errno != errno.ENOSPC:
        raise error
    silence(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return 0
    tell(f"tokendance: The output cannot be written: {error.strerror}.", sys.stderr)
    return FileError.exit_code


def console() -> None:
    """Entry point of the process: SIGTERM ends it as politely as Ctrl-C."""
    show_any_letter()
    for number in _STOPS:
        signal.signal(number, _stop)
    keep_large_blocks()
    try:
        code = _run(sys.argv[1:])
        _ignore_stops()  # everything is done; while Python itself ends, a stop would be a traceback
    except KeyboardInterrupt:  # between the last answer and here
        code = Cancelled.exit_code
    sys.exit(code)


if __name__ == "__main__":
    console()
