"""Builders of the shop's words, so that a test names only what it is about."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np

from multigrain.events import Carted, Clicked, Collected, ItemUpserted, Ordered, Searched
from multigrain.features.windows import WindowConfig, Windows
from multigrain.text.analyzer import analyze
from multigrain.types import Action, Behavior, Float32s, Item, ItemId, UserId, UserQuery

NOON_MS = 1_793_880_000_000
"""2026-11-05 12:00 UTC: the usual now of tests."""
MINUTE_MS = 60_000


def an_item(number: int = 1, **changes: Any) -> Item:  # Any: whatever field the test is about
    """Item `number`: 'sku-1', a black adidas running shoe; every field can be changed by name."""
    fields: dict[str, Any] = {
        "item_id": ItemId(f"sku-{number}"),
        "title": f"adidas ultraboost running shoes men black {number}",
        "brand": "adidas",
        "category_path": ("sports", "shoes", "running shoes"),
        "shop": "shop-1",
        "price": 100.0,
        "stock": 10,
        "source_version": 1,
    }
    return Item(**{**fields, **changes})


def an_upsert(item: Item | None = None, **changes: Any) -> ItemUpserted:  # Any: as above
    """The event that brings `item`."""
    brought = item or an_item(**changes)
    event_id = f"up-{brought.item_id}-{brought.source_version}"
    return ItemUpserted(event_id=event_id, at_ms=NOON_MS, item=brought)


def a_click(item_id: str = "sku-1", *, user_id: str = "user-1", minutes_ago: float = 10, event_id: str = "") -> Clicked:
    at_ms = NOON_MS - int(minutes_ago * MINUTE_MS)
    return Clicked(
        event_id=event_id or f"click-{user_id}-{item_id}-{at_ms}",
        at_ms=at_ms,
        user_id=UserId(user_id),
        item_id=ItemId(item_id),
    )


def an_action(
    kind: type[Clicked | Collected | Carted | Ordered],
    item_id: str = "sku-1",
    *,
    user_id: str = "user-1",
    minutes_ago: float = 10,
) -> Clicked | Collected | Carted | Ordered:
    at_ms = NOON_MS - int(minutes_ago * MINUTE_MS)
    event_id = f"{kind.__name__}-{user_id}-{item_id}-{at_ms}"
    return kind(event_id=event_id, at_ms=at_ms, user_id=UserId(user_id), item_id=ItemId(item_id))


def a_search(
    query: str = "red dress", *, user_id: str = "user-1", minutes_ago: float = 10, exposed: tuple[str, ...] = ()
) -> Searched:
    at_ms = NOON_MS - int(minutes_ago * MINUTE_MS)
    return Searched(
        event_id=f"search-{user_id}-{at_ms}",
        at_ms=at_ms,
        user_id=UserId(user_id),
        search_id=f"s-{user_id}-{at_ms}",
        query=query,
        exposed_item_ids=tuple(ItemId(item_id) for item_id in exposed),
    )


def a_behavior(
    item_id: str = "sku-1",
    *,
    user_id: str = "user-1",
    action: Action = Action.CLICK,
    minutes_ago: float = 10,
    event_id: str = "",
    brand: str = "adidas",
) -> Behavior:
    at_ms = NOON_MS - int(minutes_ago * MINUTE_MS)
    return Behavior(
        event_id=event_id or f"{action.name}-{user_id}-{item_id}-{at_ms}",
        user_id=UserId(user_id),
        item_id=ItemId(item_id),
        action=action,
        at_ms=at_ms,
        leaf_category="running shoes",
        top_category="sports",
        brand=brand,
        shop="shop-1",
    )


def a_user_query(text: str = "red dress", *, user_id: str = "user-1", minutes_ago: float = 10) -> UserQuery:
    at_ms = NOON_MS - int(minutes_ago * MINUTE_MS)
    return UserQuery(event_id=f"query-{user_id}-{at_ms}", user_id=UserId(user_id), text=text, at_ms=at_ms)


class WordEncoder:
    """A real, if simple, encoder for tests of what stands around a model: a text's vector is the normalised sum of its
    words' fixed random vectors, and a query leans towards the brands of the user's real-time window.
    """

    bundle_id = "b-words"
    windows = WindowConfig()

    def __init__(self, dims: int = 32, *, seed: int = 0) -> None:
        self.dims = dims
        self._seed = seed

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        rows = [self._text(text) + 0.5 * self._text(" ".join(history.realtime.brands)) for text, history in queries]
        return np.stack(rows).astype(np.float32)

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        return np.stack([self._text(item.title) for item in items]).astype(np.float32)

    def _text(self, text: str) -> Float32s:
        total = np.zeros(self.dims, np.float32)
        for word in analyze(text).words:
            total += np.random.default_rng(crc32(word.encode()) + self._seed).normal(size=self.dims).astype(np.float32)
        return total / max(float(np.linalg.norm(total)), 1e-9)
