"""MikuMikuDance: Japanese names with 左/右 or, as mmd_tools writes them, with ``.L``/``.R``; and their usual English
names.

下半身 (the pelvis, with the legs) and 上半身 (the spine) both are children of センター. The D-bones carry the skin of
the legs.
"""

from __future__ import annotations

from dataclasses import replace

from tokendance_core.rigs.families.family import Family

MMD = Family(
    name="mmd",
    title="MMD",
    joints={
        "pelvis": ("下半身",),
        "neck": ("首", "首1"),
        "head": ("頭",),
        "collar": ("肩",),
        "shoulder": ("腕",),
        "elbow": ("ひじ", "肘"),
        "wrist": ("手首",),
        "hip": ("足",),
        "knee": ("ひざ", "膝"),
        "ankle": ("足首",),
        "foot": ("足先ex", "つま先"),
    },
    spine=("上半身", "上半身2", "上半身3"),
    marks=("上半身",),
    twist={"shoulder": ("腕捩", "腕捩1", "腕捩2", "腕捩3"), "elbow": ("手捩", "手捩1", "手捩2", "手捩3")},
    followers={"hip": ("足d",), "knee": ("ひざd", "膝d"), "ankle": ("足首d",)},
    ik={"ankle": ("足ik",), "foot": ("つま先ik",)},
    path=("センター", "グルーブ"),
    waist_is_split=True,
)

MMD_ENGLISH = replace(
    MMD,
    name="mmd english",
    title="English MMD",
    joints={
        "pelvis": ("lowerbody",),
        "neck": ("neck",),
        "head": ("head",),
        "collar": ("shoulder",),
        "shoulder": ("arm",),
        "elbow": ("elbow",),
        "wrist": ("wrist",),
        "hip": ("leg",),
        "knee": ("knee",),
        "ankle": ("ankle",),
        "foot": ("toeex", "legtipex", "toetipex", "toe"),
    },
    spine=("upperbody", "upperbody2", "upperbody3"),
    marks=("upperbody",),
    twist={
        "shoulder": ("armtwist", "armtwist1", "armtwist2", "armtwist3"),
        "elbow": ("handtwist", "wristtwist", "handtwist1"),
    },
    followers={"hip": ("legd",), "knee": ("kneed",), "ankle": ("ankled",)},
    ik={"ankle": ("legik",), "foot": ("toeik",)},
    path=("center", "groove"),
)
