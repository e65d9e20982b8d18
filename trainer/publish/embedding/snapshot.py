"""What the item tower reads of each item, as Parquet parts that many machines can read at once."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.change import tower_hash
from multigrain.types import Item, ItemId
from trainer.progress import Meter

ROWS_OF_A_PART = 20_000
"""One part is one task: small enough that a task takes a second or two, and that a lost one costs no more."""
SCHEMA = pa.schema(
    [
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("brand", pa.string(), nullable=False),
        pa.field("category_path", pa.list_(pa.string()), nullable=False),
        pa.field("shop", pa.string(), nullable=False),
    ]
)


def write_snapshot(catalogue: SqlCatalogue, folder: Path, meter: Meter) -> int:
    """Writes every item that is not removed; returns how many."""
    folder.mkdir(parents=True)
    written = 0
    for number, batch in zip(count(), catalogue.scan(ROWS_OF_A_PART), strict=False):
        rows = [_row(stored.item) for stored in batch]
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / f"part-{number:05d}.parquet", compression="zstd")
        written += len(rows)
        meter.report(written)
    return written


def parts_of(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("part-*.parquet"))


def items_in(batch: pa.RecordBatch) -> Iterator[Item]:
    """The items of a batch, as far as the item tower reads them."""
    for row in batch.to_pylist():
        yield Item(
            item_id=ItemId(row["item_id"]),
            title=row["title"],
            brand=row["brand"],
            category_path=tuple(row["category_path"]),
            shop=row["shop"],
            price=0.0,
            stock=0,
            source_version=0,
        )


def key_of(item: Item) -> bytes:
    """16 bytes: which item, and everything of it that its vector depends on."""
    return hashlib.blake2b(item.item_id.encode() + b"\0" + tower_hash(item), digest_size=16).digest()


def _row(item: Item) -> dict[str, object]:
    return {
        "item_id": item.item_id,
        "title": item.title,
        "brand": item.brand,
        "category_path": list(item.category_path),
        "shop": item.shop,
    }
