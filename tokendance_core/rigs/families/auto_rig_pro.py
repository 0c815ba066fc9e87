"""Auto-Rig Pro: the controls of a finished rig, and its deform bones in a game export."""

from __future__ import annotations

from tokendance_core.rigs.families.family import Family

AUTO_RIG_PRO_CONTROL = Family(
    name="auto-rig pro",
    title="Auto-Rig Pro",
    joints={
        "pelvis": ("crootmasterx", "crootx"),
        "neck": ("cneckx",),
        "head": ("cheadx",),
        "collar": ("cshoulder",),
        "shoulder": ("carmfk",),
        "elbow": ("cforearmfk",),
        "wrist": ("chandfk",),
        "hip": ("cthighfk",),
        "knee": ("clegfk",),
        "ankle": ("cfootfk",),
        "foot": ("ctoesfk",),
    },
    spine=tuple(f"cspine0{number}x" for number in range(1, 7)),
    marks=("cthighfk",),
    ik={"wrist": ("chandik",), "ankle": ("cfootik",), "elbow": ("carmspole",), "knee": ("clegpole",)},
    switches=(("chandik", "ik_fk_switch", 1.0), ("cfootik", "ik_fk_switch", 1.0)),
    path=("crootmasterx",),
    controls=True,
)

AUTO_RIG_PRO_DEFORM = Family(
    name="auto-rig pro deform",
    title="Auto-Rig Pro deform",
    joints={
        "pelvis": ("rootx",),
        "neck": ("neckx",),
        "head": ("headx",),
        "collar": ("shoulder",),
        "shoulder": ("armstretch", "arm"),
        "elbow": ("forearmstretch", "forearm"),
        "wrist": ("hand",),
        "hip": ("thighstretch", "thigh"),
        "knee": ("legstretch", "leg"),
        "ankle": ("foot",),
        "foot": ("toes01", "toes"),
    },
    spine=tuple(f"spine0{number}x" for number in range(1, 7)),
    marks=("rootx", "spine01x"),
    twist={"shoulder": ("armtwist",), "elbow": ("forearmtwist",), "hip": ("thightwist",), "knee": ("legtwist",)},
)
