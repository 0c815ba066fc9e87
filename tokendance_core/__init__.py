"""TokenDance: a song in, a dance out (arXiv 2603.27314), without Blender.

Everything in ``__all__`` is the public interface; each name is imported when it is first used, so that importing
this package costs nothing and does not import torch.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# public name -> module and name inside it
_PUBLIC = {
    "AudioError": ("errors", "AudioError"),
    "Cancelled": ("errors", "Cancelled"),
    "CheckpointError": ("errors", "CheckpointError"),
    "ClipError": ("errors", "ClipError"),
    "FPS": ("types", "FPS"),
    "FinishSettings": ("finishing", "FinishSettings"),
    "GenerateSettings": ("pipeline", "GenerateSettings"),
    "JOINTS": ("skeleton", "JOINTS"),
    "MotionClip": ("types", "MotionClip"),
    "Music": ("types", "Music"),
    "MusicFeatures": ("types", "MusicFeatures"),
    "OFFSETS": ("skeleton", "OFFSETS"),
    "PARENTS": ("skeleton", "PARENTS"),
    "REST_HEIGHT": ("skeleton", "REST_HEIGHT"),
    "Rig": ("types", "Rig"),
    "RigAnimation": ("types", "RigAnimation"),
    "RigError": ("errors", "RigError"),
    "RigMap": ("types", "RigMap"),
    "SettingError": ("errors", "SettingError"),
    "TokenDanceError": ("errors", "TokenDanceError"),
    "beat_frames": ("features", "beat_frames"),
    "extract_features": ("features", "extract"),
    "finish": ("finishing", "finish"),
    "generate": ("pipeline", "generate"),
    "load_checkpoint": ("checkpoint", "load"),
    "load_clip": ("clip_file", "load"),
    "load_music": ("audio", "load"),
    "match_rig": ("rigs", "match"),
    "resample_to_fps": ("kinematics", "resample_to_fps"),
    "retarget_clip": ("retarget", "retarget"),
    "save_clip": ("clip_file", "save"),
}

__all__ = sorted([*_PUBLIC, "__version__"])


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tokendance_core' has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    value = getattr(importlib.import_module(f"tokendance_core.{module}"), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
