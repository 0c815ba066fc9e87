"""A body found without names: two mirrored legs, a trunk above them, two mirrored arms and a head on top.

Axes, facing, scale and bone roll may be anything; the rest pose has to stand and be roughly symmetric.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from tokendance_core.errors import RigError
from tokendance_core.motion.rotation import unit
from tokendance_core.rigs import limb_ends, mirror, names
from tokendance_core.rigs.anatomy import Tree, shared_out
from tokendance_core.rigs.completion import completed
from tokendance_core.rigs.fitting import score
from tokendance_core.rigs.mirror import Mirror
from tokendance_core.types import Rig, RigMap

_HINT = "Choose Edit Map and pick the bones by hand, or load a rig map that was saved for this character."

_CERTAINTY = 0.8
"""Factor on the score of a map that no names confirm."""


_LEG_OF_TRUNK = 1.8
"""Length of an adult's leg in lengths of the trunk, hips to shoulders."""

_LOWEST_HEAD, _HIGHEST_HEAD = 0.05, 0.195
"""Height at which the head begins above the shoulders, as a part of the hips' height."""


@dataclass(frozen=True, eq=False)
class Chain:
    """One of two mirrored limbs.

    ``bones`` from its beginning to its end, ``holder`` the bone that it is attached to; ``points`` (N, 3) their heads,
    then the last tail if known.
    """

    bones: list[int]
    points: np.ndarray
    holder: int

    @property
    def length(self) -> float:
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


_HIGHEST_ANKLE, _STEEPEST_FOOT = 0.25, 0.65
"""At most, of a standing person: height of the ankle above the toes in lengths of the leg; cosine between the foot and
the leg.
"""

Pair = tuple[Chain, Chain]

_SAID_SIDES = 4
"""Bones of the limbs whose names must agree on left and right before names decide it."""


def _longest(rig: Rig, tree: Tree, mirrored: np.ndarray, start: int) -> list[int]:
    """The longest chain of mirrored bones that begins at ``start``, measured along heads; bones without a partner are
    skipped.
    """
    best: dict[int, tuple[float, list[int]]] = {}
    order = [start]
    for bone in order:
        order += tree.children[bone]
    for bone in reversed(order):
        options: list[tuple[float, list[int]]] = [(0.0, [])]
        for child in tree.children[bone]:
            reach, chain = best[child]
            first = chain[0] if chain else None
            step = float(np.linalg.norm(rig.heads[first] - rig.heads[bone])) if first is not None else 0.0
            options.append((reach + step, chain))
        reach, chain = max(options, key=lambda option: (option[0], len(option[1])))
        best[bone] = (reach, [bone, *chain]) if mirrored[bone] >= 0 else (reach, chain)
    return best[start][1]


def _chain(rig: Rig, plane: Mirror, bones: list[int], holder: int) -> Chain:
    points = rig.heads[bones]
    if rig.lengths[bones[-1]] > 0.02 * plane.size:
        points = np.vstack((points, rig.tails[bones[-1]]))
    return Chain(bones, points, holder)


def _limbs(rig: Rig, tree: Tree, plane: Mirror) -> list[Pair]:
    """Pairs of mirrored chains that leave a bone of the middle, the longest first; in each pair, the chain on the
    plane's positive side first.
    """
    found: list[Pair] = []
    for bone, other in enumerate(plane.partner):
        if other <= bone:
            continue
        holder = tree.parents[bone]
        if holder >= 0 and plane.partner[holder] != holder:
            continue
        bones = _longest(rig, tree, plane.partner, bone)
        chain = _chain(rig, plane, bones, holder)
        image = _chain(rig, plane, [int(plane.partner[b]) for b in bones], holder)
        if len(chain.points) >= 3 and tree.parents[other] == holder:
            is_first = plane.side(chain.points[-1]) >= plane.side(image.points[-1])
            found.append((chain, image) if is_first else (image, chain))
    found.sort(key=lambda pair: -pair[0].length)
    return found[:12]


