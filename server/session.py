"""Read your own writes: the request's events join the stored history, which the stream may not have brought up to date.

Pure. Knows no window and no model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from multigrain.catalog.columns import UNKNOWN, CatalogueColumns
from multigrain.types import Behavior, BehaviorColumns, UserId, UserState
from server.request import SessionEvent


def brought(
    state: UserState, events: Sequence[SessionEvent], columns: CatalogueColumns, now_ms: int
) -> tuple[Behavior, ...]:
    """Of these events, those that the history lacks, as it would hold them."""
    if not events:
        return ()
    known = set(_keys(state.behaviors))
    added = [event for event in dict.fromkeys(events) if (event.item_id, int(event.action), event.at_ms) not in known]
    return tuple(_behavior(event, columns, now_ms) for event in added)


def joined(state: UserState, session: Sequence[Behavior]) -> UserState:
    """The history with these in it, each in its place by time."""
    return replace(state, behaviors=_joined(state.behaviors, session)) if session else state


def _keys(behaviors: BehaviorColumns) -> Iterator[tuple[str, int, int]]:
    return zip(behaviors.item_ids, behaviors.actions.tolist(), behaviors.at_ms.tolist(), strict=True)


def _behavior(event: SessionEvent, columns: CatalogueColumns, now_ms: int) -> Behavior:
    """The event with the item's side features; they stay empty when the catalogue does not know the item."""
    item_no = columns.item_no_of(event.item_id) or UNKNOWN
    path = columns.category_path_of(item_no) or ("",)
    return Behavior(
        event_id="",
        user_id=UserId(""),
        item_id=event.item_id,
        action=event.action,
        # A caller's clock may run ahead of ours; what it says happened, happened before now.
        at_ms=min(event.at_ms, now_ms - 1),
        leaf_category=path[-1],
        top_category=path[0],
        brand=columns.brand_of(item_no),
        shop=columns.shop_of(item_no),
    )


def _joined(stored: BehaviorColumns, added: Sequence[Behavior]) -> BehaviorColumns:
    new = BehaviorColumns.of(added)
    at_ms = np.concatenate([stored.at_ms, new.at_ms])
    both = BehaviorColumns(
        item_ids=stored.item_ids + new.item_ids,
        leaf_categories=stored.leaf_categories + new.leaf_categories,
        top_categories=stored.top_categories + new.top_categories,
        brands=stored.brands + new.brands,
        shops=stored.shops + new.shops,
        actions=np.concatenate([stored.actions, new.actions]),
        at_ms=at_ms,
    )
    return both.take(np.argsort(at_ms, kind="stable"))
