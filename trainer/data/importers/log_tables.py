"""Columns -> tables of the log layout, with stand-ins for what a set does not tell."""

from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Int64s
from trainer.data.importers.stand_ins import (
    FIRST_VERSION,
    UNKNOWN_CATEGORY,
    UNKNOWN_LISTED_MS,
    UNKNOWN_PRICE,
    UNKNOWN_STOCK,
)
from trainer.data.logs import CATALOG_SCHEMA, EVENTS_SCHEMA, JUDGMENTS_SCHEMA, SEARCHES_SCHEMA

Column: TypeAlias = pa.Array | pa.ChunkedArray
"""Of pyarrow; one value a row."""


def catalog_table(
    *,
    item_id: Column,
    title: Column,
    shop: Column,
    brand: Column | None = None,
    category_path: Column | None = None,
    attributes: Column | None = None,
) -> pa.Table:
    """None: the set has no such thing. A title that is empty is replaced by the item's id, since every item has one;
    an empty path by one unknown category.
    """
    rows = len(item_id)
    brand = pa.repeat("", rows) if brand is None else brand
    category_path = one_category(UNKNOWN_CATEGORY, rows) if category_path is None else category_path
    attributes = one_attribute("", pa.repeat("", rows)) if attributes is None else attributes
    return pa.table(
        {
            "item_id": item_id,
            "title": pc.if_else(pc.equal(pc.utf8_trim_whitespace(title), ""), item_id, title),
            "brand": brand,
            "category_path": _never_empty(category_path),
            "shop": shop,
            "price": pa.repeat(UNKNOWN_PRICE, rows),
            "stock": pa.repeat(UNKNOWN_STOCK, rows),
            "status": pa.repeat("active", rows),
            "attributes": attributes,
            "source_version": pa.repeat(FIRST_VERSION, rows),
            "listed_ms": pa.repeat(UNKNOWN_LISTED_MS, rows),
        },
        schema=CATALOG_SCHEMA,
    )


def searches_table(
    *, search_id: Column, user_id: Column, at_ms: Int64s, query: Column, exposed_item_ids: Column | None = None
) -> pa.Table:
    """`exposed_item_ids` None: the set does not tell what was shown."""
    if exposed_item_ids is None:
        exposed_item_ids = lists_of(pa.array([], pa.string()), np.zeros(len(search_id), np.int64))
    columns = {
        "search_id": search_id,
        "user_id": user_id,
        "at_ms": at_ms,
        "query": query,
        "exposed_item_ids": exposed_item_ids,
    }
    return pa.table(columns, schema=SEARCHES_SCHEMA)


def events_table(
    *, event_id: Column, user_id: Column, item_id: Column, action: Column, at_ms: Int64s, search_id: Column
) -> pa.Table:
    columns = {
        "event_id": event_id,
        "user_id": user_id,
        "item_id": item_id,
        "action": action,
        "at_ms": at_ms,
        "search_id": search_id,
    }
    return pa.table(columns, schema=EVENTS_SCHEMA)


def judgments_table(*, query: Column, item_id: Column, grade: Column) -> pa.Table:
    return pa.table({"query": query, "item_id": item_id, "grade": grade}, schema=JUDGMENTS_SCHEMA)


def one_attribute(name: str, values: Column) -> pa.Array:
    """A map of one key for each row, of none where the value is empty."""
    values = pa.chunked_array(values) if isinstance(values, pa.Array) else values
    filled = pc.not_equal(values, "")
    kept = values.filter(filled).combine_chunks()
    ends = np.cumsum(filled.to_numpy()).astype(np.int32)
    offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32))
    return pa.MapArray.from_arrays(offsets, pa.repeat(name, len(kept)), kept)


def numbered(prefix: str, numbers: Int64s) -> pa.Array:
    """Ids: `prefix-0`, `prefix-1` and so on."""
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "-")


def lists_of(values: Column, lengths: Int64s) -> pa.Array:
    """`values` cut into lists of these lengths."""
    flat = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32()), flat)


def one_category(name: str, rows: int) -> pa.Array:
    """The same path of one category for every row."""
    return lists_of(pa.repeat(name, rows), np.ones(rows, np.int64))


def _never_empty(paths: Column) -> Column:
    unknown = pa.scalar([UNKNOWN_CATEGORY], pa.list_(pa.string()))
    return pc.if_else(pc.equal(pc.list_value_length(paths), 0), unknown, paths)
