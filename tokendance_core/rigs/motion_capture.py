"""Skeletons of motion-capture files: Mixamo, MotionBuilder, Motorica, CMU and Daz names.

Not among the families that an armature is matched against: files of these names are read by ``datasets.bvh_reader``, which
corrects their rest pose as well.
"""

from __future__ import annotations

FAMILY = "motion capture"

PREFIXES = ("mixamorig",)

_CENTRE: dict[str, tuple[str, ...]] = {
    "pelvis": ("Hips", "Hip", "Pelvis"),
    "spine1": ("Spine", "Abdomen"),
    "spine2": ("Spine1", "Spine_1", "Abdomen2"),
    "spine3": ("Spine2", "Spine_2", "Chest"),
    "neck": ("Neck",),
    "head": ("Head",),
}

# joint -> the usual name behind "Left" or "Right", Daz's behind "l" or "r"
_SIDE: dict[str, tuple[str, str]] = {
    "hip": ("UpLeg", "Thigh"),
    "knee": ("Leg", "Shin"),
    "ankle": ("Foot", "Foot"),
    "foot": ("ToeBase", "Toe"),
    "collar": ("Shoulder", "Collar"),
    "shoulder": ("Arm", "Shldr"),
    "elbow": ("ForeArm", "ForeArm"),
    "wrist": ("Hand", "Hand"),
}

NAMES: dict[str, tuple[str, ...]] = _CENTRE | {
    f"{side.lower()}_{joint}": (f"{side}{usual}", f"{side[0].lower()}{daz}")
    for side in ("Left", "Right")
    for joint, (usual, daz) in _SIDE.items()
}
"""Spellings of every joint, the usual one first."""

REQUIRED = (
    "pelvis",
    "head",
    *(f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")),
)
"""Joints without which a dance cannot be read."""
