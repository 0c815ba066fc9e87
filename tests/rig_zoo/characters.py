"""Characters of game engines and stores, with the names that they really have."""

from __future__ import annotations

from tests.rig_zoo.builder import Y_UP, Specimen

_MIXAMO_BONES = """
{p}Hips @ pelvis
 {p}Spine @ spine 0.15
  {p}Spine1 @ spine 0.4
   {p}Spine2 @ spine 0.65
    {p}Neck @ nape
     {p}Head @ head
      {p}HeadTop_End @ top
    {p}[Left|Right]Shoulder @ clavicle
     {p}[Left|Right]Arm @ shoulder
      {p}[Left|Right]ForeArm @ elbow
       {p}[Left|Right]Hand @ wrist
        *fingers {p}[Left|Right]Hand{}#1 Thumb Index Middle Ring Pinky
 {p}[Left|Right]UpLeg @ hip
  {p}[Left|Right]Leg @ knee
   {p}[Left|Right]Foot @ ankle
    {p}[Left|Right]ToeBase @ ball
     {p}[Left|Right]Toe_End @ toe
"""
_MIXAMO_JOINTS = """
pelvis {p}Hips; spine1 {p}Spine; spine2 {p}Spine1; spine3 {p}Spine2; neck {p}Neck; head {p}Head;
collar {p}[Left|Right]Shoulder; shoulder {p}[Left|Right]Arm; elbow {p}[Left|Right]ForeArm; wrist {p}[Left|Right]Hand;
hip {p}[Left|Right]UpLeg; knee {p}[Left|Right]Leg; ankle {p}[Left|Right]Foot; foot {p}[Left|Right]ToeBase
"""


def _mixamo(prefix: str, family: str = "mixamo", bones: str = _MIXAMO_BONES, **kind) -> Specimen:
    return Specimen(family, bones.replace("{p}", prefix), _MIXAMO_JOINTS.replace("{p}", prefix), **kind)


def _numbered(bones: str, expected: str) -> tuple[str, str]:
    """Names as Sketchfab exports them, each with a running number; the right side counts on from 100."""
    numbers: dict[str, str] = {}
    lines = []
    for number, line in enumerate(
        bones.replace("*fingers {p}[Left|Right]Hand{}#1 Thumb Index Middle Ring Pinky", "").splitlines()
    ):
        if " @ " in line:
            name, place = line.split(" @ ")
            ending = f"_[{number:02}|{100 + number}]" if "[" in name else f"_{number:02}"
            numbers[name.strip()] = ending
            lines.append(f"{name}{ending} @ {place}")
    joints = "; ".join(part.strip() + numbers[part.split()[1]] for part in expected.split(";"))
    return "\n".join(lines), joints


_SKETCHFAB = _numbered(_MIXAMO_BONES.replace("{p}", "mixamorig:"), _MIXAMO_JOINTS.replace("{p}", "mixamorig:"))
_EYES = "      [Left|Right]Eye @ eye\n"


def _under(depth: int, text: str) -> str:
    """Bones, all of them that much further down the hierarchy."""
    return "\n".join(" " * depth + line for line in text.strip("\n").splitlines()) + "\n"


