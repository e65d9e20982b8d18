"""A state that is appended to is the one that `recorded` makes."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.features.appended import WORDS_KEPT, appended
from multigrain.features.news import News
from multigrain.features.recorded import recorded
from multigrain.features.stored_state import from_bytes
from multigrain.types import Action, Behavior, UserId, UserQuery, UserState
from multigrain.v1.user_state_pb2 import StoredUserState
from tests.builders import a_behavior
from tests.unit.test_stored_state import same

USER = UserId("user-1")

times = st.integers(0, 40)
behaviors = st.builds(
    Behavior,
    event_id=st.just("e"),
    user_id=st.just(USER),
    item_id=st.sampled_from(["sku-1", "sku-2", "商品", ""]),
    action=st.sampled_from(Action),
    at_ms=times,
    leaf_category=st.sampled_from(["", "shoes"]),
    brand=st.sampled_from(["", "shoes", "puma"]),
)
queries = st.builds(UserQuery, event_id=st.just("e"), user_id=st.just(USER), text=st.text(max_size=3), at_ms=times)
calls = st.lists(st.tuples(st.lists(behaviors, max_size=8), st.lists(queries, max_size=8)), max_size=8)


def both_ways(calls: Sequence[tuple[list[Behavior], list[UserQuery]]]) -> tuple[UserState, UserState, int | None]:
    """The state as `appended` makes it, as `recorded` does, and the newest time as `appended` told it last."""
    state, newest_ms, oracle = b"", None, UserState(user_id=USER)
    for done, asked in calls:
        state, newest_ms = appended(state, News(done, asked))
        oracle = recorded(oracle, done, asked)
    return from_bytes(state, user_id=USER, version=len(calls)), oracle, newest_ms


@given(calls=calls)
@settings(max_examples=200, deadline=None)
def test_whatever_the_order_it_is_what_recorded_makes(
    calls: list[tuple[list[Behavior], list[UserQuery]]],
) -> None:
    state, oracle, newest_ms = both_ways(calls)

    assert same(state, oracle)
    assert newest_ms == oracle.newest_ms


def test_beyond_the_limits_the_newest_stay_in_one_call_and_in_many() -> None:
    done = [a_behavior(f"sku-{n}", minutes_ago=2000 - n, brand=f"brand {n % 7}") for n in range(1_500)]

    for size in (40, 1_500):
        state, oracle, _ = both_ways([(done[start : start + size], []) for start in range(0, 1_500, size)])
        assert state.behaviors.item_ids == oracle.behaviors.item_ids == tuple(f"sku-{n}" for n in range(900, 1_500))
        assert state.behaviors.brands == oracle.behaviors.brands


def test_words_that_nothing_uses_any_more_do_not_pile_up() -> None:
    state = b""
    for start in range(0, 5_000, 20):
        done = [a_behavior(f"sku-{n}", minutes_ago=9000 - n) for n in range(start, start + 20)]
        state, _ = appended(state, News(done, []))

    assert WORDS_KEPT == 6 * 600
    assert len(StoredUserState.FromString(state).words) <= 6 * 600
