"""The journal once more, as TensorBoard reads it: `tensorboard --logdir WORK/tensorboard`.

An event file is a TFRecord file of Event messages, and TensorFlow has both; the tensorboard package, which tf.summary
asks for, is needed only by who looks. Every start of a run writes a file of its own, which says at what step it goes
on: TensorBoard then forgets what an earlier file said of that step and later ones.
"""

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from trainer.models.layers.layer import Tensor
from trainer.training.held_out_recall import K as RECALL_DEPTH
from trainer.training.journal import Line

FOLDER = "tensorboard"
_VERSION = "brain.Event:2"


class EventFile:
    """One start of a run."""

    def __init__(self, folder: Path, step: int, seconds: Callable[[], float]) -> None:
        """`step`: done before it. `seconds`: since 1970."""
        folder.mkdir(parents=True, exist_ok=True)
        self._seconds = seconds
        started = len(list(folder.iterdir()))
        self._file = tf.io.TFRecordWriter(str(folder / f"events.out.tfevents.{started:010d}"))
        self._write(file_version=_VERSION)
        # The first step that this file will speak of.
        self._write(step=step + 1, session_log=tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START))

    def add(self, line: Line) -> None:
        numbers = {
            "loss": line.loss,
            f"held_out/recall@{RECALL_DEPTH}": line.recall,
            "speed/examples_per_second": line.per_second,
            "speed/stall": line.stall,
            "learning_rate": line.rate,
        }
        values = [
            tf.compat.v1.Summary.Value(tag=tag, simple_value=value)
            for tag, value in numbers.items()
            if value is not None
        ]
        self._write(step=line.step, summary=tf.compat.v1.Summary(value=values))

    def close(self) -> None:
        self._file.close()

    def _write(self, **fields: Tensor) -> None:
        self._file.write(tf.compat.v1.Event(wall_time=self._seconds(), **fields).SerializeToString())
        # People look while it runs.
        self._file.flush()
