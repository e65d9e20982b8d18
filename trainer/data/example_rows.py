"""Examples as rows of Parquet: a history is one flat list of behaviours with the window that each is in."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.features.windows import LONG_TERM_ACTIONS, Windows
from multigrain.types import BehaviorColumns, ItemId, UserId
from trainer.data.example import Example

_TEXTS = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        ("search_id", pa.string()),
        ("user_id", pa.string()),
        ("at_ms", pa.int64()),
        ("query", pa.string()),
        ("clicked", _TEXTS),
        ("ordered", _TEXTS),
        ("unclicked", _TEXTS),
        ("history_queries", _TEXTS),
        ("history_windows", pa.list_(pa.uint8())),
        ("history_items", _TEXTS),
        ("history_leaves", _TEXTS),
        ("history_tops", _TEXTS),
        ("history_brands", _TEXTS),
        ("history_shops", _TEXTS),
        ("history_actions", pa.list_(pa.uint8())),
        ("history_at_ms", pa.list_(pa.int64())),
    ]
)
REALTIME, SHORT, LONG = 0, 1, 2
"""Codes of `history_windows`; the long-term ones are LONG, LONG + 1, ... in the order of LONG_TERM_ACTIONS."""

Row = dict[str, Any]  # Any: a row of the schema above, as Arrow takes and gives it


def to_rows(examples: Sequence[Example]) -> list[Row]:
    return [_to_row(example) for example in examples]


def read_examples(folder: Path, part: str) -> Iterator[Example]:
    """Examples of `part` ('train' or 'test'), shard by shard."""
    for shard in shards_of(folder, part):
        yield from read_shard(shard)


def shards_of(folder: Path, part: str) -> list[Path]:
    return sorted(folder.glob(f"{part}-*.parquet"))


def read_shard(path: Path) -> list[Example]:
    return [_from_row(row) for row in pq.read_table(path).to_pylist()]


def _to_row(example: Example) -> Row:
    history = example.history
    parts = [history.realtime, history.short, *(history.long[action] for action in LONG_TERM_ACTIONS)]
    return {
        "search_id": example.search_id,
        "user_id": example.user_id,
        "at_ms": example.at_ms,
        "query": example.query,
        "clicked": example.clicked,
        "ordered": example.ordered,
        "unclicked": example.unclicked,
        "history_queries": history.queries,
        "history_windows": [code for code, part in enumerate(parts) for _ in range(len(part))],
        "history_items": [value for part in parts for value in part.item_ids],
        "history_leaves": [value for part in parts for value in part.leaf_categories],
        "history_tops": [value for part in parts for value in part.top_categories],
        "history_brands": [value for part in parts for value in part.brands],
        "history_shops": [value for part in parts for value in part.shops],
        "history_actions": np.concatenate([part.actions for part in parts]),
        "history_at_ms": np.concatenate([part.at_ms for part in parts]),
    }


def _from_row(row: Row) -> Example:
    columns = BehaviorColumns(
        item_ids=tuple(row["history_items"]),
        leaf_categories=tuple(row["history_leaves"]),
        top_categories=tuple(row["history_tops"]),
        brands=tuple(row["history_brands"]),
        shops=tuple(row["history_shops"]),
        actions=np.array(row["history_actions"], np.uint8),
        at_ms=np.array(row["history_at_ms"], np.int64),
    )
    codes = np.array(row["history_windows"], np.uint8)

    def window(code: int) -> BehaviorColumns:
        return columns.take(np.flatnonzero(codes == code))

    return Example(
        search_id=row["search_id"],
        user_id=UserId(row["user_id"]),
        at_ms=row["at_ms"],
        query=row["query"],
        clicked=tuple(ItemId(item_id) for item_id in row["clicked"]),
        ordered=tuple(ItemId(item_id) for item_id in row["ordered"]),
        unclicked=tuple(ItemId(item_id) for item_id in row["unclicked"]),
        history=Windows(
            realtime=window(REALTIME),
            short=window(SHORT),
            long={action: window(LONG + i) for i, action in enumerate(LONG_TERM_ACTIONS)},
            queries=tuple(row["history_queries"]),
        ),
    )
