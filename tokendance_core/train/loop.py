"""The training loop that all stages share: resumable at any step, in a number of steps or of minutes.

Everything random is a function of (seed, step): a run that was killed goes on to the same losses on the same device.
Nothing in a step waits for the device; losses stay there and are read every ``READ_EVERY`` steps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from tokendance_core.errors import CheckpointError, TokenDanceError
from tokendance_core.train import run_folder
from tokendance_core.train.draws import Draws
from tokendance_core.train.log import Clock, Log, Say
from tokendance_core.train.optimisation import Average, Batch, Optimiser, capture_on_cuda
from tokendance_core.train.run_folder import Model, State
from tokendance_core.train.schedule import DECAY, Length, annealed, decays, rate_factor

READ_EVERY = 20
"""Steps after which losses are read; whatever else waits for the device is done then, too."""

SAVE_SECONDS = 45.0
VALIDATIONS = 20
"""How often a run looks at held-out data at most, the end included."""

LONGER = 0.05
"""A length at which the decay would have begun this share of the run later is a longer run, not the same one."""


class Task(Protocol):
    """What is trained: a model, batches drawn at random on the device, a loss, and figures on held-out data.

    ``judged_by`` names the figure by which the best weights are chosen: the smaller, the better. A loss must neither
    read from the device nor make tensors of Python numbers, so that it can be captured as a CUDA graph.
    """

    judged_by: str

    @property
    def model(self) -> Model: ...

    def batch(self, draws: Draws, size: int) -> Batch: ...

    def loss(self, batch: Batch) -> Tensor: ...

    def validate(self) -> dict[str, float]: ...


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What may not change between start and end of a run: AdamW with linear warm-up, gradient norm clipped.

    ``bfloat16`` computes the products of the networks in half precision: faster where the processor supports it.
    """

    batch: int
    learning_rate: float
    betas: tuple[float, float]
    warmup: int = 100
    weight_decay: float = 0.0
    clip: float = 1.0
    seed: int = 0
    bfloat16: bool = False


