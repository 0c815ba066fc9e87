"""Skeletons of body models, capture suits, avatars and plain names."""

from __future__ import annotations

from tests.rig_zoo.builder import Y_UP, Specimen
from tokendance_core.motion.skeleton import JOINTS

_SMPL_BONES = """
{c}{Pelvis} @ pelvis
 {c}{Spine}1 @ spine 0.2
  {c}{Spine}2 @ spine 0.45
   {c}{Spine}3 @ spine 0.6
    {c}{Neck} @ nape
     {c}{Head} @ head
    {s}{Collar} @ clavicle
     {s}{Shoulder} @ shoulder
      {s}{Elbow} @ elbow
       {s}{Wrist} @ wrist
        {s}{Hand} @ middle1
 {s}{Hip} @ hip
  {s}{Knee} @ knee
   {s}{Ankle} @ ankle
    {s}{Foot} @ ball
"""
_SMPL_WORDS = (
    "Pelvis",
    "Spine",
    "Neck",
    "Head",
    "Collar",
    "Shoulder",
    "Elbow",
    "Wrist",
    "Hand",
    "Hip",
    "Knee",
    "Ankle",
    "Foot",
)


def _smpl(centre: str, sided: str, change) -> str:
    text = _SMPL_BONES.replace("{c}", centre).replace("{s}", sided)
    for word in _SMPL_WORDS:
        text = text.replace("{" + word + "}", change(word))
    return text


_SMPLX = "root @ floor\n" + "\n".join(
    " " + line for line in _smpl("", "[left|right]_", str.lower).splitlines() if "hand" not in line
)
_SMPLX = _SMPLX.replace("     head @ head", "     head @ head\n       jaw @ jaw\n       [left|right]_eye_smplhf @ eye")
_SMPLX = _SMPLX.replace(
    "       [left|right]_wrist @ wrist",
    "       [left|right]_wrist @ wrist\n         *fingers [left|right]_{}#1 thumb index middle ring pinky",
)
_SMPL_NAMES = "; ".join(f"{joint} {joint}" for joint in JOINTS)
_SMPL_TITLED = "; ".join(
    [f"{j} f_avg_{j.title()}" for j in JOINTS if "_" not in j]
    + [f"{j[5:]} f_avg_[L|R]_{j[5:].title()}" for j in JOINTS if j.startswith("left_")]
)

