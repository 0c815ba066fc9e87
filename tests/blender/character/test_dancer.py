"""Who dances: one order for panel, operators and files that no user looks at, over scenes of every kind."""

from __future__ import annotations

import bpy
import pytest

from blender_addon import session
from blender_addon.character import dancer as dancers
from blender_addon.character.standing import COMPARISON
from tests.blender.character import casting
from tests.blender.character.casting import HIDDEN, armature, empty, hide, instance, lamp, mesh, point_at
from tokendance_core import RigError


def who(name: str = "", *, pointed: bool = True) -> dancers.Dancer:
    return dancers.who(bpy.context, name, pointed=pointed)


def assert_dances(expected: bpy.types.Object, reason: str, *, pointed: bool = True) -> None:
    found = who(pointed=pointed)
    assert (found.armature, found.problem) == (expected, "")
    assert found.reason == reason
    assert not pointed or dancers.shown(bpy.context) == found


def assert_refused(problem: str, hint: str, *, pointed: bool = True) -> None:
    found = who(pointed=pointed)
    assert problem in found.problem
    assert hint in found.hint
    with pytest.raises(RigError, match=r"[.]$"):
        found.ready()


# --- nobody, the named, the chosen ------------------------------------------------------------------------------------


def test_nobody_is_there_so_that_a_mannequin_will_come(scene):
    for pointed in (True, False):
        assert who(pointed=pointed) == dancers.Dancer(None, dancers.MANNEQUIN)
    with pytest.raises(RigError, match="no character in the file"):
        dancers.expected(bpy.context, "")


def test_the_named_comes_before_the_chosen_before_the_active_before_the_selected(scene):
    anna, bert, carl = armature("Anna"), armature("Bert"), armature("Carl")
    body = mesh("Body", carl)
    point_at(None, body)
    assert_dances(carl, "Carl, the armature of the selected mesh Body")
    point_at(bert, body)
    assert_dances(bert, "Bert, the active armature")
    scene.tokendance.character = anna
    assert_dances(anna, "Anna, chosen as the character")
    assert who("Bert").armature == bert
    assert "no armature named “Dora”" in who("Dora").problem
    assert "belongs to the armature “Carl”: name that" in who("Body").hint


def test_a_chosen_character_that_was_deleted_from_the_scene_is_forgotten(scene):
    anna, bert = armature("Anna"), armature("Bert")
    scene.tokendance.character = anna
    scene.collection.objects.unlink(anna)
    assert_dances(bert, "Bert, the only character of the scene")


# --- what the user points at ------------------------------------------------------------------------------------------


def deformed(rig: bpy.types.Object) -> bpy.types.Object:
    return mesh("Part", rig)


def skinned_by_parent(rig: bpy.types.Object) -> bpy.types.Object:
    part = mesh("Part")
    part.parent, part.parent_type = rig, "ARMATURE"
    return part


def on_a_bone(rig: bpy.types.Object) -> bpy.types.Object:
    part = mesh("Part")
    part.parent, part.parent_type, part.parent_bone = rig, "BONE", rig.data.bones[-1].name
    return part


def eye_on_the_head_on_the_body(rig: bpy.types.Object) -> bpy.types.Object:
    head, part = mesh("Head", rig), mesh("Part")
    part.parent = head
    return part


def clothes_on_a_surface(rig: bpy.types.Object) -> bpy.types.Object:
    part = mesh("Part")
    part.modifiers.new("Surface", "SURFACE_DEFORM").target = mesh("Body", rig)
    return part


def hair_curves(rig: bpy.types.Object) -> bpy.types.Object:
    data = bpy.data.hair_curves.new("Part")
    data.surface = mesh("Scalp", rig)
    return casting.add(bpy.data.objects.new("Part", data))


def below_an_empty_on_a_bone(rig: bpy.types.Object) -> bpy.types.Object:
    part, between = mesh("Part"), on_a_bone(rig)
    part.parent = between
    return part


def held_by(kind: str):
    def made(rig: bpy.types.Object) -> bpy.types.Object:
        part = mesh("Part")
        constraint = part.constraints.new(kind)
        owner = constraint.targets.new() if kind == "ARMATURE" else constraint
        owner.target, owner.subtarget = rig, rig.data.bones[-1].name
        return part

    made.__name__ = kind.lower()
    return made


