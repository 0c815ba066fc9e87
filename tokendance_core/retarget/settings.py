"""What may be changed about a dance while it is put on a rig."""

from __future__ import annotations

from dataclasses import dataclass

from tokendance_core.options import check, option


@dataclass(frozen=True, kw_only=True)
class RetargetSettings:
    """What may be changed after the exact transfer, which the defaults give. Raises SettingError."""

    root_motion: str = option(
        "hips",
        "Which bone carries the path over the floor",
        choices={
            "hips": ("Hips", "The hips carry the whole path"),
            "root": ("Root Bone", "A separate root bone carries the path over the floor, the hips the rest"),
            "in_place": ("In Place", "The dancer stays where it is"),
        },
    )
    travel: float = option(1.0, "Size of the path over the floor", least=0.0, most=10.0)
    floor: float = option(
        0.0,
        "Height of the floor above the one that the character rests on, in units of the scene",
        least=-10_000.0,
        most=10_000.0,
        unit="m",
    )
    turn: float = option(
        0.0,
        "Degrees by which the whole dance is turned about the place where it begins, to its left where positive",
        least=-360.0,
        most=360.0,
    )
    aside: float = option(
        0.0,
        "Moves the whole dance to the character's left, in units of the scene",
        least=-10_000.0,
        most=10_000.0,
        unit="m",
        label="Place Aside",
    )
    ahead: float = option(
        0.0,
        "Moves the whole dance to the character's front, in units of the scene",
        least=-10_000.0,
        most=10_000.0,
        unit="m",
        label="Place Ahead",
    )
    foot_lock: float = option(
        0.0,
        "Hold standing feet in place on the character's own proportions; 0 keeps the dancer's leg directions exactly",
        least=0.0,
        most=1.0,
        unit="part",
    )
    arm_spacing: float = option(
        0.0,
        "Keep hands out of a wide body, and let hands that meet meet; 0 keeps the dancer's arm directions exactly",
        least=0.0,
        most=1.0,
        unit="part",
    )
    mirror: bool = option(False, "Swap left and right")
    key_ik: bool = option(
        False, "Key IK hands, feet and poles too, so that limbs can be switched to IK", label="Key IK Controls"
    )

    pose_as_rest: bool = option(
        False,
        "Take the pose that the character is in now for its rest pose, where the rest pose of its bones is no stand",
        label="Pose as Rest",
    )

    def __post_init__(self) -> None:
        check(self)
