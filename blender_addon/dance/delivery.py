"""From dances to takes in the scene: piece by piece, so that the interface never waits for all, and all of them or
none.
"""

from __future__ import annotations

from dataclasses import replace

import bpy

from tokendance_core import DanceRequest, MotionClip, RigError, SettingError, danced_genre

from .. import session
from ..armature import rig
from ..armature.placement import fitted, place, retire
from ..armature.recipe import Recipe
from ..character import map_test
from ..interface.scene_guard import Added, noted, restored
from ..interface.timeline import scene_fps
from ..options import Order
from ..runtime import worker as worker_client
from ..song import passage as passages
from ..song import strip as audio_strip
from ..song.passage import Passage
from ..takes import naming
from ..takes import store as takes
from . import first_dance, generation
from .generation import Generation, Target


class Delivery:
    """Puts the dances of a generation into the scene they were asked for, the one of the first seed last and thereby
    active.
    """

    def __init__(self, made: Generation) -> None:
        self.messages = session.current().worker.news() + made.warnings()
        self._made, self._order, self._target = made, made.order, made.target
        self._passage = made.target.passage
        self._waiting = made.dances()
        # A piece of work is a dance that is finished, the mannequin, or a dance that is keyed.
        self._pieces = self._pieces_left = 2 * len(self._waiting) + (not self._target.armature)
        self._added = Added()
        self._former: str | None = None
        self._fitted: MotionClip | None = None
        self._is_first = True
        self._is_to_be_seen = False

    @property
    def dancer(self) -> str:
        """Name of the armature that dances; empty before a mannequin that is to come is there."""
        return self._target.armature

    def step(self, context: bpy.types.Context) -> bool:
        """Do the next piece of the work: finish a dance, make the mannequin, or place the dance; True when the last one
        is placed.

        TokenDanceError when the target is gone, and then, as after any other error, the scene is as it was before the
        first step.
        """
        try:
            scene: bpy.types.Scene | None = bpy.data.scenes.get(self._target.scene)
            if scene is None:
                raise SettingError(
                    f"The scene “{self._target.scene}” is gone.", hint="The dance was not placed: generate it again."
                )
            layer = context.view_layer if context.scene == scene else scene.view_layers[0]
            override = context.temp_override(scene=scene, view_layer=layer)
            with override, noted(scene, self._added), restored(context):
                self._next_piece(bpy.context)
        except BaseException:
            self.take_back()
            raise
        self._pieces_left -= 1
        self._made.written = 1 - self._pieces_left / self._pieces
        return not self._waiting

    def take_back(self) -> None:
        """Remove what was placed so far, and let the character go on with what it danced before."""
        scene: bpy.types.Scene | None = bpy.data.scenes.get(self._target.scene)
        self._added.remove(scene)

    def _next_piece(self, context: bpy.types.Context) -> None:
        if self._fitted is None:
            self._fitted = fitted(self._waiting[-1][1], self._order.placement, scene_fps(context.scene))
        elif not self._target.armature:
            armature, told = first_dance.add_mannequin(context, self._fitted, self._order.placement)
            context.view_layer.update()
            self._target = replace(self._target, armature=armature.name)
            self._is_to_be_seen = first_dance.is_first()
            self.messages += [told] if told else []
        else:
            self._place(context, self._fitted)
            self._fitted = None

    def _place(self, context: bpy.types.Context, dance: MotionClip) -> None:
        scene, order = context.scene, self._order
        armature = self._dancer(context)
        if self._is_first:
            self._prepare(context, armature)
        passage = self._passage
        request, clip = self._waiting.pop()
        recipe = _recipe(request, clip, self._target, passage, scene)
        name = order.action_name or naming.given(recipe)
        action, warnings = place(context, order.placement, dance, armature, name=name, made=recipe)
        takes.remember(armature, action, clip)
        if self._is_first:  # what the rig does not obey, it does not obey in any dance
            self.messages += warnings
        if not self._waiting:
            self._conclude(scene, action, name, passage.frame, passage.frame + dance.frames - 1)
            if self._is_to_be_seen:
                first_dance.look_at(scene, armature, first_dance.room(dance, order.placement))
        self._is_first = False

    def _dancer(self, context: bpy.types.Context) -> bpy.types.Object:
        found: bpy.types.Object | None = context.scene.objects.get(self._target.armature)
        if found is None or found.type != "ARMATURE":
            hint = "The dance was not placed: choose another character."
            raise RigError(f"The character “{self._target.armature}” is gone.", hint=hint)
        return rig.animatable(found)

    def _prepare(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        """What comes once: the strip, playback in time with the sound, and a look at what was danced before."""
        map_test.end_all()
        self._added.remember(armature)
        self._passage = _where_now(context.scene, self._target)
        former = armature.animation_data.action if armature.animation_data else None
        self._former = former.name if former is not None else None
        if not self._target.strip and self._order.add_strip:
            strip = passages.add(context, self._passage, scene_fps(context.scene))
            if strip is None:
                self.messages.append("This Blender cannot play the song: the dance comes without a sound strip")
            else:
                self._target = replace(self._target, strip=strip.name)
        context.scene.sync_mode = "AUDIO_SYNC"

    def _conclude(self, scene: bpy.types.Scene, action: bpy.types.Action, name: str, first: int, last: int) -> None:
        """When nothing can fail any more: the frame range, and the former dance that goes."""
        if self._order.fit_frame_range:
            scene.frame_start, scene.frame_end = min(scene.frame_start, first), max(scene.frame_end, last)
        else:
            first_dance.fit_range(scene, first, last)
        former = bpy.data.actions.get(self._former) if self._former else None
        if self._order.placement.replace and former is not None and retire(former):
            action.name = name


def generate(context: bpy.types.Context, order: Order, on_progress: worker_client.Progress) -> tuple[str, list[str]]:
    """Make the dances and put them into the scene, waiting for them; the armature's name, and sentences for the user.

    Raises TokenDanceError, and then nothing has changed.
    """
    made = generation.begin(context, order)
    made.wait(on_progress)
    return put(context, made, on_progress)


def put(
    context: bpy.types.Context, made: Generation, on_progress: worker_client.Progress = worker_client.no_progress
) -> tuple[str, list[str]]:
    """Deliver all dances at once; as ``generate``."""
    delivery = Delivery(made)
    while not delivery.step(context):
        try:
            on_progress(made.stage, made.fraction)
        except BaseException:
            delivery.take_back()
            raise
    return delivery.dancer, delivery.messages


def _where_now(scene: bpy.types.Scene, target: Target) -> Passage:
    """The passage, moved along with its strip if that was moved in the meantime."""
    strip = next((one.strip for one in audio_strip.sound_strips(scene) if one.strip.name == target.strip), None)
    return passages.follow(strip, target.passage, scene_fps(scene)) if strip is not None else target.passage


def _recipe(
    request: DanceRequest, clip: MotionClip, target: Target, passage: Passage, scene: bpy.types.Scene
) -> Recipe:
    plays = next((one.strip for one in audio_strip.sound_strips(scene) if one.strip.name == target.strip), None)
    return Recipe(
        kind="song",
        source=request.song,
        frame=passage.frame,
        fps=scene_fps(scene),
        settings=request.settings,
        part=request.part,
        danced=danced_genre(clip.info),
        strip=target.strip,
        made_for_speed=request.part.speed,
        heard=passages.retimed_state(plays) if plays is not None else (),
    )
