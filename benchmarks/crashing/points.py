"""The named points between a consumer's steps, and a consumer that says when it passes one.

The consumer's own parts are wrapped after it was put together: nothing in it knows that it is being watched.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar, cast

from multigrain.index.item_index import ItemIndex
from streaming.consumer import Consumer
from streaming.handlers.handler import Stores, Transactions

T = TypeVar("T")


class Point(StrEnum):
    """In the order of one batch; one without bad records, without items, or without a roll passes fewer of them."""

    POLLED = "polled"
    PREPARED = "prepared"
    POSITIONS_RECORDED = "positions recorded"
    CATALOGUE_WRITTEN = "catalogue written"
    BEFORE_UPSERT = "before the upsert"
    UPSERTED = "upserted"
    BEFORE_DELETE = "before the delete"
    DELETED = "deleted"
    ITEMS_HANDLED = "a handler done"
    BEFORE_STATES = "before the states"
    STATES_WRITTEN = "states written"
    LETTERS_SENT = "dead letters sent"
    BEFORE_COMMIT = "before the commit"
    COMMITTED = "committed"
    ACKNOWLEDGED = "acknowledged"
    ROLL_TAKEN = "a roll of the archive taken"
    ROLL_FILED = "its files written"
    ROLL_FORGOTTEN = "its rows forgotten"


SELDOM = frozenset({Point.ROLL_TAKEN, Point.ROLL_FILED, Point.ROLL_FORGOTTEN})
"""A life comes there once, if at all."""

Passing = Callable[[Point], None]
"""Told of every point, at once. It may not return."""
Points = Mapping[str, Point]
"""By the name of a method."""
NONE: Points = MappingProxyType({})


def watched_consumer(consumer: Consumer, passing: Passing) -> Consumer:
    """The same consumer of the same parts. Its indexes come from outside: see `watched_index`."""
    handlers = {
        handler: watched(handler, passing, after={"prepare": Point.PREPARED, "handle": Point.ITEMS_HANDLED})
        for handler in consumer.handlers.values()
    }
    return replace(
        consumer,
        source=watched(consumer.source, passing, after={"poll": Point.POLLED, "acknowledge": Point.ACKNOWLEDGED}),
        positions=watched(consumer.positions, passing, after={"record": Point.POSITIONS_RECORDED}),
        transactions=watched_transactions(consumer.transactions, passing),
        handlers={event: handlers[handler] for event, handler in consumer.handlers.items()},
        dead_letters=watched(consumer.dead_letters, passing, after={"send": Point.LETTERS_SENT}),
    )


def watched_index(index: ItemIndex, passing: Passing) -> ItemIndex:
    return watched(
        index,
        passing,
        before={"upsert": Point.BEFORE_UPSERT, "delete": Point.BEFORE_DELETE},
        after={"upsert": Point.UPSERTED, "delete": Point.DELETED},
    )


def watched(part: T, passing: Passing, *, before: Points = NONE, after: Points = NONE) -> T:
    """`part`, whose methods of these names say when they begin, and when they have returned."""
    # It is what it wraps, attribute by attribute; no type says so.
    return cast(T, _Watched(part, passing, before, after))


class _Watched:
    def __init__(self, part: object, passing: Passing, before: Points, after: Points) -> None:
        self._part, self._passing, self._before, self._after = part, passing, before, after

    def __getattr__(self, name: str) -> object:
        method = getattr(self._part, name)
        if name not in self._before and name not in self._after:
            return method

        def called(*given: object, **named: object) -> object:
            is_passing = not any(map(_is_nothing, given))
            if name in self._before and is_passing:
                self._passing(self._before[name])
            returned = method(*given, **named)
            if name in self._after and is_passing and not _is_nothing(returned):
                self._passing(self._after[name])
            return returned

        return called


def _is_nothing(value: object) -> bool:
    """An empty poll or a batch without dead letters is no step."""
    return isinstance(value, Sequence) and not value


def watched_transactions(transactions: Transactions, passing: Passing) -> Transactions:
    @contextmanager
    def open_one() -> Iterator[Stores]:
        with transactions() as stores:
            yield replace(
                stores,
                catalogue=watched(stores.catalogue, passing, after={"apply": Point.CATALOGUE_WRITTEN}),
                features=watched(
                    stores.features,
                    passing,
                    before={"record": Point.BEFORE_STATES},
                    after={"record": Point.STATES_WRITTEN},
                ),
            )
            passing(Point.BEFORE_COMMIT)
        passing(Point.COMMITTED)

    return open_one
