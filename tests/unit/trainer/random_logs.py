"""Random logs for the tests of examples: equal times, strange items, robots, users without history; and the oracle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from multigrain.features.feature_store import BEHAVIORS_KEPT, QUERIES_KEPT
from multigrain.features.recorded import recorded
from multigrain.features.windows import DAY_MS, HOUR_MS, WindowConfig, Windows
from multigrain.types import Action, Behavior, BehaviorColumns, ItemId, UserId, UserQuery, UserState
from trainer.configs.config import TrainingConfig
from trainer.data.example import Example
from trainer.data.logs import CATALOG_SCHEMA, EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs

ITEMS = [f"sku-{i}" for i in range(6)]
STRANGE = "sku-unknown"
"""Not in the catalogue."""
TEST_HOURS = 48
SEARCHES_AN_HOUR, ACTIONS_AN_HOUR = 3, 4
CONFIG = TrainingConfig.model_validate(
    {
        "windows": {
            "realtime_hours": 24.0,
            "short_days": 3.0,
            "long_days": 8.0,
            "realtime_length": 3,
            "short_length": 4,
            "long_length": 2,
            "queries_length": 2,
        },
        "robots": {"searches_an_hour": SEARCHES_AN_HOUR, "actions_an_hour": ACTIONS_AN_HOUR},
        "run": {"test_hours": float(TEST_HOURS), "shards": 2},
    }
)

START_MS = 20_000 * DAY_MS
"""Times below count from here."""

# Half hours: several things happen at one time, and several within one clock hour.
times = st.integers(0, 10 * 48).map(lambda half_hours: half_hours * HOUR_MS // 2)
users = st.sampled_from("abcdef")
searched = st.tuples(users, times, st.sampled_from(["red dress", "连衣裙", "", "q"]))
acted = st.tuples(users, times, st.sampled_from([*ITEMS, STRANGE]), st.sampled_from(list(Action)), st.integers(0, 3))


@dataclass(frozen=True, slots=True)
class Told:
    """Logs, as rows to compute with and as tables to write."""

    searches: list[dict[str, Any]]
    events: list[dict[str, Any]]

    def tables(self) -> Logs:
        return Logs(
            catalog=pa.Table.from_pylist([_item(item_id) for item_id in ITEMS], schema=CATALOG_SCHEMA),
            searches=pa.Table.from_pylist(self.searches, schema=SEARCHES_SCHEMA),
            events=pa.Table.from_pylist(self.events, schema=EVENTS_SCHEMA),
        )

    def before(self, at_ms: int) -> "Told":
        return Told(*([row for row in rows if row["at_ms"] < at_ms] for rows in (self.searches, self.events)))

    @property
    def last_ms(self) -> int:
        return max((row["at_ms"] for row in (*self.searches, *self.events)), default=0)


def tell(searches: Sequence[tuple[str, int, str]], actions: Sequence[tuple[str, int, str, Action, int]]) -> Told:
    """An action belongs to one of its user's searches before or at it; the last number says to which, 0: to none."""
    asked = [
        {
            "search_id": f"s-{i}",
            "user_id": user,
            "at_ms": START_MS + at_ms,
            "query": query,
            "exposed_item_ids": _page(i),
        }
        for i, (user, at_ms, query) in enumerate(searches)
    ]
    done = []
    # Ids fall while rows rise: whoever takes the order of the rows for the order of the ids is found out.
    for i, (user, at_ms, item_id, action, back) in enumerate(actions):
        mine = [row["search_id"] for row in asked if row["user_id"] == user and row["at_ms"] <= START_MS + at_ms]
        of_search = mine[-back] if 0 < back <= len(mine) else None
        row = {"event_id": f"e-{1000 - i}", "user_id": user, "item_id": item_id, "action": action.name.lower()}
        done.append({**row, "at_ms": START_MS + at_ms, "search_id": of_search})
    return Told(asked, done)


logs = st.builds(tell, st.lists(searched, min_size=1, max_size=30), st.lists(acted, max_size=120))


def expected(told: Told, split_ms: int, windows: WindowConfig) -> dict[str, dict[str, tuple[object, ...]]]:
    """part -> search id -> everything in the example, the slow way, straight from the definitions."""
    found: dict[str, dict[str, tuple[object, ...]]] = {"train": {}, "test": {}}
    for search in told.searches:
        part = "train" if search["at_ms"] < split_ms else "test"
        known = told.before(split_ms) if part == "train" else told
        done = _by_time([row for row in known.events if row["search_id"] == search["search_id"]], "event_id")
        if done and search["user_id"] not in robots(known):
            found[part][search["search_id"]] = (*_outcome(search, done), *_history(told, search, windows))
    return found


