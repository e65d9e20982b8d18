"""The log folder as tables of an engine, with only the columns that examples are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir

from multigrain.errors import InvalidLog
from multigrain.types import Action
from trainer.data.joining.engines.engine import Engine
from trainer.data.logs import CATALOG, EVENTS, SEARCHES

_SEARCHES = {"search_id": "string", "user_id": "string", "at_ms": "int64", "query": "string"}
_EXPOSED = {"exposed_item_ids": "array<string>"}
_EVENTS = {
    "event_id": "string",
    "user_id": "string",
    "item_id": "string",
    "action": "string",
    "at_ms": "int64",
    "search_id": "string",
}
_CATALOG = {"item_id": "string", "brand": "string", "shop": "string", "category_path": "array<string>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTables:
    """Searches, events and catalogue; `action` of an event is the number of its Action."""

    searches: ir.Table
    events: ir.Table
    catalog: ir.Table

    def before(self, at_ms: int) -> "LogTables":
        """The logs as they were at `at_ms`."""
        return LogTables(
            searches=self.searches.filter(self.searches.at_ms < at_ms),
            events=self.events.filter(self.events.at_ms < at_ms),
            catalog=self.catalog,
        )


def read_log_tables(engine: Engine, folder: Path) -> LogTables:
    """Reads nothing yet. Rows are believed: trainer/data/logs.py has checked them."""
    events = _read(engine, folder / EVENTS, _EVENTS)
    numbers = [(action.name.lower(), int(action)) for action in Action]
    return LogTables(
        searches=_read(engine, folder / SEARCHES, _SEARCHES | _EXPOSED),
        events=events.mutate(action=events.action.cases(*numbers).cast("int32")),
        catalog=_read(engine, folder / CATALOG, _CATALOG),
    )


def time_span(engine: Engine, logs: LogTables) -> tuple[int, int]:
    """(first search, last search or event); 0 where there is none."""
    times = ibis.union(logs.searches.select("at_ms", searched=True), logs.events.select("at_ms", searched=False))
    spans = times.agg(first=times.at_ms.min(where=times.searched), last=times.at_ms.max())
    (row,) = engine.rows(spans)
    return row["first"] or 0, row["last"] or 0


def _read(engine: Engine, place: Path, columns: dict[str, str]) -> ir.Table:
    table = engine.read(_files(place))
    return table.select(**{name: table[name].cast(kind) for name, kind in columns.items()})


def _files(place: Path) -> Sequence[Path]:
    """The file, or the part files of the folder; what is hidden belongs to whoever writes there."""
    if place.is_dir():
        found = sorted(path for path in place.rglob("*.parquet") if not path.name.startswith((".", "_")))
    else:
        found = [place] if place.exists() else []
    if not found:
        cure = "a log folder holds it: name the right folder"
        raise InvalidLog(place.name, f"no such file in {place.parent}", cure=cure)
    return found
