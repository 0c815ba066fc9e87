"""The types of TokenDance: plain, frozen data that flows from a song to keyframes.

Conventions, valid everywhere unless a name says otherwise:

* right-handed axes, Y up, the dancer faces +Z, the dancer's left is +X;
* metres, seconds, radians; 30 frames per second inside the package (any rate in files and in Blender);
* quaternions are ``wxyz``; a 6D rotation is the first two *columns* of the matrix, concatenated
  (others use rows: mixing them silently inverts every rotation);
* arrays are ``(time, …)`` here and ``(batch, time, feature)`` in the network.

Each type validates itself once, when it is made, so that everything after that can trust its input. It raises
ValueError: what users can cause is caught before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import NamedTuple

import numpy as np

FPS = 30
"""Frames per second of features and motion inside the package."""

SLOWEST_FPS, FASTEST_FPS = 1.0, 1000.0
"""Frames per second that a motion may have in a file."""

SAMPLE_RATE = 15_360
"""Samples per second of all music inside the package: 512 samples to a frame."""

MUSIC_FEATURES = 35
"""Numbers for a frame of music, as ``music/features.py`` names them."""

CODES = 1000
"""Codes of a codebook: FSQ levels 8 x 5 x 5 x 5."""

OnShare = Callable[[float], None]
"""Hears of the share of some work that is done, 0 to 1; what it raises stops the work."""


def nobody(share: float) -> None:
    """Hears of work that nobody watches."""


def _expect_array(name: str, array: np.ndarray, shape: tuple[int | None, ...], prevents: str) -> None:
    """Raise ValueError unless ``array`` has ``shape`` (None matches any size) and only finite values."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} must be a numpy array of shape {shape}, found {type(array).__name__}")
    if array.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, found {array.shape}; otherwise {prevents}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds {int((~np.isfinite(array)).sum())} values that are not finite; they would spread"
        )


def _expect_floats(name: str, array: np.ndarray, shape: tuple[int | None, ...], prevents: str) -> None:
    """Raise ValueError unless ``array`` has ``shape`` and holds finite floating-point numbers."""
    _expect_array(name, array, shape, prevents)
    if array.dtype.kind != "f":
        raise ValueError(f"{name} must hold floating-point numbers, found {array.dtype}")


def _expect_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{name} must be positive, found {value}")


def _expect_number(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` is a finite number; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, found {value!r}")


def _expect_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, found {type(value).__name__}")


def _expect_names(name: str, values: Iterable[object]) -> None:
    """Raise ValueError unless ``values`` are names: text that is not empty."""
    for value in values:
        _expect_text(name, value)
        if not value:
            raise ValueError(f"{name} must not be empty; no bone has such a name")


def _expect_mapping(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` is a mapping whose keys are names."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping by joint, found {type(value).__name__}")
    _expect_names(f"{name}: a joint", value)


def _expect_tuple(name: str, value: object) -> None:
    if not isinstance(value, tuple):
        raise ValueError(f"{name} must be a tuple, found {type(value).__name__}")


