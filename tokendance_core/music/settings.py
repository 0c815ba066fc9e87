"""Which part of a song is danced to."""

from __future__ import annotations

from dataclasses import dataclass

from tokendance_core.errors import AudioError
from tokendance_core.options import check, option

MIN_SPEED, MAX_SPEED = 0.25, 4.0


@dataclass(frozen=True, kw_only=True)
class SongPart:
    """Seconds of the file, whatever speed it is played at. Raises AudioError; ``audio.load`` knows the song itself."""

    start: float = option(0.0, "Second of the song at which the dance begins", least=0.0, unit="s", once=True)
    duration: float = option(0.0, "Seconds of the song to dance to; 0: to its end", least=0.0, unit="s", once=True)
    speed: float = option(
        1.0,
        "How many times as fast as its file the song is played",
        least=MIN_SPEED,
        most=MAX_SPEED,
        once=True,
        hint="1 is the speed of the file.",
    )

    def __post_init__(self) -> None:
        check(self, AudioError)
