"""Consumers that are broken on purpose, so that the crash test can be seen to fail.

As a program, `python -m tests.integration.a_broken_consumer`, it is a nursery of real consumers that commit their
positions first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

import sqlalchemy as sa

from benchmarks.crashing import nursery
from benchmarks.crashing.life import Orders, real_consumer
from benchmarks.crashing.points import Passing, Point, watched, watched_transactions
from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.features.sql import SqlFeatureStore
from multigrain.index.item_index import IndexRows, ItemIndex
from multigrain.types import Behavior, Int64s, UserQuery
from streaming.app import sql_transactions
from streaming.consumer import Consumer
from streaming.handlers.handler import Stores, Transactions

Told = TypeVar("Told", Behavior, UserQuery)


def positions_first(engine: sa.Engine, index: ItemIndex) -> tuple[Transactions, ItemIndex]:
    """Each step is committed before the next one begins, and the positions are the first step."""
    return _step_by_step(engine), index


def _step_by_step(engine: sa.Engine) -> Transactions:
    @contextmanager
    def open_one() -> Iterator[Stores]:
        with engine.connect() as connection:

            def commit(point: Point) -> None:
                connection.commit()

            catalogue = watched(SqlCatalogue(connection), commit, before={"apply": Point.POSITIONS_RECORDED})
            features = watched(SqlFeatureStore(connection), commit, before={"record": Point.POSITIONS_RECORDED})
            yield Stores(connection, catalogue, features)
            connection.commit()

    return open_one


def index_last(engine: sa.Engine, index: ItemIndex) -> tuple[Transactions, ItemIndex]:
    """The index is written when the batch is committed: it looks safer, and loses what lies between."""
    late = _LateIndex(index)

    @contextmanager
    def open_one() -> Iterator[Stores]:
        with sql_transactions(engine)() as stores:
            yield stores
        late.write()

    return open_one, late  # type: ignore[return-value]  # as much of an index as a handler writes


def no_memory_of_events(engine: sa.Engine, index: ItemIndex) -> tuple[Transactions, ItemIndex]:
    """An event that is told twice counts twice."""

    @contextmanager
    def open_one() -> Iterator[Stores]:
        with sql_transactions(engine)() as stores:
            yield replace(stores, features=_Forgetful(stores.connection))

    return open_one, index


class _LateIndex:
    def __init__(self, index: ItemIndex) -> None:
        self._index = index
        self._rows: list[IndexRows] = []
        self._gone: list[Int64s] = []
        self.rows_of = index.rows_of

    def upsert(self, rows: IndexRows) -> int:
        self._rows.append(rows)
        return len(rows)

    def delete(self, item_nos: Int64s) -> None:
        self._gone.append(item_nos)

    def write(self) -> None:
        while self._rows:
            self._index.upsert(self._rows.pop(0))
        while self._gone:
            self._index.delete(self._gone.pop(0))


class _Forgetful(SqlFeatureStore):
    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> Any:  # as the protocol says
        return super().record([_renamed(one) for one in behaviors], [_renamed(one) for one in queries])


def _renamed(event: Told) -> Told:
    return replace(event, event_id=f"{event.event_id}-{uuid4().hex}")


@contextmanager
def _real_but_positions_first(orders: Orders, passing: Passing) -> Iterator[Consumer]:
    engine = database.open_database(orders.scene.database_url)
    with real_consumer(orders, passing) as consumer:
        yield replace(consumer, transactions=watched_transactions(_step_by_step(engine), passing))
    engine.dispose()


if __name__ == "__main__":
    nursery.run(_real_but_positions_first)
