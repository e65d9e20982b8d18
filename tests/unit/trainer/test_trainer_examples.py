"""Examples never see the future: compared with an oracle that does it the slow way, over random logs."""

from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.features.windows import DAY_MS, HOUR_MS, WindowConfig
from multigrain.types import Action
from tests.small_training import small_logs
from trainer.data.example import Example
from trainer.data.example_rows import read_examples
from trainer.data.examples import make_examples, read_manifest, write_examples
from trainer.data.logs import CATALOG_SCHEMA, EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs

WINDOWS = WindowConfig(
    realtime_hours=24, short_days=3, long_days=8, realtime_length=3, short_length=4, long_length=2, queries_length=2
)
ITEMS = [f"sku-{i}" for i in range(6)]

hours = st.integers(0, 10 * 24)
searched = st.tuples(st.sampled_from("ab"), hours)
acted = st.tuples(st.sampled_from("ab"), hours, st.sampled_from(ITEMS), st.sampled_from(list(Action)), st.booleans())


def logs_of(searches: list[tuple[str, int]], actions: list[tuple[str, int, str, Action, bool]]) -> Logs:
    """Searches at whole hours; an action belongs to its user's last search before or at it, where it may have one."""
    catalog = [
        {
            "item_id": item_id,
            "title": "dress",
            "brand": f"brand of {item_id}",
            "category_path": ["women", f"leaf of {item_id}"],
            "shop": "shop",
            "price": 1.0,
            "stock": 1,
            "status": "active",
            "attributes": [],
            "source_version": 1,
            "listed_ms": 0,
        }
        for item_id in ITEMS
    ]
    rows = [
        {"search_id": f"s-{i}", "user_id": user, "at_ms": hour * HOUR_MS, "query": f"q{i}", "exposed_item_ids": ITEMS}
        for i, (user, hour) in enumerate(searches)
    ]
    events = []
    for i, (user, hour, item_id, action, of_search) in enumerate(actions):
        at_ms = hour * HOUR_MS
        before = [row for row in rows if row["user_id"] == user and row["at_ms"] <= at_ms]
        events.append(
            {
                "event_id": f"e-{i}",
                "user_id": user,
                "item_id": item_id,
                "action": action.name.lower(),
                "at_ms": at_ms,
                "search_id": before[-1]["search_id"] if before and of_search else None,
            }
        )
    return Logs(
        catalog=pa.Table.from_pylist(catalog, schema=CATALOG_SCHEMA),
        searches=pa.Table.from_pylist(rows, schema=SEARCHES_SCHEMA),
        events=pa.Table.from_pylist(events, schema=EVENTS_SCHEMA),
    )


def the_slow_way(logs: Logs, user: str, now_ms: int) -> dict[str, list[tuple[str, int]]]:
    """(item, time) of each window, straight from the definitions, oldest first."""
    past = sorted(
        (
            (row["at_ms"], row["event_id"], row["item_id"], Action[row["action"].upper()])
            for row in logs.events.to_pylist()
            if row["user_id"] == user and row["at_ms"] < now_ms
        ),
        key=lambda row: row[:2],
    )
    clicks = [(item, at) for at, _, item, action in past if action is Action.CLICK and at >= now_ms - 3 * DAY_MS]
    real = [row for row in clicks if row[1] >= now_ms - 24 * HOUR_MS][-3:]
    rest = clicks[: len(clicks) - len(real)]
    found = {"realtime": real, "short": rest[-4:]}
    for wanted in (Action.CLICK, Action.ORDER, Action.COLLECT):
        old = [(i, at) for at, _, i, action in past if action is wanted]
        found[wanted.name] = [row for row in old if now_ms - 8 * DAY_MS <= row[1] < now_ms - 3 * DAY_MS][-2:]
    return found


