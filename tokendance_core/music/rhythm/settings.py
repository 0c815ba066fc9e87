"""How the beats of a song are put right by somebody who hears it."""

from __future__ import annotations

from dataclasses import dataclass

from tokendance_core.options import check, option


@dataclass(frozen=True, kw_only=True)
class BeatSettings:
    """Corrections of the beats that were found, which everything that follows beats goes by. Raises SettingError."""

    tempo: str = option(
        "heard",
        "Which beats count: half takes every other one, where a song is taken for twice as fast as it is; double puts "
        "one between each two; the dance then steps on just these",
        choices={
            "heard": ("As Heard", "The beats as they are found; the dance takes 80 to 160 of them a minute"),
            "half": ("Half Tempo", "Every other beat, those of bars among them; the dance steps on these alone"),
            "double": ("Double Tempo", "Twice as many beats; the dance steps on each of them"),
        },
        once=True,
    )
    beat_shift: str = option(
        "none",
        "Half moves all beats by half a beat of the tempo that was chosen: for songs whose off-beats are taken for "
        "beats, as in ska or with loud off-beat hats",
        choices={
            "none": ("On the Beat", "The beats as they are found"),
            "half": ("Half a Beat", "Half-way between those beats, after the tempo is doubled or halved"),
        },
        once=True,
    )

    def __post_init__(self) -> None:
        check(self)
