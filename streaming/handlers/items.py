"""What shops changed -> the catalogue, and from there the index of every open generation.

An index is written only when an item's vector or a field it filters on changed: a new price costs no upsert. Several
events of one item in a batch are one write. The item's source version goes along as the row's revision, which the index
uses as its fence.
"""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.catalog import CatalogueChange, StoredItem
from multigrain.errors import InvalidEvent
from multigrain.events import ItemEvent, ItemPatched, ItemRemoved, ItemUpserted
from multigrain.index.item_rows import item_rows
from streaming.dead_letter import DeadLetter
from streaming.handlers.handler import Catalogue, Incoming, Stores
from streaming.targets import Target, Targets

NO_VERSION = 0
"""Older than every version that a sender may give."""


class ItemsHandler:
    """`durable` is the catalogue outside of any transaction: what is applied to it is committed."""

    def __init__(self, durable: Catalogue, targets: Targets) -> None:
        self._durable = durable
        self._targets = targets

    def prepare(self, batch: Sequence[Incoming]) -> None:
        """Gives new items their numbers, for good.

        The index is written before the batch commits. Were a number given in that same transaction, a rollback would
        free it for another item, while the index holds the first one's vector under it. So an item enters the
        catalogue as one that was removed before its first version, and its events then bring it in.
        """
        brought = {one.event.item.item_id: one.event for one in batch if isinstance(one.event, ItemUpserted)}
        if brought:
            # An encoder that is met for the first time takes seconds to load: not while the catalogue is locked.
            self._targets()
        unknown = brought.keys() - self._durable.get(list(brought)).keys()
        if unknown:
            self._durable.apply([_placeholder(brought[item_id]) for item_id in brought if item_id in unknown])

    def handle(self, batch: Sequence[Incoming], stores: Stores) -> list[DeadLetter]:
        changes = stores.catalogue.apply([one.event for one in batch if isinstance(one.event, ItemEvent)])
        written = [change.stored for change in changes if change.stored and _concerns_index(change)]
        removed = [change.stored.item_no for change in changes if change.stored and change.kind == "removed"]
        if written or removed:
            for target in self._targets():
                _write(target, written, removed)
        return _unknown(batch, changes)


def _placeholder(event: ItemUpserted) -> ItemRemoved:
    return ItemRemoved(
        event_id=event.event_id, at_ms=event.at_ms, item_id=event.item.item_id, source_version=NO_VERSION
    )


def _concerns_index(change: CatalogueChange) -> bool:
    return change.kind != "removed" and (change.tower_inputs_changed or change.hard_fields_changed)


def _write(target: Target, written: Sequence[StoredItem], removed: Sequence[int]) -> None:
    """One upsert and one delete, both acknowledged."""
    if written:
        target.index.upsert(item_rows(written, target.encoder.encode_items([stored.item for stored in written])))
    if removed:
        target.index.delete(np.array(removed, np.int64))


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