def of_user_and_hour(row: tuple[object, ...]) -> tuple[object, ...]:
    """No two of one user in one hour: equal times have no order that an oracle could know."""
    return row[:2]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(searched, max_size=8, unique_by=of_user_and_hour), st.lists(acted, max_size=30, unique_by=of_user_and_hour)
)
def test_history_is_what_the_definitions_say_and_nothing_of_the_future(
    searches: list[tuple[str, int]], actions: list[tuple[str, int, str, Action, bool]]
) -> None:
    logs = logs_of(searches, actions)
    examples = list(make_examples(logs, windows=WINDOWS))
    assert {example.search_id for example in examples} == set(logs.events["search_id"].to_pylist()) - {None}
    for example in examples:
        history = example.history
        windows = {"realtime": history.realtime, "short": history.short}
        windows |= {action.name: rows for action, rows in history.long.items()}
        found = {name: list(zip(rows.item_ids, rows.at_ms.tolist(), strict=True)) for name, rows in windows.items()}
        assert found == the_slow_way(logs, example.user_id, example.at_ms)
        assert all(at < example.at_ms for rows in found.values() for _, at in rows)
        clicks = found["realtime"] + found["short"] + found["CLICK"]
        assert len(clicks) == len(set(clicks)), "windows overlap"
        earlier = sorted(
            (hour * HOUR_MS, f"q{i}") for i, (user, hour) in enumerate(searches) if user == example.user_id
        )
        assert history.queries == tuple(text for at, text in earlier if at < example.at_ms)[-2:]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(searched, max_size=8, unique_by=of_user_and_hour),
    st.lists(acted, max_size=30, unique_by=of_user_and_hour),
    hours,
)
def test_training_part_is_the_same_without_the_test_day(
    searches: list[tuple[str, int]], actions: list[tuple[str, int, str, Action, bool]], hour: int
) -> None:
    """What happens from the cut on changes nothing before it, labels included."""
    logs, cut = logs_of(searches, actions), hour * HOUR_MS
    keep = [row for row in logs.events.to_pylist() if row["at_ms"] < cut]
    early = Logs(catalog=logs.catalog, searches=logs.searches, events=pa.Table.from_pylist(keep, schema=EVENTS_SCHEMA))
    with_future = [_facts(e) for e in make_examples(logs, windows=WINDOWS, until_ms=cut)]
    assert with_future == [_facts(e) for e in make_examples(early, windows=WINDOWS) if e.at_ms < cut]


def test_clicked_ordered_and_unclicked_are_told_apart() -> None:
    order = ("a", 5, "sku-2", Action.ORDER, True)
    actions = [("a", 3, "sku-2", Action.CLICK, True), ("a", 4, "sku-0", Action.CLICK, True), order]
    (example,) = make_examples(logs_of([("a", 3)], actions), windows=WINDOWS)
    assert example.clicked == ("sku-2", "sku-0")
    assert example.ordered == ("sku-2",)
    assert example.unclicked == ("sku-1",), "sku-3 to sku-5 stand below the last click: perhaps never seen"


def test_a_click_at_the_very_time_of_the_search_is_not_its_history() -> None:
    at_once = ("a", 3, "sku-1", Action.CLICK, False)
    later = ("a", 4, "sku-2", Action.CLICK, True)
    (example,) = make_examples(logs_of([("a", 3)], [at_once, later]), windows=WINDOWS)
    assert len(example.history.realtime) == 0


def test_shards_hold_the_examples_and_the_last_day_is_for_testing(tmp_path: Path) -> None:
    logs = small_logs()
    manifest = write_examples(logs, tmp_path, windows=WINDOWS, shards=3)
    train, test = list(read_examples(tmp_path, "train")), list(read_examples(tmp_path, "test"))
    assert manifest == read_manifest(tmp_path)
    assert (len(train), len(test)) == (manifest.train, manifest.test)
    assert len(train) > 3 * len(test) > 0
    assert max(e.at_ms for e in train) < manifest.test_from_ms <= min(e.at_ms for e in test)
    assert manifest.test_from_ms == logs.last_ms + 1 - DAY_MS
    made = {e.search_id: _facts(e) for e in make_examples(logs, windows=WINDOWS, until_ms=manifest.test_from_ms)}
    assert {e.search_id: _facts(e) for e in train} == made


def _facts(example: Example) -> tuple[object, ...]:
    """Everything in an example, comparable: arrays are not."""
    history = example.history
    windows = [history.realtime, history.short, *history.long.values()]
    columns = [(w.item_ids, w.leaf_categories, w.brands, w.actions.tolist(), w.at_ms.tolist()) for w in windows]
    outcome = (example.clicked, example.ordered, example.unclicked)
    return (example.search_id, example.user_id, example.at_ms, example.query, outcome, history.queries, columns)
