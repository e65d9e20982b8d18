"""Users of a shop for a bench: how often each comes, and states for all of them, written in bulk."""

from collections.abc import Callable

import numpy as np
import sqlalchemy as sa

from multigrain.database import writing
from multigrain.features.appended import appended
from multigrain.features.news import News
from multigrain.features.postgres import PostgresRows
from multigrain.features.rows import Rows, StateRow
from multigrain.features.sqlite import SqliteRows
from multigrain.types import Action, Behavior, Int64s, ItemId, UserId

WRITE_AT_ONCE = 10_000
HOUR_MS = 3_600_000


def user_id_of(number: int) -> UserId:
    return UserId(f"user-{number:07d}")


def zipf(users: int, count: int, rng: np.random.Generator) -> Int64s:
    """Who comes, `count` times: the n-th of the users 1/n as often as the first. In a shop, few come often."""
    weights = 1 / np.arange(1, users + 1)
    return rng.choice(users, count, p=weights / weights.sum()).astype(np.int64)


def write_states(engine: sa.Engine, users: int, *, behaviors: int, before_ms: int, say: Callable[[str], None]) -> None:
    """A state of so many behaviours for each of the users; it is the same for all, since only its size is felt."""
    rows: Rows = PostgresRows() if engine.dialect.name == "postgresql" else SqliteRows()
    state, newest_ms = appended(b"", News([_behavior(n, before_ms - (n + 1) * HOUR_MS) for n in range(behaviors)]))
    for start in range(0, users, WRITE_AT_ONCE):
        say(f"writing states, {start:,} of {users:,}")
        numbers = range(start, min(start + WRITE_AT_ONCE, users))
        with writing(engine) as connection:
            rows.write_states(connection, [StateRow(user_id_of(n), state, 1, newest_ms) for n in numbers])


def _behavior(number: int, at_ms: int) -> Behavior:
    return Behavior(
        event_id=f"before-{number}",
        user_id=user_id_of(0),
        item_id=ItemId(f"sku-{number * 7919 % 5_000}"),
        action=Action.CLICK,
        at_ms=at_ms,
        leaf_category=f"leaf{number % 20}",
        top_category=f"top{number % 5}",
        brand=f"brand{number % 30}",
        shop=f"shop-{number % 30}",
    )
