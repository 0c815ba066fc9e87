"""One take with its character as a file for other programs: no other take is baked, nothing else is written."""

from __future__ import annotations

from pathlib import Path

import bpy

from tokendance_core import TokenDanceError

from .. import compat
from ..character import dancer as dancers
from ..compat import RELATIVE_PATH
from ..interface.reports import told
from ..interface.scene_guard import restored
from ..interface.translate import rpt
from ..takes import naming
from ..takes import store as takes
from . import exchange

_SUFFIXES = (".fbx", ".glb", ".bvh")


class ExportTake(bpy.types.Operator):
    """Write the take alone, on its character, to a file for other programs: FBX, glTF or BVH"""

    bl_idname = "tokendance.export_take"
    bl_label = "Export Take"

    filepath: bpy.props.StringProperty(
        name="File", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE_PATH}
    )
    check_existing: bpy.props.BoolProperty(
        name="Check Existing", description="Ask before a file is overwritten", default=True, options={"HIDDEN"}
    )
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in _SUFFIXES), options={"HIDDEN", "SKIP_SAVE"}
    )
    kind: bpy.props.EnumProperty(
        name="Kind",
        description="Kind of the file, unless its name says it",
        items=(
            (".fbx", "FBX", "Character, skin and keys, for game engines and 3D programs"),
            (".glb", "glTF", "Character, skin and keys, for the web and game engines"),
            (".bvh", "BVH", "Bones and keys alone, for animation programs"),
        ),
    )
    take: bpy.props.StringProperty(
        name="Take", description="Name of the take; empty: the one that is danced", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = dancers.dancer(context)
        reason = dancers.locked(armature) or ("" if takes.of(armature) else "Make a dance first")
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        take = self._take(context)
        if take is not None:
            self.filepath = bpy.path.clean_name(f"{naming.song(take)} {naming.title(take)}") + self.kind
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        armature, take = dancers.dancer(context), self._take(context)
        if take is None:
            self.report({"ERROR"}, "Choose one of the character's takes first")
            return {"CANCELLED"}
        path = Path(bpy.path.abspath(self.filepath))
        path = path if path.suffix.lower() in _SUFFIXES else path.with_name(path.name + self.kind)
        try:
            with takes.danced_as_before(armature, take), restored(context):
                compat.use_action(armature, take)
                exchange.write(path, armature, alone=True)
        except TokenDanceError as error:
            return told(self, error)
        self.report({"INFO"}, rpt("Wrote “{take}” to {path}").format(take=take.name, path=path))
        return {"FINISHED"}

    def _take(self, context: bpy.types.Context) -> bpy.types.Action | None:
        armature = dancers.dancer(context)
        if not self.take:
            return takes.played(armature)
        found: bpy.types.Action | None = bpy.data.actions.get(self.take)
        return found if found is not None and takes.is_take(found, armature) else None


CLASSES = (ExportTake,)
