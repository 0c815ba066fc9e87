"""Rigs of Blender's rig makers, with their mechanism bones."""

from __future__ import annotations

from tests.rig_zoo.builder import Specimen

_META_ARM = """
   shoulder.[L|R] @ clavicle
    upper_arm.[L|R] @ shoulder
     forearm.[L|R] @ elbow
      hand.[L|R] @ wrist
"""
_META_LEG = """
 pelvis.[L|R] @ pelvis
 thigh.[L|R] @ hip
  shin.[L|R] @ knee
   foot.[L|R] @ ankle
    toe.[L|R] @ ball
    heel.02.[L|R] @ heel
"""
_META_HANDS = """
        palm.01.[L|R] @ index1
         f_index.01.[L|R] @ index2
          f_index.02.[L|R] @ index3
         thumb.01.[L|R] @ thumb1
        palm.02.[L|R] @ middle1
         f_middle.01.[L|R] @ middle2
        palm.03.[L|R] @ ring1
        palm.04.[L|R] @ pinky1
"""
_META_TRUNK = """
spine @ pelvis
 spine.001 @ spine 0.2
  spine.002 @ spine 0.45
   spine.003 @ spine 0.65
    spine.004 @ nape
     spine.005 @ neck 0.5
      spine.006 @ head
"""
_META_FACE = """
       face @ head
        nose @ 0 1.62 0.1
         nose.001 @ 0 1.6 0.12
        ear.[L|R] @ 0.07 1.6 0
        eye.[L|R] @ eye
        jaw @ jaw
"""
_META_BREAST = "    breast.[L|R] @ breast\n"
_META = (
    _META_TRUNK
    + _META_FACE.lstrip("\n")
    + _META_BREAST
    + _META_ARM.replace("\n ", "\n  ")
    + _META_HANDS.strip("\n")
    + "\n"
    + _META_LEG
)
_META_BASIC = _META_TRUNK + _META_BREAST + _META_ARM.replace("\n ", "\n  ") + _META_LEG
_META_JOINTS = """
pelvis spine; spine1 spine.001; spine2 spine.002; spine3 spine.003; neck spine.005; head spine.006; collar shoulder.[L|R];
shoulder upper_arm.[L|R]; elbow forearm.[L|R]; wrist hand.[L|R]; hip thigh.[L|R]; knee shin.[L|R]; ankle foot.[L|R]; foot toe.[L|R]
"""