_XSENS = """
Pelvis @ pelvis
 L5 @ spine 0.1
  L3 @ spine 0.3
   T12 @ spine 0.5
    T8 @ spine 0.7
     Neck @ nape
      Head @ head
     [Left|Right]Shoulder @ clavicle
      [Left|Right]UpperArm @ shoulder
       [Left|Right]ForeArm @ elbow
        [Left|Right]Hand @ wrist
 [Left|Right]UpperLeg @ hip
  [Left|Right]LowerLeg @ knee
   [Left|Right]Foot @ ankle
    [Left|Right]Toe @ ball
"""
_ROKOKO = """
Hips @ pelvis
 Spine1 @ spine 0.1
  Spine2 @ spine 0.3
   Spine3 @ spine 0.5
    Spine4 @ spine 0.7
     Neck @ nape
      Head @ head
     [Left|Right]Shoulder @ clavicle
      [Left|Right]Arm @ shoulder
       [Left|Right]ForeArm @ elbow
        [Left|Right]Hand @ wrist
         *fingers [Left|Right]Finger{}_#1 1 2 3 4 5
 [Left|Right]Thigh @ hip
  [Left|Right]Shin @ knee
   [Left|Right]Foot @ ankle
    [Left|Right]Toe @ ball
     [Left|Right]ToeTip @ toe
"""
_OPTITRACK = """
Skeleton_Hip @ pelvis
 Skeleton_Ab @ spine 0.2
  Skeleton_Chest @ spine 0.6
   Skeleton_Neck @ nape
    Skeleton_Head @ head
   Skeleton_[L|R]Shoulder @ clavicle
    Skeleton_[L|R]UArm @ shoulder
     Skeleton_[L|R]FArm @ elbow
      Skeleton_[L|R]Hand @ wrist
       *fingers Skeleton_[L|R]{}#1 Thumb Index Middle Ring Pinky
 Skeleton_[L|R]Thigh @ hip
  Skeleton_[L|R]Shin @ knee
   Skeleton_[L|R]Foot @ ankle
    Skeleton_[L|R]Toe @ ball
"""
_CMU = """
Hips @ pelvis
 [L|R]HipJoint @ pelvis
  [Left|Right]UpLeg @ hip
   [Left|Right]Leg @ knee
    [Left|Right]Foot @ ankle
     [Left|Right]ToeBase @ ball
 LowerBack @ spine 0.1
  Spine @ spine 0.3
   Spine1 @ spine 0.6
    Neck @ nape
     Neck1 @ neck 0.4
      Head @ head
    [Left|Right]Shoulder @ clavicle
     [Left|Right]Arm @ shoulder
      [Left|Right]ForeArm @ elbow
       [Left|Right]Hand @ wrist
        [Left|Right]FingerBase @ palm
         [Left|Right]HandIndex1 @ index1
        [L|R]Thumb @ thumb1
"""
_MOTION_BUILDER = """
Reference @ floor
 Hips @ pelvis
  [Left|Right]UpLeg @ hip
   [Left|Right]UpLegRoll @ thigh 0.5
   [Left|Right]Leg @ knee
    [Left|Right]LegRoll @ shin 0.5
    [Left|Right]Foot @ ankle
     [Left|Right]ToeBase @ ball
  Spine @ spine 0.1
   Spine1 @ spine 0.3
    Spine2 @ spine 0.5
     Spine3 @ spine 0.7
      Neck @ nape
       Head @ head
      [Left|Right]Shoulder @ clavicle
       [Left|Right]Arm @ shoulder
        [Left|Right]ArmRoll @ upperarm 0.5
        [Left|Right]ForeArm @ elbow
         [Left|Right]ForeArmRoll @ forearm 0.5
         [Left|Right]Hand @ wrist
          *fingers [Left|Right]Hand{}#1 Thumb Index Middle Ring Pinky
"""
_ANATOMICAL = """
Hips @ pelvis
 Chest @ spine 0.1
  Chest2 @ spine 0.3
   Chest3 @ spine 0.5
    Chest4 @ spine 0.7
     Neck @ nape
      Head @ head
     [Left|Right]Collar @ clavicle
      [Left|Right]Shoulder @ shoulder
       [Left|Right]Elbow @ elbow
        [Left|Right]Wrist @ wrist
 [Left|Right]Hip @ hip
  [Left|Right]Knee @ knee
   [Left|Right]Ankle @ ankle
    [Left|Right]Toe @ ball
"""
_VROID = """
Root @ floor
 J_Bip_C_Hips @ pelvis
  J_Bip_C_Spine @ spine 0.15
   J_Bip_C_Chest @ spine 0.4
    J_Bip_C_UpperChest @ spine 0.65
     J_Bip_C_Neck @ nape
      J_Bip_C_Head @ head
       J_Adj_[L|R]_FaceEye @ eye
       J_Sec_Hair1_01 @ 0 1.7 -0.1
        J_Sec_Hair2_01 @ 0 1.4 -0.15
         J_Sec_Hair3_01 @ 0 1.1 -0.15
       J_Sec_[L|R]_HairTail1 @ 0.1 1.65 -0.05
        J_Sec_[L|R]_HairTail2 @ 0.2 1.2 -0.08
         J_Sec_[L|R]_HairTail3 @ 0.22 0.7 -0.08
     J_Sec_[L|R]_Bust1 @ breast
     J_Bip_[L|R]_Shoulder @ clavicle
      J_Bip_[L|R]_UpperArm @ shoulder
       J_Bip_[L|R]_LowerArm @ elbow
        J_Bip_[L|R]_Hand @ wrist
         *fingers J_Bip_[L|R]_{}#1 Thumb Index Middle Ring Little
  J_Bip_[L|R]_UpperLeg @ hip
   J_Bip_[L|R]_LowerLeg @ knee
    J_Bip_[L|R]_Foot @ ankle
     J_Bip_[L|R]_ToeBase @ ball
  J_Sec_[L|R]_SkirtSide1 @ 0.14 0.9 0
   J_Sec_[L|R]_SkirtSide2 @ 0.2 0.6 0
    J_Sec_[L|R]_SkirtSide3 @ 0.22 0.4 0
  J_Sec_[L|R]_SkirtBack1 @ 0.08 0.9 -0.1
   J_Sec_[L|R]_SkirtBack2 @ 0.1 0.6 -0.15
    J_Sec_[L|R]_SkirtBack3 @ 0.11 0.4 -0.17
"""
_VRM = """
root @ floor
 hips @ pelvis
  spine @ spine 0.2
   chest @ spine 0.6
    neck @ nape
     head @ head
      eye.[L|R] @ eye
    shoulder.[L|R] @ clavicle
     upper_arm.[L|R] @ shoulder
      lower_arm.[L|R] @ elbow
       hand.[L|R] @ wrist
        *fingers {}_0#1.[L|R] thumb index middle ring little
  upper_leg.[L|R] @ hip
   lower_leg.[L|R] @ knee
    foot.[L|R] @ ankle
     toes.[L|R] @ ball
secondary @ floor
"""
_VRM_CAMEL = """
hips @ pelvis
 spine @ spine 0.15
  chest @ spine 0.4
   upperChest @ spine 0.65
    neck @ nape
     head @ head
    [left|right]Shoulder @ clavicle
     [left|right]UpperArm @ shoulder
      [left|right]LowerArm @ elbow
       [left|right]Hand @ wrist
        *fingers [left|right]{}#1 Thumb Index Middle Ring Little
 [left|right]UpperLeg @ hip
  [left|right]LowerLeg @ knee
   [left|right]Foot @ ankle
    [left|right]Toes @ ball
"""
_ENGLISH = """
Root @ floor
 Pelvis @ pelvis
  Lower Spine @ spine 0.2
   Upper Spine @ spine 0.6
    Neck @ nape
     Head @ head
      Ponytail @ 0 1.65 -0.1
    Left Clavicle @ clavicle
     Left Upper Arm @ shoulder
      Left Forearm @ elbow
       Left Hand @ wrist
        Left Finger @ index1
    Right Clavicle @ -0.02 1.40 0.02
     Right Upper Arm @ -0.17 1.41 -0.03
      Right Forearm @ -0.45 1.41 -0.03
       Right Hand @ -0.70 1.41 -0.02
        Right Finger @ -0.79 1.41 0.01
        Sword @ -0.72 1.41 0.0
         Sword Tip @ -0.72 1.41 0.9
  [Left|Right] Thigh @ hip
   [Left|Right] Calf @ knee
    [Left|Right] Foot @ ankle
     [Left|Right] Toe @ ball
"""
_MIXAMO_LIKE = """
collar [Left|Right]Shoulder; shoulder [Left|Right]Arm; elbow [Left|Right]ForeArm; wrist [Left|Right]Hand; ankle [Left|Right]Foot;
neck Neck; head Head; pelvis Hips;
"""
_UPLEGS = "hip [Left|Right]UpLeg; knee [Left|Right]Leg; foot [Left|Right]ToeBase;"

