"""The public names as type checkers see them; at run time each is imported when it is first used."""

from .commands.answers import Done, Failed, Ready, SongFacts, event_from_json
from .commands.answers import Progress as ProgressEvent
from .commands.reports import show_any_letter, tell
from .commands.requests import DanceRequest, ListenRequest, RunSettings, WarmRequest, request_to_json
from .dance.checkpoint import load as load_checkpoint
from .dance.checkpoint_header import genres
from .dance.pipeline import generate
from .dance.settings import GenerateSettings, danced_genre
from .errors import (
    AudioError,
    Cancelled,
    CheckpointError,
    ClipError,
    FileError,
    RigError,
    SettingError,
    TokenDanceError,
)
from .files.atomic import check_outputs, check_writable, sweep, write_aside
from .files.clip import checked as checked_clip
from .files.clip import from_bytes as clip_from_bytes
from .files.clip import load as load_clip
from .files.clip import save as save_clip
from .files.clip import to_bytes as clip_to_bytes
from .files.guarded import guarded
from .files.json_file import load_json, parse_json
from .files.regular_file import read_text
from .finishing.finish import complete, finish
from .finishing.settings import FinishSettings
from .mannequin.body import Mannequin
from .mannequin.body import make as mannequin_body
from .motion.contacts import stand_on_floor
from .motion.edits import bend
from .motion.joint_check import joint_check
from .motion.kinematics import resample_to_fps
from .motion.rotation import (
    axis_angles,
    continuous_quaternions,
    euler_angles,
    matrix_from_axis_angle,
    matrix_from_quaternion,
)
from .motion.skeleton import JOINTS, OFFSETS, PARENTS, REST_HEIGHT
from .music.audio import load as load_music
from .music.audio import save_samples
from .music.excerpt import Excerpt as SongExcerpt
from .music.excerpt import Span as SongSpan
from .music.excerpt import check_file as check_song_file
from .music.excerpt import unreadable as unreadable_song
from .music.features import beat_frames
from .music.features import extract as extract_features
from .music.resample import BlockResampler
from .music.rhythm.settings import BeatSettings
from .music.settings import SongPart
from .music.wave_file import UnknownFormat, WaveFile
from .options import Option
from .options import add_arguments as add_option_arguments
from .options import check as check_options
from .options import from_arguments as options_from_arguments
from .options import like as declare_like
from .options import option as declare_option
from .options import options as declared_options
from .options import take as options_from_mapping
from .options import values as option_values
from .retarget.body_fit import Skin
from .retarget.body_fit import fit as fit_body
from .retarget.picture import draw as draw_dance
from .retarget.posing import as_posed as posed_rig
from .retarget.posing import posed_heads, predicted_heads, rests_in_pose
from .retarget.read_bvh import read as read_bvh
from .retarget.rest_pose import read as read_rest_pose
from .retarget.settings import RetargetSettings
from .retarget.transfer import directed as directed_clip
from .retarget.transfer import retarget as retarget_clip
from .rigs.checks import mirrored as mirrored_rig_map
from .rigs.checks import problems as rig_problems
from .rigs.fidelity import measure as measure_rig
from .rigs.map_file import from_json as rig_map_from_json
from .rigs.map_file import load_rig_map, save_rig_map
from .rigs.map_file import to_json as rig_map_to_json
from .rigs.recognise import candidates as rig_candidates
from .rigs.recognise import match as match_rig
from .smpl.mesh_files import save as save_body
from .smpl.skinning import SkinnedBody
from .smpl.skinning import skin as skin_body
from .types import FPS, BodyShape, MotionClip, Music, MusicFeatures, Rig, RigAnimation, RigMap, Switch

__version__: str

__all__ = [
    "FPS",
    "JOINTS",
    "OFFSETS",
    "PARENTS",
    "REST_HEIGHT",
    "AudioError",
    "BeatSettings",
    "BlockResampler",
    "BodyShape",
    "Cancelled",
    "CheckpointError",
    "ClipError",
    "DanceRequest",
    "Done",
    "Failed",
    "FileError",
    "FinishSettings",
    "GenerateSettings",
    "ListenRequest",
    "Mannequin",
    "MotionClip",
    "Music",
    "MusicFeatures",
    "Option",
    "ProgressEvent",
    "Ready",
    "RetargetSettings",
    "Rig",
    "RigAnimation",
    "RigError",
    "RigMap",
    "RunSettings",
    "SettingError",
    "Skin",
    "SkinnedBody",
    "SongExcerpt",
    "SongFacts",
    "SongPart",
    "SongSpan",
    "Switch",
    "TokenDanceError",
    "UnknownFormat",
    "WarmRequest",
    "WaveFile",
    "__version__",
    "add_option_arguments",
    "axis_angles",
    "beat_frames",
    "bend",
    "check_options",
    "check_outputs",
    "check_song_file",
    "check_writable",
    "checked_clip",
    "clip_from_bytes",
    "clip_to_bytes",
    "complete",
    "continuous_quaternions",
    "danced_genre",
    "declare_like",
    "declare_option",
    "declared_options",
    "directed_clip",
    "draw_dance",
    "euler_angles",
    "event_from_json",
    "extract_features",
    "finish",
    "fit_body",
    "generate",
    "genres",
    "guarded",
    "joint_check",
    "load_checkpoint",
    "load_clip",
    "load_json",
    "load_music",
    "load_rig_map",
    "mannequin_body",
    "match_rig",
    "matrix_from_axis_angle",
    "matrix_from_quaternion",
    "measure_rig",
    "mirrored_rig_map",
    "option_values",
    "options_from_arguments",
    "options_from_mapping",
    "parse_json",
    "posed_heads",
    "posed_rig",
    "predicted_heads",
    "read_bvh",
    "read_rest_pose",
    "read_text",
    "request_to_json",
    "resample_to_fps",
    "rests_in_pose",
    "retarget_clip",
    "rig_candidates",
    "rig_map_from_json",
    "rig_map_to_json",
    "rig_problems",
    "save_body",
    "save_clip",
    "save_rig_map",
    "save_samples",
    "show_any_letter",
    "skin_body",
    "stand_on_floor",
    "sweep",
    "tell",
    "unreadable_song",
    "write_aside",
]
