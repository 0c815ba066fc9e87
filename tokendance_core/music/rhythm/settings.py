"""How the beats of a song are put right by somebody who hears it."""

from __future__ import annotations

from dataclasses import dataclass

from tokendance_core.options import check, option


@dataclass(frozen=True, kw_only=True)
class BeatSettings:
    """Corrections of the beats that were found, which everything that follows beats goes by. Raises SettingError."""

    tempo: str = option(
        "heard",
        "Which of the beats that are heard count, where the song is taken for twice or half as fast as it is",
        choices={
            "heard": ("As Heard", "The beats as they are found; the dance takes 80 to 160 of them a minute"),
            "half": ("Half", "Every other beat, among them those that begin bars; the dance steps on these alone"),
            "double": ("Double", "Twice as many beats; the dance steps on each of them"),
        },
        once=True,
    )
    beat_shift: str = option(
        "none",
        "Where the beats are, where the sounds between them are taken for beats, as in ska or with loud off-beat hats",
        choices={
            "none": ("None", "The beats as they are found"),
            "half": ("Half a Beat", "Half-way between those beats, after the tempo is doubled or halved"),
        },
        once=True,
    )

    def __post_init__(self) -> None:
        check(self)
