"""The scan and the generator beside what they are compared with, as ratios within one run.

``python -m bench.networks REPEATS SECONDS…`` prints JSON: a list with one entry for each length of song.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping

import torch
from torch import nn

from tokendance_core.model.config import CONFIGS, CUES, GeneratorConfig, Prompt
from tokendance_core.model.generator import Generator
from tokendance_core.model.ssm import CHUNK_INFERENCE, BiMamba, scan_chunked, scan_recurrent

TOKENS_PER_SECOND = 8
"""Four to a beat, at 120 beats a minute."""


def medians(variants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each variant after one warm-up; variants take turns, so that a slow moment affects them all."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for round_number in range(repeats + 1):
        for name, run in variants.items():
            start = time.perf_counter()
            run()
            if round_number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def scans(config: GeneratorConfig, length: int, repeats: int) -> dict[str, float]:
    """Both forms of the scan on the same random input of one layer's size."""
    inner = config.expand * config.width
    heads = inner // config.head_dim
    random = torch.Generator().manual_seed(0)
    x = torch.randn(1, length, heads, config.head_dim, generator=random)
    dt = torch.rand(1, length, heads, generator=random) * 0.1
    A = -torch.linspace(1, 16, heads)
    B, C = torch.randn(2, 1, length, config.state, generator=random)
    D = torch.ones(heads)
    return medians(
        {
            "chunked": lambda: scan_chunked(x, dt, A, B, C, D, CHUNK_INFERENCE),
            "recurrence": lambda: scan_recurrent(x, dt, A, B, C, D),
        },
        repeats,
    )


def with_attention(model: nn.Module, width: int) -> nn.Module:
    """The same network with a Transformer encoder layer (heads of 64, feed-forward 4 x width) for each BiMamba
    block.
    """
    for name, child in model.named_children():
        if isinstance(child, BiMamba):
            layer = nn.TransformerEncoderLayer(
                width, max(width // 64, 1), 4 * width, activation="gelu", batch_first=True, norm_first=True
            )
            setattr(model, name, layer)
        else:
            with_attention(child, width)
    return model


def generators(config: GeneratorConfig, length: int, repeats: int) -> dict[str, float]:
    """One pass of the generator, and of its twin with attention: same width, same depth."""
    ours, attention = Generator(config).eval(), with_attention(Generator(config), config.width).eval()
    random = torch.Generator().manual_seed(0)
    semantic, acoustic = torch.randint(config.codes, (2, 1, length), generator=random)
    unknown, nothing = torch.full((1, config.streams, length), config.mask), torch.zeros(1, dtype=torch.long)
    arguments = (
        Prompt(semantic, acoustic, *[torch.zeros_like(semantic)] * len(CUES), nothing, nothing),
        unknown,
    )
    return medians({"generator": lambda: ours(*arguments), "transformer": lambda: attention(*arguments)}, repeats)


@torch.inference_mode()
def main(repeats: int, lengths: list[int]) -> list[dict[str, dict[str, float]]]:
    """Seconds of the scans and generators at the released sizes, for songs of so many seconds."""
    config = CONFIGS["released"]
    counts = [TOKENS_PER_SECOND * seconds for seconds in lengths]
    return [{"scan": scans(config, count, repeats), "network": generators(config, count, repeats)} for count in counts]


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]])))
