"""The add-on's own name, by which Blender knows it."""

NAME = __package__
