"""WANDS: Wayfair's furniture and home products, and query-product pairs labelled by people.

Exact is grade 3, Partial 1.5 (halfway, as in the gains of its authors), Irrelevant 0. The category hierarchy is split
at its slashes; a product without one keeps its class, the first where it has several, if it has any. There is no
brand, price, user or time, and nobody searched or clicked: searches and events are empty tables. Descriptions are left
out: the log layout has none.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.importers.importer import Imported, Importer, Source
from trainer.data.importers.log_tables import Column, catalog_table, judgments_table, one_attribute
from trainer.data.importers.source_tables import known_in, one_of, read_tabbed
from trainer.data.log_marks import row_in
from trainer.data.logs import EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs

PRODUCTS, QUERIES, LABELS = "product.csv", "query.csv", "label.csv"
LABEL_NAMES = ("Exact", "Partial", "Irrelevant")
LABEL_GRADES = np.array([3.0, 1.5, 0.0])


def _run(source: Source) -> Imported:
    columns = ("product_id", "product_name", "product_class", "category hierarchy")
    products = read_tabbed(source.folder, PRODUCTS, columns)
    queries = read_tabbed(source.folder, QUERIES, ("query_id", "query"))
    labels = read_tabbed(
        source.folder,
        LABELS,
        ("query_id", "product_id", "label"),
        one_of("label", LABEL_NAMES),
        known_in("query_id", queries["query_id"], QUERIES),
        known_in("product_id", products["product_id"], PRODUCTS),
    )
    catalog = catalog_table(
        item_id=products["product_id"],
        title=products["product_name"],
        shop=pa.repeat("wayfair", len(products)),
        category_path=_paths(products["category hierarchy"], products["product_class"]),
        attributes=one_attribute("product_class", products["product_class"]),
    )
    names = pa.chunked_array([pa.array(LABEL_NAMES)])
    judgments = judgments_table(
        query=queries["query"].take(pa.array(row_in(labels["query_id"], queries["query_id"]))),
        item_id=labels["product_id"],
        grade=pa.array(LABEL_GRADES[row_in(labels["label"], names)]),
    )
    logs = Logs(
        catalog=catalog,
        searches=SEARCHES_SCHEMA.empty_table(),
        events=EVENTS_SCHEMA.empty_table(),
        judgments=judgments,
    )
    return Imported(logs)


def _paths(hierarchy: Column, product_class: Column) -> pa.Array:
    """`A / B / C` as A, B, C; where there is none, `D|E` as D; where there is neither, nothing."""
    first_class = pc.replace_substring_regex(product_class, r"\|.*", "")
    either = pc.if_else(pc.equal(pc.utf8_trim_whitespace(hierarchy), ""), first_class, hierarchy)
    # With its spaces: a slash without them is part of a name.
    paths = [[level.strip() for level in path.split(" / ") if level.strip()] for path in either.to_pylist()]
    return pa.array(paths, pa.list_(pa.string()))


IMPORTER = Importer(
    name="wands",
    summary="furniture and query-product pairs labelled by people (Wayfair WANDS)",
    reads=(PRODUCTS, QUERIES, LABELS),
    run=_run,
)
