"""From a generator to dance tokens: one pass as in the paper, or a few passes that fix the most certain tokens
first.

One pass with everything masked and temperature 0 is the paper's model. Sampling every position of that one pass
independently gives incoherent dances, because no token knows what its neighbours drew; so with more steps each pass
keeps only the tokens it is most certain of, over both body halves jointly, and the next pass sees them (MaskGIT, Chang
et al. 2022, arXiv 2202.04200). Where tokens have several codes, all first ones come before the second ones, which only
refine them (SoundStorm, Borsos et al. 2023, arXiv 2305.09636).

Chance is counted out, not handed on: pass n of a seed has the same numbers whatever was drawn before it, and whichever
engine answers (Philox, Salmon et al. 2011).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from tokendance_core.engine.engine import Answering
from tokendance_core.model.config import HALVES, Prompt
from tokendance_core.types import OnShare, nobody

TOP_P = 0.95
TOP_K = 100  # tokens that rank lower are never drawn
_ROWS = 256  # places drawn at once: their codes stay in the cache of a core
# Gumbel noise on the order, per unit of temperature, falling to zero: without it dances keep the beat better, but go
# round in one phrase twice as often (bench/sampling.py)
ORDER_NOISE = 4.5

Schedule = Callable[[float], float]
"""From the share of passes that are done to the share of tokens that are left hidden, 1 to 0."""


def cosine(done: float) -> float:
    """Few tokens are fixed at first, when little is known."""
    return math.cos(0.5 * math.pi * done)


def sample(
    engine: Answering,
    prompt: Prompt,
    *,
    steps: int,
    temperature: float,
    seed: int,
    dance: np.ndarray | None = None,
    top_p: float = TOP_P,
    order_noise: float = ORDER_NOISE,
    schedule: Schedule = cosine,
    on_share: OnShare = nobody,
) -> np.ndarray:
    """Dance tokens (B, streams, L) int64 for a prompt.

    Tokens given in ``dance`` are kept as they are; the mask, or None for all, asks for new ones. Temperature 0 takes
    the likeliest token and ignores the seed. ``on_share`` is called within each pass and after it. ValueError for
    settings out of range.
    """
    _check(steps, temperature, top_p)
    mask, halves = engine.generator.mask, len(HALVES)
    shape = (len(prompt.semantic), engine.generator.streams, prompt.semantic.shape[1])
    tokens = np.full(shape, mask) if dance is None else dance.astype(np.int64)
    unknown = (tokens == mask).sum(2)
    heard = engine.hear(prompt)  # the music's scanners run once
    for step, (codebooks, hidden) in enumerate(_passes(steps, engine.generator.codebooks, schedule), start=1):
        chance = Chance(seed, step)
        asked = slice(halves * codebooks.start, halves * codebooks.stop)
        places = tokens[:, asked] == mask  # late passes ask for few
        logits = engine.answer_at(places, heard, tokens, codebooks, _in_pass(step, steps, on_share))
        drawn, confidence = _draw(logits, places, temperature, top_p, chance)
        confidence += order_noise * temperature * (1.0 - step / steps) * chance.gumbel(places.shape)
        still_masked = np.floor(unknown[:, asked].sum(1) * hidden).astype(int)
        _fix_most_certain(tokens[:, asked], places, drawn, confidence, still_masked)
        on_share(step / steps)
    return tokens


def _in_pass(step: int, steps: int, on_share: OnShare) -> OnShare:
    """What hears of the share of pass number ``step``."""
    return lambda share: on_share((step - 1 + share) / steps)


def _check(steps: int, temperature: float, top_p: float) -> None:
    if steps < 1:
        raise ValueError(f"steps is {steps}, expected at least 1")
    if not 0.0 <= temperature < math.inf:
        raise ValueError(f"temperature is {temperature}, expected zero or more")
    if not 0.0 < top_p <= 1.0:
        raise ValueError(f"top_p is {top_p}, expected a fraction above 0 and at most 1")


class Chance:
    """The random numbers of one pass: each is found by its place, none depends on how many were drawn before it."""

    _ORDER, _CODES = range(2)

    def __init__(self, seed: int, step: int) -> None:
        self._seed, self._step = seed, step

    def _numbers(self, shape: tuple[int, ...], use: int, attempt: int = 0) -> np.ndarray:
        source = np.random.Philox(key=self._seed, counter=[0, attempt, use, self._step])
        return np.random.Generator(source).random(shape)

    def uniform(self, places: np.ndarray, stream: int, rows: slice, attempt: int) -> np.ndarray:
        """0 to 1 for some ``rows`` of those places of a stream that are True, others at every attempt."""
        numbers: np.ndarray = self._numbers(places.shape, self._CODES + stream, attempt)[places]
        return numbers[rows]

    def gumbel(self, shape: tuple[int, ...]) -> np.ndarray:
        """Standard Gumbel noise."""
        noise: np.ndarray = -np.log(-np.log1p(-self._numbers(shape, self._ORDER)) + np.finfo(float).tiny)
        return noise


def _draw(
    logits: list[np.ndarray], places: np.ndarray, temperature: float, top_p: float, chance: Chance
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens at ``places`` (B, streams, L), drawn from the logits (N, codes) of each stream there, and the log
    probability the network gives each, both (B, streams, L); zeros elsewhere. The logits are used up.
    """
    tokens, confidence = np.zeros(places.shape, np.int64), np.zeros(places.shape)
    for stream, scores in enumerate(logits):
        at, drawn, certainty = places[:, stream], np.empty(len(scores), np.int64), np.empty(len(scores))
        for first in range(0, len(scores), _ROWS):
            rows = slice(first, first + _ROWS)
            uniform = partial(chance.uniform, at, stream, rows)
            drawn[rows], certainty[rows] = _draw_rows(scores[rows], temperature, top_p, uniform)
        tokens[:, stream][at], confidence[:, stream][at] = drawn, certainty
    return tokens, confidence


