"""The training loop. Prints nothing; says where it is through a reporter and a journal.

READ FIRST: `Loop.run`. After each step, in this order: is it finite, report, measure, keep, stop. What is kept has
therefore been looked at, and a run that stops has been kept.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from multigrain.errors import InvalidConfig
from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batch, Batches
from trainer.data.prefetch import Prefetch
from trainer.models.layers.layer import Tensor
from trainer.progress import Clock, Meter, Reporter
from trainer.randomness import seed_of
from trainer.training.checkpoints import Keeper, Position
from trainer.training.held_out_recall import HeldOutRecall
from trainer.training.journal import FILE as JOURNAL
from trainer.training.journal import Journal, Line
from trainer.training.optimizers import rate_at
from trainer.training.step import Step, is_finite
from trainer.training.stopping import Stopped, stop_requests
from trainer.training.tensorboard import FOLDER as TENSORBOARD
from trainer.training.tensorboard import EventFile

REPORT_EVERY = 20
"""Steps between reports. Reading the loss waits for the step, so not after each."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a run leaves what outlives it: the journal, and the batch that broke it."""

    folder: Path
    checkpoints: Keeper


class Loop:
    """From where the newest checkpoint is to the last step."""

    def __init__(
        self,
        *,
        step: Step,
        batches: Batches,
        state: Mapping[str, Tensor],
        recall: HeldOutRecall,
        config: TrainingConfig,
        kept: Kept,
        clock: Clock,
    ) -> None:
        self._step, self._batches, self._state, self._recall = step, batches, state, recall
        self._config, self._kept, self._clock = config, kept, clock
        self._journal = Journal(kept.folder / JOURNAL)
        self._unread: list[tuple[Tensor, Tensor]] = []
        """Losses and gradient lengths that were not looked at yet."""
        self.recall_now: float | None = None
        self.position = Position()

    def run(self, reporter: Reporter) -> None:
        position = self.position = self._kept.checkpoints.load(self._state)
        self._journal.rewind(position.step)
        size, steps = self._config.run.batch_size, self._batches.steps
        meter = Meter("train", steps * size, reporter=reporter, clock=self._clock, already=position.step * size)
        made = self._batches.from_step(position.step)
        self._kept_at = self._told_at = self._clock()
        self._events = EventFile(self._kept.folder / TENSORBOARD, position.step, time.time)
        with stop_requests() as stop, closing(self._events), Prefetch(made, self._clock) as ahead:
            for batch in ahead:
                self._take(batch)
                if position.step % REPORT_EVERY == 0 or position.step == steps:
                    self._report(meter, ahead)
                if self._is_due() or stop.is_set():
                    self._keep()
                if stop.is_set():
                    raise Stopped(position.step, steps)

    def _take(self, batch: Batch) -> None:
        """One step."""
        done, config = self.position.step, self._config
        rate = rate_at(done, self._batches.steps, config.optimizer)
        seed = tf.constant(seed_of(config.run.seed, done))
        self._unread.append(self._step(batch, seed, tf.constant(rate)))
        self.position.step = done + 1

    def _report(self, meter: Meter, ahead: Prefetch) -> None:
        position = self.position
        self._read()
        position.losses.append(float(np.mean(position.recent)))
        position.recent.clear()
        passed, waited = self._clock() - self._told_at, ahead.waited
        recall = self._measured()
        said = meter.report(
            position.step * self._config.run.batch_size, loss=position.losses[-1], recall=self.recall_now
        )
        line = Line(
            step=position.step,
            loss=position.losses[-1],
            recall=recall,
            per_second=said.per_second,
            rate=rate_at(position.step - 1, self._batches.steps, self._config.optimizer),
            stall=waited / passed if passed > 0 else 0.0,
        )
        self._journal.add(line)
        self._events.add(line)
        ahead.waited, self._told_at = 0.0, self._clock()

    def _measured(self) -> float | None:
        """Recall, when it is time to look."""
        every, step = self._config.run.recall_steps, self.position.step
        if step % (-(-every // REPORT_EVERY) * REPORT_EVERY) and step != self._batches.steps:
            return None
        self.recall_now = self._recall.measure()
        return self.recall_now

    def _read(self) -> None:
        """Looks at the losses since the last look. Raises InvalidConfig at the first that is no number."""
        first = self.position.step - len(self._unread)
        for step, (loss, length) in enumerate(self._unread, start=first):
            if not is_finite(float(loss), float(length)):
                raise self._came_apart(step, float(loss), float(length))
            self.position.recent.append(float(loss))
        self._unread.clear()

    def _came_apart(self, step: int, loss: float, length: float) -> InvalidConfig:
        path = self._kept.folder / f"bad-batch-{step + 1}.npz"
        # Made again and not remembered: a batch is a function of its step.
        np.savez(path, allow_pickle=False, **next(self._batches.from_step(step)))
        return InvalidConfig(
            "optimizer.learning_rate",
            f"the loss is {loss} at step {step + 1}, its gradient {length} long: training came apart "
            f"(the batch is in {path})",
            cure="lower optimizer.learning_rate or optimizer.clip_norm, or raise loss.temperature",
        )

    def _is_due(self) -> bool:
        """Time for a checkpoint: minutes have passed, or a pass over the examples has ended."""
        size, rows = self._config.run.batch_size, self._batches.rows
        reached = self.position.step * size
        ended = reached // rows > (reached - size) // rows
        return ended or self._clock() - self._kept_at >= self._config.run.checkpoint_minutes * 60

    def _keep(self) -> None:
        self._read()
        self._kept.checkpoints.save(self.position, self._state)
        self._kept_at = self._clock()
