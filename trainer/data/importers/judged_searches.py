"""Judged queries -> searches and clicks, for a set without any: what judges found good counts as clicked.

Each query is one search of a user of its own. The day that it stands on is its part, by a hash of the query, so that
whoever splits the logs by time, as the trainer does, splits them by hash: the last 24 hours are the test part, the 24
before them are for development.
"""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.features.windows import DAY_MS
from multigrain.text.folding import normalize
from multigrain.types import Int64s
from trainer.data.importers.log_tables import events_table, numbered, searches_table
from trainer.data.importers.stand_ins import UNKNOWN_LISTED_MS
from trainer.data.logs import GOOD_GRADE

FIRST_DAY_MS = UNKNOWN_LISTED_MS + DAY_MS
"""When the training part begins: every item is listed by then."""
PARTS = (0.7, 0.1, 0.2)
"""Share of the queries on each day: training, development, test."""


def searches_of(judgments: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Searches and events. Every judged query is searched for, also one without a good item."""
    queries = sorted(set(judgments["query"].to_pylist()), key=place_of)
    asked = pa.table({"query": queries, "number": np.arange(len(queries)), "at_ms": _times(queries)})
    good = judgments.filter(pc.greater_equal(judgments["grade"], GOOD_GRADE)).join(asked, "query", join_type="inner")
    # Best first: clicks of one moment stand in the order of their ids.
    good = good.sort_by([("number", "ascending"), ("grade", "descending"), ("item_id", "ascending")])
    searches = searches_table(
        search_id=numbered("search", asked["number"].to_numpy()),
        user_id=numbered("asker", asked["number"].to_numpy()),
        at_ms=asked["at_ms"].to_numpy(),
        query=asked["query"],
    )
    events = events_table(
        event_id=numbered("click", np.arange(len(good))),
        user_id=numbered("asker", good["number"].to_numpy()),
        item_id=good["item_id"],
        action=pa.repeat("click", len(good)),
        at_ms=good["at_ms"].to_numpy(),
        search_id=numbered("search", good["number"].to_numpy()),
    )
    return searches, events


def place_of(query: str) -> tuple[float, str]:
    """Where the query stands among all queries that there could be, 0 to 1; and the query, for those of one place.

    Of SHA-256, which is the same everywhere. What differs in case, accents or spaces only stands in one place.
    """
    folded = "".join(normalize(query).split())
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48, query


def _times(queries: list[str]) -> Int64s:
    """Of queries by place: evenly over the day of their part, the last one in its last millisecond.

    So the logs end with a day, and a split by hours before their end falls between two days.
    """
    days = np.searchsorted(np.cumsum(PARTS)[:-1], [place for place, _ in map(place_of, queries)], side="right")
    times = np.zeros(len(queries), np.int64)
    for day in range(len(PARTS)):
        (rows,) = np.nonzero(days == day)
        nth = np.arange(1, len(rows) + 1)
        times[rows] = FIRST_DAY_MS + day * DAY_MS + nth * DAY_MS // max(1, len(rows)) - 1
    return times