_GENERATED = """
root @ floor
 DEF-spine @ pelvis
  DEF-spine.001 @ spine 0.2
   DEF-spine.002 @ spine 0.45
    DEF-spine.003 @ spine 0.65
     DEF-spine.004 @ nape
      DEF-spine.005 @ neck 0.5
       DEF-spine.006 @ head
MCH-torso.parent @ 0 1.02 0
 torso @ 0 1.02 0
  hips @ spine 0.45
  chest @ spine 0.45
  MCH-spine.001 @ spine 0.45
   spine_fk.001 @ spine 0.45
    MCH-spine @ spine 0.2
     spine_fk @ spine 0.2
      tweak_spine @ pelvis
       ORG-spine @ pelvis
        ORG-thigh.[L|R] @ hip
         ORG-shin.[L|R] @ knee
          ORG-foot.[L|R] @ ankle
        thigh_parent.[L|R] @ hip
        MCH-thigh_parent.[L|R] @ hip
         thigh_fk.[L|R] @ hip
          shin_fk.[L|R] @ knee
           MCH-foot_fk.[L|R] @ ankle
            foot_fk.[L|R] @ ankle
             MCH-toe_fk.[L|R] @ ball
              toe_fk.[L|R] @ ball
         thigh_ik.[L|R] @ hip
        DEF-thigh.[L|R] @ hip
         DEF-thigh.[L|R].001 @ thigh 0.5
          DEF-shin.[L|R] @ knee
           DEF-shin.[L|R].001 @ shin 0.5
            DEF-foot.[L|R] @ ankle
             DEF-toe.[L|R] @ ball
  MCH-spine.002 @ spine 0.45
   spine_fk.002 @ spine 0.45
    MCH-spine.003 @ spine 0.65
     spine_fk.003 @ spine 0.65
      MCH-ROT-neck @ nape
       neck @ nape
        MCH-ROT-head @ head
         head @ head
      tweak_spine.003 @ spine 0.65
       ORG-spine.003 @ spine 0.65
        breast.[L|R] @ breast
        ORG-shoulder.[L|R] @ clavicle
         ORG-upper_arm.[L|R] @ shoulder
          ORG-forearm.[L|R] @ elbow
           ORG-hand.[L|R] @ wrist
         DEF-shoulder.[L|R] @ clavicle
         upper_arm_parent.[L|R] @ shoulder
         MCH-upper_arm_parent.[L|R] @ shoulder
          upper_arm_fk.[L|R] @ shoulder
           forearm_fk.[L|R] @ elbow
            MCH-hand_fk.[L|R] @ wrist
             hand_fk.[L|R] @ wrist
          upper_arm_ik.[L|R] @ shoulder
         DEF-upper_arm.[L|R] @ shoulder
          DEF-upper_arm.[L|R].001 @ upperarm 0.5
           DEF-forearm.[L|R] @ elbow
            DEF-forearm.[L|R].001 @ forearm 0.5
             DEF-hand.[L|R] @ wrist
        shoulder.[L|R] @ clavicle
MCH-hand_ik.parent.[L|R] @ wrist
 hand_ik.[L|R] @ wrist
MCH-upper_arm_ik_target.parent.[L|R] @ 0.45 1.41 -0.5
 upper_arm_ik_target.[L|R] @ 0.45 1.41 -0.5
MCH-foot_ik.parent.[L|R] @ ankle
 foot_ik.[L|R] @ ankle
  foot_heel_ik.[L|R] @ ankle
MCH-thigh_ik_target.parent.[L|R] @ 0.09 0.5 1
 thigh_ik_target.[L|R] @ 0.09 0.5 1
"""
_DEFORM = """
root @ floor
 DEF-spine @ pelvis
  DEF-pelvis.[L|R] @ pelvis
  DEF-thigh.[L|R] @ hip
   DEF-thigh.[L|R].001 @ thigh 0.5
    DEF-shin.[L|R] @ knee
     DEF-shin.[L|R].001 @ shin 0.5
      DEF-foot.[L|R] @ ankle
       DEF-toe.[L|R] @ ball
  DEF-spine.001 @ spine 0.2
   DEF-spine.002 @ spine 0.45
    DEF-spine.003 @ spine 0.65
     DEF-spine.004 @ nape
      DEF-spine.005 @ neck 0.5
       DEF-spine.006 @ head
     DEF-shoulder.[L|R] @ clavicle
      DEF-upper_arm.[L|R] @ shoulder
       DEF-upper_arm.[L|R].001 @ upperarm 0.5
        DEF-forearm.[L|R] @ elbow
         DEF-forearm.[L|R].001 @ forearm 0.5
          DEF-hand.[L|R] @ wrist
           *fingers DEF-f_{}.0#1.[L|R] thumb index middle ring pinky
"""
_DEFORM_HIPS = """
root @ floor
 DEF-hips @ pelvis
  DEF-spine.001 @ spine 0.2
   DEF-spine.002 @ spine 0.45
    DEF-spine.003 @ spine 0.65
     DEF-neck @ nape
      DEF-head @ head
     DEF-shoulder.[L|R] @ clavicle
      DEF-upper_arm.[L|R] @ shoulder
       DEF-forearm.[L|R] @ elbow
        DEF-hand.[L|R] @ wrist
         *fingers DEF-f_{}.0#1.[L|R] thumb index middle ring pinky
  DEF-thigh.[L|R] @ hip
   DEF-shin.[L|R] @ knee
    DEF-foot.[L|R] @ ankle
     DEF-toe.[L|R] @ ball
"""
_DEFORM_LIMBS = """
collar DEF-shoulder.[L|R]; shoulder DEF-upper_arm.[L|R]; elbow DEF-forearm.[L|R]; wrist DEF-hand.[L|R]; hip DEF-thigh.[L|R];
knee DEF-shin.[L|R]; ankle DEF-foot.[L|R]; foot DEF-toe.[L|R]; root root; spine1 DEF-spine.001; spine2 DEF-spine.002;
spine3 DEF-spine.003;
"""

