"""Who searched for what and chose which items: the log's searches with their actions, without users and times.

DuckDB counts, and spills what does not fit, so what is held is a row for each query and item.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Int64s, Item
from trainer.configs.config import RobotsConfig
from trainer.data.joining.engines.duckdb import open_duckdb
from trainer.data.joining.engines.engine import Engine
from trainer.data.joining.log_tables import LogTables
from trainer.data.joining.robots import find_robots
from trainer.data.logs import Logs


@dataclass(frozen=True, slots=True, eq=False)
class Clicked:
    """Rows (query, item): how many people, having searched for the one, chose the other."""

    queries: tuple[str, ...]
    """As typed, each once, in their order."""
    people: Int64s
    """[queries]: how many chose anything."""
    query: Int64s
    """Of each row; ascending."""
    item: Int64s
    """Of each row: its place in the catalogue."""
    clicks: Int64s
    """Of each row. A person counts once, however often the item was clicked, carted or ordered."""

    @property
    def clicks_of_query(self) -> Int64s:
        """[queries]"""
        return np.bincount(self.query, self.clicks, minlength=len(self.queries)).astype(np.int64)

    def rows_of(self, queries: Int64s) -> tuple[Int64s, Int64s]:
        """The rows of these queries, one query after another; and for each row, which place in `queries` it is for."""
        starts = np.searchsorted(self.query, np.arange(len(self.queries) + 1))
        counts = (starts[1:] - starts[:-1])[queries]
        places = np.repeat(np.arange(len(queries)), counts)
        return np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts - starts[queries], counts), places


def read_clicked(logs: Logs, scratch: Path, items: Sequence[Item], robots: RobotsConfig, *, before_ms: int) -> Clicked:
    """What people chose before `before_ms`; robots, and items that are not in the catalogue, are left out.

    `scratch` is filled while it runs and gone afterwards.
    """
    scratch.mkdir(parents=True)
    with open_duckdb(scratch) as engine:
        chosen = engine.keep("chosen", _chosen(_tables(engine, logs).before(before_ms), robots))
        pairs = _fetched(engine, chosen.group_by("query", "item_id").agg(clicks=chosen.count()))
        asked = _fetched(engine, chosen.group_by("query").agg(people=chosen.user_id.nunique()))
    shutil.rmtree(scratch)
    pairs, asked = pairs.sort_by([("query", "ascending"), ("item_id", "ascending")]), asked.sort_by("query")
    item = pc.index_in(pairs["item_id"], value_set=pa.array([item.item_id for item in items], pa.string()))
    query = pc.index_in(pairs["query"], value_set=asked["query"].combine_chunks())
    known = item.is_valid()
    return Clicked(
        queries=tuple(asked["query"].to_pylist()),
        people=asked["people"].to_numpy().astype(np.int64),
        query=query.filter(known).to_numpy().astype(np.int64),
        item=item.filter(known).to_numpy().astype(np.int64),
        clicks=pairs["clicks"].filter(known).to_numpy().astype(np.int64),
    )


def _tables(engine: Engine, logs: Logs) -> LogTables:
    """Of the columns that are read here."""
    searches = logs.searches.select(["search_id", "user_id", "at_ms", "query"])
    events = logs.events.select(["search_id", "user_id", "at_ms", "item_id"])
    return LogTables(
        searches=engine.keep("searches", ibis.memtable(searches)),
        events=engine.keep("events", ibis.memtable(events)),
        catalog=engine.keep("catalog", ibis.memtable(logs.catalog.select(["item_id"]))),
    )


def _chosen(logs: LogTables, robots: RobotsConfig) -> ir.Table:
    """query, user_id, item_id: each once."""
    people = logs.searches.anti_join(find_robots(logs, robots), "user_id")
    events = logs.events.filter(logs.events.search_id.notnull()).select("search_id", "item_id")
    return people.inner_join(events, "search_id").select("query", "user_id", "item_id").distinct()


def _fetched(engine: Engine, rows: ir.Table) -> pa.Table:
    return pa.Table.from_batches(engine.batches(rows), rows.schema().to_pyarrow())
