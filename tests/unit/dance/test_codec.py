from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance import representation
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.codec import bridge_uncertain
from tokendance_core.dance.representation import BODY, ROTATIONS, UPPER_COLUMNS, RootForm, Statistics, lower_columns
from tokendance_core.engine.torch_engine import arrays_of
from tokendance_core.model.tokenizer import Tokenizer
from tokendance_core.motion import rotation
from tokendance_core.music import features
from tokendance_core.types import MotionClip, MusicFeatures


def of_form(checkpoint: Checkpoint, root: RootForm) -> Checkpoint:
    """The tiny checkpoint with a lower tokenizer of as many columns as the root form has."""
    columns, statistics = len(lower_columns(root)), checkpoint.dance_statistics
    more = representation.column_count(root) - len(statistics.mean)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        lower = Tokenizer(replace(checkpoint.tokenizers["lower"], features=columns)).eval()
    spread = Statistics(np.pad(statistics.mean, (0, more)), np.pad(statistics.std, (0, more), constant_values=0.05))
    others = {name: array for name, array in checkpoint.arrays.items() if not name.startswith("lower.")}
    return replace(
        checkpoint,
        root=root,
        dance_statistics=spread,
        tokenizers={**checkpoint.tokenizers, "lower": lower.config},
        arrays=others | arrays_of({"lower": lower}),
        runs_on=("torch", "cpu"),
    )


def halves(root: RootForm) -> dict[str, np.ndarray]:
    return {"upper": UPPER_COLUMNS, "lower": lower_columns(root)}


@torch.no_grad()
def reconstructed(checkpoint: Checkpoint, clip: MotionClip, root: RootForm) -> MotionClip:
    """The round trip written out: each half through its whole network in one pass, the last frame held."""
    statistics, hop = checkpoint.dance_statistics, checkpoint.dance_codec.hop
    matrix = statistics.normalise(representation.to_matrix(clip, root))
    matrix = np.concatenate((matrix, np.repeat(matrix[-1:], -len(matrix) % hop, axis=0)))
    for name, columns in halves(root).items():
        made, _ = checkpoint.engine.networks[name](torch.from_numpy(matrix[None, :, columns]))
        matrix[:, columns] = made[0].numpy()
    matrix = statistics.restore(matrix)[: clip.frames]
    joints = matrix[:, ROTATIONS].reshape(clip.frames, 24, 6)
    matrix[:, ROTATIONS] = bridge_uncertain(joints).reshape(clip.frames, 144)
    return representation.from_matrix(matrix, root)


@pytest.mark.parametrize("root", ["velocity", "absolute", "heading"])
@pytest.mark.parametrize("frames", [1, 45, 48])
def test_decoding_what_was_encoded_is_the_networks_reconstruction(
    tiny_checkpoint: Checkpoint, frames: int, root: RootForm
) -> None:
    clip, checkpoint = swaying_clip(frames), of_form(tiny_checkpoint, root)
    codec = checkpoint.dance_codec
    tokens = codec.encode(clip)
    assert tokens.upper.shape == tokens.lower.shape == (-(-frames // codec.hop), codec.codebooks)
    assert (len(tokens), tokens.frames) == (-(-frames // 4), frames)
    made, expected = codec.decode(tokens), reconstructed(checkpoint, clip, root)
    assert made.frames == frames
    np.testing.assert_allclose(made.rot6d, expected.rot6d, atol=1e-5)
    np.testing.assert_allclose(made.root, expected.root, atol=1e-5)


def test_uncertain_frames_of_a_decoded_dance_are_bridged(tiny_checkpoint: Checkpoint) -> None:
    """With a wide spread the untrained decoder leaves the T-pose, and some columns get short."""
    wide = replace(tiny_checkpoint.dance_statistics, std=np.full(BODY, 2.0, np.float32))
    clip, checkpoint = swaying_clip(48), replace(tiny_checkpoint, dance_statistics=wide, runs_on=("torch", "cpu"))
    made = checkpoint.dance_codec.decode(checkpoint.dance_codec.encode(clip))
    expected = reconstructed(checkpoint, clip, "velocity")
    np.testing.assert_allclose(made.rot6d, expected.rot6d, atol=1e-4)
    lengths = np.linalg.norm(made.rot6d[..., :3], axis=-1)
    assert np.isclose(lengths, 1.0, atol=1e-5).any()  # the bridged ones are rotations
    assert not np.isclose(lengths, 1.0, atol=1e-5).all()


def test_each_half_has_codes_of_its_own(tiny_checkpoint: Checkpoint) -> None:
    """Codes of one half decide its columns alone; with velocities the path is the lower half's."""
    codec = tiny_checkpoint.dance_codec
    tokens = codec.encode(swaying_clip(48))
    before = representation.to_matrix(codec.decode(tokens))
    for name, columns in halves("velocity").items():
        changed = codec.decode(replace(tokens, **{name: (getattr(tokens, name) + 500) % 1000}))
        differs = np.abs(representation.to_matrix(changed) - before).max(axis=0) > 1e-6
        assert differs[columns].mean() > 0.9
        assert not differs[np.setdiff1d(np.arange(BODY), columns)].any()


@torch.no_grad()
def test_a_song_is_one_pair_of_codes_for_every_token(tiny_checkpoint: Checkpoint) -> None:
    song = MusicFeatures(np.random.default_rng(0).normal(size=(45, 35)).astype(np.float32))
    checkpoint = replace(tiny_checkpoint, runs_on=("torch", "cpu"))
    tokens = checkpoint.music_codec.encode(song)
    assert (len(tokens), tokens.frames) == (12, 45)
    held = torch.from_numpy(np.concatenate((song.values, np.repeat(song.values[-1:], 3, axis=0)))[None])
    for name, columns in {"semantic": features.SEMANTIC, "acoustic": features.ACOUSTIC}.items():
        _, indices = checkpoint.engine.networks[name](held[..., list(columns)])
        np.testing.assert_array_equal(getattr(tokens, name), indices[0, :, 0].numpy())


def test_certain_frames_are_left_alone() -> None:
    rot6d = swaying_clip(40).rot6d
    np.testing.assert_array_equal(bridge_uncertain(rot6d), rot6d)


@pytest.mark.parametrize("frames", [slice(10, 11), slice(10, 15), slice(0, 3), slice(37, 40)])
def test_uncertain_frames_are_bridged_by_an_even_turn(frames: slice) -> None:
    angles = np.linspace(0, 2.0, 40)
    turns = rotation.rot6d_from_matrix(rotation.heading_matrix(angles))[:, None].astype(np.float32)
    broken = turns.copy()
    broken[frames] = np.random.default_rng(0).normal(0, 0.1, broken[frames].shape)
    bridged = bridge_uncertain(broken)
    if frames.start and frames.stop < 40:
        np.testing.assert_allclose(bridged, turns, atol=1e-5)
    else:  # nothing to turn to: the nearest certain pose is held
        held = turns[frames.stop] if frames.start == 0 else turns[frames.start - 1]
        np.testing.assert_allclose(bridged[frames], np.broadcast_to(held, bridged[frames].shape), atol=1e-5)


def test_a_joint_that_is_never_certain_stays_as_it_is() -> None:
    nothing = np.full((5, 2, 6), 0.01, np.float32)
    np.testing.assert_array_equal(bridge_uncertain(nothing), nothing)
