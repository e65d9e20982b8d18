"""A stream that archives, over SQLite: what the archive's tests share."""

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from hypothesis import strategies as st

from multigrain import database
from multigrain.catalog.tables import archive_batches, archive_roll
from multigrain.events import (
    ACTION_OF,
    ActionEvent,
    BehaviorEvent,
    Carted,
    Clicked,
    Collected,
    Event,
    Ordered,
    Searched,
)
from multigrain.types import ItemId, UserId
from streaming.app import assemble
from streaming.archive.layout import TABLES
from streaming.archive.packing import unpack
from streaming.archive.parts import NUMBER_DIGITS, parts_of
from streaming.archive.roll import RollLimits
from streaming.archive.staged import StagedArchive
from streaming.archive.staging import Staging
from streaming.consumer import Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import TopicKind, encode_binary
from streaming.handlers.behavior import BehaviorHandler
from streaming.sources.memory import MemoryLog, MemorySource
from tests.builders import NOON_MS

ONE_ROLL = RollLimits(size_bytes=1 << 20, age_ms=60_000)
SMALL_ROLLS = RollLimits(size_bytes=1, age_ms=60_000)
"""Each batch is a roll of its own."""

ACTIONS: tuple[type[ActionEvent], ...] = (Clicked, Collected, Carted, Ordered)
Row = tuple[object, ...]


@dataclass
class ArchivingStream:
    """A log, SQL and a log folder: everything that outlives a consumer."""

    engine: sa.Engine
    folder: Path
    now_ms: int = NOON_MS
    log: MemoryLog = field(default_factory=lambda: MemoryLog({"items": 1, "behavior": 3}))

    @property
    def staging(self) -> Staging:
        return Staging(self.engine)

    def stream(self, events: Sequence[Event], *, batch: int = 500) -> None:
        """Sends these, and takes all that was sent, in batches of so many records."""
        topics = {TopicKind.ITEMS: "items", TopicKind.BEHAVIOR: "behavior"}
        for event in events:
            record = encode_binary(event)
            self.log.append(topics[record.topic_kind], record.key, record.value, record.headers)
        consumer = assemble(
            engine=self.engine,
            open_source=lambda start: MemorySource(self.log, start),
            targets=lambda: (),
            dead_letters=MemoryDeadLetters(),
            limits=Limits(batch_records=batch, batch_seconds=0),
            clock_ms=lambda: self.now_ms,
            wait=_fail,
        )
        archiving = BehaviorHandler(StagedArchive(lambda: self.now_ms))
        consumer.handlers = {
            event: archiving if isinstance(handler, BehaviorHandler) else handler
            for event, handler in consumer.handlers.items()
        }
        assert consumer.run().dead_letters == 0

    def keep(self, *events: BehaviorEvent) -> None:
        """As one batch does it."""
        with database.writing(self.engine) as connection:
            StagedArchive(lambda: self.now_ms).keep(connection, events)

    def filed(self) -> Counter[Row]:
        """The rows that a reader of the folder finds, by how often."""
        return Counter(row for table in TABLES for part in parts_of(self.folder, table) for row in rows_of(part))

    def waiting(self) -> Counter[Row]:
        """The rows that are staged and not yet in a file of their roll."""
        batches, rows = archive_batches.c, Counter[Row]()
        with database.reading(self.engine) as connection:
            staged = connection.execute(sa.select(batches.roll, batches.log_table, batches.packed)).all()
        for number, name, packed in staged:
            (table,) = (table for table in TABLES if table.name == name)
            if number not in {number_of(part) for part in parts_of(self.folder, table)}:
                rows.update(rows_in(unpack(table, [packed])))
        return rows

    def hidden(self) -> list[Path]:
        """Drafts, in the folder of any table."""
        return [path for path in self.folder.rglob("*") if path.name.startswith(".")]

    def empty(self) -> None:
        """For the next example of a property."""
        with database.writing(self.engine) as connection:
            connection.execute(sa.delete(archive_batches))
            connection.execute(sa.update(archive_roll).values(last_roll=0, taken_ms=0))


def an_archiving_stream(folder: Path) -> ArchivingStream:
    """An empty one."""
    (folder / "shop.db").write_bytes(_empty_store())
    return ArchivingStream(database.open_database(f"sqlite:///{folder / 'shop.db'}"), folder / "archive")


@functools.cache
def _empty_store() -> bytes:
    """A SQLite file with the schema: copying it is quicker than migrating again."""
    with TemporaryDirectory() as folder:
        engine = database.open_database(f"sqlite:///{folder}/empty.db")
        database.upgrade(engine)
        engine.dispose()
        return Path(folder, "empty.db").read_bytes()


def _fail(_: float) -> None:
    raise AssertionError("a store is down: see the log")


def rows_of(part: Path) -> list[Row]:
    with pq.ParquetFile(part) as file:
        return rows_in(file.read())


def rows_in(table: pa.Table) -> list[Row]:
    """Rows that can be counted: lists become tuples."""
    return [
        tuple(tuple(value) if isinstance(value, list) else value for value in row.values()) for row in table.to_pylist()
    ]


def number_of(part: Path) -> int:
    return int(part.name[:NUMBER_DIGITS])


def expected(events: Sequence[BehaviorEvent]) -> Counter[Row]:
    """The oracle: each event once, as the row that docs/data.md gives it."""
    return Counter(_row(event) for event in {event.event_id: event for event in reversed(events)}.values())


def _row(event: BehaviorEvent) -> Row:
    if isinstance(event, Searched):
        return (event.search_id, event.user_id, event.at_ms, event.query, event.exposed_item_ids)
    action = ACTION_OF[type(event)].name.lower()
    return (event.event_id, event.user_id, event.item_id, action, event.at_ms, event.search_id)


@st.composite
def histories(draw: st.DrawFn, max_size: int = 25) -> list[BehaviorEvent]:
    """What three users did, as it was sent: events that come late, and events that come again."""
    sent: list[BehaviorEvent] = []
    steps = st.tuples(st.sampled_from("abc"), st.integers(0, 10_000), st.integers(0, 9), st.integers(0, 10))
    for number, (user, later_ms, choice, item) in enumerate(draw(st.lists(steps, min_size=1, max_size=max_size))):
        searches = [event for event in sent if isinstance(event, Searched) and event.user_id == user]
        if choice == 9 and sent:
            sent.append(sent[item % len(sent)])
        elif choice >= 7 or not searches:
            sent.append(_search(number, user, later_ms, item))
        else:
            # Of any earlier search: so times go back and forth.
            search = searches[item % len(searches)] if choice else None
            sent.append(_action(ACTIONS[choice % 4], number, user, later_ms, item, search))
    return sent


def _search(number: int, user: str, later_ms: int, shown: int) -> Searched:
    return Searched(
        event_id=f"e-{number}",
        at_ms=NOON_MS - 100_000 + later_ms,
        user_id=UserId(user),
        search_id=f"s-{number}",
        query=f"红 dress {later_ms}",
        exposed_item_ids=tuple(ItemId(f"sku-{item}") for item in range(shown)),
    )


def _action(
    kind: type[ActionEvent], number: int, user: str, later_ms: int, item: int, search: Searched | None
) -> ActionEvent:
    return kind(
        event_id=f"e-{number}",
        at_ms=(search.at_ms if search else NOON_MS - 100_000) + later_ms,
        user_id=UserId(user),
        item_id=ItemId(f"sku-{item}"),
        search_id=search.search_id if search else None,
    )
