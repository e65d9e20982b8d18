"""Batches of integers: every one is a function of the seed and its step, so a resumed run goes on in mid-pass.

Shards are fair samples, so a pass reads them in random order and shuffles inside each. One positive of each search is
drawn a pass. What a shard leaves over goes before the next one's rows, across passes too.

Plain arrays and no tf.data (ADR 4): its generator op lowers malloc's trim threshold for the whole process.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Int64s
from trainer.data.encoded_shards import Encoded, EncodedShards
from trainer.data.groups import ABSENT_ROW
from trainer.data.pool import Pool

Batch = dict[str, NDArray[np.int32]]
"""The query tower's inputs by name, `positive` [B] and `known` [B, KNOWN] (catalogue rows), `pool` [P]; where rows have
impression groups `clicked` [B, C], `ordered` [B, C] and `unclicked` [B, U], too."""

_SHARD_ORDER, _ROW_ORDER, _POOL = range(3)
"""What a random stream is for: no two draw the same numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchShape:
    """How batches are cut."""

    size: int
    pool: int
    epochs: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Pass:
    """A shard as one pass reads it."""

    encoded: Encoded
    order: Int64s
    positive: NDArray[np.int32]

    def take(self, start: int, count: int) -> Batch:
        rows = self.order[start : start + count]
        taken = {name: array[rows] for name, array in self.encoded.items()}
        return {**taken, "positive": self.positive[rows]}


class Batches:
    """All batches of a training run; the same seed gives the same ones."""

    def __init__(self, shards: EncodedShards, pool: Pool, shape: BatchShape) -> None:
        self._shards, self._pool, self._shape = shards, pool, shape
        self.rows = sum(shards.sizes)
        """Examples of one pass."""
        self.steps = shape.epochs * self.rows // shape.size

    def __iter__(self) -> Iterator[Batch]:
        return self.from_step(0)

    def from_step(self, step: int) -> Iterator[Batch]:
        """The batches of step `step`, counted from 0, and of all that follow."""
        size, rest = self._shape.size, dict[str, NDArray[np.int32]]()
        for shard in self._passes(step * size):
            start = 0
            while start < len(shard.order):
                wanted = size - (len(rest["positive"]) if rest else 0)
                rest = _joined(rest, shard.take(start, wanted))
                start += wanted
                if len(rest["positive"]) == size:
                    rest["pool"] = self._pool.draw(self._shape.pool, self._rng(_POOL, step))
                    yield rest
                    rest, step = {}, step + 1

    def _passes(self, position: int) -> Iterator[_Pass]:
        """Shards in the order they are read, from the example at `position` of all passes on."""
        first, skipped = divmod(position, max(1, self.rows))
        for epoch in range(first, self._shape.epochs):
            for number in self._rng(_SHARD_ORDER, epoch).permutation(len(self._shards.sizes)).tolist():
                if skipped >= self._shards.sizes[number]:
                    skipped -= self._shards.sizes[number]
                    continue
                yield self._shuffled(number, epoch, skipped)
                skipped = 0

    def _shuffled(self, number: int, epoch: int, skipped: int) -> _Pass:
        """The rows of a shard in another order, less the first `skipped`, each with one of its positives drawn."""
        rng, encoded = self._rng(_ROW_ORDER, epoch, number), self._shards[number]
        known = encoded["known"]
        drawn = (rng.random(len(known)) * (known != ABSENT_ROW).sum(1)).astype(np.int64)
        return _Pass(encoded, rng.permutation(len(known))[skipped:], known[np.arange(len(known)), drawn])

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self._shape.seed, *stream])


def _joined(rest: Batch, more: Batch) -> Batch:
    return {name: np.concatenate([rest[name], array]) for name, array in more.items()} if rest else more