def _segments(chain: Chain, end_bonus: np.ndarray) -> tuple[float, tuple[int, int, int]]:
    """How much a chain looks like a limb, and where its root joint, hinge and end lie among its points.

    A limb is two long pieces of about one length, each one bone or a bone cut in two or three by twist bones, with
    little else.
    """
    steps = np.linalg.norm(np.diff(chain.points, axis=0), axis=1)
    total = steps.sum()
    best = (-1.0, (0, 0, 0))
    bones = len(chain.bones)
    for a in range(min(4, bones)):
        for b in range(a + 1, min(a + 4, bones)):
            for c in range(b + 1, min(b + 4, len(chain.points))):
                upper, lower = steps[a:b].sum(), steps[b:c].sum()
                if min(upper, lower) < 0.05 * total:
                    continue
                inner = (b - a - 1) + (c - b - 1)
                uneven = abs(np.log(upper / lower))
                bent = sum(
                    1 - np.linalg.norm(chain.points[j] - chain.points[i]) / steps[i:j].sum()
                    for i, j in ((a, b), (b, c))
                )
                value = (upper + lower) / total - 0.6 * uneven - 0.12 * inner - 0.1 * abs((b - a) - (c - b)) - 3 * bent
                value += end_bonus[c] + 0.1 * (a > 0) * (inner > 0)
                best = max(best, (float(value), (a, b, c)))
    return best


def _fingers(tree: Tree, bone: int) -> int:
    """How many children of a bone may be fingers: chains, or single bones where there are more than three."""
    children = tree.children[bone]
    return len(children) if len(children) > 3 else sum(bool(tree.children[child]) for child in children)


def _arm_ends(tree: Tree, chain: Chain) -> np.ndarray:
    """(N,) how likely each point is the wrist: fingers fork there, and a hand seldom lacks a bone."""
    forks = np.array([_fingers(tree, bone) for bone in chain.bones])
    bonus = np.zeros(len(chain.points))
    bonus[len(chain.bones) :] = -0.1
    forked = np.flatnonzero(forks >= 2)
    if len(forked):
        bonus[forked[-1] if forks[forked[-1]] >= 3 else forked[0]] = 0.3
    return bonus


def _upward(chain: Chain) -> np.ndarray:
    """(3,) from the ankle, or wherever else a leg stops being straight, to its beginning."""
    found = np.zeros(3)
    # Some legs begin with a short bone from the middle of the pelvis to the hip.
    for start in range(min(3, len(chain.points) - 1)):
        points = chain.points[start:]
        path = np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))
        straight = np.flatnonzero(np.linalg.norm(points[1:] - points[0], axis=1) > 0.95 * path)
        span = points[0] - points[straight[-1] + 1]
        found = max(found, span, key=np.linalg.norm)
    return found


def _leg_ends(chain: Chain, up: np.ndarray) -> np.ndarray:
    """(N,) how likely each point is the ankle: below it the chain turns forward."""
    steps = np.diff(chain.points, axis=0)
    down = -(steps @ up) / np.maximum(np.linalg.norm(steps, axis=1), 1e-12)
    bonus = np.zeros(len(chain.points))
    for point in range(1, len(chain.points) - 1):
        if down[point] < 0.75 and (down[:point] > 0.75).sum() >= 1:
            bonus[point] = 1.0
            break
    return bonus


@dataclass(frozen=True, eq=False)
class _Body:
    """A guess: the pairs of legs and arms, which way is up, and how plausible it is; or an animal on four legs."""

    legs: Pair
    arms: Pair
    up: np.ndarray
    value: float
    has_four_legs: bool = False

    @property
    def floor(self) -> float:
        """Height of the lowest point of the legs."""
        return min(float((chain.points @ self.up).min()) for chain in self.legs)


