"""From a generator to dance tokens: one pass as in the paper, or a few passes that fix the most certain tokens
first.

One pass with everything masked and temperature 0 is the paper's model. Sampling every position of that one pass
independently gives incoherent dances, because no token knows what its neighbours drew; so with more steps each pass
keeps only the tokens it is most certain of, over both body halves jointly, and the next pass sees them (MaskGIT, Chang
et al. 2022, arXiv 2202.04200). Where tokens have several codes, all first ones come before the second ones, which only
refine them (SoundStorm, Borsos et al. 2023, arXiv 2305.09636).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from tokendance_core.model.generator import HALVES, Generator, Prompt

TOP_P = 0.95
TOP_K = 100  # tokens that rank lower are never drawn; sorting the first ones alone is four times faster
# Gumbel noise on the order, per unit of temperature, falling to zero: without it dances keep the beat better, but go
# round in one phrase twice as often (bench/sampling.py)
ORDER_NOISE = 4.5

Schedule = Callable[[float], float]
"""From the share of passes that are done to the share of tokens that are left hidden, 1 to 0."""


def cosine(done: float) -> float:
    """Few tokens are fixed at first, when little is known."""
    return math.cos(0.5 * math.pi * done)


@torch.no_grad()
def sample(
    generator: Generator,
    prompt: Prompt,
    *,
    steps: int,
    temperature: float,
    seed: int,
    dance: Tensor | None = None,
    top_p: float = TOP_P,
    order_noise: float = ORDER_NOISE,
    schedule: Schedule = cosine,
    on_step: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Dance tokens (B, streams, L) int64 for a prompt.

    Tokens given in ``dance`` are kept as they are; the mask, or None for all, asks for new ones. Temperature 0 takes
    the likeliest token and ignores the seed. Random numbers are drawn on the CPU, so every device gets the same ones.
    ``on_step(done, steps)`` is called after each pass and may raise to stop. ValueError for settings out of range.
    """
    _check(steps, temperature, top_p)
    mask, halves = generator.config.mask, len(HALVES)
    shape = (len(prompt.semantic), generator.config.streams, prompt.semantic.shape[1])
    tokens = prompt.semantic.new_full(shape, mask) if dance is None else dance.clone()
    unknown = (tokens == mask).sum(2)
    random = torch.Generator().manual_seed(seed)
    passes = _passes(steps, generator.config.codebooks, schedule)
    training = generator.training
    generator.eval()
    try:
        heard = generator.hear(prompt)  # the music's scanners run once
        for step, (codebooks, hidden) in enumerate(passes, start=1):
            asked = slice(halves * codebooks.start, halves * codebooks.stop)
            places = tokens[:, asked] == mask  # late passes ask for few
            logits = generator.answer_at(places, heard, tokens, codebooks)
            drawn, confidence = _draw(logits, places, temperature, top_p, random)
            confidence += order_noise * temperature * (1.0 - step / steps) * _gumbel(confidence, random)
            still_masked = (unknown[:, asked].sum(1) * hidden).floor().long()
            tokens[:, asked] = _fix_most_certain(tokens[:, asked], drawn, confidence, still_masked, mask)
            if on_step is not None:
                on_step(step, steps)
    finally:
        generator.train(training)
    return tokens


def _check(steps: int, temperature: float, top_p: float) -> None:
    if steps < 1:
        raise ValueError(f"steps is {steps}, expected at least 1")
    if not 0.0 <= temperature < math.inf:
        raise ValueError(f"temperature is {temperature}, expected zero or more")
    if not 0.0 < top_p <= 1.0:
        raise ValueError(f"top_p is {top_p}, expected a fraction above 0 and at most 1")


def _draw(
    logits: list[Tensor], places: Tensor, temperature: float, top_p: float, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Tokens at ``places`` (B, streams, L), drawn from the logits (N, codes) of each stream there, and the log
    probability the network gives each, both (B, streams, L); zeros elsewhere.
    """
    tokens, confidence = torch.zeros_like(places, dtype=torch.long), torch.zeros_like(places, dtype=logits[0].dtype)
    uniform = torch.rand(places.shape, generator=random).to(places.device) if temperature else confidence
    for stream, (at, scores) in enumerate(zip(places.unbind(1), logits, strict=True)):
        drawn = _draw_stream(scores, uniform[:, stream][at], temperature, top_p)
        tokens[:, stream][at], confidence[:, stream][at] = drawn
    return tokens, confidence


def _draw_stream(logits: Tensor, uniform: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """Samples from the likeliest codes that together reach ``top_p``, TOP_K at most: one uniform number per position
    against their sum.
    """
    if temperature == 0.0:
        drawn = logits.argmax(-1)
    else:
        probabilities, codes = (logits / temperature).softmax(-1).topk(min(TOP_K, logits.shape[-1]), dim=-1)
        reach = probabilities.cumsum(-1)
        last = (reach < top_p).sum(-1, keepdim=True).clamp(max=reach.shape[-1] - 1)
        picked = (reach < uniform[..., None] * reach.gather(-1, last)).sum(-1, keepdim=True)
        drawn = codes.gather(-1, picked).squeeze(-1)
    return drawn, logits.log_softmax(-1).gather(-1, drawn[..., None]).squeeze(-1)


def _gumbel(like: Tensor, random: torch.Generator) -> Tensor:
    """Standard Gumbel noise of the shape and device of ``like``."""
    exponential = torch.empty(like.shape).exponential_(generator=random)
    return -exponential.log().to(like.device)


def _passes(steps: int, codebooks: int, schedule: Schedule) -> list[tuple[range, float]]:
    """For each pass the codebooks that it asks for, and the share of their tokens that it leaves hidden.

    The first codebook takes all passes but one for each later codebook, and fixes few tokens at first, when little is
    known. With fewer passes than codebooks the last one asks for all that are left.
    """
    if steps < codebooks:
        return [(range(step, step + 1), 0.0) for step in range(steps - 1)] + [(range(steps - 1, codebooks), 0.0)]
    passes = steps - codebooks + 1
    first = [(range(1), schedule(step / passes)) for step in range(1, passes + 1)]
    return first + [(range(codebook, codebook + 1), 0.0) for codebook in range(1, codebooks)]


def _fix_most_certain(tokens: Tensor, drawn: Tensor, confidence: Tensor, still_masked: Tensor, mask: int) -> Tensor:
    """Replaces masked tokens (B, streams, L) by drawn ones, except the ``still_masked`` (B,) least certain of each
    item.
    """
    was_masked = tokens == mask
    ranks = confidence.masked_fill(~was_masked, math.inf).flatten(1).argsort(-1).argsort(-1)
    stay = (ranks < still_masked[:, None]).view_as(tokens)
    return torch.where(was_masked & ~stay, drawn, tokens)
