"""Figures of character makers (Daz, Character Creator, MakeHuman) and of MikuMikuDance."""

from __future__ import annotations

from tests.rig_zoo.builder import Y_UP, Specimen

_DAZ_8 = """
hip @ pelvis
 pelvis @ 0 0.94 0
  [l|r]ThighBend @ hip
   [l|r]ThighTwist @ thigh 0.5
    [l|r]Shin @ knee
     [l|r]Foot @ ankle
      [l|r]Metatarsals @ 0.105 0.05 0.06
       [l|r]Toe @ ball
        [l|r]BigToe @ 0.10 0.015 0.15
        [l|r]SmallToe1 @ 0.13 0.015 0.14
 abdomenLower @ spine 0.1
  abdomenUpper @ spine 0.3
   chestLower @ spine 0.5
    chestUpper @ spine 0.75
     [l|r]Collar @ clavicle
      [l|r]ShldrBend @ shoulder
       [l|r]ShldrTwist @ upperarm 0.5
        [l|r]ForearmBend @ elbow
         [l|r]ForearmTwist @ forearm 0.5
          [l|r]Hand @ wrist
           *fingers [l|r]{}#1 Thumb Index Mid Ring Pinky
     neckLower @ nape
      neckUpper @ neck 0.5
       head @ head
        lowerJaw @ jaw
        [l|r]Eye @ eye
    [l|r]Pectoral @ breast
"""
_DAZ_9 = """
hip @ pelvis
 pelvis @ 0 0.94 0
  [l|r]_thigh @ hip
   [l|r]_thightwist1 @ thigh 0.3
   [l|r]_thightwist2 @ thigh 0.6
   [l|r]_shin @ knee
    [l|r]_foot @ ankle
     [l|r]_metatarsal @ 0.105 0.05 0.06
      [l|r]_toes @ ball
 spine1 @ spine 0.1
  spine2 @ spine 0.3
   spine3 @ spine 0.5
    spine4 @ spine 0.75
     [l|r]_shoulder @ clavicle
      [l|r]_upperarm @ shoulder
       [l|r]_upperarmtwist1 @ upperarm 0.3
       [l|r]_upperarmtwist2 @ upperarm 0.6
       [l|r]_forearm @ elbow
        [l|r]_forearmtwist1 @ forearm 0.3
        [l|r]_forearmtwist2 @ forearm 0.6
        [l|r]_hand @ wrist
         *fingers [l|r]_{}#1 thumb index mid ring pinky
     [l|r]_pectoral @ breast
     neck1 @ nape
      neck2 @ neck 0.5
       head @ head
        lowerjaw @ jaw
        [l|r]_eye @ eye
"""
_DAZ_OLD = """
hip @ pelvis
 pelvis @ 0 0.94 0
  [l|r]Thigh @ hip
   [l|r]Shin @ knee
    [l|r]Foot @ ankle
     [l|r]Toe @ ball
 abdomen @ spine 0.15
  abdomen2 @ spine 0.4
   chest @ spine 0.7
    [l|r]Pectoral @ breast
    [l|r]Collar @ clavicle
     [l|r]Shldr @ shoulder
      [l|r]ForeArm @ elbow
       [l|r]Hand @ wrist
        *fingers [l|r]{}#1 Thumb Index Mid Ring Pinky
    neck @ nape
     head @ head
      [left|right]Eye @ eye
"""
_CC = """
CC_Base_BoneRoot @ floor
 CC_Base_Hip @ pelvis
  CC_Base_Pelvis @ 0 0.951 0.001
   CC_Base_[L|R]_Thigh @ hip
    CC_Base_[L|R]_Calf @ knee
     CC_Base_[L|R]_Foot @ ankle
      CC_Base_[L|R]_ToeBaseShareBone @ ball
      CC_Base_[L|R]_ToeBase @ ball
       CC_Base_[L|R]_BigToe1 @ 0.10 0.015 0.16
     CC_Base_[L|R]_CalfTwist01 @ shin 0.3
      CC_Base_[L|R]_CalfTwist02 @ shin 0.6
     CC_Base_[L|R]_KneeShareBone @ knee
    CC_Base_[L|R]_ThighTwist01 @ thigh 0.3
     CC_Base_[L|R]_ThighTwist02 @ thigh 0.6
  CC_Base_Waist @ spine 0.15
   CC_Base_Spine01 @ spine 0.35
    CC_Base_Spine02 @ spine 0.65
     CC_Base_NeckTwist01 @ nape
      CC_Base_NeckTwist02 @ neck 0.5
       CC_Base_Head @ head
        CC_Base_FacialBone @ 0 1.57 0.01
         CC_Base_JawRoot @ jaw
         CC_Base_[L|R]_Eye @ eye
     CC_Base_[L|R]_Clavicle @ clavicle
      CC_Base_[L|R]_Upperarm @ shoulder
       CC_Base_[L|R]_Forearm @ elbow
        CC_Base_[L|R]_Hand @ wrist
         *fingers CC_Base_[L|R]_{}#1 Thumb Index Mid Ring Pinky
        CC_Base_[L|R]_ForearmTwist01 @ forearm 0.3
         CC_Base_[L|R]_ForearmTwist02 @ forearm 0.6
        CC_Base_[L|R]_ElbowShareBone @ elbow
       CC_Base_[L|R]_UpperarmTwist01 @ upperarm 0.3
        CC_Base_[L|R]_UpperarmTwist02 @ upperarm 0.6
     CC_Base_[L|R]_RibsTwist @ 0.06 1.3 0.02
      CC_Base_[L|R]_Breast @ breast
"""
_CC_TWIST = """
shoulder CC_Base_[L|R]_UpperarmTwist01,CC_Base_[L|R]_UpperarmTwist02; elbow CC_Base_[L|R]_ForearmTwist01,CC_Base_[L|R]_ForearmTwist02;
hip CC_Base_[L|R]_ThighTwist01,CC_Base_[L|R]_ThighTwist02; knee CC_Base_[L|R]_CalfTwist01,CC_Base_[L|R]_CalfTwist02
"""