def on_another_armature(rig: bpy.types.Object) -> bpy.types.Object:
    """A skirt with a rig of its own that hangs on the character."""
    skirt = lamp("Skirt Rig")
    skirt.parent, skirt.parent_type, skirt.parent_bone = rig, "BONE", rig.data.bones[0].name
    return mesh("Part", skirt)


PARTS = (
    deformed,
    skinned_by_parent,
    on_a_bone,
    eye_on_the_head_on_the_body,
    clothes_on_a_surface,
    hair_curves,
    below_an_empty_on_a_bone,
    on_another_armature,
    *(held_by(kind) for kind in ("CHILD_OF", "COPY_TRANSFORMS", "COPY_LOCATION", "COPY_ROTATION", "ARMATURE")),
)


@pytest.mark.parametrize("pointed", [True, False])
@pytest.mark.parametrize("part", PARTS)
def test_clicking_any_part_of_a_character_means_its_armature(scene, part, pointed):
    """Another character is there, earlier by name and better by its standing."""
    other = armature("Anna")
    mesh("Another", other)
    rig = armature("Rig")
    clicked = part(rig)
    point_at(clicked)
    kind = "mesh" if clicked.type == "MESH" else "object"
    assert_dances(rig, f"Rig, the armature of the active {kind} Part", pointed=pointed)
    rig.hide_set(True)
    assert_dances(rig, f"Rig, the armature of the active {kind} Part (hidden)", pointed=pointed)
    point_at(None, clicked)
    assert who(pointed=pointed).armature == rig


def test_of_several_armatures_the_one_that_deforms_most_is_meant(scene):
    anna, bert = armature("Anna", "a_"), armature("Bert", "b_")
    body = mesh("Body", anna, bert, weights=(0.2, 0.9))
    point_at(body)
    assert_dances(bert, "Bert, the armature of the active mesh Body")
    body.modifiers["Bert"].show_viewport = False
    assert who().armature == anna
    body.modifiers["Bert"].show_viewport = True
    mask = body.vertex_groups.new(name="mask")
    body.modifiers["Bert"].vertex_group = mask.name
    assert who().armature == anna
    body.modifiers["Bert"].invert_vertex_group = True
    assert who().armature == bert


def test_an_armature_that_is_no_character_gives_way_to_one_that_is(scene):
    skirt, rig = lamp("Skirt"), armature("Rig", "r_")
    point_at(mesh("Dress", skirt, rig, weights=(1.0, 0.1)))
    assert_dances(rig, "Rig, the armature of the active mesh Dress")


def test_an_empty_that_holds_a_character_means_it(scene):
    armature("Anna")
    root, rig = empty("Root"), armature("Rig")
    middle = empty("Middle")
    middle.parent, rig.parent = root, middle
    point_at(root)
    assert_dances(rig, "Rig, held by the active Root")
    two = armature("Two")
    two.parent = root
    point_at(root)
    assert_refused("“Rig” and “Two” could dance", "Click one of them")
    mesh("Body", two)
    assert_dances(two, "Two, held by the active Root")


def test_something_else_is_active_and_the_only_character_dances(scene):
    rig = armature("Rig")
    light = casting.add(bpy.data.objects.new("Light", bpy.data.lights.new("Light", "POINT")))
    for item in (light, empty(), mesh("Cube")):
        point_at(item)
        for pointed in (True, False):
            assert_dances(rig, "Rig, the only character of the scene", pointed=pointed)


def test_a_user_is_shown_what_he_points_at_and_a_file_is_searched(scene):
    """An armature that is not recognised: the panel shows why; no user looks at a file."""
    anna, prop = armature("Anna"), lamp()
    for clicked in (prop, mesh("Shade", prop)):
        point_at(clicked)
        assert who().armature == prop
        assert_dances(anna, "Anna, the only character of the scene", pointed=False)
    follower = mesh("Moth")
    follower.constraints.new("CHILD_OF").target = prop
    point_at(follower)
    assert who().armature == anna


