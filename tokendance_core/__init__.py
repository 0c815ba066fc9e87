"""TokenDance: a song in, a dance out (arXiv 2603.27314), without Blender.

Everything in ``__all__`` is the public interface; each name is imported when it is first used, so that importing
this package costs nothing and does not import torch.
"""

from __future__ import annotations

import importlib
import os
import sys

__version__ = "0.1.0"

_THREAD_LIMITS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "GOMP_SPINCOUNT": "10000",  # for training, which asks for more threads: those that wait go to sleep soon
}
"""What the libraries below numpy and torch read when they are loaded. Their threads wait for each other at every
operation: beside another busy program a dance would take many times longer.
"""


def _limit_threads() -> None:
    """Set what the user has not set. Blender's environment is left alone: other add-ons and its children live in it."""
    if "numpy" not in sys.modules and "bpy" not in sys.modules:
        for name, value in _THREAD_LIMITS.items():
            os.environ.setdefault(name, value)


_limit_threads()

# public name -> module and name inside it
_PUBLIC = {
    "AudioError": ("errors", "AudioError"),
    "BeatSettings": ("music.rhythm.settings", "BeatSettings"),
    "BlockResampler": ("music.resample", "BlockResampler"),
    "BodyShape": ("types", "BodyShape"),
    "Cancelled": ("errors", "Cancelled"),
    "CheckpointError": ("errors", "CheckpointError"),
    "ClipError": ("errors", "ClipError"),
    "DanceRequest": ("commands.requests", "DanceRequest"),
    "Done": ("commands.answers", "Done"),
    "FPS": ("types", "FPS"),
    "Failed": ("commands.answers", "Failed"),
    "FileError": ("errors", "FileError"),
    "FinishSettings": ("finishing.settings", "FinishSettings"),
    "GenerateSettings": ("dance.settings", "GenerateSettings"),
    "JOINTS": ("motion.skeleton", "JOINTS"),
    "ListenRequest": ("commands.requests", "ListenRequest"),
    "Mannequin": ("mannequin.body", "Mannequin"),
    "MotionClip": ("types", "MotionClip"),
    "Music": ("types", "Music"),
    "MusicFeatures": ("types", "MusicFeatures"),
    "OFFSETS": ("motion.skeleton", "OFFSETS"),
    "Option": ("options", "Option"),
    "PARENTS": ("motion.skeleton", "PARENTS"),
    "ProgressEvent": ("commands.answers", "Progress"),
    "REST_HEIGHT": ("motion.skeleton", "REST_HEIGHT"),
    "Ready": ("commands.answers", "Ready"),
    "RetargetSettings": ("retarget.settings", "RetargetSettings"),
    "Rig": ("types", "Rig"),
    "RigAnimation": ("types", "RigAnimation"),
    "RigError": ("errors", "RigError"),
    "RigMap": ("types", "RigMap"),
    "RunSettings": ("commands.requests", "RunSettings"),
    "SettingError": ("errors", "SettingError"),
    "Skin": ("retarget.body_fit", "Skin"),
    "SkinnedBody": ("smpl.skinning", "SkinnedBody"),
    "SongExcerpt": ("music.excerpt", "Excerpt"),
    "SongFacts": ("commands.answers", "SongFacts"),
    "SongPart": ("music.settings", "SongPart"),
    "SongSpan": ("music.excerpt", "Span"),
    "Switch": ("types", "Switch"),
    "TokenDanceError": ("errors", "TokenDanceError"),
    "UnknownFormat": ("music.wave_file", "UnknownFormat"),
    "WarmRequest": ("commands.requests", "WarmRequest"),
    "WaveFile": ("music.wave_file", "WaveFile"),
    "add_option_arguments": ("options", "add_arguments"),
    "axis_angles": ("motion.rotation", "axis_angles"),
    "beat_frames": ("music.features", "beat_frames"),
    "bend": ("motion.edits", "bend"),
    "check_options": ("options", "check"),
    "check_outputs": ("files.atomic", "check_outputs"),
    "check_song_file": ("music.excerpt", "check_file"),
    "check_writable": ("files.atomic", "check_writable"),
    "checked_clip": ("files.clip", "checked"),
    "clip_from_bytes": ("files.clip", "from_bytes"),
    "clip_to_bytes": ("files.clip", "to_bytes"),
    "complete": ("finishing.finish", "complete"),
    "continuous_quaternions": ("motion.rotation", "continuous_quaternions"),
    "danced_genre": ("dance.settings", "danced_genre"),
    "declare_like": ("options", "like"),
    "declare_option": ("options", "option"),
    "declared_options": ("options", "options"),
    "directed_clip": ("retarget.transfer", "directed"),
    "draw_dance": ("retarget.picture", "draw"),
    "euler_angles": ("motion.rotation", "euler_angles"),
    "event_from_json": ("commands.answers", "event_from_json"),
    "extract_features": ("music.features", "extract"),
    "finish": ("finishing.finish", "finish"),
    "fit_body": ("retarget.body_fit", "fit"),
    "generate": ("dance.pipeline", "generate"),
    "genres": ("dance.checkpoint_header", "genres"),
    "guarded": ("files.guarded", "guarded"),
    "joint_check": ("motion.joint_check", "joint_check"),
    "load_checkpoint": ("dance.checkpoint", "load"),
    "load_clip": ("files.clip", "load"),
    "load_json": ("files.json_file", "load_json"),
    "load_music": ("music.audio", "load"),
    "load_rig_map": ("rigs.map_file", "load_rig_map"),
    "mannequin_body": ("mannequin.body", "make"),
    "match_rig": ("rigs.recognise", "match"),
    "matrix_from_axis_angle": ("motion.rotation", "matrix_from_axis_angle"),
    "matrix_from_quaternion": ("motion.rotation", "matrix_from_quaternion"),
    "measure_rig": ("rigs.fidelity", "measure"),
    "mirrored_rig_map": ("rigs.checks", "mirrored"),
    "option_values": ("options", "values"),
    "options_from_arguments": ("options", "from_arguments"),
    "options_from_mapping": ("options", "take"),
    "parse_json": ("files.json_file", "parse_json"),
    "posed_heads": ("retarget.posing", "posed_heads"),
    "posed_rig": ("retarget.posing", "as_posed"),
    "predicted_heads": ("retarget.posing", "predicted_heads"),
    "read_bvh": ("retarget.read_bvh", "read"),
    "read_rest_pose": ("retarget.rest_pose", "read"),
    "read_text": ("files.regular_file", "read_text"),
    "request_to_json": ("commands.requests", "request_to_json"),
    "resample_to_fps": ("motion.kinematics", "resample_to_fps"),
    "rests_in_pose": ("retarget.posing", "rests_in_pose"),
    "retarget_clip": ("retarget.transfer", "retarget"),
    "rig_candidates": ("rigs.recognise", "candidates"),
    "rig_map_from_json": ("rigs.map_file", "from_json"),
    "rig_map_to_json": ("rigs.map_file", "to_json"),
    "rig_problems": ("rigs.checks", "problems"),
    "save_body": ("smpl.mesh_files", "save"),
    "save_clip": ("files.clip", "save"),
    "save_rig_map": ("rigs.map_file", "save_rig_map"),
    "save_samples": ("music.audio", "save_samples"),
    "show_any_letter": ("commands.reports", "show_any_letter"),
    "skin_body": ("smpl.skinning", "skin"),
    "stand_on_floor": ("motion.contacts", "stand_on_floor"),
    "sweep": ("files.atomic", "sweep"),
    "tell": ("commands.reports", "tell"),
    "unreadable_song": ("music.excerpt", "unreadable"),
    "write_aside": ("files.atomic", "write_aside"),
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
