"""Bodies that hang together in unusual ways: feet that stand for themselves, hips beside the legs, several roots."""

from __future__ import annotations

from dataclasses import replace

from tests.rig_zoo.builder import Y_UP, Specimen

_IK_FEET = """
Bone @ floor
 Foot.[L|R] @ ankle
  Toes.[L|R] @ ball
 PoleTarget.[L|R] @ 0.09 0.5 0.6
 Body @ 0 0.9 0
  Hips @ pelvis
   Abdomen @ spine 0.3
    Torso @ chest
     Neck @ nape
      Head @ head
     Shoulder.[L|R] @ clavicle
      UpperArm.[L|R] @ shoulder
       LowerArm.[L|R] @ elbow
        Palm.[L|R] @ wrist
         Thumb1.[L|R] @ thumb1
         Fingers1.[L|R] @ middle1
  UpperLeg.[L|R] @ hip
   LowerLeg.[L|R] @ knee
"""
_IK_JOINTS = """
root Bone; pelvis Body; spine1 Abdomen; spine3 Torso; neck Neck; head Head; collar Shoulder.[L|R]; shoulder UpperArm.[L|R];
elbow LowerArm.[L|R]; wrist Palm.[L|R]; hip UpperLeg.[L|R]; knee LowerLeg.[L|R]; ankle Foot.[L|R]; foot Toes.[L|R]
"""
_IK_EVERYWHERE = """
Master @ floor
 Root @ floor
  FootIK.[L|R] @ ankle
   FootRoll.[L|R] @ heel
  KneePole.[L|R] @ 0.09 0.5 0.6
  HandIK.[L|R] @ wrist
   Weapon.[L|R] @ palm
  ElbowPole.[L|R] @ 0.45 1.41 -0.6
  Hips @ pelvis
   UpperLeg.[L|R] @ hip
    LowerLeg.[L|R] @ knee
   Spine @ spine 0.2
    Chest @ chest
     Neck @ nape
      Head @ head
     UpperArm.[L|R] @ shoulder
      LowerArm.[L|R] @ elbow
"""
_IK_BESIDE = """
root @ floor
 ctrl_foot.[L|R] @ ankle
 ctrl_knee_target.[L|R] @ 0.09 0.5 0.6
 hips @ pelvis
  spine @ spine 0.2
   chest @ chest
    neck @ nape
     head @ head
    upper_arm.[L|R] @ shoulder
     forearm.[L|R] @ elbow
      hand.[L|R] @ wrist
  thigh.[L|R] @ hip
   shin.[L|R] @ knee
    foot.[L|R] @ ankle
     toe.[L|R] @ ball
"""
_CALLED_FEET = """
root @ floor
 foot.[L|R] @ ankle
 knee_pole.[L|R] @ 0.09 0.5 0.6
 hips @ pelvis
  spine @ spine 0.2
   chest @ chest
    neck @ nape
     head @ head
    upper_arm.[L|R] @ shoulder
     forearm.[L|R] @ elbow
      hand.[L|R] @ wrist
  thigh.[L|R] @ hip
   shin.[L|R] @ knee
    tarsus.[L|R] @ ankle
     toe.[L|R] @ ball
"""
_CALLED_KNEES = """
root @ floor
 knee.[L|R] @ 0.09 0.5 0.6
 elbow.[L|R] @ 0.45 1.41 -0.6
 hips @ pelvis
  spine @ spine 0.2
   chest @ chest
    neck @ nape
     head @ head
    upper_arm.[L|R] @ shoulder
     farm.[L|R] @ elbow
      hand.[L|R] @ wrist
  thigh.[L|R] @ hip
   leg.[L|R] @ knee
    foot.[L|R] @ ankle
     toe.[L|R] @ ball
"""
_LIMBS = """
    Neck @ nape
     Head @ head
    [Left|Right]Shoulder @ clavicle
     [Left|Right]Arm @ shoulder
      [Left|Right]ForeArm @ elbow
       [Left|Right]Hand @ wrist
"""
_LEG = """
   [Left|Right]UpLeg @ hip
    [Left|Right]Leg @ knee
     [Left|Right]Foot @ ankle
      [Left|Right]ToeBase @ ball
"""
_JOINTS = """
neck Neck; head Head; collar [Left|Right]Shoulder; shoulder [Left|Right]Arm; elbow [Left|Right]ForeArm; wrist [Left|Right]Hand;
hip [Left|Right]UpLeg; knee [Left|Right]Leg; ankle [Left|Right]Foot; foot [Left|Right]ToeBase;
"""
_WAIST_ABOVE = (
    """
Root @ floor
 Waist @ 0 0.97 0
  Hips @ pelvis
"""
    + _LEG[1:]
    + """
  Spine @ spine 0.2
   Chest @ chest
"""
    + _LIMBS[1:]
)
_BIPED = """
Bip01 Pelvis @ pelvis
 Bip01 Spine @ spine 0.2
  Bip01 [L|R] Thigh @ hip
   Bip01 [L|R] Calf @ knee
    Bip01 [L|R] Foot @ ankle
     Bip01 [L|R] Toe0 @ ball
  Bip01 Spine1 @ spine 0.5
   Bip01 Spine2 @ chest
    Bip01 Neck @ nape
     Bip01 Head @ head
    Bip01 [L|R] Clavicle @ clavicle
     Bip01 [L|R] UpperArm @ shoulder
      Bip01 [L|R] Forearm @ elbow
       Bip01 [L|R] Hand @ wrist
"""
_BIPED_JOINTS = """
pelvis Bip01 Pelvis; spine1 Bip01 Spine1; spine3 Bip01 Spine2; neck Bip01 Neck; head Bip01 Head; collar Bip01 [L|R] Clavicle;
shoulder Bip01 [L|R] UpperArm; elbow Bip01 [L|R] Forearm; wrist Bip01 [L|R] Hand; hip Bip01 [L|R] Thigh; knee Bip01 [L|R] Calf;
ankle Bip01 [L|R] Foot; foot Bip01 [L|R] Toe0
"""
_ETHAN = """
EthanSkeleton @ floor
 EthanHips @ pelvis
  EthanSpine @ spine 0.1
   Ethan[Left|Right]UpLeg @ hip
    Ethan[Left|Right]Leg @ knee
     Ethan[Left|Right]Foot @ ankle
      Ethan[Left|Right]Toe1 @ ball
   EthanSpine1 @ spine 0.4
    EthanSpine2 @ spine 0.7
     EthanNeck @ nape
      EthanHead @ head
      Ethan[Left|Right]Shoulder @ clavicle
       Ethan[Left|Right]Arm @ shoulder
        Ethan[Left|Right]ForeArm @ elbow
         Ethan[Left|Right]Hand @ wrist
"""
_HALVES = """
Abdomen @ pelvis
 [Left|Right]_Upper_Leg @ hip
  [Left|Right]_Lower_Leg @ knee
   [Left|Right]_Foot @ ankle
    [Left|Right]_Toes @ ball
Chest @ chest
 Neck @ nape
  Head @ head
 [Left|Right]_Shoulder @ clavicle
  [Left|Right]_Upper_Arm @ shoulder
   [Left|Right]_Lower_Arm @ elbow
    [Left|Right]_Hand @ wrist
"""
_HALVES_JOINTS = """
spine3 Chest; neck Neck; head Head; collar [Left|Right]_Shoulder; shoulder [Left|Right]_Upper_Arm; elbow [Left|Right]_Lower_Arm;
wrist [Left|Right]_Hand; hip [Left|Right]_Upper_Leg; knee [Left|Right]_Lower_Leg; ankle [Left|Right]_Foot;
"""
_THIRDS = """
[Left|Right]_Upper_Leg @ hip
 [Left|Right]_Lower_Leg @ knee
  [Left|Right]_Foot @ ankle
Abdomen @ spine 0.1
 Chest @ chest
  Neck @ nape
   Head @ head
  [Left|Right]_Shoulder @ clavicle
   [Left|Right]_Upper_Arm @ shoulder
    [Left|Right]_Lower_Arm @ elbow
     [Left|Right]_Hand @ wrist
"""
_TIPS = """
Bone @ floor
 Foot{o}[L|R] @ ankle
  Foot{o}[L|R]_end @ ball
 PoleTarget[L|R] @ 0.09 0.5 0.6
  PoleTarget[L|R]_end @ 0.09 0.5 0.7
 Body @ 0 0.9 0
  Hips @ pelvis
   Abdomen @ spine 0.3
    Torso @ chest
     Neck @ nape
      Head @ head
       Head_end @ top
     Shoulder[L|R] @ clavicle
      UpperArm[L|R] @ shoulder
       LowerArm[L|R] @ elbow
        Palm[L|R] @ wrist
         Palm[L|R]_end @ palm
  UpperLeg[L|R] @ hip
   LowerLeg[L|R] @ knee
    LowerLeg[L|R]_end @ ankle
"""
_TIPS_JOINTS = """
root Bone; pelvis Body; spine1 Abdomen; spine3 Torso; neck Neck; head Head; collar Shoulder[L|R]; shoulder UpperArm[L|R];
elbow LowerArm[L|R]; wrist Palm[L|R]; hip UpperLeg[L|R]; knee LowerLeg[L|R]; ankle Foot{o}[L|R]; foot Foot{o}[L|R]_end
"""
_FREE_HIPS = """
Root @ floor
 Hips @ pelvis
 Spine @ spine 0.15
  Chest @ chest
   Neck @ nape
    Head @ head
   [Left|Right]Arm @ shoulder
    [Left|Right]ForeArm @ elbow
     [Left|Right]Hand @ wrist
 [Left|Right]UpLeg @ hip
  [Left|Right]Leg @ knee
   [Left|Right]Foot @ ankle
"""
_FOUR_ROOTS = """
Hips @ pelvis
 [Left|Right]UpLeg @ hip
  [Left|Right]Leg @ knee
   [Left|Right]Foot @ ankle
Spine @ spine 0.2
 Chest @ chest
  Neck @ nape
   Head @ head
[Left|Right]Arm @ shoulder
 [Left|Right]ForeArm @ elbow
  [Left|Right]Hand @ wrist
"""
_SHORT_JOINTS = """
pelvis Hips; spine1 Spine; spine3 Chest; neck Neck; head Head; shoulder [Left|Right]Arm; elbow [Left|Right]ForeArm;
wrist [Left|Right]Hand; hip [Left|Right]UpLeg; knee [Left|Right]Leg; ankle [Left|Right]Foot;
"""
_WAIST_AND_PELVIS = """
Root @ floor
 {top} @ pelvis
  {legs} @ 0 0.94 0
   [L|R]_Thigh @ hip
    [L|R]_Calf @ knee
     [L|R]_Foot @ ankle
      [L|R]_Ball @ ball
  Waist @ spine 0.15
   Spine01 @ spine 0.35
    Spine02 @ spine 0.65
     NeckTwist01 @ nape
      NeckTwist02 @ neck 0.5
       Head @ head
     [L|R]_Clavicle @ clavicle
      [L|R]_Upperarm @ shoulder
       [L|R]_Forearm @ elbow
        [L|R]_Hand @ wrist
"""