_UNREAL_ARM = """
clavicle_[l|r] @ clavicle
 upperarm_[l|r] @ shoulder
  lowerarm_[l|r] @ elbow
   hand_[l|r] @ wrist
    *fingers {}_0#1_[l|r] thumb index middle ring pinky
   lowerarm_twist_02_[l|r] @ forearm 0.3
   lowerarm_twist_01_[l|r] @ forearm 0.6
  upperarm_twist_01_[l|r] @ upperarm 0.3
  upperarm_twist_02_[l|r] @ upperarm 0.6
"""
_UNREAL_LEG = """
thigh_[l|r] @ hip
 calf_[l|r] @ knee
  foot_[l|r] @ ankle
   ball_[l|r] @ ball
  calf_twist_02_[l|r] @ shin 0.3
  calf_twist_01_[l|r] @ shin 0.6
 thigh_twist_01_[l|r] @ thigh 0.3
 thigh_twist_02_[l|r] @ thigh 0.6
"""
_UNREAL_JOINTS = """
collar clavicle_[l|r]; shoulder upperarm_[l|r]; elbow lowerarm_[l|r]; wrist hand_[l|r]; hip thigh_[l|r]; knee calf_[l|r];
ankle foot_[l|r]; foot ball_[l|r]; root root; pelvis pelvis; head head
"""
_UNREAL_TWIST = """
shoulder upperarm_twist_01_[l|r],upperarm_twist_02_[l|r]; elbow lowerarm_twist_02_[l|r],lowerarm_twist_01_[l|r];
hip thigh_twist_01_[l|r],thigh_twist_02_[l|r]; knee calf_twist_02_[l|r],calf_twist_01_[l|r]
"""
_UE5 = """
root @ floor
 pelvis @ pelvis
  spine_01 @ spine 0.1
   spine_02 @ spine 0.25
    spine_03 @ spine 0.4
     spine_04 @ spine 0.6
      spine_05 @ spine 0.75
       neck_01 @ nape
        neck_02 @ neck 0.5
         head @ head
"""
_UE4 = """
root @ floor
 pelvis @ pelvis
  spine_01 @ spine 0.2
   spine_02 @ spine 0.4
    spine_03 @ spine 0.7
     neck_01 @ nape
      head @ head
"""
_UNREAL_IK = """
ik_foot_root @ floor
 ik_foot_[l|r] @ ankle
ik_hand_root @ floor
 ik_hand_gun @ -0.69 1.41 -0.02
  ik_hand_[l|r] @ wrist
"""


def _unreal(trunk: str, chest: int) -> str:
    return trunk + _under(chest + 1, _UNREAL_ARM) + _under(2, _UNREAL_LEG) + _under(1, _UNREAL_IK)


_M2M = """
root @ floor
 pelvis @ pelvis
  spine_01 @ spine 0.2
   spine_02 @ spine 0.4
    spine_03 @ spine 0.7
     neck_01 @ nape
      Head @ head
       Head_leaf @ 0 1.64 0
     clavicle_[l|r] @ clavicle
      upperarm_[l|r] @ shoulder
       lowerarm_[l|r] @ elbow
        hand_[l|r] @ wrist
         *fingers {}_0#1_[l|r] thumb index middle ring pinky
  thigh_[l|r] @ hip
   calf_[l|r] @ knee
    foot_[l|r] @ ankle
     ball_[l|r] @ ball
      ball_leaf_[l|r] @ toe
"""

_KAYKIT = """
root @ floor
 hips @ pelvis
  spine @ spine 0.2
   chest @ spine 0.6
    upperarm.[l|r] @ shoulder
     lowerarm.[l|r] @ elbow
      wrist.[l|r] @ wrist
       hand.[l|r] @ palm
    head @ 0 1.5 0
  upperleg.[l|r] @ hip
   lowerleg.[l|r] @ knee
    foot.[l|r] @ ankle
     toes.[l|r] @ ball
"""
_BIPED_BONES = """
Bip001 @ pelvis
 Bip001 Pelvis @ pelvis
  Bip001 Spine @ spine 0.15
   Bip001 Spine1 @ spine 0.4
    Bip001 Spine2 @ spine 0.7
     Bip001 Neck @ nape
      Bip001 Head @ head
       Bip001 HeadNub @ top
       Bip001 Ponytail1 @ 0 1.65 -0.1
        Bip001 Ponytail11 @ 0 1.5 -0.15
      Bip001 [L|R] Clavicle @ clavicle
       Bip001 [L|R] UpperArm @ shoulder
        Bip001 [L|R] Forearm @ elbow
         Bip001 [L|R] Hand @ wrist
          *fingers Bip001_[L|R]_{}#0 Finger0 Finger1 Finger2 Finger3 Finger4
         Bip001 [L|R] ForeTwist @ forearm 0.5
        Bip001 [L|R]UpArmTwist @ upperarm 0.5
  Bip001 [L|R] Thigh @ hip
   Bip001 [L|R] Calf @ knee
    Bip001 [L|R] Foot @ ankle
     Bip001 [L|R] Toe0 @ ball
      Bip001 [L|R] Toe0Nub @ toe
"""
_VALVE = """
ValveBiped.Bip01_Pelvis @ pelvis
 ValveBiped.Bip01_Spine @ spine 0.1
  ValveBiped.Bip01_Spine1 @ spine 0.3
   ValveBiped.Bip01_Spine2 @ spine 0.5
    ValveBiped.Bip01_Spine4 @ spine 0.75
     ValveBiped.Bip01_Neck1 @ nape
      ValveBiped.Bip01_Head1 @ head
     ValveBiped.Bip01_[L|R]_Clavicle @ clavicle
      ValveBiped.Bip01_[L|R]_UpperArm @ shoulder
       ValveBiped.Bip01_[L|R]_Forearm @ elbow
        ValveBiped.Bip01_[L|R]_Hand @ wrist
         *fingers ValveBiped.Bip01_[L|R]_{}#0 Finger0 Finger1 Finger2
 ValveBiped.Bip01_[L|R]_Thigh @ hip
  ValveBiped.Bip01_[L|R]_Calf @ knee
   ValveBiped.Bip01_[L|R]_Foot @ ankle
    ValveBiped.Bip01_[L|R]_Toe0 @ ball
"""
_BIPED_JOINTS = """
pelvis {p}Pelvis; collar {p}[L|R]{s}Clavicle; shoulder {p}[L|R]{s}UpperArm; elbow {p}[L|R]{s}Forearm; wrist {p}[L|R]{s}Hand;
hip {p}[L|R]{s}Thigh; knee {p}[L|R]{s}Calf; ankle {p}[L|R]{s}Foot; foot {p}[L|R]{s}Toe0;
"""


