"""What is kept of a history is what would be made of it anew."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.features.windows import DAY_MS, HOUR_MS, WindowConfig, Windows
from multigrain.types import Behavior, BehaviorColumns, UserId, UserState
from server import histories
from server.histories import Histories, History
from tests.builders import MINUTE_MS, NOON_MS, a_behavior

CONFIG = WindowConfig()
SESSION = (a_behavior("sku-of-the-session", minutes_ago=1),)


def a_state(*behaviors: Behavior, user_id: str = "user-1", version: int = 1) -> UserState:
    return UserState(user_id=UserId(user_id), behaviors=BehaviorColumns.of(behaviors), version=version)


def contents(history: History) -> tuple[object, ...]:
    def of(windows: Windows) -> object:
        return [rows.item_ids for rows in windows.parts], windows.queries

    return history.user.behaviors.item_ids, of(history.windows), history.key


def test_the_same_row_gives_the_very_same_windows() -> None:
    found, state = Histories(), a_state(a_behavior(minutes_ago=10))

    first = found.of(state, (), NOON_MS, CONFIG)

    assert found.of(state, (), NOON_MS + MINUTE_MS, CONFIG) is first


def test_a_row_that_was_read_anew_is_looked_at_anew() -> None:
    found = Histories()
    found.of(a_state(a_behavior("sku-1")), (), NOON_MS, CONFIG)

    # Filled again after it was deleted: of the same version.
    assert found.of(a_state(a_behavior("sku-2")), (), NOON_MS, CONFIG).windows.realtime.item_ids == ("sku-2",)


def test_a_session_is_joined_and_leaves_what_is_kept_as_it_is() -> None:
    found, state = Histories(), a_state(a_behavior("sku-1"))
    first = found.of(state, (), NOON_MS, CONFIG)

    with_session = found.of(state, SESSION, NOON_MS, CONFIG)

    assert with_session.windows.realtime.item_ids == ("sku-1", "sku-of-the-session")
    assert with_session.key != first.key
    assert found.of(state, (), NOON_MS, CONFIG) is first


def test_no_more_users_are_kept_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "KEPT", 2)
    found = Histories()
    states = [a_state(a_behavior(), user_id=f"user-{number}") for number in range(3)]
    first, second, _ = (found.of(state, (), NOON_MS, CONFIG) for state in states)

    assert found.of(states[1], (), NOON_MS, CONFIG) is second
    assert found.of(states[0], (), NOON_MS, CONFIG) is not first


moments = st.integers(-2 * HOUR_MS, 40 * DAY_MS)


@given(
    st.lists(st.tuples(st.integers(0, 2), moments, st.sampled_from([1.0, 24.0]), st.booleans()), max_size=12),
    st.lists(st.lists(moments, max_size=6), min_size=3, max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_whoever_asks_in_whatever_order_of_time_gets_what_would_be_made_anew(
    asked: Sequence[tuple[int, int, float, bool]], ages: Sequence[Sequence[int]]
) -> None:
    """Three rows, of two users; backwards in time too, as a request with `at` is; by two configurations."""
    rows = [
        a_state(
            *(a_behavior(f"sku-{row}-{n}", minutes_ago=age / MINUTE_MS) for n, age in enumerate(row_ages)),
            user_id=f"user-{row % 2}",
            version=row + 1,
        )
        for row, row_ages in enumerate(ages)
    ]
    kept = Histories()
    for row, later, hours, has_session in asked:
        now_ms, config = NOON_MS - 20 * DAY_MS + later, WindowConfig(realtime_hours=hours)
        session = SESSION if has_session else ()
        anew = Histories().of(rows[row], session, now_ms, config)
        assert contents(kept.of(rows[row], session, now_ms, config)) == contents(anew)
