"""Every reader, with sound files of its own kind to begin from, how they are damaged, and what is done with what it
accepts. A reader without a line here fails ``tests/unit/test_fuzz.py``.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests import body_models
from tests.fuzz.mutations import Mutation, either, of_bytes, of_json, within_tensors, within_zip, within_zlib


@dataclass(frozen=True)
class Target:
    """``readers``: the functions under guard that ``use`` reaches, which reads a file of ``suffix`` and works with what
    it holds. ``seeds`` makes sound files in a folder.
    """

    readers: tuple[str, ...]
    suffix: str
    seeds: Callable[[Path], list[bytes]]
    use: Callable[[Path], object]
    mutate: Mutation = of_bytes
    needs_blender: bool = False


# --- motion -----------------------------------------------------------------------------------------------------------


def _clips(folder: Path, suffix: str) -> list[bytes]:
    from tests.unit import dancers
    from tokendance_core.files import clip

    made = []
    for number, dance in enumerate((dancers.tumbling(7), dancers.bobbing(40))):
        clip.save(dance, folder / f"{number}{suffix}")
        made.append((folder / f"{number}{suffix}").read_bytes())
    return made


def _amass(folder: Path) -> list[bytes]:
    parts = {"root_orient": np.zeros((7, 3)), "pose_body": np.zeros((7, 63)), "trans": np.zeros((7, 3))}
    np.savez(folder / "parts.npz", **parts, mocap_framerate=120.0)
    return [*_clips(folder, ".smpl.npz"), (folder / "parts.npz").read_bytes()]


def _kept(folder: Path) -> list[bytes]:
    from tests.unit import dancers
    from tokendance_core.files import clip

    unfinished = {"finished": False, "last_beat": 1.0, "danced": "pop"}
    dance = dancers.bobbing(40)
    return [clip.to_bytes(type(dance)(dance.rot6d, dance.root, 30.0, "kept", unfinished))]


def _dance(clip: object) -> None:
    """What is done with every motion."""
    from tokendance_core.finishing import finish
    from tokendance_core.finishing.settings import FinishSettings
    from tokendance_core.motion.contacts import stand_on_floor
    from tokendance_core.motion.kinematics import resample_to_fps

    moved = stand_on_floor(resample_to_fps(clip, 30.0))
    if moved.frames < 100:
        finish.complete(moved, FinishSettings())


def _use_clip(path: Path) -> None:
    from tokendance_core.files import clip

    _dance(clip.load(path))


def _use_kept(path: Path) -> None:
    from tokendance_core.files import clip

    _dance(clip.checked(clip.from_bytes(path.read_bytes())))


def _people(folder: Path) -> list[bytes]:
    from tests.unit.datasets.dance_files import mixamo_bvh

    return [mixamo_bvh().encode(), mixamo_bvh(prefix="mixamorig:").lower().encode(), *_clips(folder, ".bvh")]


def _use_person(path: Path) -> None:
    from tokendance_core.retarget import read_bvh

    _dance(read_bvh.read(path))


# --- pickles and body models ------------------------------------------------------------------------------------------


def _aist(folder: Path) -> list[bytes]:
    motion = {
        "smpl_poses": np.random.default_rng(0).normal(size=(7, 72)),
        "smpl_trans": np.zeros((7, 3), np.float32),
        "smpl_scaling": np.array([93.0]),
        "smpl_loss": np.float64(1.5),
    }
    old = io.BytesIO()
    body_models.OldPickler(old, 2).dump(motion)
    return [old.getvalue(), *(pickle.dumps(motion, protocol) for protocol in (0, 2, 4, 5))]


def _use_aist(path: Path) -> None:
    from tokendance_core.datasets import aist

    aist.read_motion(path)


def _bodies(folder: Path) -> list[bytes]:
    paths = [body_models.write_official(folder / f"{protocol}.pkl", "smpl", protocol) for protocol in (0, 2)]
    return [path.read_bytes() for path in paths]


def _plain_body(folder: Path) -> list[bytes]:
    return [body_models.write(folder / "plain.npz", "smpl").read_bytes()]


def _use_body(path: Path) -> None:
    from tokendance_core.smpl import model_file

    assert model_file.read(path).ours


# --- checkpoints ------------------------------------------------------------------------------------------------------


def _checkpoints(folder: Path) -> list[bytes]:
    from tests.conftest import make_tiny_checkpoint

    make_tiny_checkpoint().save(folder / "tiny.safetensors")
    return [(folder / "tiny.safetensors").read_bytes()]


def _use_checkpoint(path: Path) -> None:
    from tokendance_core.dance import checkpoint, checkpoint_header
    from tokendance_core.types import MusicFeatures

    loaded = checkpoint.load(path)
    assert checkpoint_header.genres(path) == loaded.genres
    tokens = loaded.music_codec.encode(MusicFeatures(np.zeros((45, 35), np.float32)))
    assert len(tokens) == 12 or loaded.tokenizers["semantic"].halvings != 2


def _use_header(path: Path) -> None:
    from tokendance_core.dance import checkpoint_header

    checkpoint_header.genres(path)


# --- songs ------------------------------------------------------------------------------------------------------------


def _sounds(folder: Path) -> list[bytes]:
    import soundfile

    from tests.conftest import click_samples

    made = []
    for suffix in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(folder / f"song.{suffix}", click_samples(2.6, 8000), 8000)
        made.append((folder / f"song.{suffix}").read_bytes())
    return made


def _waves(folder: Path) -> list[bytes]:
    return _sounds(folder)[:1]


def _use_song(path: Path) -> None:
    from tokendance_core.music import audio

    audio.load(path, start=0.5)


def _use_wave(path: Path) -> None:
    from tokendance_core.music.wave_file import UnknownFormat, WaveFile

    try:
        sound = WaveFile(path)
        while len(sound.read(1 << 16)):
            pass
    except UnknownFormat:  # another decoder is asked
        pass


def _samples(folder: Path) -> list[bytes]:
    from tests.conftest import click_samples
    from tokendance_core.music import audio

    audio.save_samples(folder / "samples.npy", click_samples(10))
    return [(folder / "samples.npy").read_bytes()]


def _use_samples(path: Path) -> None:
    from tokendance_core.music import audio

    audio.load_samples(path, "song")


def _features(folder: Path) -> list[bytes]:
    from tokendance_core.music import feature_file
    from tokendance_core.types import MusicFeatures

    feature_file.write(MusicFeatures(np.zeros((40, 35), np.float32)), folder / "song.npz")
    return [(folder / "song.npz").read_bytes()]


def _use_features(path: Path) -> None:
    from tokendance_core.music import feature_file

    feature_file.read(path)


# --- data sets --------------------------------------------------------------------------------------------------------


def _finedance(folder: Path) -> list[bytes]:
    np.save(folder / "001.npy", np.tile(np.float32([1, 0, 0, 0, 1, 0] * 52 + [0, 1, 0])[::-1], (9, 1)))
    return [(folder / "001.npy").read_bytes()]


def _use_finedance(path: Path) -> None:
    from tokendance_core.datasets import finedance

    finedance.read_motion(path)


def _use_label(path: Path) -> None:
    from tokendance_core.datasets import finedance

    finedance._genre(path)


def _pack_clip(folder: Path) -> list[bytes]:
    np.savez(folder / "clip.npz", rot6d=np.zeros((7, 22, 6), np.float16), root=np.zeros((7, 3), np.float16))
    return [(folder / "clip.npz").read_bytes()]


def _use_pack_clip(path: Path) -> None:
    from tokendance_core.datasets import pack

    pack._read_motion(path, ["joint"] * 22, np.arange(22))


def _use_pack_index(path: Path) -> None:
    from tokendance_core.datasets import pack

    pack._read_json(path)


def _pairs(folder: Path) -> list[bytes]:
    from tokendance_core.train import paired_tokens

    rows = {name: np.zeros((2, 8), int) for name in (*paired_tokens._PROMPT, *paired_tokens._ORIGIN)}
    rows |= {"dance": np.zeros((2, 4, 8), int), "tempo": np.zeros(2, int), "genre": np.zeros(2, int)}
    paired_tokens.save(paired_tokens.PairedTokens(**rows, clips=("a",), sources=("song",)), folder / "pairs.npz")
    return [(folder / "pairs.npz").read_bytes()]


def _use_pairs(path: Path) -> None:
    from tokendance_core.train import paired_tokens

    paired_tokens.load(path)


# --- JSON -------------------------------------------------------------------------------------------------------------


def _maps(folder: Path) -> list[bytes]:
    from tokendance_core.rigs.map_file import to_json
    from tokendance_core.types import RigMap, Switch

    rig_map = RigMap(
        {"pelvis": "Hips", "left_hip": "足.L"},
        "mixamo",
        0.5,
        ("Named so.",),
        {"left_hip": ("Twist",)},
        {"left_hip": ("Double",)},
        {"left_ankle": "IK"},
        (Switch("IK", "fk", 1.0),),
        "Hips",
        {"left_hip": (0.0, 10.0, 0.0)},
    )
    return [to_json(rig_map).encode()]


def _use_map(path: Path) -> None:
    from tokendance_core.rigs import map_file

    found = map_file.load_rig_map(path)
    map_file.save_rig_map(found, path.with_suffix(".again"))
    map_file.from_json(map_file.to_json(found))


def _requests(folder: Path) -> list[bytes]:
    from tokendance_core.commands import requests

    asked = (requests.DanceRequest(song="a.wav"), requests.ListenRequest(song="a.wav"), requests.WarmRequest())
    return [requests.request_to_json(one).encode() for one in asked]


def _use_request(path: Path) -> None:
    from tokendance_core.commands import requests

    requests.request_to_json(requests.request_from_json(path.read_bytes()))


def _events(folder: Path) -> list[bytes]:
    from tokendance_core.commands import answers

    section = answers.SectionFacts(name="A", start=0.0, end=1.0)
    facts = answers.SongFacts(path="a", seconds=1.0, bpm=120.0, beats=(0.5,), sections=(section,))
    done = answers.Done(path="a", frames=3, seconds=0.1, fps=30.0, stages={"load": 0.1})
    failed = answers.Failed(message="No.", hint="Yes.", exit_code=3)
    return [answers.event_to_json(one).encode() for one in (facts, done, failed)]


def _use_event(path: Path) -> None:
    from tokendance_core.commands import answers

    try:
        event = answers.event_from_json(path.read_bytes())
    except ValueError:  # as it says
        return
    answers.event_to_json(event)
    if isinstance(event, answers.Failed):
        event.error()


# --- the add-on -------------------------------------------------------------------------------------------------------


def _csv_table(folder: Path) -> list[bytes]:
    return [
        b"song,character,name,seed,genre,energy\na.ogg,x.glb,take,1,pop,0.5\nb.ogg;c.ogg,,take,1;2,,\n",
        'song;seed\r\n"é.ogg;b.ogg";3\r\n'.encode(),
    ]


def _json_table(folder: Path) -> list[bytes]:
    jobs = [{"song": ["a.ogg", "b.ogg"], "seed": [1, 2], "mirror": True}, {"song": "c.ogg", "format": [".fbx"]}]
    return [json.dumps({"defaults": {"genre": "pop"}, "jobs": jobs}).encode(), json.dumps(jobs).encode()]


def _use_table(path: Path) -> None:
    from blender_addon.headless import batch, table

    jobs = table.read(path)
    batch.check(jobs, path, path.parent, [".blend"])
    assert all(batch.digest(job) for job in jobs[:10])


def _reports(folder: Path) -> list[bytes]:
    job = {"name": "take", "status": "done", "digest": "0", "files": ["take.blend"], "message": "", "hint": ""}
    return [json.dumps({"jobs": [job, {**job, "name": "other", "exit_code": 0, "seconds": 1.0}]}).encode()]


def _use_report(path: Path) -> None:
    from blender_addon.headless import batch, table

    path.replace(path.with_name(batch.REPORT))
    former = batch._former(path.parent)
    for name in ("take", "other"):
        batch._skipped(table.Job(song=path, name=name), path.parent, former)


def _formers(folder: Path) -> list[bytes]:
    values = {'pose.bones["head"]["IK_FK"]': 0.25, 'pose.bones["head"].constraints["a"].influence': 1.0}
    now = {"version": 2, "values": values, "drivers": [{"path": "location", "index": 1}]}
    return [json.dumps(now).encode(), json.dumps({**values, "driver 1 location": 0.0}).encode()]


def _use_former(path: Path) -> None:
    from blender_addon.armature import holds

    former = holds.Former.from_json(path.read_bytes().decode(errors="replace"))
    assert len(holds.Former.from_json(former.to_json())) == len(former)


_CLIP = "tokendance_core.files.clip.load"
_AIST = ("tokendance_core.files.safe_pickle.read", "tokendance_core.datasets.aist.read_motion")
_PACK_CLIP = ("tokendance_core.datasets.pack._read_motion",)
_NPZ = within_zip()
_JSON = either(of_json, of_json, of_bytes)

TARGETS: dict[str, Target] = {
    "own motion": Target((_CLIP,), ".npz", lambda folder: _clips(folder, ".npz"), _use_clip, _NPZ),
    "AMASS motion": Target((_CLIP,), ".smpl.npz", _amass, _use_clip, _NPZ),
    "kept motion": Target(("tokendance_core.files.clip.from_bytes",), ".kept", _kept, _use_kept, within_zlib(_NPZ)),
    "own BVH": Target(("tokendance_core.files.bvh.read",), ".bvh", lambda folder: _clips(folder, ".bvh"), _use_clip),
    "BVH of others": Target(
        ("tokendance_core.files.bvh.parse", "tokendance_core.retarget.read_bvh.read"), ".bvh", _people, _use_person
    ),
    "AIST++": Target(
        ("tokendance_core.files.safe_pickle.read", "tokendance_core.datasets.aist.read_motion"),
        ".pkl",
        _aist,
        _use_aist,
    ),
    "pickled body": Target(("tokendance_core.smpl.model_file.read",), ".pkl", _bodies, _use_body),
    "body": Target(("tokendance_core.smpl.model_file.read",), ".npz", _plain_body, _use_body, _NPZ),
    "checkpoint": Target(
        ("tokendance_core.dance.checkpoint.load",), ".safetensors", _checkpoints, _use_checkpoint, within_tensors
    ),
    "checkpoint's header": Target(
        ("tokendance_core.dance.checkpoint_header.genres",), ".safetensors", _checkpoints, _use_header, within_tensors
    ),
    "song": Target(("tokendance_core.music.audio.load",), ".wav", _sounds, _use_song),
    "wave file": Target((), ".wav", _waves, _use_wave),
    "decoded samples": Target(("tokendance_core.music.audio.load_samples",), ".npy", _samples, _use_samples),
    "features": Target(("tokendance_core.music.feature_file.read",), ".npz", _features, _use_features, _NPZ),
    "FineDance": Target(("tokendance_core.datasets.finedance.read_motion",), ".npy", _finedance, _use_finedance),
    "label of FineDance": Target(
        ("tokendance_core.datasets.finedance._genre",),
        ".json",
        lambda folder: [b'{"style1": "Modern", "style2": "Popping"}'],
        _use_label,
        _JSON,
    ),
    "clip of the pack": Target(
        ("tokendance_core.datasets.pack._read_motion",), ".npz", _pack_clip, _use_pack_clip, _NPZ
    ),
    "index of the pack": Target(
        ("tokendance_core.datasets.pack._read_json",),
        ".json",
        lambda folder: [b'[{"file": "a.npz", "bpm": 120.0, "z": null}]'],
        _use_pack_index,
        _JSON,
    ),
    "pairs": Target(("tokendance_core.train.paired_tokens.load",), ".npz", _pairs, _use_pairs, _NPZ),
    "rig map": Target(
        ("tokendance_core.rigs.map_file.load_rig_map", "tokendance_core.rigs.map_file.from_json"),
        ".json",
        _maps,
        _use_map,
        _JSON,
    ),
    "request": Target(
        ("tokendance_core.commands.requests.request_from_json",), ".json", _requests, _use_request, _JSON
    ),
    "event": Target((), ".json", _events, _use_event, _JSON),
    "CSV table": Target(("blender_addon.headless.table.read",), ".csv", _csv_table, _use_table, needs_blender=True),
    "JSON table": Target(
        ("blender_addon.headless.table.read",), ".json", _json_table, _use_table, _JSON, needs_blender=True
    ),
    "report of a batch": Target((), ".json", _reports, _use_report, _JSON, needs_blender=True),
    "former settings": Target((), ".json", _formers, _use_former, _JSON, needs_blender=True),
}
