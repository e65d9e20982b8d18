"""Users whose history fills every window of the paper, as rows of the feature store."""

from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa

from benchmarks.serving.shop import Shop
from multigrain.catalog.tables import user_states
from multigrain.features.stored_state import to_bytes
from multigrain.features.windows import DAY_MS, HOUR_MS, LONG_TERM_ACTIONS, WindowConfig
from multigrain.types import Action, BehaviorColumns, UserId, UserState

WRITE_AT_ONCE = 500
SEED = 11


def user_id(number: int) -> UserId:
    return UserId(f"shopper-{number:05d}")


def shopper(shop: Shop, number: int, items: int, windows: WindowConfig, now_ms: int) -> UserState:
    """What this user did in the month up to `now_ms`, on items of the first `items`."""
    rng = np.random.default_rng((SEED, number))
    parts = [
        (action, windows.long_length, windows.long_days * DAY_MS, windows.short_days * DAY_MS + HOUR_MS)
        for action in LONG_TERM_ACTIONS
    ]
    parts.append((Action.CLICK, windows.short_length, windows.short_days * DAY_MS, windows.realtime_hours * HOUR_MS))
    # An hour is left at the young end: a run that lasts so long still finds the window full.
    parts.append((Action.CLICK, windows.realtime_length, (windows.realtime_hours - 1) * HOUR_MS, 0))
    actions = np.concatenate([np.full(count, action, np.uint8) for action, count, _, _ in parts])
    ago = np.concatenate([rng.integers(int(young) + 1, int(old), count) for _, count, old, young in parts])
    order = np.argsort(-ago, kind="stable")
    numbers = rng.integers(0, items, len(order)).tolist()
    chosen = [shop.models[number % len(shop.models)] for number in numbers]
    queries = [shop.texts[row] for row in rng.integers(0, len(shop.texts), windows.queries_length)]
    return UserState(
        user_id=user_id(number),
        behaviors=BehaviorColumns(
            item_ids=tuple(shop.item_id(number) for number in numbers),
            leaf_categories=tuple(item.leaf_category for item in chosen),
            top_categories=tuple(item.top_category for item in chosen),
            brands=tuple(item.brand for item in chosen),
            shops=tuple(item.shop for item in chosen),
            actions=actions[order],
            at_ms=now_ms - ago[order],
        ),
        queries=tuple(queries),
        query_at_ms=now_ms - np.arange(len(queries), 0, -1, dtype=np.int64) * HOUR_MS,
        version=1,
    )


def write_shoppers(engine: sa.Engine, shop: Shop, users: int, items: int, windows: WindowConfig, now_ms: int) -> None:
    """Puts their states in the place of all there are: histories age, and a kept scene may be weeks old."""
    with engine.begin() as connection:
        connection.execute(sa.delete(user_states))
        for rows in _rows(shop, users, items, windows, now_ms):
            connection.execute(sa.insert(user_states), rows)


def _rows(shop: Shop, users: int, items: int, windows: WindowConfig, now_ms: int) -> Iterator[list[dict[str, object]]]:
    for start in range(0, users, WRITE_AT_ONCE):
        states = [
            shopper(shop, number, items, windows, now_ms) for number in range(start, min(start + WRITE_AT_ONCE, users))
        ]
        yield [
            {
                "user_id": state.user_id,
                "state": to_bytes(state),
                "version": state.version,
                "newest_ms": int(state.behaviors.at_ms[-1]),
            }
            for state in states
        ]
