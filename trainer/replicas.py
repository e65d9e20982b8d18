"""What the pieces of a step ask and do where several replicas compute it together. Which devices: training/spread.py.

Outside a strategy there is one replica, and nothing here adds an operation to its graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from trainer.models.layers.layer import Tensor


@dataclass(frozen=True, slots=True)
class Part:
    """One of several parts of a batch, all of one size, in the batch's order."""

    number: int
    """Counted from 0."""
    of: int

    def take(self, joined: Tensor) -> Tensor:
        """The rows of this part. [of x n, ...] -> [n, ...]"""
        return joined if self.of == 1 else tf.split(joined, self.of)[self.number]

    def own_first(self, candidates: Tensor, *, rows: int) -> Tensor:
        """The joined batch's candidates [C, ...], turned so that the positives of this part's `rows` rows stand first.

        That is all the order which a loss asks for: what stands behind them are negatives, in any order.
        """
        return candidates if self.of == 1 else tf.roll(candidates, -self.number * rows, 0)

    def share(self, mean: Tensor) -> Tensor:
        """A mean over the rows of this part -> what it adds to the mean over the rows of all parts."""
        return mean if self.of == 1 else mean / self.of


WHOLE = Part(0, 1)
"""Nothing is shared out."""


def part_now() -> Part:
    """The part of the replica whose graph is being made."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return WHOLE
    return Part(int(tf.get_static_value(context.replica_id_in_sync_group)), context.num_replicas_in_sync)


def gathered(part: Tensor) -> Tensor:
    """The parts of all replicas in their order. [n, ...] -> [of x n, ...]; its gradient is summed over the replicas."""
    context = tf.distribute.get_replica_context()
    return part if context.num_replicas_in_sync == 1 else context.all_gather(part, axis=0)


def summed(values: Sequence[Tensor]) -> Sequence[Tensor]:
    """Each summed over the replicas; of gradients by rows, the rows of all."""
    context = tf.distribute.get_replica_context()
    return values if context.num_replicas_in_sync == 1 else context.all_reduce("SUM", list(values))


def on_every_copy(move: Callable[..., None], variables: Sequence[Tensor], *values: Sequence[Tensor]) -> None:
    """Calls `move(variable, value, ...)` for each variable with its values, once on each device that has a copy.

    The values must be the same on every replica, or the copies would part.
    """

    def merged(strategy: Tensor, *columns: Sequence[Tensor]) -> None:
        for variable, *own in zip(variables, *columns, strict=True):
            strategy.extended.update(variable, move, args=tuple(own))

    tf.distribute.get_replica_context().merge_call(merged, args=tuple(list(column) for column in values))
