"""What the commands, and the worker on behalf of the add-on, are asked for: plain data that travels as JSON.

{"generate": {"song": …, "samples": …, "output": …, "settings": {…}, "part": {…}, "run": {…}}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.errors import SettingError
from tokendance_core.files.guarded import guarded
from tokendance_core.files.json_file import parse_json
from tokendance_core.music.rhythm.settings import BeatSettings
from tokendance_core.music.settings import SongPart
from tokendance_core.options import check, from_json, option


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Where and by what the network runs, and with which weights. Raises SettingError."""

    engine: str = option(
        "auto",
        "What computes the network",
        choices={
            "auto": ("Automatic", "PyTorch on a graphics card, NumPy on the processor"),
            "numpy": ("NumPy", "NumPy, which is always there, on the processor"),
            "torch": ("PyTorch", "PyTorch, where it is installed, on any device"),
        },
    )
    device: str = option(
        "auto",
        "Where the network runs",
        choices={
            "auto": ("Automatic", "An NVIDIA graphics card if PyTorch can use it, otherwise the processor"),
            "cpu": ("Processor", "The processor"),
            "cuda": ("CUDA", "An NVIDIA graphics card"),
            "mps": ("Metal", "The graphics processor of an Apple computer"),
        },
    )
    threads: int = option(
        0,
        "Threads of the processor that a dance may use; 0: as many as pay",
        least=0,
        most=64,
        hint="1 leaves the other cores to other work.",
    )
    checkpoint: str = option(
        "", "File with the weights of the network; empty: the one that comes with TokenDance", unit="file"
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class DanceRequest:
    """A dance for ``part`` of the file ``song``, to be written to ``output``; the file ``samples``, where there is one,
    holds that part decoded (``music/audio.py``). Raises SettingError.
    """

    song: str = option("", "Sound file to dance to", unit="file", once=True)
    samples: str = option("", "File with the decoded part of the song; empty: read it", unit="file", once=True)
    output: str = option("", "Motion file to write", unit="file", once=True)
    settings: GenerateSettings = field(default_factory=GenerateSettings)
    part: SongPart = field(default_factory=SongPart)
    run: RunSettings = field(default_factory=RunSettings)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class ListenRequest:
    """Length, tempo and beats of ``part`` of a song, whose decoded ``samples`` may be there already, with its beats put
    right as ``beats`` says. Raises SettingError.
    """

    song: str = option("", "Sound file to listen to", unit="file", once=True)
    samples: str = option("", "File with the decoded part of the song; empty: read it", unit="file", once=True)
    part: SongPart = field(default_factory=SongPart)
    beats: BeatSettings = field(default_factory=BeatSettings)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class WarmRequest:
    """Everything loaded before the first dance is asked for. Raises SettingError."""

    run: RunSettings = field(default_factory=RunSettings)


Request = DanceRequest | ListenRequest | WarmRequest

KINDS: Mapping[str, type[Request]] = {"generate": DanceRequest, "listen": ListenRequest, "warm": WarmRequest}
"""Name of a request in JSON -> what it holds."""


def request_to_json(request: Request) -> str:
    """One line of JSON that ``request_from_json`` reads."""
    name = next(name for name, kind in KINDS.items() if isinstance(request, kind))
    return json.dumps({name: asdict(request)})


@guarded(SettingError, "is no request", "Set TokenDance up again, or report this.")
def request_from_json(text: str | bytes) -> Request:
    """The request in a line of JSON; SettingError when it is none."""
    try:
        content = parse_json(text, is_strict=False)
    except ValueError as error:
        raise SettingError(f"The request cannot be read ({error}).", hint="Write one object of JSON.") from None
    if not isinstance(content, dict) or len(content) != 1 or not content.keys() <= KINDS.keys():
        raise SettingError("The request asks for nothing known.", hint=f"Known are {', '.join(KINDS)}.")
    ((name, fields),) = content.items()
    return from_json(KINDS[name], fields)
