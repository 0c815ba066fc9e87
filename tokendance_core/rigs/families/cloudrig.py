"""CloudRig, the generator of Blender Studio's characters: its forward-kinematics controls, and its deform bones."""

from __future__ import annotations

from tokendance_core.rigs.families.family import Family

CLOUDRIG = Family(
    name="cloudrig",
    title="CloudRig",
    prefix=r"(?=FK-|MSTR-|IK-|Properties_)",
    joints={
        "pelvis": ("mstrspinetorso", "mstrtorso", "mstrpelvis", "mstrhips"),
        "neck": ("fkneck", "fkneck1", "fkneck2"),
        "head": ("fkhead",),
        "collar": ("fkclavicle", "fkshoulder"),
        "shoulder": ("fkupperarm",),
        "elbow": ("fkforearm",),
        "wrist": ("fkhand", "fkwrist"),
        "hip": ("fkthigh",),
        "knee": ("fkshin", "fkknee"),
        "ankle": ("fkfoot", "fkwfoot"),
        "foot": ("fktoe", "fktoes"),
    },
    spine=("fkspine", "fkspine1", "fkspine2", "fkspine3", "fkspine4", "fkchest", "fkribcage"),
    marks=("fkthigh",),
    ik={
        "wrist": ("ikmstrwrist", "ikmstrhand", "ikwrist", "ikhand"),
        "ankle": ("mstrfoot", "ikmstrfoot", "ikfoot"),
        "elbow": ("ikpoleforearm",),
        "knee": ("ikpoleshin",),
    },
    switches=tuple(
        ("propertiesikfk", f"ik_{limb}_{side}", 0.0) for limb in ("arm", "leg") for side in ("left", "right")
    ),
    path=("mstrspinetorso", "mstrtorso", "mstrpelvis"),
    controls=True,
)

CLOUDRIG_DEFORM = Family(
    name="cloudrig deform",
    title="CloudRig deform",
    prefix=r"DEF-",
    joints={
        "pelvis": ("hips", "pelvis", "spine"),
        "neck": ("neck", "neck1"),
        "head": ("head",),
        "collar": ("shoulder", "clavicle"),
        "shoulder": ("upperarm1",),
        "elbow": ("forearm1",),
        "wrist": ("hand", "wrist"),
        "hip": ("thigh1",),
        "knee": ("shin1", "knee1"),
        "ankle": ("foot",),
        "foot": ("toe", "toes"),
    },
    spine=("spine1", "spine2", "spine3", "spine4", "chest", "ribcage"),
    marks=("thigh1",),
    twist={"shoulder": ("upperarm2",), "elbow": ("forearm2",), "hip": ("thigh2",), "knee": ("shin2", "knee2")},
)
