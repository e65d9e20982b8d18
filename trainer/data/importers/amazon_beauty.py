"""Amazon Beauty: what each user bought, one thing after the other.

The set has no times, titles, queries or prices. So, as search research on it does, the query of a purchase is made of
the category terms of what was bought, and a title of brand and category terms. Each purchase becomes a search, a click
and an order.

Times are made up: everyone bought one thing a day, and everyone's last purchase was on one last day. A split by time
thus tests on last purchases, with everything earlier known. What was shown was not recorded.

The categories of a product are a set in a fixed but meaningless order. A parent stands at all products of its
children, so the path is the categories by how many products have them, most first; ties by name.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Int64s
from trainer.data.importers.importer import Imported, Importer, Source
from trainer.data.importers.log_tables import (
    catalog_table,
    events_table,
    lists_of,
    numbered,
    searches_table,
)
from trainer.data.importers.source_tables import TEXT, TEXTS, read_parquet
from trainer.data.log_checks import column_check
from trainer.data.log_marks import list_length, row_in, within
from trainer.data.logs import Logs

LAST_DAY_MS = 1_406_116_800_000
"""2014-07-23 12:00 UTC. The set ends in that month; the day itself is made up."""
DAY_MS = 24 * 3600 * 1000
MINUTE_MS = 60 * 1000

PRODUCTS = "products.parquet"
PRODUCTS_SCHEMA = pa.schema(
    [pa.field("asin", TEXT, nullable=False), pa.field("brand", TEXT), pa.field("categories", TEXTS, nullable=False)]
)
SEQUENCES = "sequences.parquet"
SEQUENCES_SCHEMA = pa.schema(
    [pa.field("user_id", TEXT, nullable=False), pa.field("asins_in_time_order", TEXTS, nullable=False)]
)


def _run(source: Source) -> Imported:
    products = read_parquet(source.folder, PRODUCTS, PRODUCTS_SCHEMA)
    asins = products["asin"]
    known = column_check(
        "asins_in_time_order",
        f"holds an id that is not in {PRODUCTS}",
        f"take {PRODUCTS} of the same release",
        within(lambda ids: row_in(ids, asins) < 0),
    )
    sequences = read_parquet(source.folder, SEQUENCES, SEQUENCES_SCHEMA, known)
    paths = _paths(products["categories"])
    terms = pc.binary_join(paths, " ")
    brand = pc.fill_null(products["brand"], "")
    catalog = catalog_table(
        item_id=asins,
        title=pc.utf8_trim_whitespace(pc.binary_join_element_wise(brand, terms, " ")),
        brand=brand,
        category_path=paths,
        shop=pa.repeat("amazon", len(products)),
    )
    bought = pc.list_flatten(sequences["asins_in_time_order"])
    query = terms.take(pa.array(row_in(bought, asins)))
    return Imported(_purchases(sequences, bought, query, catalog))


def _purchases(sequences: pa.Table, bought: pa.ChunkedArray, query: pa.Array, catalog: pa.Table) -> Logs:
    """A search, a click a minute later and an order another minute later, for each purchase."""
    lengths = list_length(sequences["asins_in_time_order"])
    users = sequences["user_id"].take(pa.array(np.repeat(np.arange(len(sequences)), lengths)))
    at_ms = LAST_DAY_MS - _purchases_to_come(lengths) * DAY_MS
    numbers = np.arange(len(bought))
    search_id = numbered("search", numbers)
    searches = searches_table(search_id=search_id, user_id=users, at_ms=at_ms, query=query)
    steps = [
        events_table(
            event_id=numbered(action, numbers),
            user_id=users,
            item_id=bought,
            action=pa.repeat(action, len(numbers)),
            at_ms=at_ms + minutes * MINUTE_MS,
            search_id=search_id,
        )
        for action, minutes in (("click", 1), ("order", 2))
    ]
    return Logs(catalog=catalog, searches=searches, events=pa.concat_tables(steps))


def _purchases_to_come(lengths: Int64s) -> Int64s:
    """For every purchase, how many the same user makes after it: 2, 1, 0 for a user of three."""
    ends = np.repeat(np.cumsum(lengths), lengths)
    to_come: Int64s = ends - 1 - np.arange(len(ends))
    return to_come


def _paths(categories: pa.ChunkedArray) -> pa.Array:
    names = pc.list_flatten(categories).dictionary_encode().combine_chunks()
    codes = names.indices.to_numpy()
    products_of = np.bincount(codes, minlength=len(names.dictionary))
    by_name = np.argsort(np.argsort(names.dictionary.to_numpy(zero_copy_only=False)))
    lengths = list_length(categories)
    product = np.repeat(np.arange(len(categories)), lengths)
    order = np.lexsort((by_name[codes], -products_of[codes], product))
    return lists_of(names.dictionary.take(pa.array(codes[order])), lengths)


IMPORTER = Importer(
    name="amazon-beauty",
    summary="purchases in order, queries made of category terms (Amazon Beauty)",
    reads=(PRODUCTS, SEQUENCES),
    run=_run,
)