# --- nobody points ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pointed", [True, False])
def test_two_that_stand_equally_are_never_chosen_between_silently(scene, pointed):
    anna, bert = armature("Anna"), armature("Bert")
    way_out = "pick it in Character" if pointed else "Name one of them"
    assert_refused("“Anna” and “Bert” could dance", way_out, pointed=pointed)
    mesh("Body", bert)
    assert_dances(bert, "Bert, the only character that moves a visible mesh", pointed=pointed)
    mesh("Body", anna)
    assert_refused("“Anna” and “Bert” could dance", way_out, pointed=pointed)
    point_at(None, anna, bert)
    assert_refused("“Anna” and “Bert” could dance", way_out, pointed=pointed)
    for number in range(3):
        mesh("Body", armature(f"Carl {number}"))
    point_at(None)
    assert_refused("“Anna”, “Bert” and 3 more could dance", way_out, pointed=pointed)


@pytest.mark.parametrize("pointed", [True, False])
@pytest.mark.parametrize("how", HIDDEN)
def test_the_visible_comes_before_the_hidden_and_a_hidden_one_is_refused_alone(scene, how, pointed):
    anna = armature("Anna")
    hide(anna, how)
    assert_refused("“Anna” cannot be seen", "Show the character", pointed=pointed)
    bert = armature("Bert")
    assert_dances(bert, "Bert, the only character that is visible", pointed=pointed)
    scene.tokendance.character = anna
    assert_dances(anna, "Anna, chosen as the character (hidden)", pointed=pointed)


@pytest.mark.parametrize("how", HIDDEN)
def test_a_hidden_armature_that_is_still_active_is_not_pointed_at(scene, how):
    anna, bert = armature("Anna"), armature("Bert")
    point_at(anna)
    hide(anna, how)
    if bpy.context.view_layer.objects.get("Anna") is not None:
        bpy.context.view_layer.objects.active = anna
    assert_dances(bert, "Bert, the only character that is visible")


def test_a_hidden_armature_of_a_visible_mesh_dances_and_that_is_said(scene):
    anna = armature("Anna")
    body = mesh("Body", anna)
    anna.hide_set(True)
    armature("Bert")
    assert_dances(anna, "Anna, the only character that moves a visible mesh (hidden)")
    body.hide_set(True)
    assert who().armature.name == "Bert"


def test_the_rig_that_was_generated_comes_before_its_metarig(scene):
    meta, made = armature("metarig"), armature("rig")
    made.data["rig_id"] = "abc"
    assert_dances(made, "rig, the rig that was generated, not its metarig")
    body = mesh("Body", made)
    assert_dances(made, "rig, the only character that moves a visible mesh")
    meta.hide_viewport = True
    bpy.context.view_layer.update()
    assert who().armature == made
    meta.hide_viewport = False
    point_at(made)
    assert_dances(made, "rig, the active armature")
    point_at(body)
    assert who().armature == made


def test_the_active_metarig_means_the_rig_that_was_generated_from_it(scene):
    """However Rigify is called, and whether it is enabled or not."""
    meta, made = armature("Skeleton"), armature("Hero")
    keep = meta.data.bl_system_properties_get(do_create=True) if bpy.app.version >= (5, 0) else meta.data
    keep["rigify_target_rig"] = made
    point_at(meta)
    assert_dances(made, "Hero, generated from the metarig Skeleton")
    scene.tokendance.character = meta
    assert_dances(meta, "Skeleton, chosen as the character")
    scene.tokendance.character = None
    hide(made, "eye")
    assert_dances(meta, "Skeleton, the active armature")


def test_a_metarig_alone_may_dance(scene):
    assert_dances(armature("metarig"), "metarig, the only character of the scene")


# --- instances and libraries ------------------------------------------------------------------------------------------


def assert_instance_is_refused(hint: str) -> None:
    for pointed in (True, False):
        assert_refused("“Hero” shows the character “Rig” as an instance", hint, pointed=pointed)