class Training:
    """One stage in a run folder, where it was left or at its beginning.

    CheckpointError if the state on disk is damaged or belongs to other settings.
    """

    def __init__(
        self,
        task: Task,
        settings: TrainSettings,
        length: Length,
        *,
        folder: Path,
        name: str,
        device: str = "cpu",
        anneal: bool = False,
        graphs: bool = True,
        say: Say = lambda line: None,
        clock: Clock = time.monotonic,
        validated: Callable[[], None] = lambda: None,
    ) -> None:
        self._task, self._settings, self._folder, self._name = task, settings, folder, name
        self._device, self._say, self._clock, self._validated = device, say, clock, validated
        self._model = task.model.to(device)
        self._average = Average(self._model)
        self._optimiser = Optimiser(
            self._model,
            task.loss,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            clip=settings.clip,
            bfloat16=settings.bfloat16,
            capture=capture_on_cuda if device == "cuda" and graphs else None,
        )
        self.step, self._elapsed_before, self._best = 0, 0.0, math.inf
        self._loss_sum = torch.zeros((), device=device)
        self._decaying = False
        self._length = self._resume(length, anneal)
        self._since = clock()

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, those of earlier processes included."""
        return self._elapsed_before + self._clock() - self._since

    @property
    def progress(self) -> float:
        """Share of the length that is done."""
        return self._length.progress(self.step, self.elapsed)

    def run(self) -> None:
        """Train to the end of the length; nothing happens when it was reached before."""
        progress = self.progress
        if progress >= 1:
            return
        log = Log(self._folder, self._name, step=self.step, device=self._device, say=self._say, clock=self._clock)
        draws = Draws(self._settings.seed, self._device)
        next_save, looked_at = self._clock() + SAVE_SECONDS, progress
        self._model.train()
        while progress < 1:
            if decays(progress) and not self._decaying:
                run_folder.write_state(run_folder.constant_path(self._folder, self._name), self._state())
                self._decaying = True
            rate = self._settings.learning_rate * rate_factor(self.step, progress, self._settings.warmup)
            self._train_step(draws, rate)
            progress = self.progress
            if self.step % READ_EVERY and progress < 1:
                continue
            log.trained(self.step, {"loss": self._mean_loss(), "rate": rate, "progress": progress})
            if int(progress * VALIDATIONS) > int(looked_at * VALIDATIONS):
                log.validated(self.step, self._validate())
                self._validated()
            looked_at = progress
            if progress >= 1 or self._clock() >= next_save:
                run_folder.write_state(run_folder.state_path(self._folder, self._name), self._state())
                next_save = self._clock() + SAVE_SECONDS
        log.close()

    def _train_step(self, draws: Draws, rate: float) -> None:
        draws.at(self.step)
        self._optimiser.step(self._task.batch(draws, self._settings.batch), rate)
        self._average.update(self.step)
        self._loss_sum += self._optimiser.loss
        self.step += 1

    def _mean_loss(self) -> float:
        """Mean of the losses since it was read the last time; a TokenDanceError when one is not finite."""
        loss = float(self._loss_sum) / ((self.step - 1) % READ_EVERY + 1)
        self._loss_sum.zero_()
        if not math.isfinite(loss):
            raise TokenDanceError(
                f"The loss of {self._name} is not finite before step {self.step}.",
                hint="Start again from the last state with a lower --learning-rate.",
            )
        return loss

    def _validate(self) -> dict[str, float]:
        """Figures of the averaged weights, which are kept as the last ones, and as the best if they are."""
        self._model.eval()
        with self._average.in_place():
            with torch.inference_mode():
                figures = self._task.validate()
            about = {"step": self.step, **figures}
            run_folder.write_weights(run_folder.last_path(self._folder, self._name), self._model, about)
            if figures[self._task.judged_by] < self._best:
                self._best = figures[self._task.judged_by]
                run_folder.write_weights(run_folder.best_path(self._folder, self._name), self._model, about)
        self._model.train()
        return figures

    def _state(self) -> State:
        return {
            "model": self._model.state_dict(),
            "average": self._average.weights,
            "optimiser": self._optimiser.state(),
            "fixed": self._fixed(),
            "step": self.step,
            "elapsed": self.elapsed,
            "loss_sum": float(self._loss_sum),
            "best": self._best,
            "decaying": self._decaying,
            "finished": self.progress >= 1,
        }

    def _fixed(self) -> dict[str, object]:
        """What a state must have been made with, by name."""
        return {**asdict(self._settings), **asdict(self._model.config)}

    def _resume(self, length: Length, anneal: bool) -> Length:
        """Take up what the folder holds; the length to follow from there."""
        path = run_folder.state_path(self._folder, self._name)
        state, constant = (
            run_folder.read_state(path),
            run_folder.read_state(run_folder.constant_path(self._folder, self._name)),
        )
        if state is None:
            return length
        before_decay = constant if state["decaying"] and constant else state
        if anneal:
            length = Length(steps=state["step"]) if state["finished"] else annealed(before_decay["step"])
        elif length.progress(before_decay["step"], before_decay["elapsed"]) < 1 - DECAY - LONGER:
            state = {**before_decay, "best": state["best"]}
        self._restore(path, state)
        return length

    def _restore(self, path: Path, state: State) -> None:
        changed = [key for key, value in self._fixed().items() if state["fixed"].get(key) != value]
        if changed:
            raise CheckpointError(
                f"The training state {path} was made with other settings ({', '.join(changed)}).",
                hint="Delete it or choose another --out.",
            )
        try:
            self._model.load_state_dict(state["model"])
            self._average.restore(state["average"])
            self._optimiser.restore(state["optimiser"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"The training state {path} cannot be resumed ({error}).", hint="Delete it or choose another --out."
            ) from None
        self.step, self._elapsed_before, self._best = state["step"], state["elapsed"], state["best"]
        self._loss_sum.fill_(state["loss_sum"])
        self._decaying = state["decaying"]
