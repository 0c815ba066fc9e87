"""Bone names taken apart: which side of the body, and what is left of the name without side, prefix, separators and
case.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

OTHER_SIDE = {"left": "right", "right": "left", "": ""}

_SEPARATORS = re.compile(r"[\s_.\-]+")
_LETTERS = {
    **dict.fromkeys(("l", "left", "lf", "lt", "lft", "左"), "left"),
    **dict.fromkeys(("r", "right", "rt", "rgt", "右"), "right"),
}

# Each finds the side within one word of a name, as its first group; a side that is a word of its own is found earlier.
_WORDS = (
    re.compile(r"^([左右])"),  # 左足
    re.compile(r"([左右])$"),
    re.compile(r"^(left|right)(?!$)", re.IGNORECASE),  # LeftArm, leftarm, LEFTARM
    re.compile(r"(?<=[a-z0-9])(Left|Right)(?=[A-Z0-9]|$)"),  # ArmLeft, ikLeftFoot
    re.compile(r"(?<=[A-Z]{2})(Left|Right)(?=[A-Z0-9]|$)"),  # IKLeftFoot
    re.compile(r"^([lr])(?=[A-Z])"),  # lThigh
    re.compile(r"^([LR])(?=[A-Z]+[a-z])"),  # LThigh and RUArm, but neither ROOT nor Rib
    re.compile(r"(?<=[a-z0-9])([LR])$"),  # ThighL
    re.compile(r"(?<=[぀-ヿ一-鿿])([LR])$"),  # 足L
    re.compile(r"(?<=[a-z])(?<!^up)(?<!^b)(left|right)$"),  # armleft, but neither upright nor bright
)


_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
"""A word of a name: ``Upper`` and ``Arm`` and ``01`` in ``UpperArm_01``."""

_ENOUGH = 10
"""Bones that a rig must have before what their names share is taken for no part of them."""

_MOST = 0.75
"""Part of the bones that share what is taken off."""


def plain(text: str) -> str:
    """Text without separators and case: ``Upper_Arm.001`` -> ``upperarm001``."""
    return _SEPARATORS.sub("", text).lower()


def without_namespace(name: str) -> str:
    """A name in one Unicode form (full-width letters become ordinary ones), without what precedes its last ``:`` or
    ``|``.
    """
    return re.split(r"[:|]", unicodedata.normalize("NFKC", name))[-1].strip()


@lru_cache(maxsize=8192)
def split(name: str) -> tuple[str, str]:
    """Side (``left``, ``right`` or empty) and stem of a name without namespace: ``Upper_Arm.L`` -> (left, upperarm)."""
    words = [word for word in _SEPARATORS.split(without_namespace(name)) if word]
    sides = {_LETTERS[word.lower()] for word in words if word.lower() in _LETTERS}
    if len(sides) == 1 and len(words) > 1:
        return sides.pop(), "".join(word for word in words if word.lower() not in _LETTERS).lower()
    if not sides:
        for place, word in enumerate(words):
            for pattern in _WORDS:
                if found := pattern.search(word):
                    rest = [*words[:place], word[: found.start()] + word[found.end() :], *words[place + 1 :]]
                    return _LETTERS[found[1].lower()], "".join(rest).lower()
    return "", "".join(words).lower()


def spelled_out(name: str) -> str:
    """The words of a name in small letters, parted by ``_``: ``BackLeg.L`` -> ``back_leg_l``."""
    return "_".join(_WORD.findall(without_namespace(name))).lower()


def mirrored(name: str) -> tuple[str, str]:
    """Side and stem that the partner of a bone on the other side of the body has."""
    side, stem = split(name)
    return OTHER_SIDE[side], stem


def _without_counters(names: list[str]) -> list[str]:
    """Names without the running number that Sketchfab appends to each one (``Hips_01``, ``Spine_02``, …)."""
    numbered = [re.fullmatch(r"(.+)[_. ](\d+)", name) for name in names]
    numbers = [int(found[2]) for found in numbered if found]
    everywhere = len(numbers) >= 10 and len(numbers) >= 0.9 * len(names) and len(set(numbers)) >= 0.95 * len(numbers)
    return [found[1] if found and everywhere else name for found, name in zip(numbered, names, strict=True)]


def _words(name: str) -> list[tuple[str, int, int]]:
    """The words of a name that do not tell its side, each with where it begins and ends."""
    found = [(word[0], word.start(), word.end()) for word in _WORD.finditer(name)]
    return [word for word in found if word[0].lower() not in _LETTERS]


def _without_shared_word(names: list[str], place: int) -> list[str]:
    """Names without the word that most of them have in common as their first (``place`` 0) or last one (-1), beside
    their side: the character's own name (``Fred_Hip``) or what kind of thing they are (``HipBone``, ``L_Hip_jnt``).
    """
    while True:
        parts = [_words(name) for name in names]
        words = Counter(found[place][0] for found in parts if len(found) > 1)
        word, count = words.most_common(1)[0] if words else ("", 0)
        if len(names) < _ENOUGH or count < _MOST * len(names):
            return names
        names = [
            _cut(name, *found[place][1:]) if len(found) > 1 and found[place][0] == word else name
            for name, found in zip(names, parts, strict=True)
        ]


def _cut(name: str, start: int, end: int) -> str:
    """A name without what stands from ``start`` to ``end``, and without the separators that are left at its ends."""
    return (name[:start] + name[end:]).strip(" _.-()[]")


def _behind(pattern: re.Pattern[str], name: str) -> str | None:
    """What follows the pattern at the beginning of a name, or behind one of its namespaces; None without a match."""
    starts = [0, *(found.end() for found in re.finditer(r"[:|]", name))]
    ends = (pattern.match(name, start) for start in reversed(starts))
    return next((name[found.end() :] for found in ends if found), None)


def stripped(names: tuple[str, ...], prefix: str) -> list[str | None]:
    """Names without namespace, counters, the words that most of them end with and ``prefix`` (a regular expression);
    None where the prefix is missing.

    With an empty ``prefix``, the words that most names begin with are removed instead.
    """
    if not prefix:
        return list(_without_what_they_share(names))
    pattern = re.compile(prefix, re.IGNORECASE)
    return [_behind(pattern, name) for name in _without_endings(names)]


@lru_cache(maxsize=8)
def _without_endings(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names in one Unicode form, without counters and the words that most of them end with."""
    full = _without_counters([unicodedata.normalize("NFKC", name).strip() for name in names])
    return tuple(_without_shared_word(full, -1))


@lru_cache(maxsize=8)
def _without_what_they_share(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names without namespace, counters and the words that most of them begin or end with."""
    return tuple(_without_shared_word([without_namespace(name) for name in _without_endings(names)], 0))


@lru_cache(maxsize=8)
def split_all(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Side and stem of all names of a rig, without what they share."""
    return tuple(split(name) for name in _without_what_they_share(names))
