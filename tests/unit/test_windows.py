"""History -> real-time, short-term, long-term."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.features.windows import (
    DAY_MS,
    FOREVER_MS,
    HOUR_MS,
    LONG_TERM_ACTIONS,
    WindowConfig,
    Windows,
    same_until,
    split,
)
from multigrain.types import Action, Behavior, BehaviorColumns, UserId, UserState
from tests.builders import NOON_MS, a_behavior

HOUR_MINUTES = 60
DAY_MINUTES = 24 * 60


def a_state(*behaviors: Behavior) -> UserState:
    return UserState(user_id=UserId("user-1"), behaviors=BehaviorColumns.of(behaviors))


def windows(*behaviors: Behavior, config: WindowConfig | None = None, now_ms: int = NOON_MS) -> Windows:
    return split(a_state(*behaviors), now_ms, config or WindowConfig())


def test_a_user_without_history_has_empty_windows() -> None:
    found = windows()

    assert (len(found.realtime), len(found.short), found.queries) == (0, 0, ())
    assert {action: len(rows) for action, rows in found.long.items()} == dict.fromkeys(LONG_TERM_ACTIONS, 0)


def test_a_click_falls_into_the_window_of_its_age() -> None:
    found = windows(
        a_behavior("now", minutes_ago=1),
        a_behavior("almost-a-day", minutes_ago=DAY_MINUTES - 1),
        a_behavior("over-a-day", minutes_ago=DAY_MINUTES + 1),
        a_behavior("nine-days", minutes_ago=9 * DAY_MINUTES),
        a_behavior("eleven-days", minutes_ago=11 * DAY_MINUTES),
        a_behavior("thirty-one-days", minutes_ago=31 * DAY_MINUTES),
    )

    assert found.realtime.item_ids == ("almost-a-day", "now")
    assert found.short.item_ids == ("nine-days", "over-a-day")
    assert found.long[Action.CLICK].item_ids == ("eleven-days",)


def test_only_clicks_are_of_short_interest() -> None:
    found = windows(*(a_behavior(action.name, action=action, minutes_ago=10) for action in Action))

    assert found.realtime.item_ids == ("CLICK",)
    assert len(found.short) == 0


def test_long_term_is_kept_apart_by_click_order_and_collect() -> None:
    old = [a_behavior(action.name, action=action, minutes_ago=15 * DAY_MINUTES) for action in Action]

    found = windows(*old)

    assert {action: rows.item_ids for action, rows in found.long.items()} == {
        Action.CLICK: ("CLICK",),
        Action.ORDER: ("ORDER",),
        Action.COLLECT: ("COLLECT",),
    }


def test_nothing_of_now_or_later_is_used() -> None:
    state = UserState(
        user_id=UserId("user-1"),
        behaviors=BehaviorColumns.of([a_behavior("past", minutes_ago=1), a_behavior("now", minutes_ago=0)]),
        queries=("past", "now", "future"),
        query_at_ms=np.array([NOON_MS - 1, NOON_MS, NOON_MS + 1]),
    )

    found = split(state, NOON_MS, WindowConfig())

    assert found.realtime.item_ids == ("past",)
    assert found.queries == ("past",)


def test_clicks_beyond_the_real_time_cap_fall_into_short_term() -> None:
    found = windows(
        *(a_behavior(f"sku-{n}", minutes_ago=100 - n) for n in range(5)), config=WindowConfig(realtime_length=2)
    )

    assert found.realtime.item_ids == ("sku-3", "sku-4")
    assert found.short.item_ids == ("sku-0", "sku-1", "sku-2")


def test_every_window_keeps_its_newest() -> None:
    config = WindowConfig(realtime_length=1, short_length=2, long_length=1, queries_length=2)
    state = UserState(
        user_id=UserId("user-1"),
        behaviors=BehaviorColumns.of(
            [a_behavior(f"d-{day}", minutes_ago=day * DAY_MINUTES + HOUR_MINUTES) for day in (0, 1, 2, 3, 12, 13)]
        ),
        queries=("a", "b", "c"),
        query_at_ms=np.array([NOON_MS - 3, NOON_MS - 2, NOON_MS - 1]),
    )

    found = split(state, NOON_MS, config)

    assert found.realtime.item_ids == ("d-0",)
    assert found.short.item_ids == ("d-2", "d-1")
    assert found.long[Action.CLICK].item_ids == ("d-12",)
    assert found.queries == ("b", "c")


@given(
    history=st.lists(st.tuples(st.sampled_from(Action), st.integers(0, 40 * DAY_MINUTES)), max_size=80),
    realtime=st.integers(1, 5),
    short=st.integers(1, 5),
)
@settings(max_examples=200, deadline=None)
def test_windows_never_overlap_and_run_from_old_to_new(
    history: list[tuple[Action, int]], realtime: int, short: int
) -> None:
    behaviors = [a_behavior(f"sku-{n}", action=action, minutes_ago=age) for n, (action, age) in enumerate(history)]

    found = windows(*behaviors, config=WindowConfig(realtime_length=realtime, short_length=short))

    parts = [found.realtime, found.short, *found.long.values()]
    taken = [item_id for rows in parts for item_id in rows.item_ids]
    assert len(taken) == len(set(taken))
    for rows in parts:
        assert np.all(np.diff(rows.at_ms) >= 0)


def contents(found: Windows) -> tuple[object, ...]:
    return tuple((rows.item_ids, rows.at_ms.tolist()) for rows in found.parts), found.queries


@given(
    events=st.lists(st.tuples(st.sampled_from(Action), st.integers(-30, 400)), max_size=12),
    asked=st.lists(st.integers(-30, 100), max_size=3),
    reaches=st.tuples(st.floats(0, 40), st.floats(40, 100), st.floats(100, 300)),
    later=st.integers(0, 400),
)
@settings(max_examples=500, deadline=None)
def test_windows_stay_the_same_until_the_moment_that_is_said(
    events: list[tuple[Action, int]], asked: list[int], reaches: tuple[float, float, float], later: int
) -> None:
    realtime, short, long = reaches
    config = WindowConfig(realtime_hours=realtime / HOUR_MS, short_days=short / DAY_MS, long_days=long / DAY_MS)
    state = UserState(
        user_id=UserId("user-1"),
        behaviors=BehaviorColumns.of(
            [a_behavior(f"sku-{n}", action=action, minutes_ago=age / 60_000) for n, (action, age) in enumerate(events)]
        ),
        queries=tuple(f"query {n}" for n in range(len(asked))),
        query_at_ms=np.array([NOON_MS - age for age in asked], np.int64),
    )

    until = same_until(state, NOON_MS, config)

    assert until >= NOON_MS
    at = min(until, NOON_MS + later)
    assert contents(split(state, at, config)) == contents(split(state, NOON_MS, config))


def test_windows_of_one_click_stay_the_same_until_it_leaves_each() -> None:
    state, config, at_ms = a_state(a_behavior(minutes_ago=10)), WindowConfig(), NOON_MS - 600_000

    leaves = [at_ms + HOUR_MS * 24, at_ms + DAY_MS * 10, at_ms + DAY_MS * 30]

    # The last moment but one in which it is there.
    assert same_until(state, NOON_MS, config) == leaves[0] - 1
    assert same_until(state, leaves[0] + 1, config) == leaves[1] - 1
    assert same_until(state, leaves[1] + 1, config) == leaves[2] - 1
    assert same_until(state, leaves[2] + 1, config) == FOREVER_MS
    assert same_until(a_state(), NOON_MS, config) == FOREVER_MS
