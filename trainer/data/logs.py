"""The log layout: what the trainer reads, and what whoever archives or simulates a shop writes.

One folder of Parquet files (a file, or a folder of part files, under each name). Every table is checked when read, so
that the rest of the trainer can believe it. What the rows mean for training is not known here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.errors import InvalidLog
from multigrain.types import Action, Item, ItemId, ItemStatus
from trainer.data.log_checks import check_catalog, check_events, check_judgments, check_searches, fit_to_schema

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
JUDGMENTS_SCHEMA = pa.schema([_required("query", _TEXT), _required("item_id", _TEXT), _required("grade", pa.int32())])

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
    catalog = check_catalog(_read(folder / CATALOG, CATALOG_SCHEMA), CATALOG, tuple(STATUS_NAMES))
    searches = check_searches(_read(folder / SEARCHES, SEARCHES_SCHEMA), SEARCHES)
    events = check_events(_read(folder / EVENTS, EVENTS_SCHEMA), EVENTS, tuple(ACTION_NAMES), searches)
    judgments = None
    if (folder / JUDGMENTS).exists():
        judgments = check_judgments(_read(folder / JUDGMENTS, JUDGMENTS_SCHEMA), JUDGMENTS)
    return Logs(catalog=catalog, searches=searches, events=events, judgments=judgments)


def write_logs(folder: Path, logs: Logs) -> None:
    """Writes the files of `logs`; the same logs give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        CATALOG: (logs.catalog, CATALOG_SCHEMA),
        SEARCHES: (logs.searches, SEARCHES_SCHEMA),
        EVENTS: (logs.events, EVENTS_SCHEMA),
        JUDGMENTS: (logs.judgments, JUDGMENTS_SCHEMA),
    }
    for name, (table, schema) in tables.items():
        if table is not None:
            draft = folder / f".{name}.unfinished"
            pq.write_table(fit_to_schema(table, schema, name), draft, compression="zstd")
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


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    if not path.exists():
        raise InvalidLog(
            path.name, f"no such file in {path.parent}", cure="a log folder holds it: name the right folder"
        )
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidLog(path.name, f"not a Parquet file: {error}", cure="write it again") from None
    return fit_to_schema(table, schema, path.name)
