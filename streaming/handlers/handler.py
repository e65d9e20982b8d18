"""The shape of a handler: what it is given, and what it may do when."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from multigrain.catalog.catalog import CatalogueChange, StoredItem
from multigrain.events import BehaviorEvent, Event, ItemEvent
from multigrain.features.feature_store import FeatureStore
from multigrain.types import ItemId
from streaming.dead_letter import DeadLetter
from streaming.source import Record


class Incoming(NamedTuple):
    """An event, and the record that brought it."""

    record: Record
    event: Event


class Catalogue(Protocol):
    """What handlers need of `multigrain.catalog.catalog.SqlCatalogue`. May raise StoreUnavailable."""

    def apply(self, events: Sequence[ItemEvent]) -> list[CatalogueChange]: ...

    def get(self, item_ids: Sequence[ItemId]) -> Mapping[ItemId, StoredItem]: ...


@dataclass(frozen=True, slots=True)
class Stores:
    """The SQL stores inside one open transaction. It commits when the consumer is done, and not before."""

    connection: sa.Connection
    catalogue: Catalogue
    features: FeatureStore


Transactions = Callable[[], AbstractContextManager[Stores]]
"""Opens one: commits at the end of the block, rolls back when anything flies out of it."""


class Archive(Protocol):
    """Where behaviour is kept for training."""

    def keep(self, connection: sa.Connection, fresh: Sequence[BehaviorEvent]) -> None:
        """Inside the batch's transaction. `fresh`: each event that was not known before, once, in order."""
        ...


class Handler(Protocol):
    """Takes the events of one batch that HANDLERS gives to it, in the order of their partitions."""

    def prepare(self, batch: Sequence[Incoming]) -> None:
        """Before the transaction: what must be durable even if the transaction is not. Must be idempotent."""
        ...

    def handle(self, batch: Sequence[Incoming], stores: Stores) -> list[DeadLetter]:
        """Inside it. Returns those it cannot take; raises Unavailable when a store is down, and is then called again
        with the same batch. What it writes outside `stores` is acknowledged when it returns, and can be repeated.
        """
        ...
