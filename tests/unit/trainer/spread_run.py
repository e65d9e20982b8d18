"""Short training runs in a process of their own, for devices and machines are chosen before TensorFlow starts.

`python -m tests.unit.trainer.spread_run DEVICES RUN ...`: so many logical processors, and each Run as JSON, one after
the other. What a run learnt is left in its folder.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.small_training import small_config
from trainer.configs.config import TrainingConfig
from trainer.training.checkpoints import Checkpoints, Position

LEARNT = "learnt.npz"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a process is told."""

    logs: str
    examples: str
    vocabulary: str
    folder: str
    model: str = "text"
    """The smallest one. Of dnn by Adam no equality can be asked: the gradient of its item tower's last bias is nothing
    but rounding, for it adds the same to all scores of a row, and Adam makes it as large as any other."""
    objective: str = "softmax"
    optimizer: str = "adagrad"
    learning_rate: float = 1.0
    spread: str = "one"
    batch_size: int = 24
    epochs: int = 1
    seed: int = 5
    stop_after: int = 0
    """Steps; 0: run to the end."""
    goes_on_from: str = ""
    """The folder of another run, whose checkpoints are taken over; empty: none."""

    @property
    def config(self) -> TrainingConfig:
        """All that the objective can do, and tables read by rows; no dropout, which each replica draws on its own."""
        of_one_positive = {"mixed": 8, "log_q": True, "positives": "many"} if self.objective == "softmax" else {}
        return small_config(
            model={"name": self.model, "dropout": 0.0},
            loss={"kind": self.objective, "half_life_days": 10.0, "pool_popular": 0.5, **of_one_positive},
            optimizer={"name": self.optimizer, "learning_rate": self.learning_rate, "clip_norm": 0.5},
            run={
                "epochs": self.epochs,
                "held_out": 0,
                "seed": self.seed,
                "batch_size": self.batch_size,
                "checkpoint_minutes": 1e-9,
                "spread": self.spread,
            },
        )


class Interrupted(Exception):
    """The run was to end here."""


class Followed(Checkpoints):
    """Notes the loss of each step."""

    def __init__(self, folder: Path, *, stop_after: int) -> None:
        super().__init__(folder)
        self.losses: list[float] = []
        self._stop_after = stop_after

    def save(self, position: Position, variables: Mapping[str, Any]) -> Path:  # Any: TensorFlow ships no types
        path = super().save(position, variables)
        self.losses += position.recent[-1:]
        if position.step == self._stop_after:
            raise Interrupted
        return path


def learn(run: Run) -> None:
    """Trains, and leaves the loss of each step but the last, the mean of all, the weights, and how far each moved."""
    from multigrain.features.inputs import Vocabularies
    from trainer.data.logs import items_of, read_logs
    from trainer.models.model import make_model
    from trainer.progress import silent
    from trainer.training.loop import Kept
    from trainer.training.spread import make_spread
    from trainer.training.train import train

    folder = Path(run.folder)
    if run.goes_on_from:
        shutil.copytree(Path(run.goes_on_from) / "checkpoints", folder / "checkpoints")
    items = list(items_of(read_logs(Path(run.logs))))
    checkpoints, seconds = Followed(folder / "checkpoints", stop_after=run.stop_after), iter(range(10**9))
    vocabularies, spread = Vocabularies.load(Path(run.vocabulary)), make_spread(run.config.run)
    with spread.scope():
        model = make_model(run.config, vocabularies)
    fresh = [variable.numpy() for variable in model.variables]
    trained = train(
        Path(run.examples),
        items,
        np.arange(len(items), dtype=np.int64),
        vocabularies,
        run.config,
        kept=Kept(folder, checkpoints),
        reporter=silent,
        clock=lambda: float(next(seconds)),
        model=model,
        spread=spread,
    )
    learnt = [variable.numpy() for variable in model.variables]
    np.savez(
        folder / LEARNT,
        allow_pickle=False,
        replicas=spread.replicas,
        chief=spread.chief,
        by_step=np.array(checkpoints.losses),
        losses=np.array(trained.losses),
        moved=np.array([np.abs(now - then).max() for now, then in zip(learnt, fresh, strict=True)]),
        **{f"weight.{i:03d}": array for i, array in enumerate(learnt)},
    )


def main(devices: str, *told: str) -> None:
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * int(devices)
    )
    for run in told:
        with suppress(Interrupted):
            learn(Run(**json.loads(run)))


if __name__ == "__main__":
    main(*sys.argv[1:])