_ARP_DEFORM = """
root.x @ pelvis
 spine_01.x @ spine 0.2
  spine_02.x @ spine 0.5
   neck.x @ nape
    head.x @ head
   shoulder.[l|r] @ clavicle
    arm_stretch.[l|r] @ shoulder
     forearm_stretch.[l|r] @ elbow
      hand.[l|r] @ wrist
       *fingers {}#1.[l|r] thumb index middle ring pinky
     forearm_twist.[l|r] @ forearm 0.5
    arm_twist.[l|r] @ upperarm 0.1
 thigh_stretch.[l|r] @ hip
  leg_stretch.[l|r] @ knee
   foot.[l|r] @ ankle
    toes_01.[l|r] @ ball
   leg_twist.[l|r] @ shin 0.5
  thigh_twist.[l|r] @ thigh 0.1
"""
_ARP_CONTROL = """
c_pos @ floor
 c_traj @ floor
  c_root_master.x @ pelvis
   c_root.x @ 0 0.951 0
    root.x @ pelvis
     c_thigh_b.[l|r] @ hip
      c_thigh_fk.[l|r] @ hip
       thigh_fk.[l|r] @ hip
        c_leg_fk.[l|r] @ knee
         leg_fk.[l|r] @ knee
          c_foot_fk.[l|r] @ ankle
           foot_fk.[l|r] @ ankle
            c_toes_fk.[l|r] @ ball
      thigh_stretch.[l|r] @ hip
       leg_stretch.[l|r] @ knee
        foot.[l|r] @ ankle
         toes_01.[l|r] @ ball
   c_spine_01.x @ spine 0.2
    spine_01.x @ spine 0.2
     c_spine_02.x @ spine 0.5
      spine_02.x @ spine 0.5
       c_neck.x @ nape
        neck.x @ nape
         c_head.x @ head
          head.x @ head
       c_shoulder.[l|r] @ clavicle
        shoulder.[l|r] @ clavicle
         c_arm_fk.[l|r] @ shoulder
          arm_fk.[l|r] @ shoulder
           c_forearm_fk.[l|r] @ elbow
            forearm_fk.[l|r] @ elbow
             c_hand_fk.[l|r] @ wrist
         arm_stretch.[l|r] @ shoulder
          forearm_stretch.[l|r] @ elbow
           hand.[l|r] @ wrist
  c_hand_ik.[l|r] @ wrist
  c_arms_pole.[l|r] @ 0.45 1.41 -0.5
  c_foot_ik.[l|r] @ ankle
  c_leg_pole.[l|r] @ 0.09 0.5 0.6
"""
_CLOUDRIG = """
root @ floor
 Properties_IKFK @ 0 0 -0.3
 MSTR-Torso @ pelvis
  FK-Spine @ spine 0.2
   FK-Chest @ spine 0.6
    FK-Neck @ nape
     FK-Head @ head
    FK-Clavicle.[L|R] @ clavicle
     FK-Upperarm_Parent.[L|R] @ shoulder
      FK-Upperarm.[L|R] @ shoulder
       FK-Forearm.[L|R] @ elbow
        FK-Hand.[L|R] @ wrist
     DEF-Upperarm1.[L|R] @ shoulder
      DEF-Upperarm2.[L|R] @ upperarm 0.5
       DEF-Forearm1.[L|R] @ elbow
        DEF-Hand.[L|R] @ wrist
  FK-Thigh_Parent.[L|R] @ hip
   FK-Thigh.[L|R] @ hip
    FK-Shin.[L|R] @ knee
     FK-Foot.[L|R] @ ankle
      FK-Toe.[L|R] @ ball
   DEF-Thigh1.[L|R] @ hip
    DEF-Thigh2.[L|R] @ thigh 0.5
     DEF-Shin1.[L|R] @ knee
      DEF-Foot.[L|R] @ ankle
 IK-Hand.[L|R] @ wrist
 MSTR-Foot.[L|R] @ ankle
 IK-Pole-Forearm.[L|R] @ 0.45 1.41 -0.5
 IK-Pole-Shin.[L|R] @ 0.09 0.5 0.6
"""
_CLOUDRIG_2 = """
root @ floor
 MSTR-Spine_Torso @ pelvis
  MSTR-Spine_Hips @ spine 0.1
   FK-Thigh.[L|R] @ hip
    FK-Knee.[L|R] @ knee
     FK-Foot.[L|R] @ ankle
      FK-Toes.[L|R] @ ball
  FK-Spine @ spine 0.2
   FK-Chest @ spine 0.6
    FK-Neck @ nape
     FK-Head @ head
    FK-Shoulder.[L|R] @ clavicle
     FK-UpperArm.[L|R] @ shoulder
      FK-Forearm.[L|R] @ elbow
       FK-Wrist.[L|R] @ wrist
 IK-MSTR-Wrist.[L|R] @ wrist
 IK-MSTR-Foot.[L|R] @ ankle
"""