def robots(told: Told) -> set[str]:
    """Users with too many rows in one hour."""
    found = set()
    for rows, limit in ((told.searches, SEARCHES_AN_HOUR), (told.events, ACTIONS_AN_HOUR)):
        hours = [(row["user_id"], row["at_ms"] // HOUR_MS) for row in rows]
        found |= {user for user, hour in hours if hours.count((user, hour)) > limit}
    return found


def state_at(told: Told, user: str, at_ms: int) -> UserState:
    """What the feature store would hold: everything before `at_ms` recorded as it came."""
    events = _by_time([row for row in told.before(at_ms).events if row["user_id"] == user], "event_id")
    asked = _by_time([row for row in told.before(at_ms).searches if row["user_id"] == user], "search_id")
    queries = [
        UserQuery(event_id=row["search_id"], user_id=UserId(user), text=row["query"], at_ms=row["at_ms"])
        for row in asked
    ]
    return recorded(UserState(user_id=UserId(user)), [_behavior(row) for row in events], queries)


def facts(example: Example) -> tuple[object, ...]:
    """Everything in an example, comparable: arrays are not."""
    outcome = (example.clicked, example.ordered, example.unclicked)
    return (example.user_id, example.at_ms, example.query, *outcome, *history_facts(example.history))


def history_facts(history: Windows) -> tuple[object, ...]:
    windows = (history.realtime, history.short, *(history.long[action] for action in sorted(history.long)))
    return (history.queries, *(_columns(rows) for rows in windows))


def _outcome(search: dict[str, Any], done: list[dict[str, Any]]) -> tuple[object, ...]:
    clicked = tuple(dict.fromkeys(row["item_id"] for row in done))
    ordered = tuple(dict.fromkeys(row["item_id"] for row in done if row["action"] == "order"))
    page = search["exposed_item_ids"]
    last = max((rank for rank, item_id in enumerate(page) if item_id in clicked), default=-1)
    unclicked = tuple(item_id for item_id in page[: last + 1] if item_id not in clicked)
    return (search["user_id"], search["at_ms"], search["query"], clicked, ordered, unclicked)


def _history(told: Told, search: dict[str, Any], windows: WindowConfig) -> tuple[object, ...]:
    """By the definitions, and not by `split`: (item, time) pairs are sorted, cut and counted anew."""
    now, day = search["at_ms"], 24 * HOUR_MS
    past = _by_time([row for row in told.before(now).events if row["user_id"] == search["user_id"]], "event_id")
    past = past[-BEHAVIORS_KEPT:]
    clicks = [row for row in past if row["action"] == "click"]
    today = [row for row in clicks if now - row["at_ms"] <= windows.realtime_hours * HOUR_MS]
    realtime = today[-windows.realtime_length :]
    older = [row for row in clicks if row not in realtime and now - row["at_ms"] <= windows.short_days * day]
    old = [row for row in past if windows.short_days * day < now - row["at_ms"] <= windows.long_days * day]
    long = [
        [row for row in old if row["action"] == action.name.lower()][-windows.long_length :]
        for action in (Action.CLICK, Action.COLLECT, Action.ORDER)
    ]
    asked = _by_time([row for row in told.before(now).searches if row["user_id"] == search["user_id"]], "search_id")
    queries = tuple(row["query"] for row in asked[-min(windows.queries_length, QUERIES_KEPT) :])
    parts = (realtime, older[-windows.short_length :], *long)
    return (queries, *(_columns(BehaviorColumns.of([_behavior(row) for row in part])) for part in parts))


def _behavior(row: dict[str, Any]) -> Behavior:
    known = row["item_id"] in ITEMS
    return Behavior(
        event_id=row["event_id"],
        user_id=UserId(row["user_id"]),
        item_id=ItemId(row["item_id"]),
        action=Action[row["action"].upper()],
        at_ms=row["at_ms"],
        leaf_category=f"leaf of {row['item_id']}" if known else "",
        top_category="women" if known else "",
        brand=f"brand of {row['item_id']}" if known else "",
        shop="shop" if known else "",
    )


def _columns(rows: BehaviorColumns) -> tuple[object, ...]:
    sides = (rows.leaf_categories, rows.top_categories, rows.brands, rows.shops)
    return (rows.item_ids, *sides, tuple(rows.actions.tolist()), tuple(rows.at_ms.tolist()))


def _by_time(rows: list[dict[str, Any]], then: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["at_ms"], row[then]))


def _page(number: int) -> list[str]:
    """Another page for each search; one in four was not recorded."""
    return ITEMS[number % 3 :] + ITEMS[: number % 3] if number % 4 else []


def _item(item_id: str) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "title": "dress",
        "brand": f"brand of {item_id}",
        "category_path": ["women", "dresses", f"leaf of {item_id}"],
        "shop": "shop",
        "price": 1.0,
        "stock": 1,
        "status": "active",
        "attributes": [],
        "source_version": 1,
        "listed_ms": 0,
    }