_MMD = """
全ての親 @ floor
 センター @ 0 0.7 0
  グルーブ @ 0 0.72 0
   腰 @ 0 0.97 0
    上半身 @ 0 1.0 0
     上半身2 @ spine 0.5
      首 @ nape
       頭 @ head
        両目 @ 0 1.75 0.1
        {目} @ eye
        {ツインテ1} @ 0.1 1.65 -0.05
         {ツインテ2} @ 0.25 1.2 -0.08
          {ツインテ3} @ 0.27 0.6 -0.08
      {肩} @ clavicle
       {腕} @ shoulder
        {腕捩} @ upperarm 0.5
         {ひじ} @ elbow
          {手捩} @ forearm 0.5
           {手首} @ wrist
            {親指０} @ thumb1
             {親指１} @ thumb2
            {人指１} @ index1
             {人指２} @ index2
            {中指１} @ middle1
    下半身 @ 0 0.99 0
     {足} @ hip
      {ひざ} @ knee
       {足首} @ ankle
        {つま先} @ toe
     {足D} @ hip
      {ひざD} @ knee
       {足首D} @ ankle
        {足先EX} @ ball
     {スカート前1} @ 0.1 0.9 0.1
      {スカート前2} @ 0.15 0.6 0.2
 {足IK親} @ 0.1 0 -0.02
  {足ＩＫ} @ ankle
   {つま先ＩＫ} @ toe
"""
_MMD_JOINTS = """
root 全ての親; pelvis 下半身; spine1 上半身; spine3 上半身2; neck 首; head 頭; collar {肩}; shoulder {腕}; elbow {ひじ}; wrist {手首};
hip {足}; knee {ひざ}; ankle {足首}; foot {足先EX}
"""
_MMD_ENGLISH = """
mother @ floor
 center @ 0 0.7 0
  groove @ 0 0.72 0
   waist @ 0 0.97 0
    upper body @ 0 1.0 0
     upper body 2 @ spine 0.5
      neck @ nape
       head @ head
      shoulder_[L|R] @ clavicle
       arm_[L|R] @ shoulder
        arm twist_[L|R] @ upperarm 0.5
         elbow_[L|R] @ elbow
          wrist twist_[L|R] @ forearm 0.5
           wrist_[L|R] @ wrist
            fore1_[L|R] @ index1
    lower body @ 0 0.99 0
     leg_[L|R] @ hip
      knee_[L|R] @ knee
       ankle_[L|R] @ ankle
        toe_[L|R] @ toe
 leg IK_[L|R] @ ankle
  toe IK_[L|R] @ toe
"""


def _japanese(text: str, pattern: str) -> str:
    """Names in braces get a side, before or behind."""
    before, _, behind = pattern.partition("*")
    return text.replace("{", before).replace("}", behind)


def _mmd(pattern: str, **kind) -> Specimen:
    return Specimen(
        "mmd",
        _japanese(_MMD, pattern),
        _japanese(_MMD_JOINTS, pattern),
        _japanese("shoulder {腕捩}; elbow {手捩}", pattern),
        followers=_japanese("hip {足D}; knee {ひざD}; ankle {足首D}", pattern),
        ik=_japanese("ankle {足ＩＫ}; foot {つま先ＩＫ}", pattern),
        path="センター",
        arm=38.0,
        **kind,
    )


