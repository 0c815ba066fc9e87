"""One optimisation step, replayed as a CUDA graph on a graphics card, and the moving average of the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

Batch = dict[str, Tensor]
Replay = Callable[[], None]

EAGER_STEPS = 3
"""Ordinary steps with a batch of some shapes before one of them is captured: libraries choose their kernels, the
optimiser makes its state.
"""


class CaptureError(RuntimeError):
    """A step could not be captured as a CUDA graph; this process cannot draw random numbers on the card any more."""


class Average:
    """Exponential moving average of a model's weights: what is validated and shipped.

    A step n counts the past as min(``most``, (1 + n) / (10 + n)), so that short runs have an average too.
    """

    def __init__(self, model: nn.Module, most: float = 0.999) -> None:
        self._most = most
        self._live = [parameter.data for parameter in model.parameters()]
        self.weights = [weights.clone() for weights in self._live]

    def update(self, step: int) -> None:
        """Take in the weights after ``step`` (counted from 0)."""
        past = min(self._most, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.weights, self._live, 1 - past)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averaged weights inside the block and its own again after it."""
        own = [weights.clone() for weights in self._live]
        torch._foreach_copy_(self._live, self.weights)
        try:
            yield
        finally:
            torch._foreach_copy_(self._live, own)

    def restore(self, weights: list[Tensor]) -> None:
        """Go on from an average that was saved."""
        torch._foreach_copy_(self.weights, [stored.to(own) for stored, own in zip(weights, self.weights, strict=True)])


class Optimiser:
    """AdamW with clipped gradients, for the loss of a batch.

    On a graphics card the third and later steps with batches of one shape are a single launch of a captured CUDA graph;
    CaptureError when that fails.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Batch], Tensor],
        *,
        betas: tuple[float, float],
        weight_decay: float,
        clip: float,
        bfloat16: bool,
        capture: Callable[[Replay], Replay] | None,
    ) -> None:
        self._model, self._loss, self._clip, self._bfloat16, self._capture = model, loss, clip, bfloat16, capture
        self._kind = next(model.parameters()).device.type
        self._rate = torch.zeros((), device=self._kind)
        self._adam = torch.optim.AdamW(
            _parameter_groups(model, weight_decay),
            lr=self._rate,
            betas=betas,
            fused=True,
            capturable=self._kind == "cuda",
        )
        self._seen: dict[tuple[Any, ...], int] = {}
        self._graphs: dict[tuple[Any, ...], tuple[Batch, Replay]] = {}
        self.loss = torch.zeros((), device=self._kind)

    def step(self, batch: Batch, rate: float) -> None:
        """Change the weights, and leave the batch's loss in ``loss``; nothing here waits for the device."""
        self._rate.fill_(rate)
        shapes = tuple((name, *values.shape) for name, values in batch.items())
        seen = self._seen[shapes] = self._seen.get(shapes, 0) + 1
        if self._capture is None or seen <= EAGER_STEPS:
            self._eager(batch)
            return
        if shapes not in self._graphs:
            held = {name: values.clone() for name, values in batch.items()}
            self._graphs[shapes] = held, self._capture(lambda: self._eager(held))
        held, replay = self._graphs[shapes]
        for name, values in batch.items():
            held[name].copy_(values)
        replay()

    def _eager(self, batch: Batch) -> None:
        self._adam.zero_grad(set_to_none=True)
        with torch.autocast(self._kind, torch.bfloat16, enabled=self._bfloat16):
            loss = self._loss(batch)
        loss.backward()
        self.loss.copy_(loss.detach())
        nn.utils.clip_grad_norm_(self._model.parameters(), self._clip)
        self._adam.step()

    def state(self) -> dict[str, Any]:
        """What :meth:`restore` needs to go on."""
        state: dict[str, Any] = self._adam.state_dict()["state"]
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state, on whatever device it was made."""
        self._adam.load_state_dict({"state": state, "param_groups": self._adam.state_dict()["param_groups"]})
        for group in self._adam.param_groups:
            group["lr"] = self._rate


def capture_on_cuda(step: Replay) -> Replay:
    """A step as one CUDA graph, which must not wait for the device or copy from the host; CaptureError otherwise."""
    graph = torch.cuda.CUDAGraph()
    try:
        torch.cuda.synchronize()
        with torch.cuda.graph(graph):
            step()
    except RuntimeError as error:
        raise CaptureError(str(error).splitlines()[0]) from error
    return graph.replay


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices only: biases, norms and the scan's own constants keep their size."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
