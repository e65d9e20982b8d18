"""The log layout: what the trainer reads, and what whoever archives or simulates a shop writes.

One folder of Parquet files (a file, or a folder of part files, under each name). Every table is checked when read, so
that the rest of the trainer can believe it: strictly, or leniently with the bad rows set aside. What the rows mean for
training is not known here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.errors import InvalidLog
from multigrain.types import Action, Item, ItemId, ItemStatus
from trainer.data.bad_rows import Rejected, RejectedRows, refuse_bad_rows, set_bad_rows_aside
from trainer.data.log_checks import (
    Check,
    catalog_checks,
    event_checks,
    judgment_checks,
    search_checks,
    value_checks,
)
from trainer.data.log_columns import fit_to_schema
from trainer.data.log_parts import Part, StoredTable, read_stored

CATALOG = "catalog.parquet"
SEARCHES = "searches.parquet"
EVENTS = "events.parquet"
JUDGMENTS = "judgments.parquet"

_TEXT = pa.string()
_TEXTS = pa.list_(pa.string())


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


CATALOG_SCHEMA = pa.schema(
    [
        _required("item_id", _TEXT),
        _required("title", _TEXT),
        _required("brand", _TEXT),
        _required("category_path", _TEXTS),
        _required("shop", _TEXT),
        _required("price", pa.float64()),
        _required("stock", pa.int64()),
        _required("status", _TEXT),
        _required("attributes", pa.map_(_TEXT, _TEXT)),
        _required("source_version", pa.int64()),
        _required("listed_ms", pa.int64()),
    ]
)
SEARCHES_SCHEMA = pa.schema(
    [
        _required("search_id", _TEXT),
        _required("user_id", _TEXT),
        _required("at_ms", pa.int64()),
        _required("query", _TEXT),
        _required("exposed_item_ids", _TEXTS),
    ]
)
EVENTS_SCHEMA = pa.schema(
    [
        _required("event_id", _TEXT),
        _required("user_id", _TEXT),
        _required("item_id", _TEXT),
        _required("action", _TEXT),
        _required("at_ms", pa.int64()),
        pa.field("search_id", _TEXT),
    ]
)
JUDGMENTS_SCHEMA = pa.schema([_required("query", _TEXT), _required("item_id", _TEXT), _required("grade", pa.float64())])

GOOD_GRADE = 2.0
"""Of judgments, from 0 to 3: from this one on an item is good for its query."""

BRAND_SYNONYMS = "brand_synonyms"
"""Attribute of an item: other spellings of its brand, joined by '|'. Read for the key-term dictionary."""

ACTION_NAMES = {action.name.lower(): action for action in Action}
STATUS_NAMES = {status.name.lower(): status for status in (ItemStatus.ACTIVE, ItemStatus.INACTIVE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What a shop wrote down. Tables have the schemas above."""

    catalog: pa.Table
    searches: pa.Table
    events: pa.Table
    judgments: pa.Table | None = None
    """None: nobody judged query-item pairs."""

    @property
    def last_ms(self) -> int:
        """When the newest search or event happened: the `now` of whoever replays these logs. 0: there is none."""
        times = (table["at_ms"].to_numpy() for table in (self.searches, self.events))
        return max((int(column.max()) for column in times if len(column)), default=0)


def read_logs(folder: Path) -> Logs:
    """The checked logs of `folder`. Raises InvalidLog with file, row and column of the first thing that is wrong."""

    def take(stored: StoredTable, checks: Sequence[Check]) -> pa.Table:
        return refuse_bad_rows(stored, checks)

    return _read_logs(folder, take)


def read_catalogue(folder: Path) -> Logs:
    """The checked catalogue of `folder` alone, as the logs of a shop where nobody has searched yet. Raises as above."""
    checks = catalog_checks(CATALOG_SCHEMA, tuple(STATUS_NAMES))
    return Logs(
        catalog=refuse_bad_rows(read_stored(folder / CATALOG, CATALOG_SCHEMA), checks),
        searches=SEARCHES_SCHEMA.empty_table(),
        events=EVENTS_SCHEMA.empty_table(),
    )


def read_logs_leniently(folder: Path, rejected: Path) -> tuple[Logs, Rejected]:
    """The good rows of `folder`. The others are set aside in `rejected`, a file a table, with file, row and reason.

    What depends on a bad row is bad, too: an event whose search was set aside is set aside. Of rows with one id the
    first good one is kept. A column that is missing or of a wrong type still raises InvalidLog: no row is to blame.
    """
    reasons: list[RejectedRows] = []

    def take(stored: StoredTable, checks: Sequence[Check]) -> pa.Table:
        good, found = set_bad_rows_aside(stored, checks, rejected)
        reasons.extend(found)
        return good

    return _read_logs(folder, take), Rejected(rejected, tuple(reasons))


def write_logs(folder: Path, logs: Logs) -> None:
    """Writes the files of `logs`, in place of others there; the same logs give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        CATALOG: (logs.catalog, CATALOG_SCHEMA),
        SEARCHES: (logs.searches, SEARCHES_SCHEMA),
        EVENTS: (logs.events, EVENTS_SCHEMA),
        JUDGMENTS: (logs.judgments, JUDGMENTS_SCHEMA),
    }
    for name, (table, schema) in tables.items():
        if (folder / name).is_dir():
            raise InvalidLog(name, f"is a folder of part files in {folder}", cure="write the logs to another folder")
        if table is None:
            # Of other logs: they would be read as if they belonged to these.
            (folder / name).unlink(missing_ok=True)
        else:
            draft = folder / f".{name}.unfinished"
            pq.write_table(_writable(table, schema, name), draft, compression="zstd")
            draft.replace(folder / name)


def items_of(logs: Logs) -> Iterator[Item]:
    """The catalogue as items, in the order of the table."""
    for row in logs.catalog.to_pylist():
        yield Item(
            item_id=ItemId(row["item_id"]),
            title=row["title"],
            brand=row["brand"],
            category_path=tuple(row["category_path"]),
            shop=row["shop"],
            price=row["price"],
            stock=row["stock"],
            status=STATUS_NAMES[row["status"]],
            attributes=dict(row["attributes"]),
            source_version=row["source_version"],
        )


def _read_logs(folder: Path, take: Callable[[StoredTable, Sequence[Check]], pa.Table]) -> Logs:
    """Every table through `take`, which sees to the bad rows; searches before the events that name them."""
    catalog = take(read_stored(folder / CATALOG, CATALOG_SCHEMA), catalog_checks(CATALOG_SCHEMA, tuple(STATUS_NAMES)))
    # Events are read first: whoever adds to the folder meanwhile writes the searches of its events before them.
    stored_events = read_stored(folder / EVENTS, EVENTS_SCHEMA)
    searches = take(read_stored(folder / SEARCHES, SEARCHES_SCHEMA), search_checks(SEARCHES_SCHEMA))
    events = take(stored_events, event_checks(EVENTS_SCHEMA, tuple(ACTION_NAMES), searches))
    judgments = None
    if (folder / JUDGMENTS).exists():
        judgments = take(read_stored(folder / JUDGMENTS, JUDGMENTS_SCHEMA), judgment_checks(JUDGMENTS_SCHEMA))
    return Logs(catalog=catalog, searches=searches, events=events, judgments=judgments)


def _writable(table: pa.Table, schema: pa.Schema, name: str) -> pa.Table:
    fitting = fit_to_schema(table, schema, name)
    return refuse_bad_rows(StoredTable(fitting, (Part(name, len(fitting)),)), value_checks(schema))
