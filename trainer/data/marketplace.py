"""A small simulated marketplace: a catalogue, users with a taste, and some days of searches, clicks and orders.

Deterministic: one seed, one shop, on every machine. What it is honest about: people choose by relevance, taste and
price among what an imperfect engine shows them, so a model that knows a user's history can do better than one that
does not. What it is not: a measurement of any real shop.
"""

import numpy as np
import pyarrow as pa

from multigrain.types import ItemStatus
from trainer.data.logs import BRAND_SYNONYMS, CATALOG_SCHEMA, EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs
from trainer.data.market_clicks import Engine, Page, choose
from trainer.data.market_items import MarketItems, Rng, make_items
from trainer.data.market_queries import make_need
from trainer.data.market_users import MarketUsers, drifting_interest, make_users, todays_leaf
from trainer.data.market_words import BRANDS, COLOURS, GENDER_OF_TOP, LEAVES

DAY_MS = 86_400_000
FIRST_DAY_MS = 1_793_491_200_000
"""2026-11-01 00:00 UTC."""


def make_marketplace(
    items: int = 4000, users: int = 600, days: int = 14, seed: int = 0, *, first_day_ms: int = FIRST_DAY_MS
) -> Logs:
    """Logs of `days` days, the last of which is meant for testing. `Logs.last_ms` is when they end.

    `first_day_ms` is the midnight (UTC) at which they begin: another one moves every time and changes nothing else.
    """
    rng = np.random.default_rng(seed)
    goods = make_items(items, rng)
    people = make_users(users, rng)
    searches, events = _simulate(goods, people, days, rng, first_day_ms)
    return Logs(catalog=_catalog(goods, rng, first_day_ms), searches=searches, events=events)


def item_id(row: int) -> str:
    return f"sku-{row:06d}"


def _simulate(
    goods: MarketItems, people: MarketUsers, days: int, rng: Rng, first_day_ms: int
) -> tuple[pa.Table, pa.Table]:
    engine = Engine(goods)
    interest = drifting_interest(people, days, rng)
    log = _Log()
    for day in range(days):
        for user in range(len(people)):
            for after_ms in _search_times(people, user, day, rng):
                leaf = todays_leaf(people, interest, user, day, rng)
                need = make_need(people, user, leaf, rng)
                shown = engine.search(need, people, user, rng)
                log.write(user, first_day_ms + after_ms, need.text, choose(goods, people, user, need, shown, rng))
    return log.tables()


def _search_times(people: MarketUsers, user: int, day: int, rng: Rng) -> list[int]:
    """Searches of one user on one day, in order, as milliseconds since the first day began: a few minutes apart, around
    the clock time that the user likes.
    """
    count = int(rng.poisson(people.activity[user]))
    hours = np.sort(rng.normal(14 + 6 * np.sin(user), 2.5, count).clip(0, 23.0)) + np.arange(count) * 0.1
    return [day * DAY_MS + int(min(hour, 23.8) * 3_600_000) + i for i, hour in enumerate(hours)]


class _Log:
    """Rows as they happen; tables in order of time at the end."""

    def __init__(self) -> None:
        self._searches: list[tuple[str, str, int, str, list[str]]] = []
        self._events: list[tuple[str, str, str, str, int, str]] = []

    def write(self, user: int, at_ms: int, query: str, page: Page) -> None:
        search_id = f"search-{len(self._searches):07d}"
        user_id = f"user-{user:05d}"
        self._searches.append((search_id, user_id, at_ms, query, [item_id(row) for row in page.shown]))
        for row, action, seconds in page.actions:
            event_id = f"event-{len(self._events):07d}"
            at = at_ms + 1000 * seconds
            self._events.append((event_id, user_id, item_id(row), action.name.lower(), at, search_id))

    def tables(self) -> tuple[pa.Table, pa.Table]:
        self._searches.sort(key=lambda row: (row[2], row[0]))
        self._events.sort(key=lambda row: (row[4], row[0]))
        return _table(self._searches, SEARCHES_SCHEMA), _table(self._events, EVENTS_SCHEMA)


def _table(
    rows: list[tuple[str, str, int, str, list[str]]] | list[tuple[str, str, str, str, int, str]], schema: pa.Schema
) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [() for _ in schema]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _catalog(goods: MarketItems, rng: Rng, first_day_ms: int) -> pa.Table:
    count = len(goods)
    listed = first_day_ms - rng.integers(1, 300, count) * DAY_MS
    columns = {
        "item_id": [item_id(row) for row in range(count)],
        "title": goods.titles,
        "brand": [BRANDS[number].name for number in goods.brand],
        "category_path": [LEAVES[number].path for number in goods.leaf],
        "shop": goods.shops,
        "price": goods.price,
        "stock": rng.integers(0, 200, count),
        "status": [ItemStatus.ACTIVE.name.lower()] * count,
        "attributes": [_attributes(goods, row) for row in range(count)],
        "source_version": np.ones(count, np.int64),
        "listed_ms": listed,
    }
    arrays = [pa.array(columns[field.name], field.type) for field in CATALOG_SCHEMA]
    return pa.table(arrays, schema=CATALOG_SCHEMA)


def _attributes(goods: MarketItems, row: int) -> list[tuple[str, str]]:
    top = LEAVES[goods.leaf[row]].top.en
    synonyms = BRANDS[goods.brand[row]].synonyms
    pairs = [("colour", COLOURS[goods.colour[row]].en)]
    if top in GENDER_OF_TOP:
        pairs.append(("gender", GENDER_OF_TOP[top]))
    if synonyms:
        pairs.append((BRAND_SYNONYMS, "|".join(synonyms)))
    return pairs
