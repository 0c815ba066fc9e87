"""Animals of several builds, none of which dances: name -> bones."""

from __future__ import annotations

import numpy as np

ANIMALS = {
    "panda": """
Root @ 0 0 0
 Hips @ 0 0.6 -0.35
  Back_Leg_Pelvis_[L|R] @ 0.08 0.58 -0.35
   Back_Leg_Upper_[L|R] @ 0.14 0.55 -0.35
    Back_Leg_Lower_[L|R] @ 0.15 0.32 -0.28
     Back_Leg_Ankle_[L|R] @ 0.15 0.12 -0.38
      Back_Leg_Foot_[L|R] @ 0.15 0.02 -0.3
  Spine_1 @ 0 0.62 -0.2
   Spine_2 @ 0 0.66 0.0
    Spine_3 @ 0 0.7 0.2
     Front_Leg_Shoulder_[L|R] @ 0.1 0.66 0.22
      Front_Leg_Upper_[L|R] @ 0.15 0.58 0.24
       Front_Leg_Lower_[L|R] @ 0.15 0.32 0.2
        Front_Leg_Ankle_[L|R] @ 0.15 0.1 0.24
         Front_Leg_Foot_[L|R] @ 0.15 0.02 0.3
     Spine_4 @ 0 0.8 0.35
      Head @ 0 0.95 0.42
       Jaw @ 0 0.92 0.5
       Ear_[L|R] @ 0.12 1.05 0.4
        Ear_Tip_[L|R] @ 0.18 1.16 0.4
         Ear_End_[L|R] @ 0.22 1.22 0.4
""",
    "stag": """
Root @ 0 0 0
 Hips @ 0 1.1 -0.5
  [L|R]_Thigh @ 0.12 1.05 -0.5
   [L|R]_Shin @ 0.13 0.65 -0.42
    [L|R]_Hock @ 0.13 0.35 -0.6
     [L|R]_Hoof @ 0.13 0.05 -0.55
  Tail @ 0 1.12 -0.6
  Spine1 @ 0 1.15 -0.25
   Spine2 @ 0 1.15 0.0
    Spine3 @ 0 1.12 0.25
     [L|R]_Scapula @ 0.08 1.1 0.3
      [L|R]_Humerus @ 0.13 0.9 0.36
       [L|R]_Radius @ 0.13 0.65 0.28
        [L|R]_Cannon @ 0.13 0.32 0.32
         [L|R]_FrontHoof @ 0.13 0.05 0.34
     Neck1 @ 0 1.3 0.42
      Neck2 @ 0 1.5 0.52
       Head @ 0 1.7 0.6
        Snout @ 0 1.68 0.78
        [L|R]_Antler1 @ 0.06 1.8 0.58
         [L|R]_Antler2 @ 0.25 2.0 0.5
          [L|R]_Antler3 @ 0.4 2.25 0.45
        [L|R]_Ear @ 0.08 1.76 0.55
         [L|R]_EarTip @ 0.2 1.82 0.52
""",
    "cat with a person's names": """
Hips @ 0 0.3 -0.2
 [Left|Right]UpLeg @ 0.05 0.28 -0.2
  [Left|Right]Leg @ 0.05 0.17 -0.16
   [Left|Right]Foot @ 0.05 0.07 -0.22
    [Left|Right]Toes @ 0.05 0.01 -0.18
 Tail1 @ 0 0.31 -0.26
  Tail2 @ 0 0.36 -0.36
   Tail3 @ 0 0.42 -0.45
 Spine @ 0 0.31 -0.1
  Spine1 @ 0 0.31 0.0
   Spine2 @ 0 0.3 0.1
    Neck @ 0 0.34 0.17
     Head @ 0 0.4 0.22
      [Left|Right]Ear @ 0.03 0.46 0.21
    [Left|Right]Shoulder @ 0.03 0.29 0.12
     [Left|Right]Arm @ 0.05 0.24 0.14
      [Left|Right]ForeArm @ 0.05 0.15 0.11
       [Left|Right]Hand @ 0.05 0.04 0.13
""",
    "eagle": """
body @ 0 0.4 0
 chest @ 0 0.5 0.06
  neck @ 0 0.6 0.12
   head @ 0 0.7 0.16
    beak @ 0 0.69 0.24
  wing_upper.[L|R] @ 0.08 0.52 0.05
   wing_lower.[L|R] @ 0.35 0.55 0.0
    wing_hand.[L|R] @ 0.7 0.55 0.03
     feather.[L|R] @ 0.95 0.55 -0.05
 tail @ 0 0.36 -0.12
 thigh.[L|R] @ 0.05 0.36 0.0
  shin.[L|R] @ 0.06 0.24 0.05
   foot.[L|R] @ 0.06 0.1 -0.02
    toe.[L|R] @ 0.06 0.01 0.04
""",
    "dinosaur": """
root @ 0 0 0
 pelvis @ 0 1.6 -0.1
  thigh.[L|R] @ 0.25 1.55 -0.1
   shin.[L|R] @ 0.28 1.0 0.2
    metatarsal.[L|R] @ 0.28 0.5 -0.15
     toe.[L|R] @ 0.28 0.08 0.05
  tail1 @ 0 1.6 -0.5
   tail2 @ 0 1.55 -1.1
    tail3 @ 0 1.5 -1.8
  spine1 @ 0 1.62 0.3
   spine2 @ 0 1.7 0.7
    spine3 @ 0 1.8 1.0
     upperarm.[L|R] @ 0.15 1.65 1.05
      forearm.[L|R] @ 0.17 1.45 1.0
       hand.[L|R] @ 0.17 1.3 1.12
     neck @ 0 1.95 1.2
      head @ 0 2.15 1.4
       jaw @ 0 2.1 1.6
""",
    "horse": """
Bone @ 0 1.3 0
 Pelvis @ 0 1.4 -0.6
  Hind_Upper.[L|R] @ 0.15 1.25 -0.65
   Hind_Lower.[L|R] @ 0.15 0.85 -0.6
    Hind_Cannon.[L|R] @ 0.15 0.5 -0.8
     Hind_Hoof.[L|R] @ 0.15 0.08 -0.75
  Tail @ 0 1.4 -0.8
   Tail2 @ 0 1.1 -0.95
 Spine @ 0 1.38 0.1
  Chest @ 0 1.35 0.5
   Fore_Upper.[L|R] @ 0.15 1.1 0.55
    Fore_Lower.[L|R] @ 0.15 0.75 0.5
     Fore_Cannon.[L|R] @ 0.15 0.4 0.52
      Fore_Hoof.[L|R] @ 0.15 0.06 0.56
   Neck @ 0 1.6 0.75
    Neck2 @ 0 1.8 0.9
     Head @ 0 2.0 1.0
      Ear.[L|R] @ 0.06 2.12 0.96
       EarTip.[L|R] @ 0.08 2.24 0.95
      Mouth @ 0 1.85 1.25
""",
    "rabbit": """
root @ 0 0 0
 hip @ 0 0.16 -0.1
  leg_back_[l|r] @ 0.05 0.15 -0.1
   knee_back_[l|r] @ 0.06 0.1 -0.02
    foot_back_[l|r] @ 0.06 0.03 -0.14
     toe_back_[l|r] @ 0.06 0.01 -0.04
  spine @ 0 0.19 -0.04
   chest @ 0 0.19 0.06
    leg_front_[l|r] @ 0.04 0.15 0.08
     knee_front_[l|r] @ 0.04 0.09 0.06
      foot_front_[l|r] @ 0.04 0.02 0.09
    neck @ 0 0.22 0.1
     head @ 0 0.27 0.13
      ear_[l|r] @ 0.02 0.31 0.11
       ear_mid_[l|r] @ 0.05 0.4 0.09
        ear_tip_[l|r] @ 0.07 0.48 0.06
""",
}