def _biped(prefix: str, gap: str) -> str:
    return _BIPED_JOINTS.replace("{p}", prefix).replace("{s}", gap)


CHARACTERS = {
    "mixamo": _mixamo("mixamorig:", unit=100.0, axes=Y_UP),
    "mixamo numbered": _mixamo("mixamorig1:", unit=100.0, axes=Y_UP, arm=40.0),
    "mixamo without colon": _mixamo("mixamorig_"),
    "mixamo without prefix": _mixamo(""),
    "mixamo of sketchfab": Specimen("mixamo", *_SKETCHFAB, arm=10.0),
    "unity-chan": _mixamo("Character1_", axes=Y_UP),
    "ready player me": _mixamo(
        "", "ready player me", _MIXAMO_BONES.replace("      {p}HeadTop", _EYES + "      {p}HeadTop"), arm=45.0
    ),
    "unreal 5": Specimen(
        "unreal",
        _unreal(_UE5, 6),
        _UNREAL_JOINTS + "; spine1 spine_02; spine2 spine_03; spine3 spine_05; neck neck_02",
        _UNREAL_TWIST,
        ik="ankle ik_foot_[l|r]; wrist ik_hand_[l|r]",
        unit=100.0,
        arm=45.0,
    ),
    "unreal 4": Specimen(
        "unreal",
        _unreal(_UE4, 4),
        _UNREAL_JOINTS + "; spine1 spine_01; spine2 spine_02; spine3 spine_03; neck neck_01",
        _UNREAL_TWIST,
        ik="ankle ik_foot_[l|r]; wrist ik_hand_[l|r]",
    ),
    "mesh2motion": Specimen(
        "unreal",
        _M2M,
        _UNREAL_JOINTS.replace("head head", "head Head")
        + "; spine1 spine_01; spine2 spine_02; spine3 spine_03; neck neck_01",
    ),
    "kaykit": Specimen(
        "kaykit",
        _KAYKIT,
        """root root; pelvis hips; spine1 spine; spine3 chest; head head; shoulder upperarm.[l|r]; elbow lowerarm.[l|r];
        wrist wrist.[l|r]; hip upperleg.[l|r]; knee lowerleg.[l|r]; ankle foot.[l|r]; foot toes.[l|r]""",
        axes=Y_UP,
    ),
    "biped": Specimen(
        "3ds max biped",
        _BIPED_BONES,
        _biped("Bip001 ", " ")
        + "spine1 Bip001 Spine; spine2 Bip001 Spine1; spine3 Bip001 Spine2; neck Bip001 Neck; head Bip001 Head",
        "shoulder Bip001 [L|R]UpArmTwist; elbow Bip001 [L|R] ForeTwist",
        unit=39.37,
    ),
    "valve biped": Specimen(
        "3ds max biped",
        _VALVE,
        _biped("ValveBiped.Bip01_", "_")
        + """spine1 ValveBiped.Bip01_Spine; spine2 ValveBiped.Bip01_Spine2; spine3 ValveBiped.Bip01_Spine4;
        neck ValveBiped.Bip01_Neck1; head ValveBiped.Bip01_Head1""",
        unit=39.37,
        arm=45.0,
    ),
}
"""Name -> rig and what has to be recognised in it."""
