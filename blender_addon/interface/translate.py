"""Blender's translations with their types: its published stubs say that these functions return nothing."""

from __future__ import annotations

from bpy.app.translations import pgettext_iface, pgettext_rpt


def iface(text: str) -> str:
    """A text of the interface in the user's language."""
    return pgettext_iface(text)


def rpt(text: str) -> str:
    """A report in the user's language."""
    return pgettext_rpt(text)
