"""Examples as rows of Parquet: every window of a history is a list of behaviours, oldest first."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.features.windows import LONG_TERM_ACTIONS, Windows
from multigrain.text.analyzer import Grains
from multigrain.types import BehaviorColumns, ItemId, UserId
from trainer.data.example import Example

_TEXTS = pa.list_(pa.string())
_BEHAVIORS = pa.list_(
    pa.struct(
        [
            ("item", pa.string()),
            ("shop", pa.string()),
            ("leaf", pa.string()),
            ("top", pa.string()),
            ("brand", pa.string()),
            ("action", pa.int32()),
            ("at_ms", pa.int64()),
        ]
    )
)
LONG_COLUMNS = {action: f"long_{action.name.lower()}" for action in LONG_TERM_ACTIONS}

SCHEMA = pa.schema(
    [
        ("search_id", pa.string()),
        ("user_id", pa.string()),
        ("at_ms", pa.int64()),
        ("query", pa.string()),
        ("unigrams", _TEXTS),
        ("bigrams", _TEXTS),
        ("words", _TEXTS),
        ("clicked", _TEXTS),
        ("ordered", _TEXTS),
        ("unclicked", _TEXTS),
        ("history_queries", _TEXTS),
        ("realtime", _BEHAVIORS),
        ("short", _BEHAVIORS),
        *((column, _BEHAVIORS) for column in LONG_COLUMNS.values()),
    ]
)
COLUMNS = tuple(SCHEMA.names)
ROW_FORMAT = str(SCHEMA)
"""Rows that were written in another format are made again."""


def read_examples(folder: Path, part: str) -> Iterator[Example]:
    """Examples of `part` ('train' or 'test'), shard by shard."""
    for shard in shards_of(folder, part):
        yield from read_shard(shard)


def shards_of(folder: Path, part: str) -> list[Path]:
    return sorted(folder.glob(f"{part}-*.parquet"))


def read_shard(path: Path) -> list[Example]:
    """The rows in their order. Whole columns become Python values at once: row by row takes several times as long."""
    table = pq.read_table(path).combine_chunks()
    columns = {name: table[name].to_pylist() for name in COLUMNS if SCHEMA.field(name).type != _BEHAVIORS}
    realtime, short = _windows(table, "realtime"), _windows(table, "short")
    long = {action: _windows(table, column) for action, column in LONG_COLUMNS.items()}
    return [
        Example(
            search_id=columns["search_id"][row],
            user_id=UserId(columns["user_id"][row]),
            at_ms=columns["at_ms"][row],
            query=columns["query"][row],
            grains=Grains(*(tuple(columns[name][row]) for name in ("unigrams", "bigrams", "words"))),
            clicked=_item_ids(columns["clicked"][row]),
            ordered=_item_ids(columns["ordered"][row]),
            unclicked=_item_ids(columns["unclicked"][row]),
            history=Windows(
                realtime=realtime[row],
                short=short[row],
                long={action: windows[row] for action, windows in long.items()},
                queries=tuple(columns["history_queries"][row]),
            ),
        )
        for row in range(len(table))
    ]


def _item_ids(values: list[str]) -> tuple[ItemId, ...]:
    return tuple(ItemId(value) for value in values)


def _windows(table: pa.Table, column: str) -> list[BehaviorColumns]:
    """One for each row of the table."""
    lists = pa.concat_arrays(table[column].chunks) if table[column].num_chunks else pa.array([], _BEHAVIORS)
    fields, places = lists.flatten(), np.cumsum([0, *lists.value_lengths().to_pylist()]).tolist()
    items, shops, leaves, tops, brands = (
        fields.field(name).to_pylist() for name in ("item", "shop", "leaf", "top", "brand")
    )
    actions = fields.field("action").to_numpy().astype(np.uint8)
    at_ms = fields.field("at_ms").to_numpy()
    return [
        BehaviorColumns(
            item_ids=tuple(items[start:end]),
            leaf_categories=tuple(leaves[start:end]),
            top_categories=tuple(tops[start:end]),
            brands=tuple(brands[start:end]),
            shops=tuple(shops[start:end]),
            actions=actions[start:end],
            at_ms=at_ms[start:end],
        )
        for start, end in pairwise(places)
    ]
