"""JDsearch: sessions of JD's search with all candidates, what the user did with them, and a year of history.

Every row is one user's test search; the set has no user ids, so each row is a user of its own. Names, queries, brands
and categories are anonymised terms: they are joined by spaces, so that a term is a word. Prices are not in the set;
shop -1 is no shop; a brand without a name is no brand, its id is kept as an attribute.

Labels of candidates tell the strongest thing that happened. A click is implied by whatever is stronger, for both need
the item's page; a cart is not implied by a purchase, for there is a shorter way to buy. Label 2 is a click and a cart,
label 3 a click and an order, a second apart.

Candidates come in the order of the file. In the sample the labelled ones stand first in every session: it is not the
order in which they were shown, and nothing about positions should be learned from it.

Times are made up from real gaps (jdsearch_history.py): row 0 searches at FIRST_SEARCH_MS, each further row a second
later. So a split by time is a split by row, and it is histories, not test searches, that have real distances.
"""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Int64s
from trainer.data.importers.importer import Imported, Importer, Remark, Source
from trainer.data.importers.jdsearch_history import LIST_SEPARATOR, TERM_SEPARATOR, history_schema, read_history
from trainer.data.importers.log_tables import (
    Column,
    catalog_table,
    events_table,
    numbered,
    one_attribute,
    searches_table,
)
from trainer.data.importers.source_tables import TEXT, read_parquet
from trainer.data.log_checks import Check, column_check
from trainer.data.log_marks import list_length, not_one_of, row_in, within
from trainer.data.logs import Logs

FIRST_SEARCH_MS = 1_672_531_200_000
"""2023-01-01 00:00 UTC, made up."""
SECOND_MS = 1000

_required = partial(pa.field, nullable=False)
PRODUCTS = "product_meta.parquet"
LEVELS = tuple(f"cate_name_{level}" for level in (1, 2, 3, 4))
PRODUCTS_SCHEMA = pa.schema(
    [_required(name, TEXT) for name in ("wid", "name", "brand_id", "brand_name", *LEVELS, "shop_id")]
)
SESSIONS = "user_behavior.parquet"
SESSIONS_SCHEMA = pa.schema(
    [_required(name, TEXT) for name in ("query", "candidate_wid_list", "candidate_label_list")] + history_schema()
)
LABELS = ("0.0", "1.0", "2.0", "3.0")


def _run(source: Source) -> Imported:
    catalog = _catalog(read_parquet(source.folder, PRODUCTS, PRODUCTS_SCHEMA))
    as_many_labels = Check(
        column="candidate_label_list",
        problem="has not one label a candidate",
        cure="take the published file",
        find=lambda table: _entries(table["candidate_label_list"]) != _entries(table["candidate_wid_list"]),
    )
    labels_are_known = column_check(
        "candidate_label_list",
        "holds an unknown label",
        f"{', '.join(LABELS)}, joined by '{LIST_SEPARATOR}'",
        lambda lists: within(not_one_of(LABELS))(pc.split_pattern(lists, LIST_SEPARATOR)),
    )
    sessions = read_parquet(source.folder, SESSIONS, SESSIONS_SCHEMA, as_many_labels, labels_are_known)
    at_ms = FIRST_SEARCH_MS + np.arange(len(sessions)) * SECOND_MS
    searches, events = _of_candidates(sessions, at_ms)
    history = read_history(sessions, at_ms, SESSIONS)
    lost = int((row_in(history.events["item_id"], catalog["item_id"]) < 0).sum())
    logs = Logs(
        catalog=catalog,
        searches=pa.concat_tables([searches, history.searches]),
        events=pa.concat_tables([events, history.events]),
    )
    remarks = (
        Remark("sessions, each with a user of its own", len(sessions)),
        Remark("searches of histories", len(history.searches)),
        Remark("history events on items without product data, not in the catalogue", lost),
    )
    return Imported(logs, remarks)


def _catalog(products: pa.Table) -> pa.Table:
    return catalog_table(
        item_id=products["wid"],
        title=_words(products["name"]),
        brand=_words(products["brand_name"]),
        category_path=_paths(products),
        shop=pc.if_else(pc.equal(products["shop_id"], "-1"), "", products["shop_id"]),
        attributes=one_attribute("brand_id", products["brand_id"]),
    )


def _paths(products: pa.Table) -> pa.Array:
    """The named levels from the top down, each with the terms of its name."""
    levels = [_words(products[level]).to_pylist() for level in LEVELS]
    paths = [[name for name in path if name] for path in zip(*levels, strict=True)]
    return pa.array(paths, pa.list_(TEXT))


def _of_candidates(sessions: pa.Table, at_ms: Int64s) -> tuple[pa.Table, pa.Table]:
    """The test searches, and what was done with their candidates."""
    candidates = pc.split_pattern(sessions["candidate_wid_list"], LIST_SEPARATOR)
    rows = np.arange(len(sessions))
    search_id, user_id = numbered("test", rows), numbered("user", rows)
    searches = searches_table(
        search_id=search_id,
        user_id=user_id,
        at_ms=at_ms,
        query=_words(sessions["query"]),
        exposed_item_ids=candidates,
    )
    labels = pc.list_flatten(pc.split_pattern(sessions["candidate_label_list"], LIST_SEPARATOR))
    label = row_in(labels, pa.chunked_array([LABELS]))
    item_ids, session = pc.list_flatten(candidates), np.repeat(rows, list_length(candidates))
    steps = []
    for action, done, seconds in (("click", label >= 1, 1), ("cart", label == 2, 2), ("order", label == 3, 2)):
        which = np.flatnonzero(done)
        event = events_table(
            event_id=numbered(f"test-{action}", which),
            user_id=user_id.take(pa.array(session[which])),
            item_id=item_ids.take(pa.array(which)),
            action=pa.repeat(action, len(which)),
            at_ms=at_ms[session[which]] + seconds * SECOND_MS,
            search_id=search_id.take(pa.array(session[which])),
        )
        steps.append(event)
    return searches, pa.concat_tables(steps)


def _entries(lists: Column) -> Int64s:
    return list_length(pc.split_pattern(lists, LIST_SEPARATOR))


def _words(terms: Column) -> Column:
    return pc.replace_substring(terms, TERM_SEPARATOR, " ")


IMPORTER = Importer(
    name="jdsearch",
    summary="search sessions with candidates, labels and a year of history, anonymised (JDsearch)",
    reads=(PRODUCTS, SESSIONS),
    run=_run,
)
