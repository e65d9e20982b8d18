"""Best Buy: what visitors typed into the search box in autumn 2011, and the Xbox product that they clicked.

A search is one user's query at one time; all its clicks are its events. Further searches, whose click led to a product
that is not told, become searches without events. Queries are kept as typed, times are UTC. What was shown was not
recorded, and there is no brand, price or seller. Items can be joined by a larger catalogue nobody clicked on
(retrotech.py), so that finding the right one is as hard as it is in a shop.
"""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Int64s
from trainer.data.importers.importer import Imported, Importer, Remark, Source
from trainer.data.importers.log_tables import (
    Column,
    catalog_table,
    events_table,
    numbered,
    one_category,
    searches_table,
)
from trainer.data.importers.retrotech import read_distractors
from trainer.data.importers.source_tables import TEXT, read_parquet
from trainer.data.log_marks import row_in
from trainer.data.logs import Logs

TIME = pa.timestamp("us")
CATEGORY = "abcat0701002"
"""The shop's category of every click in the set; the products' own table does not repeat it."""

_required = partial(pa.field, nullable=False)
PRODUCTS = "products.parquet"
PRODUCTS_SCHEMA = pa.schema([_required("sku", pa.int64()), _required("name", TEXT)])
SEARCHES = "unlabelled_searches.parquet"
SEARCHES_SCHEMA = pa.schema([_required("user", TEXT), _required("query", TEXT), _required("query_time", TIME)])
CLICKS = "clicks.parquet"
CLICKS_SCHEMA = pa.schema([*SEARCHES_SCHEMA, _required("sku", pa.int64()), _required("click_time", TIME)])
SEARCH_KEY = SEARCHES_SCHEMA.names


def _run(source: Source) -> Imported:
    clicks = read_parquet(source.folder, CLICKS, CLICKS_SCHEMA)
    unlabelled = read_parquet(source.folder, SEARCHES, SEARCHES_SCHEMA)
    catalog = _catalog(read_parquet(source.folder, PRODUCTS, PRODUCTS_SCHEMA))
    products = len(catalog)
    if source.distractors is not None:
        catalog = pa.concat_tables([catalog, read_distractors(source.distractors)])
    numbered_searches = _one_row_a_search(pa.concat_tables([clicks.select(SEARCH_KEY), unlabelled]))
    searches = searches_table(
        search_id=numbered_searches["search_id"],
        user_id=numbered_searches["user"],
        at_ms=_milliseconds(numbered_searches["query_time"]),
        query=numbered_searches["query"],
    )
    events, early = _events(clicks.join(numbered_searches, SEARCH_KEY, join_type="inner"))
    lost = int((row_in(events["item_id"], catalog["item_id"]) < 0).sum())
    remarks = (
        Remark("distractors among the items", len(catalog) - products),
        Remark("further searches, whose click led to a product that is not told", len(unlabelled)),
        Remark("clicks on products without a name, not in the catalogue", lost),
        Remark("clicks before their search, moved to it", early),
    )
    return Imported(Logs(catalog=catalog, searches=searches, events=events), remarks)


def _catalog(products: pa.Table) -> pa.Table:
    return catalog_table(
        item_id=pc.cast(products["sku"], TEXT),
        title=products["name"],
        shop=pa.repeat("bestbuy", len(products)),
        category_path=one_category(CATEGORY, len(products)),
    )


def _one_row_a_search(rows: pa.Table) -> pa.Table:
    """Several clicks of one search repeat it. Numbered by time."""
    order = [(name, "ascending") for name in ("query_time", "user", "query")]
    searches = rows.group_by(SEARCH_KEY).aggregate([]).sort_by(order)
    return searches.append_column("search_id", numbered("search", np.arange(len(searches))))


def _events(clicks: pa.Table) -> tuple[pa.Table, int]:
    """The clicks by time, and how many stood before their search: clocks of several servers need not agree."""
    clicks = clicks.sort_by([(name, "ascending") for name in ("click_time", "user", "sku", "search_id")])
    clicked_ms, searched_ms = _milliseconds(clicks["click_time"]), _milliseconds(clicks["query_time"])
    events = events_table(
        event_id=numbered("click", np.arange(len(clicks))),
        user_id=clicks["user"],
        item_id=pc.cast(clicks["sku"], TEXT),
        action=pa.repeat("click", len(clicks)),
        at_ms=np.maximum(clicked_ms, searched_ms),
        search_id=clicks["search_id"],
    )
    return events, int((clicked_ms < searched_ms).sum())


def _milliseconds(times: Column) -> Int64s:
    microseconds: Int64s = pc.cast(times, pa.int64()).to_numpy()
    return microseconds // 1000


IMPORTER = Importer(
    name="bestbuy",
    summary="typed queries and clicks on 437 games, with users and times (Best Buy)",
    reads=(PRODUCTS, CLICKS, SEARCHES),
    options=frozenset({"distractors"}),
    run=_run,
)
