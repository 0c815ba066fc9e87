"""The nouns of TokenDance: plain, frozen data that flows from a song to keyframes.

House conventions, valid everywhere unless a name says otherwise:

* right-handed axes, Y up, the dancer faces +Z, the dancer's left is +X;
* metres, seconds, radians; 30 frames per second inside (any rate at the two ends);
* quaternions are ``wxyz``; a 6D rotation is the first two *columns* of the matrix, concatenated
  (others use rows: mixing them silently inverts every rotation);
* arrays are ``(time, …)`` here and ``(batch, time, feature)`` in the network.

Each type validates itself once, when it is made, so that everything behind it can trust its input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

FPS = 30
"""Frames per second of features and motion inside the package."""

SAMPLE_RATE = 15_360
"""Samples per second of all music inside the package: 512 samples to a frame."""

CODES = 1000
"""Codes of a codebook: FSQ levels 8 x 5 x 5 x 5."""


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
    """What the network hears: ``values`` (T, 35) float32 at 30 fps, columns as ``features.FEATURE_NAMES``."""

    values: np.ndarray

    def __post_init__(self) -> None:
        _expect_array("MusicFeatures.values", self.values, (None, 35), "semantic and acoustic columns would be swapped")

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
    """A dance as codes: ``upper`` (L, books) body and ``lower`` (L, books) body with root; ``frames`` is the length
    before padding.

    A second book refines the first (paper: one book).
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
        """(streams, L): the first book of the upper and the lower body, then the second of both, and so on."""
        return np.stack((self.upper, self.lower)).transpose(2, 0, 1).reshape(-1, len(self))

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
        _expect_array("MotionClip.rot6d", self.rot6d, (None, 24, 6), "joints would take each other's rotations")
        _expect_array("MotionClip.root", self.root, (len(self.rot6d), 3), "body and path would drift apart")
        if not self.fps > 0:
            raise ValueError(f"MotionClip.fps must be positive, found {self.fps}")

    @property
    def frames(self) -> int:
        return len(self.root)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


@dataclass(frozen=True, eq=False)
class Rig:
    """An armature at rest, read once from Blender or built by a test.

    ``names`` (B,) bone names, parents before children; ``parents`` (B,) int, -1 for a root;
    ``rest`` (B, 4, 4) float64: rest matrices in armature space (Blender: ``bone.matrix_local``), Blender's axes,
    armature units. ``world`` (4, 4) float64: the armature object's world matrix.

    What a test may leave out, for plain bones:
    ``lengths`` (B,) from head to tail along the bone's Y axis, armature units (0: no tail is known);
    ``connected`` (B,) bool: the head sticks to the parent's tail, a location channel has no effect;
    ``inherits_rotation``, ``local_location`` (B,) bool as in Blender's bone relations;
    ``location_locked`` (B,) bool: the rigger allows no translation;
    ``driven`` (B,) bool: a constraint or driver decides how it turns, keys would not hold;
    ``follows`` (B,) int: the bone whose posed matrix it takes over (Copy Transforms at full influence), -1 for none;
    ``basis`` (B, 4, 4): the channels as they are posed now, which bones without keys keep.
    """

    names: tuple[str, ...]
    parents: np.ndarray
    rest: np.ndarray
    world: np.ndarray
    lengths: np.ndarray = None
    connected: np.ndarray = None
    inherits_rotation: np.ndarray = None
    local_location: np.ndarray = None
    location_locked: np.ndarray = None
    driven: np.ndarray = None
    follows: np.ndarray = None
    basis: np.ndarray = None

    def __post_init__(self) -> None:
        bones = len(self.names)
        plain = {
            "lengths": np.zeros(bones),
            **{name: np.zeros(bones, bool) for name in ("connected", "location_locked", "driven")},
            **{name: np.ones(bones, bool) for name in ("inherits_rotation", "local_location")},
            "follows": np.full(bones, -1),
            "basis": np.broadcast_to(np.eye(4), (bones, 4, 4)),
        }
        for name, value in plain.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
            _expect_array(f"Rig.{name}", getattr(self, name), value.shape, "bones would take each other's traits")
        _expect_array("Rig.parents", self.parents, (bones,), "bones would hang on the wrong parent")
        _expect_array("Rig.rest", self.rest, (bones, 4, 4), "rest poses would be mixed up")
        _expect_array("Rig.world", self.world, (4, 4), "the character would be placed elsewhere")
        late = [self.names[i] for i in range(bones) if self.parents[i] >= i]
        if late:
            raise ValueError(
                f"Rig.parents must list parents before children, {late[:3]} do not; stale matrices would be used"
            )

    @property
    def heads(self) -> np.ndarray:
        """(B, 3) where bones begin at rest, armature space."""
        return self.rest[:, :3, 3]

    @property
    def tails(self) -> np.ndarray:
        """(B, 3) where bones end at rest, armature space."""
        return self.heads + self.lengths[:, None] * self.rest[:, :3, 1]


@dataclass(frozen=True)
class Switch:
    """A custom property of a control rig that has to have ``value`` while the dance plays: IK/FK and the like."""

    bone: str
    property: str
    value: float


@dataclass(frozen=True, eq=False)
class RigMap:
    """Which bone plays which joint.

    ``bones``: SMPL joint name -> bone name, and ``"root"`` -> a separate root bone below the pelvis, if there is one;
    ``family`` names the rig table; ``score`` 0 to 1 and ``reasons`` tell how sure the recognition is, in plain
    sentences. ``twist``: joint -> twist bones of the limb that begins there, nearest to the joint first;
    ``doubles``: joint -> further bones that turn as it does (MMD's D-bones);
    ``ik``: joint -> IK control of a wrist or ankle, pole control of an elbow or knee;
    ``switches``: what a control rig needs set;
    ``path``: bone that carries the path, empty to find it;
    ``offsets``: joint -> the user's own turn in degrees about the character's left, up and front axes, in that order.
    """

    bones: Mapping[str, str]
    family: str
    score: float = 1.0
    reasons: tuple[str, ...] = ()
    twist: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    doubles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ik: Mapping[str, str] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    path: str = ""
    offsets: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RigAnimation:
    """Keys for a rig, ready to be written.

    ``bones`` (K,) names; ``quaternions`` (T, K, 4) ``wxyz`` in each bone's own rest axes, signs continuous over time;
    ``locations``: bone name -> (T, 3) location channel, armature units; ``fps`` of the samples;
    ``switches``: properties that have to hold while it plays.
    """

    bones: tuple[str, ...]
    quaternions: np.ndarray
    locations: Mapping[str, np.ndarray]
    fps: float
    switches: tuple[Switch, ...] = ()

    def __post_init__(self) -> None:
        _expect_array(
            "RigAnimation.quaternions",
            self.quaternions,
            (None, len(self.bones), 4),
            "bones would take each other's keys",
        )
        for bone, path in self.locations.items():
            _expect_array(
                f"RigAnimation.locations[{bone!r}]", path, (len(self.quaternions), 3), "body and path would drift apart"
            )