SKELETONS = {
    "smpl": Specimen("smpl", _smpl("", "[left|right]_", str.lower), _SMPL_NAMES),
    "smpl for game engines": Specimen("smpl", _smpl("f_avg_", "f_avg_[L|R]_", str), _SMPL_TITLED, axes=Y_UP),
    "smpl-x": Specimen("smpl", _SMPLX, "; ".join(f"{j} {j}" for j in JOINTS if "hand" not in j) + "; root root"),
    "xsens": Specimen(
        "xsens mvn",
        _XSENS,
        """pelvis Pelvis; spine1 L5; spine2 T12; spine3 T8; neck Neck; head Head; collar [Left|Right]Shoulder;
        shoulder [Left|Right]UpperArm; elbow [Left|Right]ForeArm; wrist [Left|Right]Hand; hip [Left|Right]UpperLeg;
        knee [Left|Right]LowerLeg; ankle [Left|Right]Foot; foot [Left|Right]Toe""",
        tails=False,
    ),
    "rokoko": Specimen(
        "rokoko",
        _ROKOKO,
        _MIXAMO_LIKE
        + "hip [Left|Right]Thigh; knee [Left|Right]Shin; foot [Left|Right]Toe; spine1 Spine1; spine2 Spine3; spine3 Spine4",
    ),
    "optitrack": Specimen(
        "optitrack",
        _OPTITRACK,
        """pelvis Skeleton_Hip; spine1 Skeleton_Ab; spine3 Skeleton_Chest; neck Skeleton_Neck; head Skeleton_Head;
        collar Skeleton_[L|R]Shoulder; shoulder Skeleton_[L|R]UArm; elbow Skeleton_[L|R]FArm; wrist Skeleton_[L|R]Hand;
        hip Skeleton_[L|R]Thigh; knee Skeleton_[L|R]Shin; ankle Skeleton_[L|R]Foot; foot Skeleton_[L|R]Toe""",
        unit=100.0,
        axes=Y_UP,
    ),
    "cmu": Specimen(
        "cmu",
        _CMU,
        (_MIXAMO_LIKE + _UPLEGS).replace("neck Neck;", "neck Neck1;") + "spine1 LowerBack; spine2 Spine; spine3 Spine1",
        axes=Y_UP,
        tails=False,
    ),
    "motionbuilder": Specimen(
        "motionbuilder",
        _MOTION_BUILDER,
        _MIXAMO_LIKE + _UPLEGS + "root Reference; spine1 Spine; spine2 Spine2; spine3 Spine3",
        """hip [Left|Right]UpLegRoll; knee [Left|Right]LegRoll; shoulder [Left|Right]ArmRoll; elbow [Left|Right]ForeArmRoll""",
        unit=100.0,
        axes=Y_UP,
    ),
    "anatomical": Specimen(
        "anatomical",
        _ANATOMICAL,
        """pelvis Hips; spine1 Chest; spine2 Chest3; spine3 Chest4; neck Neck; head Head; collar [Left|Right]Collar;
        shoulder [Left|Right]Shoulder; elbow [Left|Right]Elbow; wrist [Left|Right]Wrist; hip [Left|Right]Hip; knee [Left|Right]Knee;
        ankle [Left|Right]Ankle; foot [Left|Right]Toe""",
        axes=Y_UP,
        tails=False,
    ),
    "vroid": Specimen(
        "vroid",
        _VROID,
        """root Root; pelvis J_Bip_C_Hips; spine1 J_Bip_C_Spine; spine2 J_Bip_C_Chest; spine3 J_Bip_C_UpperChest; neck J_Bip_C_Neck;
        head J_Bip_C_Head; collar J_Bip_[L|R]_Shoulder; shoulder J_Bip_[L|R]_UpperArm; elbow J_Bip_[L|R]_LowerArm;
        wrist J_Bip_[L|R]_Hand; hip J_Bip_[L|R]_UpperLeg; knee J_Bip_[L|R]_LowerLeg; ankle J_Bip_[L|R]_Foot;
        foot J_Bip_[L|R]_ToeBase""",
    ),
    "vrm": Specimen(
        "vrm",
        _VRM,
        """root root; pelvis hips; spine1 spine; spine3 chest; neck neck; head head; collar shoulder.[L|R]; shoulder upper_arm.[L|R];
        elbow lower_arm.[L|R]; wrist hand.[L|R]; hip upper_leg.[L|R]; knee lower_leg.[L|R]; ankle foot.[L|R]; foot toes.[L|R]""",
    ),
    "vrm humanoid names": Specimen(
        "vrm",
        _VRM_CAMEL,
        """pelvis hips; spine1 spine; spine2 chest; spine3 upperChest; neck neck; head head; collar [left|right]Shoulder;
        shoulder [left|right]UpperArm; elbow [left|right]LowerArm; wrist [left|right]Hand; hip [left|right]UpperLeg;
        knee [left|right]LowerLeg; ankle [left|right]Foot; foot [left|right]Toes""",
    ),
    "english": Specimen(
        "generic",
        _ENGLISH,
        """root Root; pelvis Pelvis; spine1 Lower Spine; spine3 Upper Spine; neck Neck; head Head; collar [Left|Right] Clavicle;
        shoulder [Left|Right] Upper Arm; elbow [Left|Right] Forearm; wrist [Left|Right] Hand; hip [Left|Right] Thigh;
        knee [Left|Right] Calf; ankle [Left|Right] Foot; foot [Left|Right] Toe""",
    ),
}
"""Name -> rig and what has to be recognised in it."""
