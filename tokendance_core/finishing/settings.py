"""How a dance is finished."""

from __future__ import annotations

from dataclasses import dataclass

from tokendance_core.options import check, option


@dataclass(frozen=True, kw_only=True)
class FinishSettings:
    """What ``finish`` does to a dance of the network; each option at 0 (or off) leaves that part alone.

    Raises SettingError for values out of range.
    """

    smoothing: float = option(
        1.0,
        "Calm the joints: width of a low pass in frames at 30 a second, 0 is off",
        least=0.0,
        most=10.0,
        unit="frames",
        hint="Use 1 for light smoothing, 0 for none.",
    )
    foot_lock: float = option(
        1.0,
        "Keep standing feet still; 0 leaves them to what the network made",
        least=0.0,
        most=1.0,
        unit="part",
        hint="Use 1 to keep standing feet still, 0 to leave them.",
    )
    stage: float = option(
        1.5,
        "Radius of the stage that the dance is kept on, its face to the audience; 0 is off",
        least=0.0,
        most=100.0,
        usual=5.0,
        unit="m",
        hint="Use 1 for a small stage, 3 for a large one, 0 to let the dance go where it goes.",
    )
    ground: bool = option(True, "Put the usual height of the feet on the floor")
    settle: float = option(
        1.0,
        "Seconds in which the dance starts from rest, and comes to rest on its last pose; 0 is off",
        least=0.0,
        most=3.0,
        unit="s",
        hint="Use 1 to start and end at rest, 0 to leave both ends.",
    )

    def __post_init__(self) -> None:
        check(self)


NOTHING = FinishSettings(smoothing=0.0, foot_lock=0.0, stage=0.0, ground=False, settle=0.0)
"""The motion as it is, but for where it begins."""