@dataclass(frozen=True, eq=False)
class Music:
    """A song, decoded: ``samples`` (N,) float32 mono at ``SAMPLE_RATE``; ``name`` for messages.

    ``audio.load`` brings songs to one loudness (-16 dBFS RMS), so that samples of a quiet recording can exceed 1.
    """

    samples: np.ndarray
    name: str = "music"

    def __post_init__(self) -> None:
        _expect_array("Music.samples", self.samples, (None,), "stereo would be read as two samples in a row")

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    @property
    def frames(self) -> int:
        """Motion frames that the song lasts, rounded up: the dance never ends before the music."""
        return -(-len(self.samples) * FPS // SAMPLE_RATE)


@dataclass(frozen=True, eq=False)
class MusicFeatures:
    """The network's input: ``values`` (T, MUSIC_FEATURES) float32 at 30 fps, columns as ``features.FEATURE_NAMES``."""

    values: np.ndarray

    def __post_init__(self) -> None:
        _expect_array(
            "MusicFeatures.values",
            self.values,
            (None, MUSIC_FEATURES),
            "semantic and acoustic columns would be swapped",
        )

    @property
    def frames(self) -> int:
        return len(self.values)


def _expect_tokens(name: str, tokens: np.ndarray, shape: tuple[int, ...]) -> None:
    _expect_array(name, tokens, shape, "the streams would drift apart")
    if tokens.dtype.kind not in "iu" or (tokens.size and not (tokens.min() >= 0 and tokens.max() < CODES)):
        raise ValueError(f"{name} must hold whole numbers from 0 to {CODES - 1}, found {tokens.dtype} {tokens[:4]}…")


@dataclass(frozen=True, eq=False)
class MusicTokens:
    """A song as codes: ``semantic`` (L,) timbre and ``acoustic`` (L,) rhythm and harmony; ``frames`` is the length
    before padding.
    """

    semantic: np.ndarray
    acoustic: np.ndarray
    frames: int

    def __post_init__(self) -> None:
        for name in ("semantic", "acoustic"):
            _expect_tokens(f"MusicTokens.{name}", getattr(self, name), (len(self.semantic),))

    def __len__(self) -> int:
        return len(self.semantic)


@dataclass(frozen=True, eq=False)
class DanceTokens:
    """A dance as codes: ``upper`` (L, codebooks) body and ``lower`` (L, codebooks) body with root; ``frames`` is
    the length before padding.

    A second codebook refines the first (paper: one codebook).
    """

    upper: np.ndarray
    lower: np.ndarray
    frames: int

    def __post_init__(self) -> None:
        _expect_array("DanceTokens.upper", self.upper, (None, None), "a token's codes would be read as tokens")
        for name in ("upper", "lower"):
            _expect_tokens(f"DanceTokens.{name}", getattr(self, name), self.upper.shape)

    @classmethod
    def of_streams(cls, streams: np.ndarray, frames: int) -> DanceTokens:
        """From (streams, L) codes as the generator orders them, see ``streams``."""
        return cls(streams[0::2].T, streams[1::2].T, frames)

    @property
    def streams(self) -> np.ndarray:
        """(streams, L): the first codebook of the upper and the lower body, then the second of both, and so on."""
        streams: np.ndarray = np.stack((self.upper, self.lower)).transpose(2, 0, 1).reshape(-1, len(self))
        return streams

    def __len__(self) -> int:
        return len(self.upper)


@dataclass(frozen=True, eq=False)
class MotionClip:
    """A dance on the SMPL-24 skeleton of ``skeleton.py``.

    ``rot6d`` (T, 24, 6) float32: local rotations, first two columns; T-pose = identity.
    ``root`` (T, 3) float32: pelvis position in metres, floor at y = 0.
    ``fps`` frames per second; ``name`` for messages; ``info``: where it came from (song, seed, genre, source).
    """

    rot6d: np.ndarray
    root: np.ndarray
    fps: float = float(FPS)
    name: str = "dance"
    info: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _expect_floats("MotionClip.rot6d", self.rot6d, (None, 24, 6), "joints would take each other's rotations")
        _expect_floats("MotionClip.root", self.root, (len(self.rot6d), 3), "body and path would drift apart")
        _expect_positive("MotionClip.fps", self.fps)
        if not SLOWEST_FPS <= self.fps <= FASTEST_FPS:
            raise ValueError(f"MotionClip.fps must be from {SLOWEST_FPS:g} to {FASTEST_FPS:g}, found {self.fps}")
        if not isinstance(self.info, Mapping):
            raise ValueError(f"MotionClip.info must be a mapping, found {type(self.info).__name__}")

    @property
    def frames(self) -> int:
        return len(self.root)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def cut(self, start: int, stop: int | None = None) -> MotionClip:
        """The frames from ``start`` up to ``stop``, which is left out, or to the end; counted as slices count."""
        return replace(self, rot6d=self.rot6d[start:stop], root=self.root[start:stop])


_TRAITS = (
    *("lengths", "connected", "inherits_rotation", "local_location", "location_locked", "driven", "follows"),
    *("reaches", "poles"),
)
"""Fields of ``Rig`` with one value for each bone."""


@dataclass(frozen=True, eq=False)
class Rig:
    """An armature at rest, read once from Blender or built by a test.

    ``names`` (B,) bone names, parents before children; ``parents`` (B,) int, -1 for a root;
    ``rest`` (B, 4, 4) float64: rest matrices in armature space (Blender: ``bone.matrix_local``), Blender's axes,
    armature units. ``world`` (4, 4) float64: the armature object's world matrix.

    ``lengths`` (B,) from head to tail along the bone's Y axis, armature units (0: no tail is known);
    ``connected`` (B,) bool: the head sticks to the parent's tail, a location channel has no effect;
    ``inherits_rotation``, ``local_location`` (B,) bool as in Blender's bone relations;
    ``location_locked`` (B,) bool: the rigger allows no translation;
    ``driven`` (B,) bool: a constraint or driver decides how it turns, keys would have no effect;
    ``follows`` (B,) int: the bone whose posed matrix it takes over (Copy Transforms and the like at full influence), -1
    for none;
    ``reaches``, ``poles`` (B,) int: target and pole bone of an inverse kinematics constraint on it, -1 for none;
    ``basis`` (B, 4, 4): the channels as they are posed now; bones without keys keep them.
    """

    names: tuple[str, ...]
    parents: np.ndarray
    rest: np.ndarray
    world: np.ndarray
    lengths: np.ndarray
    connected: np.ndarray
    inherits_rotation: np.ndarray
    local_location: np.ndarray
    location_locked: np.ndarray
    driven: np.ndarray
    follows: np.ndarray
    reaches: np.ndarray
    poles: np.ndarray
    basis: np.ndarray

    def __post_init__(self) -> None:
        bones = len(self.names)
        for name in _TRAITS:
            _expect_array(f"Rig.{name}", getattr(self, name), (bones,), "bones would take each other's traits")
        _expect_floats("Rig.basis", self.basis, (bones, 4, 4), "bones would take each other's channels")
        _expect_array("Rig.parents", self.parents, (bones,), "bones would hang on the wrong parent")
        _expect_floats("Rig.rest", self.rest, (bones, 4, 4), "rest poses would be mixed up")
        _expect_floats("Rig.world", self.world, (4, 4), "the character would be placed elsewhere")
        late = [self.names[i] for i in range(bones) if self.parents[i] >= i]
        if late:
            raise ValueError(
                f"Rig.parents must list parents before children, {late[:3]} do not; stale matrices would be used"
            )

    @classmethod
    def plain(
        cls,
        names: tuple[str, ...],
        parents: np.ndarray,
        rest: np.ndarray,
        world: np.ndarray | None = None,
        **traits: np.ndarray,
    ) -> Rig:
        """A rig of plain bones without tails, free to move and posed as they rest, but for the fields in ``traits``;
        ``world`` defaults to the identity.
        """
        bones = len(names)
        fields = {
            "lengths": np.zeros(bones),
            "connected": np.zeros(bones, bool),
            "inherits_rotation": np.ones(bones, bool),
            "local_location": np.ones(bones, bool),
            "location_locked": np.zeros(bones, bool),
            "driven": np.zeros(bones, bool),
            "follows": np.full(bones, -1),
            "reaches": np.full(bones, -1),
            "poles": np.full(bones, -1),
            "basis": np.tile(np.eye(4), (bones, 1, 1)),
        }
        return cls(names, parents, rest, np.eye(4) if world is None else world, **(fields | traits))

    @property
    def heads(self) -> np.ndarray:
        """(B, 3) where bones begin at rest, armature space."""
        heads: np.ndarray = self.rest[:, :3, 3]
        return heads

    @property
    def tails(self) -> np.ndarray:
        """(B, 3) where bones end at rest, armature space."""
        tails: np.ndarray = self.heads + self.lengths[:, None] * self.rest[:, :3, 1]
        return tails


@dataclass(frozen=True)
class Switch:
    """A custom property of a control rig that must have ``value`` while the dance plays: IK/FK and the like."""

    bone: str
    property: str
    value: float

    def __post_init__(self) -> None:
        _expect_names("Switch.bone", [self.bone])
        _expect_names("Switch.property", [self.property])
        _expect_number("Switch.value", self.value)


class BoneUse(NamedTuple):
    """A bone that a map names, and what for: ``owner`` is a joint, "a switch" or "the path", ``part`` the field of
    ``RigMap`` that names it.
    """

    bone: str
    owner: str
    part: str

    @property
    def dances(self) -> bool:
        """Whether the dance turns the bone, so that a rig without it cannot dance."""
        return self.part in ("bones", "twist", "followers")


@dataclass(frozen=True, eq=False)
class RigMap:
    """Which bone plays which joint.

    ``bones``: SMPL joint name -> bone name, and ``"root"`` -> a separate root bone below the pelvis, if there is one;
    ``family`` names the rig table; ``score`` 0 to 1 tells how sure the recognition is, ``reasons`` why, in plain
    sentences. ``twist``: joint -> twist bones of the limb that begins there, nearest to the joint first;
    ``followers``: joint -> further bones that turn as it does: MMD's D-bones; of the pelvis, bones at the hips between
    it and the thighs (a Biped whose thighs hang on its first spine bone) or beside those (hips that only carry skin);
    ``ik``: joint -> IK control of a wrist or ankle, pole control of an elbow or knee; no bone of ``bones`` is named;
    ``switches``: properties that a control rig needs set;
    ``path``: the bone that carries the path, empty if it is to be found;
    ``offsets``: joint -> the user's own turn in degrees about the character's left, up and front axes, in that order.

    A bone of ``bones`` need not descend from the bone of the joint before it, and then has to be moved as well as
    turned: IK feet and hands stand for the ankle and wrist where nothing hangs on the shin or forearm; trunk, legs or
    arms may have roots of their own. The pelvis is the lowest bone that carries both thighs and the trunk, or one above
    it at the hips; where nothing carries both, it is the bone that carries the legs, else the lowest of the trunk.
    """

    bones: Mapping[str, str]
    family: str
    score: float = 1.0
    reasons: tuple[str, ...] = ()
    twist: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    followers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ik: Mapping[str, str] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    path: str = ""
    offsets: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in ("bones", "twist", "followers", "ik", "offsets"):
            _expect_mapping(f"RigMap.{part}", getattr(self, part))
        for part in ("bones", "ik"):
            _expect_names(f"RigMap.{part}: a bone", getattr(self, part).values())
        for part in ("twist", "followers"):
            for bones in getattr(self, part).values():
                _expect_tuple(f"RigMap.{part} of a joint", bones)
                _expect_names(f"RigMap.{part}: a bone", bones)
        _expect_text("RigMap.family", self.family)
        _expect_text("RigMap.path", self.path)
        _expect_number("RigMap.score", self.score)
        if not 0 <= self.score <= 1:
            raise ValueError(f"RigMap.score must lie between 0 and 1, found {self.score}")
        _expect_tuple("RigMap.reasons", self.reasons)
        for reason in self.reasons:
            _expect_text("RigMap.reasons: a reason", reason)
        _expect_tuple("RigMap.switches", self.switches)
        if not all(isinstance(switch, Switch) for switch in self.switches):
            raise ValueError(f"RigMap.switches must be a tuple of Switch, found {self.switches}")
        for joint, angles in self.offsets.items():
            _expect_tuple(f"RigMap.offsets of {joint}", angles)
            if len(angles) != 3:
                raise ValueError(f"RigMap.offsets of {joint} must be three angles in degrees, found {len(angles)}")
            for angle in angles:
                _expect_number(f"RigMap.offsets of {joint}: an angle", angle)

    def bones_in_use(self) -> tuple[BoneUse, ...]:
        """Every bone that the map names, with what it is for; those that play a joint come first."""
        uses = [BoneUse(bone, joint, "bones") for joint, bone in self.bones.items()]
        for part, table in (("twist", self.twist), ("followers", self.followers)):
            uses += [BoneUse(bone, joint, part) for joint, bones in table.items() for bone in bones]
        uses += [BoneUse(bone, joint, "ik") for joint, bone in self.ik.items()]
        uses += [BoneUse(switch.bone, "a switch", "switches") for switch in self.switches]
        if self.path:
            uses.append(BoneUse(self.path, "the path", "path"))
        return tuple(uses)


@dataclass(frozen=True, eq=False)
class Sole:
    """What of a foot touches the floor: points of its ``heel`` (N, 3), its ``ball`` and its ``toes`` likewise, at rest
    in armature space. ``bends``: the toes hang on a bone of their own; else, as all the rest, on the foot's.
    """

    heel: np.ndarray
    ball: np.ndarray
    toes: np.ndarray
    bends: bool

    def __post_init__(self) -> None:
        for name in ("heel", "ball", "toes"):
            _expect_array(f"Sole.{name}", getattr(self, name), (None, 3), "the foot would stand elsewhere")
            if not len(getattr(self, name)):
                raise ValueError(f"Sole.{name} must hold at least one point; the foot would sink into the floor")


@dataclass(frozen=True, eq=False)
class Capsule:
    """A round rod of a body at rest: ``ends`` (2, 3) of its axis in armature space, ``radius`` in armature units,
    carried by the bone of ``joint``.
    """

    joint: str
    ends: np.ndarray
    radius: float

    def __post_init__(self) -> None:
        _expect_names("Capsule.joint", [self.joint])
        _expect_array("Capsule.ends", self.ends, (2, 3), "the body would have other limbs")
        _expect_number("Capsule.radius", self.radius)
        _expect_positive("Capsule.radius", self.radius)


@dataclass(frozen=True, eq=False)
class BodyShape:
    """How far a character's skin reaches from its bones.

    ``soles``: side ("left", "right") -> its sole; ``capsules``: of a limb one, carried by the joint that it begins at;
    of trunk and head several that lie across it, from left to right, one above another.
    """

    soles: Mapping[str, Sole]
    capsules: tuple[Capsule, ...]

    def __post_init__(self) -> None:
        _expect_mapping("BodyShape.soles", self.soles)
        if not all(isinstance(sole, Sole) for sole in self.soles.values()):
            raise ValueError(f"BodyShape.soles must hold Soles, found {dict(self.soles)}")
        _expect_tuple("BodyShape.capsules", self.capsules)
        if not all(isinstance(capsule, Capsule) for capsule in self.capsules):
            raise ValueError(f"BodyShape.capsules must be a tuple of Capsule, found {self.capsules}")


@dataclass(frozen=True, eq=False)
class RigAnimation:
    """Keys for a rig, ready to be written.

    ``bones`` (K,) names; ``quaternions`` (T, K, 4) ``wxyz`` in each bone's own rest axes, signs continuous over time;
    ``locations``: bone name -> (T, 3) location channel, armature units; ``fps`` of the samples;
    ``switches``: properties that must be set while it plays; ``scales``: bone name -> the uniform scale that it has in
    the pose and keeps, all other bones have none.
    """

    bones: tuple[str, ...]
    quaternions: np.ndarray
    locations: Mapping[str, np.ndarray]
    fps: float
    switches: tuple[Switch, ...] = ()
    scales: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _expect_array(
            "RigAnimation.quaternions",
            self.quaternions,
            (None, len(self.bones), 4),
            "bones would take each other's keys",
        )
        _expect_positive("RigAnimation.fps", self.fps)
        for bone, path in self.locations.items():
            _expect_array(
                f"RigAnimation.locations[{bone!r}]", path, (len(self.quaternions), 3), "body and path would drift apart"
            )
