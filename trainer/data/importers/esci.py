"""ESCI: Amazon's shopping queries, with products labelled Exact, Substitute, Complement or Irrelevant (3, 2, 1, 0).

One locale at a time. An item's id is `us-B00...`, so that two imported locales may be joined: the same product has
another title in another locale. Rows of both versions and both splits are taken; the log layout has no column to keep
a row's split. There is no category, price, user or time, and nobody searched or clicked: searches and events are empty
tables. Descriptions and bullet points are left out: the log layout has none.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.errors import InvalidLog
from trainer.data.importers.importer import Imported, Importer, Source
from trainer.data.importers.log_tables import Column, catalog_table, judgments_table, one_attribute
from trainer.data.importers.source_tables import TEXT, one_of, read_parquet
from trainer.data.log_marks import row_in
from trainer.data.logs import EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs

LABEL_NAMES = ("E", "S", "C", "I")
LABEL_GRADES = np.array([3.0, 2.0, 1.0, 0.0])

PRODUCTS = "shopping_queries_dataset_products.parquet"
PRODUCTS_SCHEMA = pa.schema(
    [
        pa.field("product_id", TEXT, nullable=False),
        pa.field("product_title", TEXT),
        pa.field("product_brand", TEXT),
        pa.field("product_color", TEXT),
        pa.field("product_locale", TEXT, nullable=False),
    ]
)
EXAMPLES = "shopping_queries_dataset_examples.parquet"
EXAMPLES_SCHEMA = pa.schema(
    [pa.field(name, TEXT, nullable=False) for name in ("query", "product_id", "product_locale", "esci_label")]
)


def _run(source: Source) -> Imported:
    products = _of_locale(read_parquet(source.folder, PRODUCTS, PRODUCTS_SCHEMA), PRODUCTS, source.locale)
    label_is_known = one_of("esci_label", LABEL_NAMES)
    examples = read_parquet(source.folder, EXAMPLES, EXAMPLES_SCHEMA, label_is_known)
    examples = _of_locale(examples, EXAMPLES, source.locale)
    catalog = catalog_table(
        item_id=_item_id(source.locale, products["product_id"]),
        title=pc.fill_null(products["product_title"], ""),
        brand=pc.fill_null(products["product_brand"], ""),
        shop=pa.repeat("amazon", len(products)),
        attributes=one_attribute("color", pc.fill_null(products["product_color"], "")),
    )
    names = pa.chunked_array([pa.array(LABEL_NAMES)])
    judgments = judgments_table(
        query=examples["query"],
        item_id=_item_id(source.locale, examples["product_id"]),
        grade=pa.array(LABEL_GRADES[row_in(examples["esci_label"], names)]),
    )
    logs = Logs(
        catalog=catalog,
        searches=SEARCHES_SCHEMA.empty_table(),
        events=EVENTS_SCHEMA.empty_table(),
        judgments=judgments,
    )
    return Imported(logs)


def _of_locale(table: pa.Table, file: str, locale: str) -> pa.Table:
    rows = table.filter(pc.equal(table["product_locale"], locale))
    if not len(rows):
        there = ", ".join(sorted(pc.unique(table["product_locale"]).to_pylist()))
        cure = f"name one that it has: {there}" if there else "take the published file"
        raise InvalidLog(f"{file} column product_locale", f"has no rows of {locale!r}", cure=cure)
    return rows


def _item_id(locale: str, product_id: Column) -> Column:
    return pc.binary_join_element_wise(locale, product_id, "-")


IMPORTER = Importer(
    name="esci",
    summary="shopping queries with labelled products, by locale (Amazon ESCI)",
    reads=(EXAMPLES, PRODUCTS),
    options=frozenset({"locale"}),
    run=_run,
)
