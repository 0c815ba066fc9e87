"""Motions written as the data sets write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile


def write_sound(path: Path, seconds: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(int(seconds * 8000)), 8000)
    return path


def mixamo_bvh(
    angles: dict[str, tuple[float, float, float]] | None = None,
    *,
    scale: float = 100.0,
    arm: float = 0.0,
    prefix: str = "",
) -> str:
    """A standing person with Mixamo names, one frame at 120 fps: ``angles`` (z, x, y) degrees by joint, ``scale`` units
    to a metre.

    ``arm``: degrees by which the resting arms hang below the horizontal (0: T-pose).
    """
    down = np.radians(arm)

    def arm_offset(side: int, length: float) -> tuple[float, float, float]:
        return (side * length * np.cos(down), -length * np.sin(down), 0.0)

    def limbs(name: str, side: int) -> tuple:
        hand = (f"{name}Hand", arm_offset(side, 0.27), ())
        return (
            f"{name}Shoulder",
            (side * 0.05, 0.12, 0),
            ((f"{name}Arm", (side * 0.13, 0, 0), ((f"{name}ForeArm", arm_offset(side, 0.3), (hand,)),)),),
        )

    def leg(name: str, side: int) -> tuple:
        foot = (f"{name}Foot", (0, -0.45, 0), ((f"{name}ToeBase", (0, -0.07, 0.15), ()),))
        return f"{name}UpLeg", (side * 0.1, -0.05, 0), ((f"{name}Leg", (0, -0.45, 0), (foot,)),)

    chest = (
        "Spine1",
        (0, 0.15, 0),
        (("Neck", (0, 0.25, 0), (("Head", (0, 0.1, 0), ()),)), limbs("Left", 1), limbs("Right", -1)),
    )
    body = ("Hips", (0, 0, 0), (("Spine", (0, 0.1, 0), (chest,)), leg("Left", 1), leg("Right", -1)))
    values: list[str] = []

    def lines(part: tuple, depth: int) -> list[str]:
        name, offset, children = part
        turn = (angles or {}).get(name, (0.0, 0.0, 0.0))
        values.extend(map(str, (*((0.0, 1.02 * scale, 0.0) if depth == 0 else ()), *turn)))
        channels = (
            "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
            if depth == 0
            else "3 Zrotation Xrotation Yrotation"
        )
        head = [
            f"{'JOINT' if depth else 'ROOT'} {prefix}{name}",
            "{",
            "OFFSET " + " ".join(f"{scale * v:.6f}" for v in offset),
            f"CHANNELS {channels}",
        ]
        inner = [line for child in children for line in lines(child, depth + 1)] or [
            "End Site",
            "{",
            "OFFSET 0 0 0",
            "}",
        ]
        return [*head, *inner, "}"]

    hierarchy = lines(body, 0)
    return "\n".join(
        [
            "HIERARCHY",
            *hierarchy,
            "MOTION",
            "Frames: 2",
            "Frame Time: 0.00833333",
            " ".join(values),
            " ".join(values),
            "",
        ]
    )
