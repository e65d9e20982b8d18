"""A marketplace into a log folder, day by day: what is held in memory does not grow with the days."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trainer.data.logs import CATALOG, EVENTS, EVENTS_SCHEMA, JUDGMENTS, SEARCHES, SEARCHES_SCHEMA
from trainer.data.market import truth
from trainer.data.market.marketplace import DAYS_BEFORE, Marketplace, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written."""

    items: int
    users: int
    searches: int
    exposures: int
    events: int
    digest: str
    """SHA-256 over every file, truth/ included: what one seed gives is one digest."""


def write_marketplace(folder: Path, plan: Plan, tell: Callable[[int, int], None]) -> Written:
    """Simulates and writes catalog, searches, events, and truth/. The same plan gives the same bytes.

    `tell` hears after each day how many of how many are done. The catalogue is written last: a folder without one is
    unfinished.
    """
    market, total = Marketplace(plan), plan.days + DAYS_BEFORE
    searches = exposures = events = 0
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CATALOG).unlink(missing_ok=True)
    # Of another shop: they would be read as if they were of this one.
    (folder / JUDGMENTS).unlink(missing_ok=True)
    truth.write_standing_truth(folder / truth.FOLDER, market)
    with _writers(folder) as writers:
        for done, day in enumerate(market.days(), 1):
            writers.events.write_table(day.events)
            events += len(day.events)
            if day.intent is not None:
                writers.searches.write_table(day.searches)
                writers.wanted.write_table(truth.wanted_of(day))
                writers.moods.write_table(truth.moods_of(market, day))
                searches += len(day.searches)
                exposures += len(day.searches["exposed_item_ids"].combine_chunks().flatten())
            tell(done, total)
    pq.write_table(truth.queries_table(market.phrasebook), folder / truth.FOLDER / truth.QUERIES, compression="zstd")
    pq.write_table(market.catalogue, folder / CATALOG, compression="zstd")
    return Written(
        items=plan.items,
        users=plan.users,
        searches=searches,
        exposures=exposures,
        events=events,
        digest=digest_of(folder),
    )


def digest_of(folder: Path) -> str:
    """SHA-256 over every file of a written folder, truth/ included."""
    whole = hashlib.sha256()
    for place in (folder, folder / truth.FOLDER):
        for file in sorted(path for path in place.iterdir() if path.is_file()):
            with file.open("rb") as opened:
                whole.update(file.name.encode() + hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()


@dataclass(frozen=True, slots=True)
class _Writers:
    searches: pq.ParquetWriter
    events: pq.ParquetWriter
    wanted: pq.ParquetWriter
    moods: pq.ParquetWriter


@contextmanager
def _writers(folder: Path) -> Iterator[_Writers]:
    """The files that grow day by day; each is under its name only when it is whole."""
    wanted = pa.schema([("search_id", pa.string()), ("wanted_leaf", pa.int32())])
    moods = pa.schema([(name, pa.int32()) for name in truth.DayMoods.__dataclass_fields__])
    files = {
        folder / SEARCHES: SEARCHES_SCHEMA,
        folder / EVENTS: EVENTS_SCHEMA,
        folder / truth.FOLDER / truth.SEARCHES: wanted,
        folder / truth.FOLDER / truth.MOODS: moods,
    }
    drafts = {path: path.with_name(f".{path.name}.unfinished") for path in files}
    with ExitStack() as open_files:
        yield _Writers(
            *(
                open_files.enter_context(pq.ParquetWriter(drafts[path], schema, compression="zstd"))
                for path, schema in files.items()
            )
        )
    for path, draft in drafts.items():
        draft.replace(path)
