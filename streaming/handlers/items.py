"""What shops changed -> the catalogue, and from there the index of every open generation.

An index is written only when an item's vector or a field it filters on changed: a new price costs no upsert, and a new
status no run of the model. Several events of one item in a batch are one write. The item's source version goes along as
the row's revision, which the index uses as its fence.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from multigrain.catalog.catalog import CatalogueChange, StoredItem
from multigrain.encoder import Encoder
from multigrain.errors import InvalidEvent
from multigrain.events import Event, ItemEvent, ItemPatched, ItemRemoved, ItemUpserted
from multigrain.index.item_index import ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.index.rows import parts
from multigrain.types import ItemId
from streaming.dead_letter import DeadLetter
from streaming.handlers.handler import Incoming, Stores
from streaming.item_vectors import vectors_of
from streaming.pacing import Pace
from streaming.targets import Target, Targets

NO_VERSION = 0
"""Older than every version that a sender may give."""


class Numbers(Protocol):
    """What gives an item its number: `multigrain.catalog.catalog.SqlCatalogue`. May raise StoreUnavailable."""

    def known(self, item_ids: Iterable[ItemId]) -> set[ItemId]: ...

    def apply(self, events: Sequence[ItemEvent]) -> list[CatalogueChange]: ...


class ItemsHandler:
    """`durable` is the catalogue outside of any transaction: what is applied to it is committed."""

    def __init__(self, durable: Numbers, targets: Targets, pace: Pace | None = None) -> None:
        """`pace`: how quickly indexes are written. None: one of its own, whose waits no stop can end early."""
        self._durable = durable
        self._targets = targets
        self._pace = pace or Pace()

    def prepare(self, batch: Sequence[Incoming]) -> None:
        """Waits while the indexes cannot keep up, and gives new items their numbers, for good.

        The index is written before the batch commits. Were a number given in that same transaction, a rollback would
        free it for another item, while the index holds the first one's vector under it. So an item enters the
        catalogue as one that was removed before its first version, and its events then bring it in.
        """
        if any(_may_reach_an_index(one.event) for one in batch):
            self._pace.before_a_batch()
        brought = {one.event.item.item_id: one.event for one in batch if isinstance(one.event, ItemUpserted)}
        if brought:
            # An encoder that is met for the first time takes seconds to load: not while the catalogue is locked.
            self._targets()
        unknown = brought.keys() - self._durable.known(brought)
        if unknown:
            self._durable.apply([_placeholder(brought[item_id]) for item_id in brought if item_id in unknown])

    def handle(self, batch: Sequence[Incoming], stores: Stores) -> list[DeadLetter]:
        changes = stores.catalogue.apply([one.event for one in batch if isinstance(one.event, ItemEvent)])
        news = _News.of(changes)
        if news:
            for encoder, indexes in _by_encoder(self._targets()).items():
                self._write(encoder, indexes, news)
        return _unknown(batch, changes)

    def _write(self, encoder: Encoder, indexes: Sequence[ItemIndex], news: "_News") -> None:
        """Everything acknowledged."""
        vectors = vectors_of(encoder, indexes, changed=news.changed, refiled=news.refiled)
        rows = item_rows([*news.changed, *news.refiled], vectors)
        for index in indexes:
            for part in parts(rows, self._pace.rows_at_once):
                with self._pace.writing(len(part)):
                    index.upsert(part)
            if news.removed:
                index.delete(np.array(news.removed, np.int64))


class _News(NamedTuple):
    """What a batch means to an index. Prices, stocks and attributes mean nothing to it."""

    changed: Sequence[StoredItem]
    """Those whose vector must be computed."""
    refiled: Sequence[StoredItem]
    """Those whose vector stays, and that filters find elsewhere."""
    removed: Sequence[int]

    @classmethod
    def of(cls, changes: Sequence[CatalogueChange]) -> "_News":
        changed, refiled, removed = [], [], []
        for change in changes:
            if change.stored is None:
                continue
            if change.kind == "removed":
                removed.append(change.stored.item_no)
            elif change.tower_inputs_changed:
                changed.append(change.stored)
            elif change.hard_fields_changed:
                refiled.append(change.stored)
        return cls(changed, refiled, removed)

    def __bool__(self) -> bool:
        return any(self)


def _placeholder(event: ItemUpserted) -> ItemRemoved:
    return ItemRemoved(
        event_id=event.event_id, at_ms=event.at_ms, item_id=event.item.item_id, source_version=NO_VERSION
    )


def _may_reach_an_index(event: Event) -> bool:
    """Whether it is more than a new price or stock."""
    return not isinstance(event, ItemPatched) or event.status is not None


def _by_encoder(targets: Sequence[Target]) -> dict[Encoder, list[ItemIndex]]:
    """Generations of one bundle have one encoder, and share what it computes."""
    indexes: dict[Encoder, list[ItemIndex]] = {}
    for target in targets:
        indexes.setdefault(target.encoder, []).append(target.index)
    return indexes


def _unknown(batch: Sequence[Incoming], changes: Sequence[CatalogueChange]) -> list[DeadLetter]:
    """Patches of items that are not there. One that is older than the item's removal is merely late."""
    gone = {change.item_id: change.stored for change in changes if change.kind == "unknown"}
    return [
        DeadLetter(one.record, _unknown_item(one.event))
        for one in batch
        if isinstance(one.event, ItemPatched)
        and one.event.item_id in gone
        and not _is_late(one.event, gone[one.event.item_id])
    ]


def _is_late(event: ItemPatched, stored: StoredItem | None) -> bool:
    return stored is not None and event.source_version <= stored.item.source_version


def _unknown_item(event: ItemPatched) -> InvalidEvent:
    problem = f"the catalogue has no item {event.item_id!r}"
    return InvalidEvent("item_patched.item_id", problem, cure="send the whole item first, as item_upserted")
