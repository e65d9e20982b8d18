"""What is in the stores when all is done, read past the code that wrote it where that is possible."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks.crashing.archive import Archived, read_archive
from benchmarks.crashing.broker import Buried, read_the_dead
from benchmarks.crashing.oracle import Look, Sides
from benchmarks.crashing.scene import Scene
from multigrain import database
from multigrain.catalog.tables import items, stream_positions, user_events, user_states
from multigrain.features.stored_state import from_bytes
from multigrain.index.item_index import ItemIndex
from multigrain.index.milvus import MilvusStore
from multigrain.types import Action, Float32s, Item, ItemId, ItemStatus, UserId, UserState
from streaming.source import Partition

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A row of the catalogue."""

    item_no: int
    item: Item
    tower_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A row of user_events."""

    event_id: str
    user_id: UserId
    at_ms: int
    action: Action | None
    """None: a query."""
    item_id: str | None
    search_id: str | None
    query: str | None
    sides: Sides


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A row of the index."""

    vector: Float32s
    """[dims]"""
    look: Look
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What SQL holds."""

    items: Mapping[ItemId, ItemRow]
    events: Sequence[EventRow]
    states: Mapping[UserId, UserState]
    positions: Mapping[Partition, int]


@dataclass(frozen=True, slots=True)
class Found:
    """Everything, as it stands."""

    stored: Stored
    index: Sequence[tuple[int, IndexRow]]
    """By item number; a number may stand there twice, and must not."""
    dead: Sequence[Buried]
    archived: Archived


def read_scene(scene: Scene) -> Found:
    engine = database.open_database(scene.database_url)
    try:
        with closing(MilvusStore(scene.milvus_uri, token=scene.milvus_token, strong=True)) as store:
            archived = read_archive(engine, Path(scene.archive))
            return Found(read_sql(engine), read_index(store.open(scene.name)), read_the_dead(scene), archived)
    finally:
        engine.dispose()


def read_sql(engine: sa.Engine) -> Stored:
    with database.reading(engine) as connection:
        return Stored(
            items={ItemId(row.item_id): _item(row) for row in connection.execute(sa.select(items))},
            events=[_event(row) for row in connection.execute(sa.select(user_events))],
            states={
                UserId(row.user_id): from_bytes(row.state, user_id=UserId(row.user_id), version=row.version)
                for row in connection.execute(sa.select(user_states))
            },
            positions={
                Partition(row.topic, row.partition): row.next_offset
                for row in connection.execute(sa.select(stream_positions))
            },
        )


def read_index(index: ItemIndex) -> list[tuple[int, IndexRow]]:
    return [
        (
            int(page.item_nos[at]),
            IndexRow(
                page.vectors[at],
                Look(page.titles[at], page.brands[at], page.categories[at], page.shops[at], page.statuses[at]),
                int(page.revisions[at]),
            ),
        )
        for page in index.scan(PAGE)
        for at in range(len(page))
    ]


def _item(row: sa.Row) -> ItemRow:  # type: ignore[type-arg]  # a row of mixed columns
    item = Item(
        item_id=ItemId(row.item_id),
        title=row.title,
        brand=row.brand,
        category_path=tuple(row.category_path),
        shop=row.shop,
        price=row.price,
        stock=row.stock,
        status=ItemStatus(row.status),
        attributes=row.attributes,
        source_version=row.source_version,
    )
    return ItemRow(row.item_no, item, row.tower_hash)


def _event(row: sa.Row) -> EventRow:  # type: ignore[type-arg]  # as above
    return EventRow(
        event_id=row.event_id,
        user_id=UserId(row.user_id),
        at_ms=row.at_ms,
        action=None if row.action is None else Action(row.action),
        item_id=row.item_id,
        search_id=row.search_id,
        query=row.query,
        sides=Sides(row.leaf_category, row.top_category, row.brand, row.shop),
    )
