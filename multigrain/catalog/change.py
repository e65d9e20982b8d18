"""What one batch of events does to one item. Pure: who keeps the item is another matter.

The source version is the fence: an event that is not newer than what is kept changes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from multigrain.events import ItemEvent, ItemPatched, ItemRemoved, ItemUpserted
from multigrain.types import Item, ItemId, ItemStatus

Kind = Literal["new", "changed", "patched", "removed", "stale", "unknown"]


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as the catalogue keeps it."""

    item_no: int
    """Dense, from 1, never given to another item."""
    item: Item
    revision: int
    """Of the catalogue, at the item's last change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChange:
    """What a batch did to one item."""

    item_id: ItemId
    stored: StoredItem | None
    """As it is now. None: the catalogue does not know it (kind unknown)."""
    kind: Kind
    """unknown: a patch came for an item that the catalogue does not have, or has no longer."""
    tower_inputs_changed: bool
    """Its vector must be computed again."""
    hard_fields_changed: bool
    """What the index filters on changed."""


def item_id_of(event: ItemEvent) -> ItemId:
    return event.item.item_id if isinstance(event, ItemUpserted) else event.item_id


def after(before: Item | None, events: Sequence[ItemEvent]) -> tuple[Item | None, Kind]:
    """The item after these events, in their order, and what they were to it. None: still unknown."""
    item, patched_only, unknown = before, True, False
    for event in events:
        if isinstance(event, ItemPatched) and (item is None or item.status is ItemStatus.REMOVED):
            unknown = True
        elif item is None or _version(event) > item.source_version:
            item = _applied(item, event)
            patched_only = patched_only and isinstance(event, ItemPatched)
    return item, _kind(before, item, patched_only=patched_only, unknown=unknown)


def strayed(before: Item, events: Sequence[ItemEvent]) -> bool:
    """Whether the item, between these events, looked to an index as it did not before them.

    An attempt at a part of this batch may have died between its index writes and its commit. What it wrote may be
    undone by an event further on: then the index must be written although, in the end, nothing changed.
    """
    item, look = before, _look(before)
    for event in events if len(events) > 1 else ():
        is_patch_of_nothing = isinstance(event, ItemPatched) and item.status is ItemStatus.REMOVED
        if _version(event) > item.source_version and not is_patch_of_nothing:
            item = _applied(item, event)
            if _look(item) != look:
                return True
    return False


def _look(item: Item) -> tuple[object, ...]:
    return item.title, *hard_fields(item)


def tower_hash(item: Item) -> bytes:
    """Of what the item tower reads: title, brand, category path, shop."""
    digest = hashlib.blake2b(digest_size=16)
    for text in (item.title, item.brand, item.shop, *item.category_path):
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(4) + encoded)
    return digest.digest()


def hard_fields(item: Item) -> tuple[str, tuple[str, ...], str, ItemStatus]:
    """What the index filters on."""
    return item.brand, item.category_path, item.shop, item.status


def _version(event: ItemEvent) -> int:
    return event.item.source_version if isinstance(event, ItemUpserted) else event.source_version


def _applied(item: Item | None, event: ItemEvent) -> Item:
    match event:
        case ItemUpserted():
            return event.item
        case ItemRemoved():
            # A tombstone: it keeps an older upsert, come late, from bringing the item back.
            gone = item or _never_seen(event.item_id)
            return replace(gone, status=ItemStatus.REMOVED, source_version=event.source_version)
        case ItemPatched():
            assert item is not None
            return replace(
                item,
                source_version=event.source_version,
                price=item.price if event.price is None else event.price,
                stock=item.stock if event.stock is None else event.stock,
                status=item.status if event.status is None else event.status,
            )
    assert_never(event)


def _never_seen(item_id: ItemId) -> Item:
    return Item(item_id=item_id, title="", brand="", category_path=("",), shop="", price=0.0, stock=0, source_version=0)


def _kind(before: Item | None, now: Item | None, *, patched_only: bool, unknown: bool) -> Kind:
    if now is before:
        return "unknown" if unknown else "stale"
    assert now is not None
    if now.status is ItemStatus.REMOVED:
        return "removed"
    if before is None or before.status is ItemStatus.REMOVED:
        return "new"
    return "patched" if patched_only else "changed"
