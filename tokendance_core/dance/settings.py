"""What to dance, and how: every option of a dance, declared once. No torch, no numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tokendance_core.finishing.settings import FinishSettings
from tokendance_core.music.rhythm.settings import BeatSettings
from tokendance_core.options import check, option

ANY = "any"
"""The genre to ask for when the song shall choose one."""

DANCED = "danced"
"""What the pipeline keeps in ``MotionClip.info``: the genre of the dance, whatever was asked for."""


@dataclass(frozen=True, kw_only=True)
class GenerateSettings(BeatSettings):
    """The dance that is asked for, and the beats it is danced to.

    ``finish`` None leaves the motion as the network made it. A genre that the checkpoint does not know is found out
    when it is loaded. Raises SettingError.
    """

    genre: str = option(ANY, "Style of the dance: a genre of the checkpoint, or any: the one that suits the song best")
    seed: int = option(
        0, "Another number, another dance", least=0, most=2**31 - 1, hint="Each number gives another dance."
    )
    steps: int = option(
        8,
        "Passes of refinement; 1 is the paper's single pass",
        least=1,
        most=1000,
        usual=64,
        hint="8 is a good value; 1 is the fastest.",
    )
    temperature: float = option(
        1.0,
        "0 is the likeliest dance, above 1 is wilder",
        least=0.0,
        most=100.0,
        usual=2.0,
        hint="Use 0.7 to 1.2 for most dances.",
    )
    variety: float = option(
        0.95,
        "How much of what could follow is drawn from: low keeps to the likeliest moves, 1 also takes the rarest",
        least=0.05,
        most=1.0,
        unit="part",
        hint="Use 0.8 to 1 for most dances.",
    )
    energy: float = option(
        0.0,
        "0 follows the song, below dances smaller, above bigger",
        least=-2.0,
        most=2.0,
        hint="0 follows the song; 1 dances bigger.",
    )
    accents: float = option(
        0.4,
        "How often the dance brakes on the accents of the song: in this part of its eights",
        least=0.0,
        most=1.0,
        unit="part",
        hint="0.4 answers them in two of five eights; 0 leaves it to the dance, 1 hits all of them.",
    )
    returns: float = option(
        1.0,
        "How much of its dance a passage gets back when the music returns, as a chorus does; 0 dances it anew",
        least=0.0,
        most=1.0,
        unit="part",
        hint="1 brings all of it back; 0.5 varies half of its bars.",
    )
    finish: FinishSettings | None = field(default_factory=FinishSettings)

    def __post_init__(self) -> None:
        check(self)


def danced_genre(info: Mapping[str, object]) -> str:
    """The genre of a dance by its ``MotionClip.info``; empty for motion that no network made."""
    return str(info.get(DANCED, ""))
