"""Who dances: one answer for the panel, which says it before the click, for operators, and for files that no user looks
at. The order:

1. the armature that was named,
2. the character that was chosen in the panel,
3. what the user points at: the armature that the active object belongs to (``belonging``), else the selected objects,
4. the best standing armature of the scene that is recognised (``standing``): moving a visible mesh, visible,
5. none: a mannequin is added.

Two that stand equally, one that nobody sees, one that is linked or shown as an instance: a problem that says what to
do, never a silent choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import bpy

from tokendance_core import RigError

from .. import session
from ..armature import rig
from ..interface import scene_settings
from ..interface.translate import iface
from . import belonging, standing
from .standing import Sees

MANNEQUIN = "There is no character: a mannequin will be added"
LOOKING = "Looking at the bones…"
_ALONE = "the only character of the scene"
_TO_CHOOSE = "Click one of them, or pick it in Character."
_TO_NAME = "Name one of them as the armature."
_NAMED = 3
"""Armatures that a sentence names."""


@dataclass(frozen=True)
class Dancer:
    """Who dances, None for a mannequin that will be added, and why: a ``reason`` to show before the click.

    With a ``problem`` nobody can dance, and ``hint`` is the way out; ``armature`` is then whom it is about, if one.
    ``is_known`` is False while bones still have to be looked at.
    """

    armature: bpy.types.Object | None
    reason: str
    problem: str = ""
    hint: str = ""
    is_known: bool = True

    def ready(self) -> bpy.types.Object | None:
        """The armature that can dance; None for a mannequin. RigError with a problem."""
        if self.problem:
            raise RigError(self.problem, hint=self.hint)
        return self.armature


class _NotYetKnownError(Exception):
    """Bones have to be looked at first, which takes too long while drawing."""


def who(context: bpy.types.Context, name: str = "", *, pointed: bool = True, now: bool = True) -> Dancer:
    """Who dances: the armature called ``name``, else by the order above.

    ``pointed``: somebody sees the panel, so that what he points at dances or is refused, recognised or not; else such
    an armature is passed over. ``now`` is False while drawing: what is not known yet is looked into soon.
    """
    try:
        return _checked(_Search(context, pointed, now).answer(name))
    except _NotYetKnownError:
        return Dancer(None, LOOKING, is_known=False)


def shown(context: bpy.types.Context) -> Dancer:
    """Who would dance now, for the panel: quick enough to be asked while drawing."""
    return who(context, now=False)


def dancer(context: bpy.types.Context) -> bpy.types.Object | None:
    """The character of the panel: the armature that is ``shown``, at once where nothing is drawn; None for a mannequin,
    or where nobody is found.
    """
    return who(context, now=bpy.app.background).armature


def expected(context: bpy.types.Context, name: str) -> Dancer:
    """Who dances in a file that was opened for its character, and that no user looks at. RigError when nobody can, or
    nobody is there; it says what is wrong with a lone armature.
    """
    found = who(context, name, pointed=False)
    if found.ready() is not None:
        return found
    there = [item for item in context.scene.objects if item.type == "ARMATURE"]
    if len(there) == 1:
        rig.check(rig.animatable(there[0]))
    elsewhere = [scene.name for scene in bpy.data.scenes if any(item.type == "ARMATURE" for item in scene.objects)]
    if not there and elsewhere:
        raise RigError(
            f"There is no character in the scene “{context.scene.name}”.",
            hint=f"Save the file with the scene “{elsewhere[0]}” open: an armature is there.",
        )
    raise RigError(
        "There is no character in the file that can be recognised.", hint="Keep a rig map on it first, see Edit Map."
    )


class _Search:
    """One look for who dances, by the order of this file."""

    def __init__(self, context: bpy.types.Context, pointed: bool, now: bool) -> None:
        self._context = context
        self._pointed, self._now = pointed, now
        self._sees: Sees = standing.sight(context)
        self._there: list[bpy.types.Object] | None = None

    def answer(self, name: str) -> Dancer:
        if name:
            return self._named(name)
        chosen = scene_settings.of_scene(self._context.scene).character
        if chosen is not None and chosen.name in self._context.scene.objects:
            return self._said_hidden(Dancer(chosen, iface("{name}, chosen as the character").format(name=chosen.name)))
        return self._active() or self._selected() or self._searched()

    def _named(self, name: str) -> Dancer:
        scene = self._context.scene
        called = [item for item in scene.objects if item.name == name]  # one of this file, and some of libraries
        armatures = [item for item in called if item.type == "ARMATURE"]
        if armatures:
            own = next((item for item in armatures if item.library is None), armatures[0])
            return Dancer(own, iface("{name}, as it was named").format(name=name))
        hint = "Pick an armature of this scene."
        if called and (above := belonging.armatures_above(called[0])):
            hint = f"“{name}” belongs to the armature “{above[0].armature.name}”: name that."
        return _refused(f"There is no armature named “{name}” in the scene “{scene.name}”.", hint)

    def _active(self) -> Dancer | None:
        # context.active_object does not exist where there has never been a window.
        active = self._context.view_layer.objects.active
        return self._pointed_at(active, "active") if active is not None and self._sees(active) else None

    def _selected(self) -> Dancer | None:
        """Who the selected objects point at; the best standing of several."""
        found: dict[bpy.types.Object, Dancer] = {}
        for item in filter(self._sees, self._context.view_layer.objects.selected):
            answer = self._pointed_at(item, "selected")
            if answer is not None and answer.armature is None:
                return answer
            if answer is not None and answer.armature is not None:
                found.setdefault(answer.armature, answer)
        if len(found) < 2:
            return next(iter(found.values()), None)
        best = self._best(list(found))
        return found[best.armature] if best.armature is not None else best

    def _pointed_at(self, item: bpy.types.Object, how: str) -> Dancer | None:
        """Who dances when a user points at ``item``; None when that says nothing."""
        words = {"how": iface(how), "item": item.name}
        above = self._above(item)
        if above is not None:
            return self._instead_of_metarig(above) or self._said(above, item, words)
        held = self._recognised(belonging.armatures_below(item, self._armatures()))
        if held:
            return self._best(held, iface("{name}, held by the {how} {item}"), words)
        shown = self._recognised(belonging.instanced(item))
        return _instance(item, shown[0]) if shown else None

    def _above(self, item: bpy.types.Object) -> bpy.types.Object | None:
        """The closest armature that ``item`` belongs to and that is recognised, else the closest that a user means."""
        links = [link for link in belonging.armatures_above(item) if not standing.is_compared(link.armature)]
        recognised = self._recognised(link.armature for link in links)
        if recognised:
            return recognised[0]
        meant = [link.armature for link in links if not link.loosely]
        return meant[0] if meant and self._pointed else None

    def _said(self, armature: bpy.types.Object, item: bpy.types.Object, words: dict[str, str]) -> Dancer:
        if armature == item:
            return Dancer(armature, iface("{name}, the {how} armature").format(name=armature.name, **words))
        kind = iface("mesh" if item.type == "MESH" else "object")
        text = iface("{name}, the armature of the {how} {kind} {item}")
        return self._said_hidden(Dancer(armature, text.format(name=armature.name, kind=kind, **words)))

    def _instead_of_metarig(self, metarig: bpy.types.Object) -> Dancer | None:
        """The rig that was generated from a metarig, where it is here and stands no worse."""
        made = standing.generated_from(metarig)
        if made is None or made.name not in self._context.scene.objects:
            return None
        stands = standing.standings([metarig, made], self._sees)
        if stands[made] < stands[metarig]:
            return None
        text = iface("{name}, generated from the metarig {metarig}")
        return self._said_hidden(Dancer(made, text.format(name=made.name, metarig=metarig.name)))

    def _searched(self) -> Dancer:
        """The best armature of the scene; a mannequin where there is none."""
        recognised = self._recognised(self._armatures())
        if recognised:
            return self._best(recognised)
        for item in self._context.scene.objects:
            if item.instance_type == "COLLECTION" and self._sees(item):
                shown = self._recognised(belonging.instanced(item))
                if shown:
                    return _instance(item, shown[0])
        return Dancer(None, iface(MANNEQUIN))

    def _armatures(self) -> list[bpy.types.Object]:
        """The armatures of the scene, looked for once and only where nothing is pointed at: a scene may be large."""
        if self._there is None:
            there = [item for item in self._context.scene.objects if item.type == "ARMATURE"]
            self._there = [item for item in there if not standing.is_compared(item)]
        return self._there

    def _best(
        self, candidates: Sequence[bpy.types.Object], text: str = "", words: Mapping[str, str] | None = None
    ) -> Dancer:
        """The candidate that stands best; a problem where two stand equally, or where none is seen."""
        stands = standing.standings(candidates, self._sees)
        order = sorted(stands, key=stands.__getitem__, reverse=True)
        best, equal = order[0], [item for item in order if stands[item] == stands[order[0]]]
        if not stands[best].is_seen:
            return _refused(f"{_names(order)} cannot be seen.", "Show the character, or pick it in Character.")
        if len(equal) > 1:
            return _refused(f"{_names(equal)} could dance.", _TO_CHOOSE if self._pointed else _TO_NAME)
        why = standing.set_apart(stands[best], stands[order[1]]) if len(order) > 1 else _ALONE
        said = (text or "{name}, " + iface(why)).format(name=best.name, **(words or {}))
        return self._said_hidden(Dancer(best, said))

    def _said_hidden(self, found: Dancer) -> Dancer:
        if found.armature is None or self._sees(found.armature):
            return found
        return replace(found, reason=iface("{reason} (hidden)").format(reason=found.reason))

    def _recognised(self, armatures: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
        summaries = session.current().summaries
        found = {armature: summaries.recognises(armature, now=self._now) for armature in armatures}
        if None in found.values():
            raise _NotYetKnownError
        return [armature for armature, is_recognised in found.items() if is_recognised]


def _refused(problem: str, hint: str) -> Dancer:
    return Dancer(None, "", problem, hint)


def _checked(found: Dancer) -> Dancer:
    """The answer with what keeps its armature from being animated."""
    try:
        if found.armature is not None:
            rig.animatable(found.armature)
    except RigError as error:
        return replace(found, problem=str(error), hint=error.hint)
    return found


def _instance(item: bpy.types.Object, armature: bpy.types.Object) -> Dancer:
    """The refusal of an instance of a collection that shows a character."""
    real = "make it real (Object > Apply > Make Instances Real, with Parent and Keep Hierarchy)"
    override = "make a library override of it (Object > Library Override > Make), or "
    hint = f"{override if armature.library is not None else ''}{real}"
    return _refused(
        f"“{item.name}” shows the character “{armature.name}” as an instance, which cannot be animated.",
        f"{hint[0].upper()}{hint[1:]}.",
    )


def _names(armatures: Sequence[bpy.types.Object]) -> str:
    """The names of a few armatures in a sentence."""
    names = sorted(f"“{armature.name}”" for armature in armatures)
    if len(names) > _NAMED:
        names = [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def show(context: bpy.types.Context, armature: str) -> None:
    """Choose the armature that danced in the panel, unless the panel shows a character already. It need not be the
    active object.
    """
    settings = scene_settings.of_scene(context.scene)
    if who(context).armature is None:
        settings.character = context.scene.objects.get(armature)


def locked(armature: bpy.types.Object | None) -> str:
    """Why the active action of a character cannot be changed now; empty when it can."""
    if armature is None:
        return "Choose a character first"
    if not armature.is_editable:
        return "The character is linked from another file: make a library override of it"
    if armature.animation_data is not None and armature.animation_data.use_tweak_mode:
        return "An NLA strip is being tweaked: leave that first (Tab in the NLA editor)"
    return ""
