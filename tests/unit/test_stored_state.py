"""UserState <-> bytes, and what a further event does to a state."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.features.recorded import recorded
from multigrain.features.stored_state import from_bytes, to_bytes
from multigrain.types import Action, Behavior, BehaviorColumns, UserId, UserQuery, UserState
from tests.builders import a_behavior, a_user_query

USER = UserId("user-1")

times = st.integers(0, 2**53)
behaviors = st.builds(
    Behavior,
    event_id=st.text(),
    user_id=st.just(USER),
    item_id=st.text(),
    action=st.sampled_from(Action),
    at_ms=times,
    leaf_category=st.text(),
    top_category=st.text(),
    brand=st.text(max_size=3),
    shop=st.text(max_size=3),
)
queries = st.builds(UserQuery, event_id=st.text(), user_id=st.just(USER), text=st.text(), at_ms=times)


def same(one: UserState, other: UserState) -> bool:
    """Equality by value: a dataclass that holds arrays has none of its own."""
    rows, others = one.behaviors, other.behaviors
    texts = ("item_ids", "leaf_categories", "top_categories", "brands", "shops")
    return (
        (one.user_id, one.version, one.queries) == (other.user_id, other.version, other.queries)
        and all(getattr(rows, name) == getattr(others, name) for name in texts)
        and np.array_equal(rows.actions, others.actions)
        and np.array_equal(rows.at_ms, others.at_ms)
        and np.array_equal(one.query_at_ms, other.query_at_ms)
        and rows.actions.dtype == others.actions.dtype == np.uint8
        and rows.at_ms.dtype == others.at_ms.dtype == one.query_at_ms.dtype == np.int64
    )


@given(done=st.lists(behaviors, max_size=30), asked=st.lists(queries, max_size=10), version=st.integers(0, 2**60))
@settings(max_examples=150, deadline=None)
def test_a_state_comes_back_from_its_bytes(done: list[Behavior], asked: list[UserQuery], version: int) -> None:
    asked.sort(key=lambda query: query.at_ms)
    state = UserState(
        user_id=USER,
        behaviors=BehaviorColumns.of(done),
        queries=tuple(query.text for query in asked),
        query_at_ms=np.array([query.at_ms for query in asked], np.int64),
        version=version,
    )

    assert same(from_bytes(to_bytes(state), user_id=USER, version=version), state)


def test_no_bytes_are_an_empty_state() -> None:
    assert same(from_bytes(b"", user_id=USER, version=0), UserState(user_id=USER))


def test_words_that_repeat_are_kept_once() -> None:
    def size(brands: list[str]) -> int:
        rows = BehaviorColumns.of([a_behavior("sku-1", brand=brand, minutes_ago=1) for brand in brands])
        return len(to_bytes(UserState(user_id=USER, behaviors=rows)))

    assert size(["a long brand name"] * 100) < size([f"a long brand {n:04}" for n in range(100)]) - 99 * len("a long")


@given(done=st.lists(behaviors, max_size=20), cuts=st.lists(st.integers(0, 20), max_size=3))
@settings(max_examples=100, deadline=None)
def test_events_in_any_parts_make_the_same_state(done: list[Behavior], cuts: list[int]) -> None:
    whole = recorded(UserState(user_id=USER), done, [])

    parted, edges = UserState(user_id=USER), [0, *sorted(cuts), len(done)]
    for start, end in pairwise(edges):
        parted = recorded(parted, done[start:end], [])

    assert parted.behaviors.item_ids == whole.behaviors.item_ids
    assert parted.behaviors.at_ms.tolist() == sorted(event.at_ms for event in done)


def test_recording_leaves_the_state_it_began_with_alone() -> None:
    before = recorded(UserState(user_id=USER), [a_behavior("sku-1")], [])

    after = recorded(before, [a_behavior("sku-2")], [a_user_query("boots")])

    assert (before.version, before.behaviors.item_ids, before.queries) == (1, ("sku-1",), ())
    assert (after.version, after.behaviors.item_ids, after.queries) == (2, ("sku-1", "sku-2"), ("boots",))
