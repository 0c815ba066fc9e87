"""Installs the Python runtime: ``python install_runtime.py FOLDER PARENT_ID PLAN``, with the standard library alone.

In FOLDER: ``env`` (the virtual environment), ``download`` (what pip puts aside), ``progress.json``, ``log.txt``,
``lock``, a file ``cancel`` if the user stops, and ``ready.json``, written last: without it nothing there is a runtime.
PLAN is an ``Installation`` as JSON; ``null`` removes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ENVIRONMENT, DOWNLOAD = "env", "download"
PROGRESS, LOG, LOCK, CANCEL, READY = "progress.json", "log.txt", "lock", "cancel", "ready.json"

_START = Path(__file__).with_name("start_core.py")
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_POLL_SECONDS = 0.1
_MEASURE_SECONDS = 0.5
_LOOKS_BACK = 8192
"""Bytes at the end of the log that are searched for what pip is doing."""

_CHECK_FRACTION = 0.97

_PIP_MAY_KNOW = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CONFIG_FILE"),
    *("PIP_PROXY", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"),
)
"""pip's variables that say where packages are and how to get there. What they are, the hashes of the lock say."""

# pattern in the log -> message and hint; the first match counts
_CAUSES = (
    (
        r"No space left on device|Errno 28\b|not enough space|WinError 112\b",
        "The disk ran full during the set-up.",
        "Free some space and try again.",
    ),
    (
        r"Long Path support|WinError 206\b|File name too long",
        "Some file paths become too long for this system.",
        "Enable long paths in Windows (search its settings for “Enable Win32 long paths”), or specify your own Python.",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED"
        r"|getaddrinfo|Name or service not known|Temporary failure in name resolution|Network is unreachable"
        r"|Connection (reset|refused|aborted|broken)"
        r"|IncompleteRead|ProtocolError",
        "The packages could not be downloaded: the network, or the server, cannot be reached.",
        "Check the connection, the firewall and the proxy and try again, or choose a folder of wheels.",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "A package is not the one that this version of TokenDance was made with: its hash differs.",
        "Try again. If it stays so, {other_source}.",
    ),
    (
        r"BadZipFile|[Ww]heel .* is invalid|has an invalid wheel|zlib.error",
        "A package is damaged.",
        "Try again.",
    ),
    (
        r"No matching distribution found for (?P<package>\S+)",
        "There is no {package} for Python {version} on this system{place}.",
        "{way_out}",
    ),
    (
        r"No module named '?(venv|ensurepip)|ensurepip is not available",
        "The Python of this Blender cannot make virtual environments.",
        "Install its module venv (on Debian and Ubuntu: python3-venv), or specify your own Python.",
    ),
    (
        r"Permission denied|Access is denied|WinError 5\b|Errno 13\b|Read-only file system",
        "A file in {folder} cannot be written.",
        "Close other programs that use the folder, exclude it from the virus scanner, and try again.",
    ),
    (
        r"WinError 126\b|WinError 1114\b|DLL load failed",
        "Everything is installed, but Windows cannot load a library of torch.",
        "Install Microsoft's Visual C++ Redistributable (x64) and try again.",
    ),
)


class Stopped(Exception):
    """The user cancelled, or Blender is gone."""