_QUADRUPED_NAMES = (
    "Hips Back_Leg_Pelvis Back_Leg_Upper Back_Leg_Lower Back_Leg_Ankle Back_Leg_Foot Spine Front_Leg_Shoulder "
    "Front_Leg_Upper Front_Leg_Lower Front_Leg_Foot Head Jaw Ear Ear_Tip Ear_End",
    "Hips HipJoint UpLeg Leg Foot Toe Spine Shoulder Arm ForeArm Hand Head Jaw Ear EarTip EarEnd",
    "a b c d e f g h i j k l m n o p",
)
_BIRD_NAMES = (
    "body thigh shin foot toe claw spine chest wing1 wing2 wing3 feather neck head beak",
    "a b c d e f g h i j k l m n o",
)


def _at(*steps: object) -> str:
    """The place that these steps (3,) lead to."""
    return " ".join(f"{number:.4f}" for number in np.sum([np.asarray(step, float) for step in steps], axis=0))


def quadruped(rng: np.random.Generator, names: int) -> str:
    """Bones of some beast: hind legs below hips, a trunk of any slope and length, front legs, a head with ears."""
    hips, pelvis, thigh, shin, ankle, foot, spine, scapula, upper, lower, hoof, head, jaw, ear, tip, end = (
        _QUADRUPED_NAMES[names].split()
    )
    slope, length, wide = np.radians(rng.uniform(-10, 50)), rng.uniform(0.7, 1.8), rng.uniform(0.08, 0.25)
    along = length * np.array([0.0, np.sin(slope), np.cos(slope)])
    bones = [np.array([0.0, 1.0, 0.0]) + part * along for part in (0.2, 0.45, 0.7, 0.9)]
    skull = bones[3] + [0, rng.uniform(0, 0.7), rng.uniform(0.1, 0.4)]
    shoulder = bones[2] + [wide, -0.05, 0.02]
    listening = rng.uniform(0.1, 0.8) * np.array([rng.uniform(0.3, 1), rng.uniform(0, 1), rng.uniform(-0.4, 0.2)])
    return f"""
{hips} @ 0 1 0
 {pelvis}_[L|R] @ {wide / 2} 0.98 0
  {thigh}_[L|R] @ {wide} 0.95 0
   {shin}_[L|R] @ {wide} 0.55 {rng.uniform(0, 0.15)}
    {ankle}_[L|R] @ {wide} 0.2 {rng.uniform(-0.2, 0)}
     {foot}_[L|R] @ {wide} 0.03 {rng.uniform(0, 0.1)}
 {spine}_1 @ {_at(bones[0])}
  {spine}_2 @ {_at(bones[1])}
   {spine}_3 @ {_at(bones[2])}
    {scapula}_[L|R] @ {_at(shoulder * [0.5, 1, 1])}
     {upper}_[L|R] @ {_at(shoulder)}
      {lower}_[L|R] @ {_at(shoulder * [1, 0.55, 1] + [0, 0, 0.05])}
       {hoof}_[L|R] @ {_at(shoulder * [1, 0.12, 1])}
    {spine}_4 @ {_at(bones[3])}
     {head} @ {_at(skull)}
      {jaw} @ {_at(skull, [0, -0.05, 0.15])}
      {ear}_[L|R] @ {_at(skull, [wide, 0.1, 0])}
       {tip}_[L|R] @ {_at(skull, [wide, 0.1, 0], 0.6 * listening)}
        {end}_[L|R] @ {_at(skull, [wide, 0.1, 0], listening)}
"""


