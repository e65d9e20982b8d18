"""The catalogue of SQL as catalog.parquet of a log folder: the items that are there now, as they are now."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.types import Item
from streaming.archive.durable import drop_dead_drafts, written_durably

CATALOG = "catalog.parquet"
ITEMS_AT_ONCE = 10_000
LISTED_MS_UNKNOWN = 0
"""The layout's word for it: item events do not say when the shop listed an item, and the catalogue does not keep it."""

_TEXT = pa.string()
CATALOG_SCHEMA = pa.schema(
    [
        pa.field("item_id", _TEXT, nullable=False),
        pa.field("title", _TEXT, nullable=False),
        pa.field("brand", _TEXT, nullable=False),
        pa.field("category_path", pa.list_(_TEXT), nullable=False),
        pa.field("shop", _TEXT, nullable=False),
        pa.field("price", pa.float64(), nullable=False),
        pa.field("stock", pa.int64(), nullable=False),
        pa.field("status", _TEXT, nullable=False),
        pa.field("attributes", pa.map_(_TEXT, _TEXT), nullable=False),
        pa.field("source_version", pa.int64(), nullable=False),
        pa.field("listed_ms", pa.int64(), nullable=False),
    ]
)


def snapshot_catalogue(catalogue: SqlCatalogue, folder: Path, now_ms: int) -> int:
    """Writes every item that is not removed, in place of the snapshot before; returns how many.

    It is read in batches while the stream goes on: each item is as some moment of the reading knew it.
    """
    drop_dead_drafts(folder, now_ms)
    written = 0
    with (
        written_durably(folder / CATALOG) as draft,
        pq.ParquetWriter(draft, CATALOG_SCHEMA, compression="zstd") as file,
    ):
        for batch in catalogue.scan(ITEMS_AT_ONCE):
            file.write_table(pa.Table.from_pylist([_row(stored.item) for stored in batch], CATALOG_SCHEMA))
            written += len(batch)
    return written


def _row(item: Item) -> dict[str, object]:
    return {
        "item_id": item.item_id,
        "title": item.title,
        "brand": item.brand,
        "category_path": list(item.category_path),
        "shop": item.shop,
        "price": item.price,
        "stock": item.stock,
        "status": item.status.name.lower(),
        "attributes": list(item.attributes.items()),
        "source_version": item.source_version,
        "listed_ms": LISTED_MS_UNKNOWN,
    }