CONTROL_RIGS = {
    "rigify metarig": Specimen("rigify metarig", _META, _META_JOINTS, arm=35.0),
    "rigify basic metarig": Specimen("rigify metarig", _META_BASIC, _META_JOINTS, arm=35.0),
    "rigify": Specimen(
        "rigify",
        _GENERATED,
        """root root; pelvis spine_fk; spine1 spine_fk.001; spine2 spine_fk.002; spine3 spine_fk.003; neck neck; head head;
        collar shoulder.[L|R]; shoulder upper_arm_fk.[L|R]; elbow forearm_fk.[L|R]; wrist hand_fk.[L|R]; hip thigh_fk.[L|R];
        knee shin_fk.[L|R]; ankle foot_fk.[L|R]; foot toe_fk.[L|R]""",
        ik="wrist hand_ik.[L|R]; ankle foot_ik.[L|R]; elbow upper_arm_ik_target.[L|R]; knee thigh_ik_target.[L|R]",
        path="torso",
        switches=(
            *((f"{limb}_parent.{side}", "IK_FK", 1.0) for limb in ("upper_arm", "thigh") for side in "LR"),
            *((f"{limb}_parent.{side}", "FK_limb_follow", 0.0) for limb in ("upper_arm", "thigh") for side in "LR"),
            ("torso", "neck_follow", 1.0),
            ("torso", "head_follow", 1.0),
        ),
        driven="(DEF|ORG|MCH)-",
        arm=35.0,
    ),
    "rigify deform": Specimen(
        "rigify deform",
        _DEFORM,
        _DEFORM_LIMBS + "pelvis DEF-spine; neck DEF-spine.005; head DEF-spine.006",
        """shoulder DEF-upper_arm.[L|R].001; elbow DEF-forearm.[L|R].001; hip DEF-thigh.[L|R].001; knee DEF-shin.[L|R].001""",
        arm=35.0,
    ),
    "rigify deform with hips": Specimen(
        "rigify deform", _DEFORM_HIPS, _DEFORM_LIMBS + "pelvis DEF-hips; neck DEF-neck; head DEF-head"
    ),
    "auto-rig pro": Specimen(
        "auto-rig pro",
        _ARP_CONTROL,
        """root c_pos; pelvis c_root_master.x; spine1 c_spine_01.x; spine3 c_spine_02.x; neck c_neck.x; head c_head.x;
        collar c_shoulder.[l|r]; shoulder c_arm_fk.[l|r]; elbow c_forearm_fk.[l|r]; wrist c_hand_fk.[l|r]; hip c_thigh_fk.[l|r];
        knee c_leg_fk.[l|r]; ankle c_foot_fk.[l|r]; foot c_toes_fk.[l|r]""",
        ik="wrist c_hand_ik.[l|r]; elbow c_arms_pole.[l|r]; ankle c_foot_ik.[l|r]; knee c_leg_pole.[l|r]",
        path="c_root_master.x",
        switches=tuple((f"c_{limb}_ik.{side}", "ik_fk_switch", 1.0) for limb in ("hand", "foot") for side in "lr"),
        driven="(?!c_)",
        arm=45.0,
    ),
    "auto-rig pro deform": Specimen(
        "auto-rig pro deform",
        _ARP_DEFORM,
        """pelvis root.x; spine1 spine_01.x; spine3 spine_02.x; neck neck.x; head head.x; collar shoulder.[l|r];
        shoulder arm_stretch.[l|r]; elbow forearm_stretch.[l|r]; wrist hand.[l|r]; hip thigh_stretch.[l|r]; knee leg_stretch.[l|r];
        ankle foot.[l|r]; foot toes_01.[l|r]""",
        """shoulder arm_twist.[l|r]; elbow forearm_twist.[l|r]; hip thigh_twist.[l|r]; knee leg_twist.[l|r]""",
        unit=100.0,
        arm=45.0,
    ),
    "cloudrig": Specimen(
        "cloudrig",
        _CLOUDRIG,
        """root root; pelvis MSTR-Torso; spine1 FK-Spine; spine3 FK-Chest; neck FK-Neck; head FK-Head; collar FK-Clavicle.[L|R];
        shoulder FK-Upperarm.[L|R]; elbow FK-Forearm.[L|R]; wrist FK-Hand.[L|R]; hip FK-Thigh.[L|R]; knee FK-Shin.[L|R];
        ankle FK-Foot.[L|R]; foot FK-Toe.[L|R]""",
        ik="wrist IK-Hand.[L|R]; ankle MSTR-Foot.[L|R]; elbow IK-Pole-Forearm.[L|R]; knee IK-Pole-Shin.[L|R]",
        path="MSTR-Torso",
        switches=tuple(
            ("Properties_IKFK", f"ik_{limb}_{side}", 0.0) for limb in ("arm", "leg") for side in ("left", "right")
        ),
        driven="DEF-",
    ),
    "cloudrig of later films": Specimen(
        "cloudrig",
        _CLOUDRIG_2,
        """root root; pelvis MSTR-Spine_Torso; spine1 FK-Spine; spine3 FK-Chest; neck FK-Neck; head FK-Head; collar FK-Shoulder.[L|R];
        shoulder FK-UpperArm.[L|R]; elbow FK-Forearm.[L|R]; wrist FK-Wrist.[L|R]; hip FK-Thigh.[L|R]; knee FK-Knee.[L|R];
        ankle FK-Foot.[L|R]; foot FK-Toes.[L|R]""",
        ik="wrist IK-MSTR-Wrist.[L|R]; ankle IK-MSTR-Foot.[L|R]",
        path="MSTR-Spine_Torso",
    ),
}
"""Name -> rig and what has to be recognised in it."""