def _draw_rows(
    scores: np.ndarray, temperature: float, top_p: float, uniform: Callable[[int], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A code for each row of logits (N, codes), and its log probability."""
    scores -= scores.max(-1, keepdims=True)
    warm = np.float32(temperature)
    drawn = _drawn(np.exp(scores / warm), top_p, uniform) if temperature else scores.argmax(-1)
    score = scores[np.arange(len(scores)), drawn].astype(np.float64)
    return drawn, score - np.log(np.exp(scores, out=scores).sum(-1))


def _drawn(weights: np.ndarray, top_p: float, uniform: Callable[[int], np.ndarray]) -> np.ndarray:
    """A code for each row of weights (N, codes), of the likeliest that together reach ``top_p``, TOP_K at most.

    A code that is not among these is drawn again, so that nothing has to be sorted, and codes of nearly the same weight
    never change places.
    """
    drawn, waiting, attempt = np.zeros(len(weights), np.int64), np.arange(len(weights)), 0
    whole = weights.sum(-1)
    while len(waiting):
        some = weights if attempt == 0 else weights[waiting]
        reach = np.cumsum(some, axis=-1)
        codes = np.count_nonzero(reach < uniform(attempt)[waiting, None] * reach[:, -1:], axis=-1)
        likelier = some > some[np.arange(len(some)), codes, None]
        more = np.einsum("nc,nc->n", likelier, some)
        among = (more < top_p * whole[waiting]) & (np.count_nonzero(likelier, axis=-1) < TOP_K)
        drawn[waiting[among]] = codes[among]
        waiting, attempt = waiting[~among], attempt + 1
    return drawn


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


def _fix_most_certain(
    tokens: np.ndarray, places: np.ndarray, drawn: np.ndarray, confidence: np.ndarray, still_masked: np.ndarray
) -> None:
    """Replaces the tokens (B, streams, L) at ``places`` by drawn ones, in place, except the ``still_masked`` (B,) least
    certain of each item.
    """
    order = np.where(places, confidence, np.inf).reshape(len(tokens), -1).argsort(-1, kind="stable")
    ranks = order.argsort(-1, kind="stable").reshape(tokens.shape)
    fixed = places & (ranks >= still_masked[:, None, None])
    tokens[fixed] = drawn[fixed]