def _guess(rig: Rig, tree: Tree, plane: Mirror, legs: Pair, arms: Pair) -> _Body | None:
    """Judge two pairs of limbs as legs and arms; None when they cannot be that."""
    if (
        legs[0].holder == arms[0].holder
        or min(legs[0].holder, arms[0].holder) < 0
        or tree.descends_from(legs[0].holder, arms[0].holder)
    ):
        return None
    hips, ends = np.mean([c.points[0] for c in legs], axis=0), np.mean([c.points[-1] for c in legs], axis=0)
    shoulders = np.mean([c.points[0] for c in arms], axis=0)
    up = np.mean([_upward(chain) for chain in legs], axis=0)
    up -= plane.normal * (up @ plane.normal)
    length = float(np.linalg.norm(up))
    if length < 0.1 * plane.size:
        return None
    up /= length
    trunk = shoulders - hips
    rise = float(trunk @ up)
    hands = np.mean([c.points[-1] for c in arms], axis=0)
    floor = float(ends @ up)
    if (
        float(hands @ up) - floor < 0.12 * length
        and abs(rise) < 0.7 * float(np.linalg.norm(trunk))
        and arms[0].length > 0.6 * length
    ):
        return _Body(legs, arms, up, legs[0].length, has_four_legs=True)
    if rise < 0.15 * length or rise < 0.75 * float(np.linalg.norm(trunk)):
        return None
    spans = [chain.points[-1] - chain.points[0] for chain in arms]
    if float(np.dot(spans[0] - spans[1], plane.normal)) < 0.05 * arms[0].length or not 0.35 * length < arms[
        0
    ].length < 2.0 * max(length, _LEG_OF_TRUNK * rise):
        return None
    limb = _segments(legs[0], _leg_ends(legs[0], up))[0] + _segments(arms[0], _arm_ends(tree, arms[0]))[0]
    # Hair hangs, from the head; arms spread, from below it.
    spread = float(np.dot(spans[0] - spans[1], plane.normal)) / (2 * arms[0].length)
    middle = rig.heads[[bone for bone, other in enumerate(plane.partner) if other == bone]] @ up
    low = float(rig.heads[arms[0].holder] @ up) < float(hips @ up) + 0.75 * (float(middle.max()) - float(hips @ up))
    return _Body(legs, arms, up, limb + 0.5 * (legs[0].length + arms[0].length) / plane.size + 0.5 * spread + 0.5 * low)


def _middle(tree: Tree, plane: Mirror, bone: int) -> list[int]:
    """Children of a bone that lie in the middle plane."""
    return [child for child in tree.children[bone] if plane.partner[child] == child]


def _top(rig: Rig, tree: Tree, plane: Mirror, found: _Body) -> list[int]:
    """Bones of the middle from above the chest to the head."""
    legs = float(np.mean([chain.points[0] for chain in found.legs], axis=0) @ found.up) - found.floor
    shoulders = float(np.mean([chain.points[min(1, len(chain.points) - 3)] @ found.up for chain in found.arms]))
    hips = float(np.mean([chain.points[0] @ found.up for chain in found.legs]))
    legs = max(legs, _LEG_OF_TRUNK * (shoulders - hips))  # chibis have short ones
    bone = found.arms[0].holder
    chain: list[int] = []
    while above := [c for c in _middle(tree, plane, bone) if (rig.heads[c] - rig.heads[bone]) @ found.up > 0.02 * legs]:
        bone = max(above, key=lambda child: (len(tree.children[child]) > 1, float(rig.heads[child] @ found.up)))
        chain.append(bone)
        if len(tree.children[bone]) > 2:
            break
    # A last bone far above the shoulders marks the top of the head, where the bone below it is high enough to be the
    # head.
    while len(chain) > 1 and len(tree.children[chain[-1]]) < 2:
        last, before = ((float(rig.heads[b] @ found.up) - shoulders) / legs for b in (chain[-1], chain[-2]))
        if not (last > _HIGHEST_HEAD and before > _LOWEST_HEAD):
            break
        chain.pop()
    return chain


def _trunk(rig: Rig, tree: Tree, plane: Mirror, found: _Body, height: float) -> dict[str, int]:
    """Pelvis, spine, neck, head and root by joint."""
    holder, chest = found.legs[0].holder, found.arms[0].holder
    line = [chest, *tree.above(chest)]
    joined = next((bone for bone in (holder, *tree.above(holder)) if bone in line), -1)
    spine = line[: line.index(joined)][::-1] if joined >= 0 else line[::-1]
    pelvis = holder
    if joined >= 0 and joined != holder and abs((rig.heads[joined] - rig.heads[holder]) @ found.up) < 0.12 * height:
        pelvis = joined
    bones = {"pelvis": pelvis, **shared_out(spine)}
    top = _top(rig, tree, plane, found)
    if top:
        bones["head"] = top[-1]
    if len(top) > 1:
        bones["neck"] = top[-2]
    outermost = ([*tree.above(pelvis)] or [pelvis])[-1]
    if outermost != pelvis and float(rig.heads[outermost] @ found.up) - found.floor < 0.15 * height:
        bones["root"] = outermost
    return bones