def _waist_and_pelvis(top: str, legs: str) -> Specimen:
    """Legs on a bone of their own beside the waist, as Tripo makes them."""
    return Specimen(
        "generic",
        _WAIST_AND_PELVIS.replace("{top}", top).replace("{legs}", legs),
        f"""root Root; pelvis {top}; spine1 Waist; spine2 Spine01; spine3 Spine02; neck NeckTwist02; head Head;
        collar [L|R]_Clavicle; shoulder [L|R]_Upperarm; elbow [L|R]_Forearm; wrist [L|R]_Hand; hip [L|R]_Thigh; knee [L|R]_Calf;
        ankle [L|R]_Foot; foot [L|R]_Ball""",
    )


def _with_tips(infix: str) -> Specimen:
    """IK feet in a file whose exporter puts a bone at the tip of every chain, the shins' included."""
    return Specimen(
        "generic",
        _TIPS.replace("{o}", infix),
        _TIPS_JOINTS.replace("{o}", infix),
        followers="pelvis Hips",
        ik="knee PoleTarget[L|R]",
    )


_IK_FEET_REACH = Specimen(
    "generic",
    _IK_FEET,
    _IK_JOINTS,
    followers="pelvis Hips",
    ik="knee PoleTarget.[L|R]",
    reaches="LowerLeg.[L|R] Foot.[L|R] PoleTarget.[L|R]",
)
LOOSE_BODIES = {
    "ik feet": _IK_FEET_REACH,
    "ik feet of a file without constraints": replace(_IK_FEET_REACH, reaches="", axes=Y_UP, unit=100.0),
    "ik feet and hands below a master": Specimen(
        "vrm",
        _IK_EVERYWHERE,
        """root Root; pelvis Hips; spine1 Spine; spine3 Chest; neck Neck; head Head; shoulder UpperArm.[L|R];
        elbow LowerArm.[L|R]; wrist HandIK.[L|R]; hip UpperLeg.[L|R]; knee LowerLeg.[L|R]; ankle FootIK.[L|R]""",
        ik="knee KneePole.[L|R]; elbow ElbowPole.[L|R]",
    ),
    "ik feet beside the leg's own": Specimen(
        "generic",
        _IK_BESIDE,
        """root root; pelvis hips; spine1 spine; spine3 chest; neck neck; head head; shoulder upper_arm.[L|R];
        elbow forearm.[L|R]; wrist hand.[L|R]; hip thigh.[L|R]; knee shin.[L|R]; ankle foot.[L|R]; foot toe.[L|R]""",
        ik="ankle ctrl_foot.[L|R]; knee ctrl_knee_target.[L|R]",
        reaches="shin.[L|R] ctrl_foot.[L|R] ctrl_knee_target.[L|R]",
    ),
    "waist above the hips": Specimen(
        "mixamo", _WAIST_ABOVE, _JOINTS + "root Root; pelvis Waist; spine1 Spine; spine3 Chest"
    ),
    "biped with thighs on its spine": Specimen(
        "3ds max biped", _BIPED, _BIPED_JOINTS, followers="pelvis Bip01 Spine", unit=39.37
    ),
    "ethan": Specimen(
        "generic",
        _ETHAN,
        """root EthanSkeleton; pelvis EthanHips; spine1 EthanSpine1; spine3 EthanSpine2; neck EthanNeck; head EthanHead;
        collar Ethan[Left|Right]Shoulder; shoulder Ethan[Left|Right]Arm; elbow Ethan[Left|Right]ForeArm;
        wrist Ethan[Left|Right]Hand; hip Ethan[Left|Right]UpLeg; knee Ethan[Left|Right]Leg; ankle Ethan[Left|Right]Foot;
        foot Ethan[Left|Right]Toe1""",
        followers="pelvis EthanSpine",
    ),
    "ik feet and tips of chains": _with_tips(""),
    "ik feet by name alone and tips of chains": _with_tips("IK."),
    "hips that carry nothing": Specimen("mixamo", _FREE_HIPS, _SHORT_JOINTS + "root Root"),
    "hip above pelvis and waist": _waist_and_pelvis("Hip", "Pelvis"),
    "pelvis above pelvis and waist": _waist_and_pelvis("pelvis", "Pelvis"),
    "four roots": Specimen("mixamo", _FOUR_ROOTS, _SHORT_JOINTS),
    "ik controls called feet": Specimen(
        "generic",
        _CALLED_FEET,
        """root root; pelvis hips; spine1 spine; spine3 chest; neck neck; head head; shoulder upper_arm.[L|R];
        elbow forearm.[L|R]; wrist hand.[L|R]; hip thigh.[L|R]; knee shin.[L|R]; ankle tarsus.[L|R]; foot toe.[L|R]""",
        ik="ankle foot.[L|R]; knee knee_pole.[L|R]",
    ),
    "poles called knees and elbows": Specimen(
        "generic",
        _CALLED_KNEES,
        """root root; pelvis hips; spine1 spine; spine3 chest; neck neck; head head; shoulder upper_arm.[L|R];
        elbow farm.[L|R]; wrist hand.[L|R]; hip thigh.[L|R]; knee leg.[L|R]; ankle foot.[L|R]; foot toe.[L|R]""",
        ik="knee knee.[L|R]",
        reaches="leg.[L|R] toe.[L|R] knee.[L|R]",
    ),
    "two halves": Specimen("vrm", _HALVES, _HALVES_JOINTS + "pelvis Abdomen; foot [Left|Right]_Toes"),
    "three roots": Specimen("vrm", _THIRDS, _HALVES_JOINTS + "pelvis Abdomen"),
}
"""Name -> rig and what has to be recognised in it."""
