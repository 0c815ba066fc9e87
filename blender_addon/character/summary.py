"""What the panel says about a character, computed outside of drawing and cached until its map or bones change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import bpy

from tokendance_core import RigError, RigMap, rig_problems

from ..armature import map_store, rig
from ..interface.ticker import Ticker, redraw


@dataclass(frozen=True)
class Summary:
    """The current map, whether it is kept on the armature, and what is wrong with it, in sentences."""

    rig_map: RigMap | None
    kept: bool
    problems: tuple[str, ...]


class Summaries:
    """Summaries of the characters in a session, by what Blender knows them by for as long as it runs."""

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker
        self._known: dict[int, tuple[object, Summary]] = {}
        self._asked: set[int] = set()

    def look_up(self, armature: bpy.types.Object) -> Summary | None:
        """The summary if it is known; otherwise None, and it will be computed soon."""
        key, summary = self._known.get(armature.session_uid, (None, None))
        if summary is not None and key == _key(armature):
            return summary
        if armature.session_uid not in self._asked:
            self._asked.add(armature.session_uid)
            self._ticker.add(partial(self._answer, armature.session_uid))
        return None

    def recognises(self, armature: bpy.types.Object, *, now: bool) -> bool | None:
        """Whether the armature is a character; None while that is not known, which is looked into ``now`` or soon."""
        known = self.look_up(armature)
        if known is None and now:
            known = self.make(armature)
        return known.rig_map is not None if known is not None else None

    def _answer(self, uid: int) -> bool:
        """For the ticker: compute a summary and show it; False, because once is enough."""
        self._asked.discard(uid)
        armature = next((item for item in bpy.data.objects if item.session_uid == uid), None)
        if armature is not None and armature.type == "ARMATURE":
            self.refresh(armature)
        return False

    def refresh(self, armature: bpy.types.Object) -> None:
        """Compute the summary now and redraw the sidebars."""
        self.make(armature)
        redraw()

    def make(self, armature: bpy.types.Object) -> Summary:
        """Compute the summary now and remember it."""
        kept = bool(map_store.of_armature(armature).tokendance_rig_map)
        try:
            rig_map = rig.mapped(armature)
            summary = Summary(rig_map, kept, rig_problems(rig.as_it_rests(armature), rig_map))
        except RigError as error:
            summary = Summary(None, kept, (error.text,))
        self._known[armature.session_uid] = (_key(armature), summary)
        return summary

    def close(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._asked.clear()


def _key(armature: bpy.types.Object) -> object:
    """Cache key of the summary, cheap to compute."""
    text = map_store.of_armature(armature).tokendance_rig_map
    return text, armature.data.session_uid, tuple(bone.name for bone in armature.data.bones)
