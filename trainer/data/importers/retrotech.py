"""The retrotech catalogue: real Best Buy products nobody of the click set clicked on, as distractors for its index.

A UPC can stand for several products (editions of a film): the first keeps it, later ones get `-2`, `-3` behind it.
Descriptions are left out: the log layout has none. Categories and prices are not in the set.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.importers.log_tables import catalog_table, one_attribute
from trainer.data.importers.source_tables import TEXT, read_parquet

PRODUCTS = "products.parquet"
PRODUCTS_SCHEMA = pa.schema(
    [
        pa.field("upc", TEXT, nullable=False),
        pa.field("name", TEXT, nullable=False),
        pa.field("manufacturer", TEXT),
    ]
)


def read_distractors(folder: Path) -> pa.Table:
    """The catalogue's items; their ids begin with `upc-`, so that no SKU can be one of them."""
    products = read_parquet(folder, PRODUCTS, PRODUCTS_SCHEMA)
    return catalog_table(
        item_id=pa.array(_distinct(products["upc"].to_pylist())),
        title=products["name"],
        brand=pc.fill_null(products["manufacturer"], ""),
        shop=pa.repeat("bestbuy", len(products)),
        attributes=one_attribute("upc", products["upc"]),
    )


def _distinct(codes: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    ids = []
    for code in codes:
        seen[code] = seen.get(code, 0) + 1
        ids.append(f"upc-{code}" if seen[code] == 1 else f"upc-{code}-{seen[code]}")
    return ids