@pytest.mark.parametrize("depth", [1, 2])
def test_an_instance_is_refused_with_the_way_out(scene, depth):
    rig, hero = armature("Rig"), None
    for level in range(depth, 0, -1):
        hero = instance(hero or rig, name="Hero" if level == 1 else "Inner")
    assert_instance_is_refused("Make it real (Object > Apply > Make Instances Real")  # nobody else is there
    point_at(hero)
    assert_instance_is_refused("Make it real")
    other = armature("Other")
    assert who().armature == other  # nothing is pointed at
    point_at(hero)
    assert_instance_is_refused("Make it real")
    assert rig.name in bpy.data.objects


def test_an_instance_of_something_else_is_no_character(scene):
    point_at(instance(lamp(), mesh("Shade")))
    assert who() == dancers.Dancer(None, dancers.MANNEQUIN)


def test_an_instance_of_a_linked_character_is_refused_until_it_is_overridden(scene, tmp_path):
    collection = casting.linked_collection(casting.saved_character(tmp_path))
    hero = casting.instance_of(collection)
    point_at(hero)
    assert_instance_is_refused("Make a library override of it (Object > Library Override > Make), or make it real")
    bpy.ops.object.make_override_library()
    point_at(None)
    found = who()
    assert (found.armature.name, found.problem, found.armature.library) == ("Rig", "", None)


def test_a_linked_armature_is_refused_with_the_way_out(scene, tmp_path):
    collection = casting.linked_collection(casting.saved_character(tmp_path))
    scene = bpy.context.scene
    scene.collection.children.link(collection)
    rig, body = (collection.objects[name] for name in ("Rig", "Body"))
    for point in (None, rig, body):
        point_at(point)
        found = who()
        assert found.armature == rig
        assert "linked from another file" in found.problem
        assert "library override" in found.hint
    own = armature("Rig")  # of the same name
    mesh("Own Body", own)
    point_at(None)
    assert_dances(own, "Rig, the only character that is not linked from another file")
    assert who("Rig").armature == own


def test_instances_made_real_dance(scene, tmp_path):
    hero = casting.instance_of(casting.linked_collection(casting.saved_character(tmp_path)))
    point_at(hero)
    bpy.ops.object.duplicates_make_real(use_base_parent=True, use_hierarchy=True)
    body = next(item for item in bpy.context.scene.objects if item.type == "MESH")
    point_at(body)
    found = who()
    assert (found.armature.library, found.problem) == (None, "")
    assert found.armature in list(bpy.context.scene.objects)


# --- the state of the character ---------------------------------------------------------------------------------------


def test_a_lone_armature_that_is_not_recognised_is_explained(scene):
    lamp()
    with pytest.raises(RigError) as caught:
        dancers.expected(bpy.context, "")
    assert "no character in the file" not in str(caught.value)
    assert who() == dancers.Dancer(None, dancers.MANNEQUIN)


def test_a_character_of_another_scene_is_named_by_its_scene(scene):
    armature("Anna")
    bpy.context.window.scene = bpy.data.scenes.new("Empty Stage")
    with pytest.raises(RigError) as caught:
        dancers.expected(bpy.context, "")
    assert "the scene “Scene” open" in caught.value.hint


def test_a_dancer_whose_bones_are_edited_is_refused(scene):
    rig = armature("Anna")
    point_at(rig)
    bpy.ops.object.mode_set(mode="EDIT")
    twin = casting.add(bpy.data.objects.new("Twin", rig.data))
    for name in ("", "Anna", "Twin"):
        assert "in edit mode" in who(name).problem
        with pytest.raises(RigError, match="in edit mode"):
            who(name).ready()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert who("Twin").armature == twin
    assert who("Twin").problem == ""


def test_while_drawing_unknown_bones_are_looked_at_later(scene):
    """Nothing is recognised inside a redraw; the next one knows."""
    rig = armature("Anna")
    session.current().summaries.close()
    found = dancers.who(bpy.context, now=False)
    assert (found.armature, found.reason, found.is_known) == (None, dancers.LOOKING, False)
    assert found.ready() is None
    session.current().ticker.tick()
    assert dancers.who(bpy.context, now=False).armature == rig


def test_copies_that_show_other_takes_are_no_characters(scene):
    rig = armature("Anna")
    mesh("Body", rig)
    copy = rig.copy()
    copy[COMPARISON] = True
    scene.collection.objects.link(copy)
    for item in (None, copy):
        point_at(item)
        assert who().armature == rig
