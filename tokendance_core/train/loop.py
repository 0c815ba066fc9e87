"""The training loop both stages share: resumable at any step, reproducible, one process or several.

Everything random is a function of (seed, step), so a run that was killed goes on to the same losses. With several
processes (``torchrun``) each takes its share of the same global batch, so that their number does not change the result.
"""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from tokendance_core.errors import CheckpointError
from tokendance_core.files.atomic import write_aside
from tokendance_core.model.generator import Generator
from tokendance_core.model.tokenizer import Tokenizer

Batch = dict[str, Tensor]
Model = Tokenizer | Generator


class Task(Protocol):
    """What is trained: a model, batches drawn at random, a loss, and figures on held-out data."""

    @property
    def model(self) -> Model: ...

    def batch(self, rng: np.random.Generator, size: int) -> Batch: ...

    def loss(self, batch: Batch) -> Tensor: ...

    def validate(self) -> dict[str, float]: ...


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """How long and how fast: Adam with the paper's betas, linear warm-up, cosine decay to zero, gradient norm clipped.

    ``bfloat16`` computes products in half precision: faster where the processor supports it, with gradients one per
    cent off.
    """

    steps: int
    batch: int
    learning_rate: float
    betas: tuple[float, float]
    warmup: int = 100
    weight_decay: float = 0.0
    clip: float = 1.0
    seed: int = 0
    bfloat16: bool = False
    save_every: int = 100
    validate_every: int = 500

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        rise = min((step + 1) / max(self.warmup, 1), 1.0)
        return self.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * step / self.steps))


@dataclass(frozen=True)
class Processes:
    """This process among its peers; (0, 1) when alone."""

    rank: int = 0
    count: int = 1

    @classmethod
    def join(cls, device: str) -> Processes:
        """Join the group that ``torchrun`` announces in the environment, or run alone."""
        if "RANK" not in os.environ:
            return cls()
        if not dist.is_initialized():
            dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        return cls(dist.get_rank(), dist.get_world_size())

    def share(self, batch: Batch) -> Batch:
        """This process's rows of a batch."""
        return {key: value[self.rank :: self.count] for key, value in batch.items()}

    def wait(self) -> None:
        """Return when every process has called it."""
        if self.count > 1:
            dist.barrier()

    def average(self, tensors: list[Tensor]) -> None:
        """Each tensor becomes its mean over the processes; all travel in one message, since each has its cost."""
        if self.count > 1:
            together = torch.cat([tensor.flatten() for tensor in tensors])
            dist.all_reduce(together)
            for tensor, mean in zip(tensors, together.split([tensor.numel() for tensor in tensors]), strict=True):
                tensor.copy_(mean.view_as(tensor) / self.count)


def train(
    task: Task, settings: TrainSettings, *, folder: Path, name: str, device: str, processes: Processes
) -> list[float]:
    """Train ``task.model`` to ``settings.steps``, resuming from ``folder/name.pt`` when it is there; returns every
    step's loss.

    Writes ``folder/name.pt`` (aside, then replaced) and TensorBoard events in ``folder/log/name``. CheckpointError if
    the state on disk is damaged or belongs to other settings.
    """
    state_path = folder / f"{name}.pt"
    model = task.model.to(device)
    optimiser = torch.optim.AdamW(_parameter_groups(model, settings.weight_decay), betas=settings.betas, fused=True)
    losses = _resume(state_path, model, optimiser, settings)
    writer = SummaryWriter(folder / "log" / name, purge_step=len(losses)) if processes.rank == 0 else None
    progress = tqdm(total=settings.steps, initial=len(losses), desc=name, disable=processes.rank != 0, mininterval=2.0)
    for step in range(len(losses), settings.steps):
        loss = _step(task, model, optimiser, settings, step, device, processes)
        losses.append(loss)
        progress.set_postfix(loss=f"{loss:.3f}", refresh=False)
        progress.update()
        if writer:
            writer.add_scalar("loss", loss, step)
            last = step + 1 == settings.steps
            if last or (step + 1) % settings.validate_every == 0:
                for key, value in _validate(task, model).items():
                    writer.add_scalar(f"validation/{key}", value, step)
                    progress.write(f"{name} step {step + 1}: {key} {value:.4f}")
            if last or (step + 1) % settings.save_every == 0:
                _save(state_path, model, optimiser, settings, losses)
    progress.close()
    if writer:
        writer.close()
    return losses


def _step(
    task: Task,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    settings: TrainSettings,
    step: int,
    device: str,
    processes: Processes,
) -> float:
    for group in optimiser.param_groups:
        group["lr"] = settings.rate(step)
    torch.manual_seed(settings.seed * 1_000_003 + step * 97 + processes.rank)
    batch = processes.share(task.batch(np.random.default_rng((settings.seed, step)), settings.batch))
    model.train()
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=settings.bfloat16):
        loss = task.loss({key: value.to(device) for key, value in batch.items()})
    loss.backward()
    reported = loss.detach().clone()
    processes.average([*(p.grad for p in model.parameters() if p.grad is not None), reported])
    nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
    optimiser.step()
    return float(reported)


def _validate(task: Task, model: nn.Module) -> dict[str, float]:
    model.eval()
    with torch.inference_mode():
        return task.validate()


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay for matrices only: biases, norms and the scan's own constants keep their size."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _save(
    path: Path, model: Model, optimiser: torch.optim.Optimizer, settings: TrainSettings, losses: list[float]
) -> None:
    state = {
        "model": model.state_dict(),
        "config": asdict(model.config),
        "optimiser": optimiser.state_dict(),
        "settings": asdict(settings),
        "losses": losses,
    }
    with write_aside(path) as aside:
        torch.save(state, aside)


def _resume(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, settings: TrainSettings) -> list[float]:
    if not path.exists():
        return []
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
    except Exception as error:  # torch.load raises many kinds; each means the same to the user
        raise CheckpointError(
            f"The training state {path} cannot be resumed ({error}).", hint="Delete it or choose another --out."
        ) from None
    changed = [key for key, value in asdict(settings).items() if state["settings"].get(key) != value]
    if changed:
        raise CheckpointError(
            f"The training state {path} was made with other settings ({', '.join(changed)}).",
            hint="Delete it or choose another --out.",
        )
    losses: list[float] = state["losses"]
    return losses
