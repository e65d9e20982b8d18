"""Logs of busy users, made by NumPy in seconds: for measuring the examples job, and with no shop behind them.

Eight days of searches, as in the paper, behind thirty days of behaviour.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from multigrain.features.windows import DAY_MS
from multigrain.types import Action
from trainer.data.logs import CATALOG_SCHEMA, EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs, write_logs

BEHAVIORS_A_SEARCH = 110
"""On average, before each search."""

_FIRST_MS = 20_000 * DAY_MS
_DAYS, _SEARCH_DAYS = 30, 8
_SEARCHES_A_USER = 20
_BROWSED_A_USER = 120
"""Behaviours that come from no search: 26 / 30 of them, 104, lie before the average search; its user's clicks on
earlier searches come on top."""
_SHOWN = 20
_ITEMS = 200_000

Ints = NDArray[np.int64]


def write_search_logs(folder: Path, *, searches: int, seed: int = 0) -> None:
    """Writes `searches` searches of one user in 20 as many, each with a click or two."""
    rng = np.random.default_rng(seed)
    users, items = _names("user", searches // _SEARCHES_A_USER), _names("item", _ITEMS)
    who = rng.permutation(np.arange(searches) % len(users))
    when = np.sort(_FIRST_MS + (_DAYS - _SEARCH_DAYS) * DAY_MS + rng.integers(0, _SEARCH_DAYS * DAY_MS, searches))
    shown = rng.integers(0, _ITEMS, (searches, _SHOWN))
    search_ids = _names("search", searches)
    asked = pa.table(
        {
            "search_id": search_ids,
            "user_id": users.take(pa.array(who)),
            "at_ms": when,
            "query": _names("red shoes model", searches // 8).take(pa.array(_often(rng, searches, searches // 8))),
            "exposed_item_ids": _lists(items.take(pa.array(shown.ravel())), _SHOWN),
        },
        schema=SEARCHES_SCHEMA,
    )
    clicked = np.repeat(np.arange(searches), rng.integers(1, 3, searches))
    browsed = len(users) * _BROWSED_A_USER
    of_user = np.concatenate([np.repeat(np.arange(len(users)), _BROWSED_A_USER), who[clicked]])
    at_ms = np.concatenate(
        [
            _FIRST_MS + rng.integers(0, _DAYS * DAY_MS, browsed),
            when[clicked] + rng.integers(1_000, 60_000, len(clicked)),
        ]
    )
    item = np.concatenate([_often(rng, browsed, _ITEMS), shown[clicked, rng.integers(0, _SHOWN, len(clicked))]])
    from_search = np.concatenate([np.zeros(browsed, np.int64), clicked])
    order = np.argsort(at_ms, kind="stable")
    names = pa.array([action.name.lower() for action in Action])
    done = pa.table(
        {
            "event_id": _names("event", len(order)),
            "user_id": users.take(pa.array(of_user[order])),
            "item_id": items.take(pa.array(item[order])),
            "action": names.take(pa.array(rng.choice(len(Action), len(order), p=[0.8, 0.08, 0.07, 0.05]))),
            "at_ms": at_ms[order],
            "search_id": pc.if_else(
                pa.array(order >= browsed), search_ids.take(pa.array(from_search[order])), pa.scalar(None, pa.string())
            ),
        },
        schema=EVENTS_SCHEMA,
    )
    write_logs(folder, Logs(catalog=_catalog(rng, items), searches=asked, events=done))


def _catalog(rng: np.random.Generator, items: pa.Array) -> pa.Table:
    count = len(items)
    leaf = rng.integers(0, 500, count)
    path = np.stack([leaf // 50, 500 + leaf // 10, leaf], axis=1).ravel()
    return pa.table(
        {
            "item_id": items,
            "title": _names("title of", count),
            "brand": _names("brand", 5_000).take(pa.array(rng.integers(0, 5_000, count))),
            "category_path": _lists(_names("category", 600).take(pa.array(path)), 3),
            "shop": _names("shop", 20_000).take(pa.array(rng.integers(0, 20_000, count))),
            "price": np.ones(count),
            "stock": np.ones(count, np.int64),
            "status": pa.array(["active"] * count),
            "attributes": pa.array([[]] * count, pa.map_(pa.string(), pa.string())),
            "source_version": np.ones(count, np.int64),
            "listed_ms": np.full(count, _FIRST_MS),
        },
        schema=CATALOG_SCHEMA,
    )


def _names(word: str, count: int) -> pa.Array:
    return pa.array([f"{word} {number}" for number in range(count)])


def _lists(values: pa.Array, length: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(range(0, len(values) + 1, length), pa.int32()), values)


def _often(rng: np.random.Generator, count: int, kinds: int) -> Ints:
    """`count` draws of `kinds`, few of them often and most of them rarely."""
    return (rng.pareto(0.8, count) * 1_000).astype(np.int64) % kinds
