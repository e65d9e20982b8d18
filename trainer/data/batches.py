"""Examples -> batches of integers, through multigrain.features.inputs: the same code that serving encodes with.

Shards are fair samples, so a pass reads them in random order and shuffles inside each; memory holds one shard, or all
of them where they are few. One positive of each search is drawn a pass.

Plain arrays and no tf.data: its generator op lowers malloc's trim threshold for the whole process, and a third of the
training time went into page faults, while cutting a batch costs 0.3 ms of a step of 100.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigrain.features.inputs import Ints, TextLengths, Vocabularies, query_inputs
from multigrain.features.windows import WindowConfig
from multigrain.types import Item
from trainer.data.example import Example
from trainer.data.example_rows import read_shard, shards_of

KNOWN = 8
"""Positives of a search that are kept from being its negatives; a page rarely has more."""
ABSENT_ROW = -1
SHARDS_KEPT = 64

Batch = dict[str, NDArray[np.int32]]
"""The query tower's inputs by name, `positive` [B] and `known` [B, KNOWN] (catalogue rows), `pool` [P]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchShape:
    """How batches are cut."""

    size: int
    pool: int
    epochs: int
    seed: int


class Batches:
    """All batches of a training run; the same seed gives the same ones."""

    def __init__(
        self,
        folder: Path,
        items: Sequence[Item],
        vocabularies: Vocabularies,
        *,
        lengths: TextLengths,
        windows: WindowConfig,
        shape: BatchShape,
    ) -> None:
        self._shards = shards_of(folder, "train")
        self._rows = {item.item_id: row for row, item in enumerate(items)}
        self._vocabularies, self._lengths, self._windows, self._shape = vocabularies, lengths, windows, shape
        self._kept: dict[Path, Batch] = {}
        self.steps = shape.epochs * sum(len(self._encoded(shard)["known"]) for shard in self._shards) // shape.size

    def __iter__(self) -> Iterator[Batch]:
        rng, size = np.random.default_rng(self._shape.seed), self._shape.size
        rest: Batch = {}
        for _ in range(self._shape.epochs):
            for number in rng.permutation(len(self._shards)):
                rows = self._shuffled(self._encoded(self._shards[number]), rng)
                # What did not fill a batch goes before the next shard's rows.
                rows = {name: np.concatenate([rest[name], array]) if rest else array for name, array in rows.items()}
                full = len(rows["known"]) // size * size
                for start in range(0, full, size):
                    batch = {name: array[start : start + size] for name, array in rows.items()}
                    batch["pool"] = rng.integers(len(self._rows), size=self._shape.pool, dtype=np.int32)
                    yield batch
                rest = {name: array[full:] for name, array in rows.items()}

    def _shuffled(self, encoded: Batch, rng: np.random.Generator) -> Batch:
        """The rows of a shard in another order, each with one of its positives drawn."""
        known = encoded["known"]
        drawn = (rng.random(len(known)) * (known != ABSENT_ROW).sum(1)).astype(np.int64)
        positive = known[np.arange(len(known)), drawn]
        order = rng.permutation(len(known))
        return {name: array[order] for name, array in {**encoded, "positive": positive}.items()}

    def _encoded(self, shard: Path) -> Batch:
        if shard not in self._kept:
            encoded = self._encode(read_shard(shard))
            if len(self._kept) >= SHARDS_KEPT:
                return encoded
            self._kept[shard] = encoded
        return self._kept[shard]

    def _encode(self, examples: Sequence[Example]) -> Batch:
        known = [self._known_rows(example) for example in examples]
        usable = [i for i, rows in enumerate(known) if rows]
        queries = [(examples[i].query, examples[i].history) for i in usable]
        padded: Ints = np.full((len(usable), KNOWN), ABSENT_ROW, np.int32)
        for target, i in enumerate(usable):
            padded[target, : len(known[i])] = known[i]
        return {**query_inputs(queries, self._vocabularies, self._lengths, self._windows), "known": padded}

    def _known_rows(self, example: Example) -> list[int]:
        """Catalogue rows of what was clicked; items that left the catalogue teach nothing."""
        return [self._rows[item_id] for item_id in example.clicked if item_id in self._rows][:KNOWN]
