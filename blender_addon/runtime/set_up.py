"""Set up the managed runtime, or remove it: started and watched from here, done by ``child/install_runtime.py``."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import bpy

from tokendance_core import SettingError, TokenDanceError

from ..interface.ticker import redraw
from . import interpreter as runtime
from . import plan as runtime_plan
from .child import install_runtime
from .child.install_runtime import CANCEL, LOG, PROGRESS, Installation, Progress
from .interpreter import KnownRuntimes
from .own_python import own_python
from .process import core_folder

NO_CHOICE = "PyTorch is not made for this kind of computer"

_POLL_SECONDS = 0.05
_LOCKED = 2
"""Exit code when another Blender is working in the folder."""


def why_offline(wheels: str) -> str:
    """Why nothing can be downloaded; empty when that is allowed, or not needed because there is a folder of wheels."""
    if wheels or bpy.app.online_access:
        return ""
    if bpy.app.online_access_override:
        return "Blender was started in offline mode: start it in online mode, or choose a folder of wheels"
    return (
        "Blender may not go online: turn on Preferences > System > Network > Allow Online Access, or choose a folder "
        "of wheels"
    )


@dataclass
class SetUp:
    """A set-up, or a removal, in progress or ended: then ``progress`` has an outcome."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    progress: Progress = field(default_factory=Progress)
    is_stopping: bool = False

    def poll(self) -> bool:
        """Read the progress; True at the end. Never waits."""
        code = self.process.poll()  # asked first: the last words of a process that just ended must not be missed
        if (told := runtime.read_json(self.folder / PROGRESS)) is not None:
            self.progress = Progress.from_json(told)
        if code is None:
            self.progress = replace(self.progress, outcome="")  # it is still tidying up
        elif code == _LOCKED:
            message = "Another Blender is setting it up at the moment."
            self.progress = Progress(outcome="failed", message=message, hint="Wait until it is done.")
        elif not self.progress.outcome:
            message = f"The process that sets up ended early (exit code {code})."
            self.progress = Progress(outcome="failed", message=message, hint="Try again, or copy the diagnostics.")
        return code is not None

    def cancel(self) -> None:
        """Ask it to stop and to remove what it made; takes about a second."""
        self.is_stopping = True
        (self.folder / CANCEL).touch()

    def wait(self) -> None:
        """Wait for the end; TokenDanceError when it failed."""
        try:
            while not self.poll():
                time.sleep(_POLL_SECONDS)
        except BaseException:
            self.cancel()
            self.process.wait()
            raise
        if self.progress.outcome not in ("ready", "removed"):
            raise TokenDanceError(self.progress.message, hint=self.progress.hint)


class SetUps:
    """The last set-up of a session, ``latest``, in progress or ended."""

    def __init__(self, runtimes: KnownRuntimes) -> None:
        self.latest: SetUp | None = None
        self._runtimes = runtimes

    @property
    def is_working(self) -> bool:
        """Whether a set-up or a removal is in progress, as of the last ``poll``."""
        return self.latest is not None and not self.latest.progress.outcome

    def start(self, wheels: str = "") -> SetUp:
        """Begin a set-up; SettingError when it is clear now that it cannot work. ``wheels`` is a folder to install from
        without network.
        """
        plan = runtime_plan.plan()
        if plan is None:
            raise SettingError(f"{NO_CHOICE}.", hint="Dances are made without it.")
        if wheels and not any(Path(wheels).glob("*.whl")):
            raise SettingError(f"There are no wheels in {wheels}.", hint="Choose a folder with files that end in .whl.")
        download_mb = 0 if wheels else plan.download_mb
        task = Installation(
            base=[own_python()],
            steps=plan.steps(wheels),
            download_mb=download_mb,
            disk_mb=plan.disk_mb,
            core=str(core_folder()),
            accelerator=plan.accelerator,
        )
        return self._begin(task, Progress(of_megabytes=float(download_mb)))

    def start_removal(self) -> SetUp:
        """Begin to remove the managed runtime, which takes a while."""
        return self._begin(None, Progress(stage="Removing"))

    def _begin(self, task: Installation | None, progress: Progress) -> SetUp:
        if self.is_working:
            raise SettingError("A set-up is already in progress.", hint="Wait until it is done, or cancel it.")
        place = runtime.folder()
        try:
            place.mkdir(parents=True, exist_ok=True)
            for name in (PROGRESS, CANCEL):
                (place / name).unlink(missing_ok=True)
            script, parent = install_runtime.__file__, str(os.getpid())
            told = json.dumps(asdict(task) if task is not None else None)
            process = subprocess.Popen(
                [own_python(), "-I", "-B", "-X", "utf8", script, str(place), parent, told],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise SettingError(
                f"Nothing can be set up in {place}: {error.strerror}.", hint="Make the folder writable."
            ) from error
        self.latest = SetUp(place, process, progress)
        return self.latest

    def watch(self) -> bool:
        """For the ticker: whether the set-up is still in progress."""
        if self.latest is None:
            return False
        before = self.latest.progress
        ended = not self.is_working or self.latest.poll()
        if ended:
            self._runtimes.forget()
        if ended or before != self.latest.progress:
            redraw()
        return not ended

    def close(self) -> None:
        """Cancel what is in progress and forget it."""
        if self.latest is not None and self.is_working:
            self.latest.cancel()
        self.latest = None


def log(lines: int) -> str:
    """The last lines of the log of the last set-up, for diagnostics; empty when there was none."""
    try:
        written = (runtime.folder() / LOG).read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return "\n".join(written[-lines:])