def _joints(tree: Tree, found: _Body) -> tuple[dict[str, int], dict[str, int]]:
    """Joint (without its side) -> bone, of the limbs on the plane's positive side and of those on the other."""
    _, (hip, knee, ankle) = _segments(found.legs[0], _leg_ends(found.legs[0], found.up))
    _, (shoulder, elbow, wrist) = _segments(found.arms[0], _arm_ends(tree, found.arms[0]))
    places = {"hip": hip, "knee": knee, "ankle": ankle, "foot": ankle + 1}
    arm_places = {"shoulder": shoulder, "elbow": elbow, "wrist": wrist}
    if shoulder > 0:
        arm_places["collar"] = 0

    def of_side(leg: Chain, arm: Chain) -> dict[str, int]:
        bones = {joint: leg.bones[place] for joint, place in places.items() if place < len(leg.bones)}
        return bones | {joint: arm.bones[place] for joint, place in arm_places.items() if place < len(arm.bones)}

    return of_side(found.legs[0], found.arms[0]), of_side(found.legs[1], found.arms[1])


def _named_left(rig: Rig, limbs: tuple[dict[str, int], dict[str, int]]) -> int:
    """How many more names say that the first limbs are the left ones than say the opposite."""
    sides = names.split_all(rig.names)
    votes = {"left": 1, "right": -1, "": 0}
    first, second = (sum(votes[sides[bone][0]] for bone in limb.values()) for limb in limbs)
    return first - second


def _bent(rig: Rig, limbs: tuple[dict[str, int], dict[str, int]], joints: tuple[str, str, str]) -> np.ndarray:
    """(3,) how far the middles of both limbs stand out from the lines between their ends."""
    out = np.zeros(3)
    for bones in (bones for bones in limbs if all(joint in bones for joint in joints)):
        start, middle, end = (rig.heads[bones[joint]] for joint in joints)
        line = unit(end - start)
        out += middle - start - line * ((middle - start) @ line)
    return out


def _front(rig: Rig, limbs: tuple[dict[str, int], dict[str, int]], found: _Body) -> tuple[np.ndarray, str]:
    """(3,) where the feet point, else where knees or elbows bend to, and a sentence when that is a guess."""
    size = found.legs[0].length
    ahead = np.zeros(3)
    for bones, leg in zip(limbs, found.legs, strict=True):
        ankle = bones.get("ankle", leg.bones[-1])
        ahead += leg.points[-1] - rig.heads[ankle]
        if ankle == leg.bones[-1]:
            ahead += rig.tails[ankle] - rig.heads[ankle]
    knees = _bent(rig, limbs, ("hip", "knee", "ankle"))
    elbows = -_bent(rig, limbs, ("shoulder", "elbow", "wrist"))
    for sign, least in ((ahead, 0.04), (knees, 0.01), (elbows, 0.01)):
        level = sign - found.up * (sign @ found.up)
        if np.linalg.norm(level) > least * size:
            return unit(level), ""
    up_axis = int(np.abs(found.up).argmax())
    usual = np.array([0.0, -1.0, 0.0]) if up_axis == 2 else np.array([0.0, 0.0, 1.0])
    return usual, "Nothing distinguishes front from back: the usual facing is assumed, so check left and right."