class Failure(Exception):
    """What went wrong, in a sentence; ``hint`` says what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Progress:
    """What Blender reads; ``megabytes`` of ``of_megabytes`` are there, ``outcome`` is ready, removed, cancelled or
    failed at the end, and empty before.
    """

    stage: str = "Preparing"
    fraction: float = 0.0
    megabytes: float = 0.0
    of_megabytes: float = 0.0
    package: str = ""
    outcome: str = ""
    message: str = ""
    hint: str = ""

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> Progress:
        """The content of ``progress.json``; what is missing or of another kind has its default."""
        usual = cls()
        kinds = {name: (int, float) if isinstance(value, float) else str for name, value in asdict(usual).items()}
        given: dict[str, Any] = {name: told[name] for name in kinds if isinstance(told.get(name), kinds[name])}
        return replace(usual, **given)


@dataclass(frozen=True)
class Installation:
    """What is installed: ``base`` is the Python to build from, ``steps`` are pip's arguments, a list of attempts for
    each step, ``core`` is the folder of the core; sizes in MB (10^6 bytes), nothing to download where it is 0.
    """

    base: list[str]
    steps: list[list[list[str]]]
    download_mb: float
    disk_mb: float
    core: str
    accelerator: str


def write_json(path: Path, content: object) -> None:
    """Write a JSON file atomically; OSError when that is not possible."""
    aside = path.with_name(f"{path.name}.aside")
    aside.write_text(json.dumps(content), encoding="utf-8")
    for attempt in range(20):
        try:
            os.replace(aside, path)
            return
        except PermissionError:  # Windows, while Blender reads the old one
            if attempt == 19:
                raise
            time.sleep(0.02)


def python_in(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def size(folder: Path) -> int:
    """Bytes of all files below ``folder``; files that come and go meanwhile may be missed."""
    total, waiting = 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total


def sweep(folder: Path) -> None:
    """Remove a runtime, or the remains of an interrupted set-up, ``ready.json`` first. OSError when a file cannot be
    removed.
    """
    (folder / READY).unlink(missing_ok=True)
    for name in (ENVIRONMENT, DOWNLOAD):
        for attempt in range(5):
            try:
                shutil.rmtree(folder / name)
            except FileNotFoundError:
                break
            except OSError:  # Windows keeps files of a process that just ended for a moment
                if attempt == 4:
                    raise
                time.sleep(0.2)


def cause(log: str, known: Mapping[str, str]) -> tuple[str, str] | None:
    """Message and hint for a log; None when no known pattern matches."""
    for pattern, sentence, hint in _CAUSES:
        if found := re.search(pattern, log):
            words = {**known, **found.groupdict()}
            return sentence.format(**words), hint.format(**words)
    return None


def clean_environment(download: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Environment variables for pip: without those of Blender's Python and those that would change what is installed,
    and with temporary files in ``download``, where they are counted and removed.
    """
    dropped = ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    kept = {
        name: value
        for name, value in inherited.items()
        if name in _PIP_MAY_KNOW or not (name.startswith(("PYTHON", "PIP_")) or name in dropped)
    }
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(download))
    return {**kept, **folders, "PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "PIP_USER": "0"}


class Lock:
    """Held while a set-up runs; the system releases it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def take(self) -> bool:
        """Whether nobody else holds it."""
        try:
            if sys.platform == "win32":
                import msvcrt

                self._file.seek(0)
                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class SetUp:
    """One set-up in ``folder``; ``parent_gone`` is set once Blender has exited."""

    def __init__(self, folder: Path, plan: Installation, parent_gone: threading.Event) -> None:
        self.folder, self.plan, self.parent_gone = folder, plan, parent_gone
        self.progress = Progress(of_megabytes=plan.download_mb)
        self._downloaded_before = 0
        self._downloaded = 0
        self._next_look = 0.0

    def run(self) -> None:
        """Everything from the check of free space to ``ready.json``; Stopped, Failure or OSError when it ends early,
        which leaves files behind.
        """
        began = time.monotonic()
        self._tell("Preparing")
        self._check_space()
        (self.folder / DOWNLOAD).mkdir(parents=True, exist_ok=True)
        self._make_environment()
        for attempts in self.plan.steps:
            self._install(attempts)
            self._downloaded_before += self._downloaded
        self._tell("Checking", _CHECK_FRACTION)
        facts = self._check()
        shutil.rmtree(self.folder / DOWNLOAD, ignore_errors=True)
        self._look()  # the last chance to cancel
        ready = {
            "base": os.path.realpath(self.plan.base[0]),
            "accelerator": self.plan.accelerator,
            "megabytes": round(size(self.folder / ENVIRONMENT) / 1e6),
            "seconds": round(time.monotonic() - began, 1),
            "info": facts,
        }
        write_json(self.folder / READY, ready)

    def _check_space(self) -> None:
        needed = self.plan.download_mb + self.plan.disk_mb
        free = shutil.disk_usage(self.folder).free / 1e6
        if free < needed:
            raise Failure(
                f"The disk has {free / 1000:.1f} GB free; the set-up needs {needed / 1000:.1f} GB, part of it only "
                "while it runs.",
                "Free some space and try again.",
            )

    def _make_environment(self) -> None:
        target = self.folder / ENVIRONMENT
        code = self._run([*self.plan.base, "-I", "-X", "utf8", "-m", "venv", str(target)])
        if code or not python_in(target).exists():
            raise self._failure(f"The virtual environment could not be made (exit code {code}).")

    def _install(self, attempts: Sequence[Sequence[str]]) -> None:
        pip = [str(python_in(self.folder / ENVIRONMENT)), "-I", "-X", "utf8", "-m", "pip", "install"]
        pip += [
            "--disable-pip-version-check",
            "--no-input",
            "--no-cache-dir",
            "--only-binary=:all:",
            "--progress-bar=off",
        ]
        pip += ["--no-compile", "--no-warn-script-location", "--retries=2", "--timeout=30"]
        if self.progress.stage == "Preparing":
            self._tell("Downloading" if self.plan.download_mb else "Installing")
        code = None
        for arguments in attempts:
            code = self._run([*pip, *arguments])
            if code == 0:
                return
        raise self._failure(f"The packages could not be installed (exit code {code}).")

    def _check(self) -> Mapping[str, object]:
        """The versions and devices of the new Python."""
        answer = self.folder / DOWNLOAD / "info.json"
        python = str(python_in(self.folder / ENVIRONMENT))
        start = [str(_START), self.plan.core, str(os.getpid()), "", "numpy,torch"]
        code = self._run([python, "-I", "-B", "-X", "utf8", *start, "info", "--json"], answer)
        try:
            facts = json.loads(answer.read_text("utf-8"))
        except ValueError:
            facts = None
        if not isinstance(facts, dict) or not facts.get("torch"):
            raise self._failure(f"Everything is installed, but torch does not start (exit code {code}).")
        return facts

    def _run(self, command: Sequence[str], output: Path | None = None) -> int:
        """Run a process, with its output in the log; its exit code. Stopped when the user cancels meanwhile."""
        log = self.folder / LOG
        with log.open("ab") as errors, (output or log).open("ab") as answers:
            errors.write(f"\n> {' '.join(command)}\n".encode())
            errors.flush()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=answers,
                stderr=errors,
                creationflags=_NO_WINDOW,
                start_new_session=os.name != "nt",
                cwd=self.folder,
                env=clean_environment(self.folder / DOWNLOAD, os.environ),
            )
        try:
            while process.poll() is None:
                self._look()
                time.sleep(_POLL_SECONDS)
        finally:
            end_group(process)
        return process.returncode

    def _look(self) -> None:
        """Raise Stopped when the user cancelled or Blender is gone; otherwise report progress, if that is due."""
        if self.parent_gone.is_set() or (self.folder / CANCEL).exists():
            raise Stopped
        began = time.monotonic()
        if began < self._next_look or self.progress.stage not in ("Downloading", "Installing"):
            return
        self._measure()
        self._next_look = time.monotonic() + max(_MEASURE_SECONDS, 9 * (time.monotonic() - began))

    def _measure(self) -> None:
        self._downloaded = max(self._downloaded, size(self.folder / DOWNLOAD)) if self.plan.download_mb else 0
        downloaded, installed = (
            (self._downloaded_before + self._downloaded) / 1e6,
            size(self.folder / ENVIRONMENT) / 1e6,
        )
        stage, package = self._what_pip_does()
        expected = {"Downloading": self.plan.download_mb, "Installing": self.plan.disk_mb}[stage]
        whole = self.plan.download_mb + self.plan.disk_mb
        megabytes = round({"Downloading": downloaded, "Installing": installed}[stage], 1)
        self.progress = replace(
            self.progress, package=package, megabytes=megabytes, of_megabytes=max(expected, megabytes)
        )
        self._tell(stage, min((downloaded + installed) / whole, _CHECK_FRACTION))

    def _what_pip_does(self) -> tuple[str, str]:
        """Stage and package, read from the last lines of the log."""
        stage, package = self.progress.stage, self.progress.package
        for line in self._log(_LOOKS_BACK).splitlines():
            if found := re.match(
                r"\s*(?:Collecting|Downloading|Processing) (?:\S*[/\\])?([A-Za-z0-9_.]+(?:-[A-Za-z][\w.]*)*)", line
            ):
                package, stage = (
                    found[1].lower().replace("_", "-"),
                    "Downloading" if self.plan.download_mb else "Installing",
                )
            elif line.startswith("Installing collected packages"):
                package, stage = "", "Installing"
        return stage, package

    def _tell(self, stage: str, fraction: float = 0.0) -> None:
        self.progress = replace(self.progress, stage=stage, fraction=max(round(fraction, 4), self.progress.fraction))
        write_json(self.folder / PROGRESS, asdict(self.progress))

    def _log(self, length: int) -> str:
        with (self.folder / LOG).open("rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - length, 0))
            return log.read().decode("utf-8", "replace")

    def _failure(self, otherwise: str) -> Failure:
        offline = not self.plan.download_mb
        known = {
            "version": ".".join(map(str, sys.version_info[:2])),
            "folder": str(self.folder),
            "place": " in the folder of wheels" if offline else "",
            "way_out": "Put it there and try again." if offline else "Specify your own Python.",
            "other_source": "get the wheels again" if offline else "what your pip is configured to use serves another",
        }
        log = self._log(1 << 20)
        if told := cause(log, known):
            return Failure(*told)
        last = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")
        return Failure(otherwise, f"Try again, or copy the diagnostics. Its last message: {last[:200]}")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a group, with everything that it started; nothing when it has ended already."""
    if process.poll() is not None:
        return
    if os.name == "nt":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, creationflags=_NO_WINDOW)
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def work(folder: Path, plan: Installation | None, parent_gone: threading.Event) -> Progress:
    """Set up, or remove without a plan; the result. Anything unfinished is removed."""
    set_up = SetUp(folder, plan, parent_gone) if plan else None
    try:
        (folder / LOG).write_bytes(b"")
        sweep(folder)
        if set_up is not None:
            set_up.run()
        return Progress(outcome="ready" if plan else "removed", fraction=1.0)
    except Stopped:
        result = Progress(outcome="cancelled", message="The set-up was stopped; nothing of it is left.")
    except Failure as failure:
        result = Progress(outcome="failed", message=str(failure), hint=failure.hint)
    except OSError as error:
        told = cause(f"[Errno {error.errno}] {error}", {"folder": str(folder)})
        message, hint = told or (f"The set-up failed: {error}.", "Try again, or copy the diagnostics.")
        result = Progress(outcome="failed", message=message, hint=hint)
    try:
        sweep(folder)
    except OSError as error:
        left = f"Some files could not be removed and will be next time: {error}."
        return replace(result, hint=f"{result.hint} {left}".strip())
    return result


def _watch_parent(parent: int, gone: threading.Event) -> None:
    spec = importlib.util.spec_from_file_location("start_core", _START)
    start_core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start_core)
    start_core.wait_for_end_of(parent)
    gone.set()


def main(argv: Sequence[str]) -> int:
    """Exit code 0 when it is ready or removed, 2 when another set-up holds the folder, else 1; ``progress.json`` says
    why.
    """
    folder, parent, task = Path(argv[0]), int(argv[1]), json.loads(argv[2])
    gone = threading.Event()
    threading.Thread(target=_watch_parent, args=(parent, gone), daemon=True).start()
    folder.mkdir(parents=True, exist_ok=True)
    lock = Lock(folder / LOCK)
    if not lock.take():
        return 2
    result = work(folder, Installation(**task) if task is not None else None, gone)
    (folder / CANCEL).unlink(missing_ok=True)
    write_json(folder / PROGRESS, asdict(result))
    return int(result.outcome not in ("ready", "removed"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