def bird(rng: np.random.Generator, names: int) -> str:
    """Bones of some bird that is not quite upright: legs that stand on their toes, and wings."""
    body, thigh, shin, foot, toe, claw, spine, chest, wing, *wings, feather, neck, head, beak = _BIRD_NAMES[
        names
    ].split()
    tilt, length, leg = np.radians(rng.uniform(0, 60)), rng.uniform(0.4, 1.2), rng.uniform(0.3, 1.0)
    along = length * np.array([0.0, np.sin(tilt), np.cos(tilt)])
    wide, bent, hips = rng.uniform(0.06, 0.15), leg * rng.uniform(0.05, 0.3), np.array([0.0, leg, 0.0])
    shoulder = hips + 0.7 * along + [wide, 0.05, 0]
    spread = rng.uniform(0.3, 1.5) * np.array([1.0, rng.uniform(-0.6, 0.3), rng.uniform(-0.4, 0)])
    skull = hips + along + [0, rng.uniform(0.1, 0.6), rng.uniform(0, 0.3)]
    return f"""
{body} @ {_at(hips)}
 {thigh}.[L|R] @ {wide} {0.95 * leg} 0
  {shin}.[L|R] @ {wide} {0.6 * leg} {bent}
   {foot}.[L|R] @ {wide} {0.3 * leg} {-bent}
    {toe}.[L|R] @ {wide} 0.02 0.02
     {claw}.[L|R] @ {wide} 0.01 0.15
 {spine} @ {_at(hips + 0.35 * along)}
  {chest} @ {_at(hips + 0.7 * along)}
   {wing}.[L|R] @ {_at(shoulder)}
    {wings[0]}.[L|R] @ {_at(shoulder + 0.35 * spread)}
     {wings[1]}.[L|R] @ {_at(shoulder + 0.7 * spread)}
      {feather}.[L|R] @ {_at(shoulder + spread)}
   {neck} @ {_at(hips + along)}
    {head} @ {_at(skull)}
     {beak} @ {_at(skull, [0, -0.02, 0.15])}
"""