def _refusal(rig: Rig, tree: Tree, plane: Mirror | None, limbs: list[Pair]) -> RigError:
    """The error that says what the rig looks like instead."""
    count = len(rig.names)
    if max((len(children) for children in tree.children), default=0) < 2 and sum(p < 0 for p in tree.parents) < 2:
        found = f"a single chain of {count} bones"
    elif plane is None:
        found = f"{count} bones without two halves that mirror each other"
    elif not limbs:
        found = f"{count} bones without a pair of mirrored limbs that have a joint in the middle"
    else:
        word = "pair" if len(limbs) == 1 else "pairs"
        found = (
            f"{count} bones with {len(limbs)} {word} of mirrored limbs, but no legs below a trunk with arms and a head"
        )
    return RigError(
        f"This armature is no humanoid: found {found}, expected two legs, a trunk, two arms and a head.", hint=_HINT
    )


def _four_legs(rig: Rig) -> RigError:
    """The error for an animal that stands on all fours."""
    return RigError(
        f"This armature is no humanoid: its {len(rig.names)} bones stand on four legs, expected two legs and two arms "
        "above them.",
        hint=_HINT,
    )


def find(rig: Rig, tree: Tree) -> RigMap:
    """The body that a rig's shape shows, whatever its bones are called; RigError, saying what it shows instead."""
    plane = mirror.find(rig, tree) if len(rig.names) > 1 else None
    if plane is None:
        raise _refusal(rig, tree, plane, [])
    limbs = _limbs(rig, tree, plane)
    guesses = [_guess(rig, tree, plane, legs, arms) for legs, arms in permutations(limbs, 2)]
    possible = [guess for guess in guesses if guess is not None]
    bodies = [guess for guess in possible if not guess.has_four_legs]
    if possible and not bodies:
        raise _four_legs(rig)
    for body in sorted(bodies, key=lambda guess: -guess.value):
        trunk = _trunk(rig, tree, plane, body, _height(rig, body))
        if "head" in trunk and not _is_on_toes(rig, tree, body):
            return _map_of(rig, tree, plane, body, trunk)
    raise _refusal(rig, tree, plane, limbs)


def _is_on_toes(rig: Rig, tree: Tree, body: _Body) -> bool:
    """Whether the ankles are so high above the toes as those of birds and beasts are."""
    for bones in (bones for bones in _joints(tree, body) if {"ankle", "foot"} <= set(bones)):
        hip, ankle, toes = (rig.heads[bones[joint]] for joint in ("hip", "ankle", "foot"))
        leg, foot = hip - toes, ankle - toes
        is_high = foot @ leg > _HIGHEST_ANKLE * (leg @ leg)
        if is_high and unit(foot) @ unit(leg) > _STEEPEST_FOOT:
            return True
    return False


def _height(rig: Rig, body: _Body) -> float:
    """From the lowest to the highest bone head of the limbs."""
    bones = [bone for chain in (*body.legs, *body.arms) for bone in chain.bones]
    return float(np.ptp(rig.heads[bones] @ body.up))


def _map_of(rig: Rig, tree: Tree, plane: Mirror, body: _Body, trunk: dict[str, int]) -> RigMap:
    """The map of a body whose ``trunk`` is known, joint -> bone."""
    limbs = _joints(tree, body)
    front, doubt = _front(rig, limbs, body)
    left_is_positive = np.cross(body.up, front) @ plane.normal > 0
    if abs(said := _named_left(rig, limbs)) >= _SAID_SIDES:
        left_is_positive, doubt = said > 0, ""
    bones = dict(trunk)
    for side, joints in zip(("left", "right") if left_is_positive else ("right", "left"), limbs, strict=True):
        bones |= {f"{side}_{joint}": bone for joint, bone in joints.items()}
    whole = completed(rig, tree, bones, is_guess=True)
    value, reasons = score(rig, tree, whole.bones)
    found_by = f"Found by the shape of the skeleton, without names: {len(whole.bones)} joints."
    return RigMap(
        {joint: rig.names[bone] for joint, bone in whole.bones.items()},
        "structure",
        round(value * _CERTAINTY * (0.7 if doubt else 1.0), 4),
        (found_by, doubt, *reasons) if doubt else (found_by, *reasons),
        followers={"pelvis": tuple(rig.names[bone] for bone in whole.at_hips)} if whole.at_hips else {},
        ik={joint: rig.names[bone] for joint, bone in limb_ends.controls(rig, tree, whole.bones).items()},
    )
