"""Playback of the animation, which Blender starts and stops by operators alone."""

from __future__ import annotations

import bpy


def is_on() -> bool:
    """Whether the animation plays in any window."""
    return any(window.screen.is_animation_playing for window in bpy.context.window_manager.windows)


def toggle() -> None:
    """Start it, or stop it where it is; only where there is a window."""
    bpy.ops.screen.animation_play()


def cancel() -> None:
    """Stop it and go back to the frame on which it began, as Esc does."""
    bpy.ops.screen.animation_cancel()
