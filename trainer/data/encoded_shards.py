"""Shards of the training part as integers, encoded by multigrain.features.inputs: the code that serving encodes with.

Encoded shards stay in memory up to a limit, so that a later pass need not encode them again; what is beyond it is
encoded in every pass and let go. Besides those, memory holds the one or two shards being read.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from multigrain.features.inputs import Ints, TextLengths, Vocabularies, query_inputs
from multigrain.features.windows import WindowConfig
from multigrain.types import Item
from trainer.configs.config import GroupsConfig
from trainer.data.example import Example
from trainer.data.example_rows import read_shard, shards_of
from trainer.data.groups import ABSENT_ROW, group_impressions

KNOWN = 8
"""Positives of a search that are kept from being its negatives; a page rarely has more."""
GROUPS = ("clicked", "ordered", "unclicked")
"""Of rows with impression groups: catalogue rows [B, C], 1 where one was ordered [B, C], catalogue rows [B, U]."""

Encoded = dict[str, NDArray[np.int32]]
"""The query tower's inputs by name, and `known` [B, KNOWN], catalogue rows of what was clicked. With groups GROUPS."""


class Encoder:
    """Examples -> integers."""

    def __init__(
        self,
        items: Sequence[Item],
        vocabularies: Vocabularies,
        *,
        lengths: TextLengths,
        windows: WindowConfig,
        groups: GroupsConfig | None = None,
    ) -> None:
        """`groups`: how large impression groups are; None: nobody learns from them, and none are made."""
        self.rows = {item.item_id: row for row, item in enumerate(items)}
        self._vocabularies, self._lengths, self._windows, self._groups = vocabularies, lengths, windows, groups

    def encode(self, examples: Sequence[Example]) -> Encoded:
        """Those of the examples with a click on an item of the catalogue: items that left it teach nothing."""
        known = [[self.rows[item] for item in example.clicked if item in self.rows][:KNOWN] for example in examples]
        usable = [i for i, rows in enumerate(known) if rows]
        queries = [(examples[i].query, examples[i].history) for i in usable]
        padded: Ints = np.full((len(usable), KNOWN), ABSENT_ROW, np.int32)
        for target, i in enumerate(usable):
            padded[target, : len(known[i])] = known[i]
        encoded = {**query_inputs(queries, self._vocabularies, self._lengths, self._windows), "known": padded}
        if self._groups is None:
            return encoded
        groups = group_impressions([examples[i] for i in usable], self.rows, self._groups)
        arrays = (groups.clicked, groups.ordered_mask.astype(np.int32), groups.unclicked)
        return {**encoded, **dict(zip(GROUPS, arrays, strict=True))}


class EncodedShards:
    """The examples before `before_ms`, shard by shard."""

    def __init__(self, folder: Path, encoder: Encoder, *, before_ms: int, memory_bytes: int) -> None:
        self._encoder, self._before_ms, self._room = encoder, before_ms, memory_bytes
        self._paths = shards_of(folder, "train")
        self._kept: dict[int, Encoded] = {}
        self.sizes = [self._count(path) for path in self._paths]
        """Usable examples of each shard, known without encoding any."""

    def __getitem__(self, number: int) -> Encoded:
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        shard = read_shard(self._paths[number])
        encoded = self._encoder.encode([example for example in shard if example.at_ms < self._before_ms])
        size = sum(array.nbytes for array in encoded.values())
        if size <= self._room:
            self._room -= size
            self._kept[number] = encoded
        return encoded

    def _count(self, path: Path) -> int:
        columns = pq.read_table(path, columns=["at_ms", "clicked"])
        rows = self._encoder.rows
        return sum(
            at_ms < self._before_ms and any(item in rows for item in clicked)
            for at_ms, clicked in zip(columns["at_ms"].to_pylist(), columns["clicked"].to_pylist(), strict=True)
        )