_MAKEHUMAN = """
root @ pelvis
 spine05 @ 0 0.951 0
  spine04 @ spine 0.15
   spine03 @ spine 0.3
    spine02 @ spine 0.5
     breast.[L|R] @ breast
     spine01 @ spine 0.75
      clavicle.[L|R] @ clavicle
       shoulder01.[L|R] @ collar 0.7
        upperarm01.[L|R] @ shoulder
         upperarm02.[L|R] @ upperarm 0.5
          lowerarm01.[L|R] @ elbow
           lowerarm02.[L|R] @ forearm 0.5
            wrist.[L|R] @ wrist
             finger1-1.[L|R] @ thumb1
              finger1-2.[L|R] @ thumb2
             metacarpal1.[L|R] @ palm
              finger2-1.[L|R] @ index1
               finger2-2.[L|R] @ index2
             metacarpal2.[L|R] @ 0.72 1.41 0.02
              finger3-1.[L|R] @ middle1
      neck01 @ nape
       neck02 @ neck 0.3
        neck03 @ neck 0.6
         head @ head
          jaw @ jaw
          eye.[L|R] @ eye
 pelvis.[L|R] @ pelvis
  upperleg01.[L|R] @ hip
   upperleg02.[L|R] @ thigh 0.5
    lowerleg01.[L|R] @ knee
     lowerleg02.[L|R] @ shin 0.5
      foot.[L|R] @ ankle
       toe1-1.[L|R] @ ball
        toe1-2.[L|R] @ toe
       toe2-1.[L|R] @ 0.12 0.02 0.11
"""

FIGURES = {
    "daz genesis 8": Specimen(
        "daz genesis 3 and 8",
        _DAZ_8,
        """pelvis hip; spine1 abdomenLower; spine2 chestLower; spine3 chestUpper; neck neckUpper; head head; collar [l|r]Collar;
        shoulder [l|r]ShldrBend; elbow [l|r]ForearmBend; wrist [l|r]Hand; hip [l|r]ThighBend; knee [l|r]Shin; ankle [l|r]Foot;
        foot [l|r]Toe""",
        "shoulder [l|r]ShldrTwist; elbow [l|r]ForearmTwist; hip [l|r]ThighTwist",
        unit=100.0,
        arm=50.0,
    ),
    "daz genesis 9": Specimen(
        "daz genesis 9",
        _DAZ_9,
        """pelvis hip; spine1 spine1; spine2 spine3; spine3 spine4; neck neck2; head head; collar [l|r]_shoulder;
        shoulder [l|r]_upperarm; elbow [l|r]_forearm; wrist [l|r]_hand; hip [l|r]_thigh; knee [l|r]_shin; ankle [l|r]_foot;
        foot [l|r]_toes""",
        """shoulder [l|r]_upperarmtwist1,[l|r]_upperarmtwist2; elbow [l|r]_forearmtwist1,[l|r]_forearmtwist2;
        hip [l|r]_thightwist1,[l|r]_thightwist2""",
    ),
    "daz": Specimen(
        "daz",
        _DAZ_OLD,
        """pelvis hip; spine1 abdomen; spine2 abdomen2; spine3 chest; neck neck; head head; collar [l|r]Collar; shoulder [l|r]Shldr;
        elbow [l|r]ForeArm; wrist [l|r]Hand; hip [l|r]Thigh; knee [l|r]Shin; ankle [l|r]Foot; foot [l|r]Toe""",
    ),
    "character creator": Specimen(
        "character creator",
        _CC,
        """pelvis CC_Base_Hip; spine1 CC_Base_Waist; spine2 CC_Base_Spine01; spine3 CC_Base_Spine02; neck CC_Base_NeckTwist02;
        head CC_Base_Head; collar CC_Base_[L|R]_Clavicle; shoulder CC_Base_[L|R]_Upperarm; elbow CC_Base_[L|R]_Forearm;
        wrist CC_Base_[L|R]_Hand; hip CC_Base_[L|R]_Thigh; knee CC_Base_[L|R]_Calf; ankle CC_Base_[L|R]_Foot;
        foot CC_Base_[L|R]_ToeBase; root CC_Base_BoneRoot""",
        _CC_TWIST,
        unit=100.0,
        axes=Y_UP,
    ),
    "mmd": _mmd("[左|右]*", unit=12.5),
    "mmd_tools": _mmd("*.[L|R]"),
    "mmd english": Specimen(
        "mmd english",
        _MMD_ENGLISH,
        """root mother; pelvis lower body; spine1 upper body; spine3 upper body 2; neck neck; head head; collar shoulder_[L|R]; shoulder arm_[L|R];
        elbow elbow_[L|R]; wrist wrist_[L|R]; hip leg_[L|R]; knee knee_[L|R]; ankle ankle_[L|R]; foot toe_[L|R]""",
        "shoulder arm twist_[L|R]; elbow wrist twist_[L|R]",
        ik="ankle leg IK_[L|R]; foot toe IK_[L|R]",
        path="center",
        arm=38.0,
    ),
    "makehuman": Specimen(
        "makehuman",
        _MAKEHUMAN,
        """pelvis root; spine1 spine04; spine2 spine03; spine3 spine01; neck neck03; head head; collar clavicle.[L|R];
        shoulder upperarm01.[L|R]; elbow lowerarm01.[L|R]; wrist wrist.[L|R]; hip upperleg01.[L|R]; knee lowerleg01.[L|R];
        ankle foot.[L|R]; foot toe1-1.[L|R]""",
        "shoulder upperarm02.[L|R]; elbow lowerarm02.[L|R]; hip upperleg02.[L|R]; knee lowerleg02.[L|R]",
    ),
}
"""Name -> rig and what has to be recognised in it."""
