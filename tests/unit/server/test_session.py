import numpy as np

from multigrain.types import Action, BehaviorColumns, ItemId, UserId, UserState
from server.request import SessionEvent
from server.session import brought, joined
from tests.builders import MINUTE_MS, NOON_MS, a_behavior, an_item
from tests.unit.server.shelf import columns_of

SHELF = columns_of(an_item(1), an_item(2, brand="nike", category_path=("sports", "shoes"), shop="shop-9"))


def stored(*behaviors: object) -> UserState:
    return UserState(user_id=UserId("user-1"), behaviors=BehaviorColumns.of(list(behaviors)))


def event(item_id: str, *, minutes_ago: float = 1, action: Action = Action.CLICK) -> SessionEvent:
    return SessionEvent(ItemId(item_id), action, NOON_MS - int(minutes_ago * MINUTE_MS))


def merged_with(state: UserState, events: list[SessionEvent]) -> UserState:
    """As a request is answered."""
    return joined(state, brought(state, events, SHELF, NOON_MS))


def test_an_event_joins_the_history_in_its_place_by_time() -> None:
    state = stored(a_behavior("sku-7", minutes_ago=30), a_behavior("sku-8", minutes_ago=5))
    merged = merged_with(state, [event("sku-2", minutes_ago=10)])
    assert merged.behaviors.item_ids == ("sku-7", "sku-2", "sku-8")
    assert np.all(np.diff(merged.behaviors.at_ms) > 0)


def test_side_features_come_from_the_catalogue() -> None:
    merged = merged_with(stored(), [event("sku-2")]).behaviors
    assert (merged.brands, merged.shops) == (("nike",), ("shop-9",))
    assert (merged.top_categories, merged.leaf_categories) == (("sports",), ("shoes",))
    assert merged.actions.tolist() == [1]


def test_an_item_that_the_catalogue_does_not_know_has_empty_side_features() -> None:
    merged = merged_with(stored(), [event("nobody knows it")]).behaviors
    assert (merged.item_ids, merged.brands, merged.leaf_categories) == (("nobody knows it",), ("",), ("",))


def test_an_event_that_is_stored_already_is_not_doubled() -> None:
    state = stored(a_behavior("sku-2", minutes_ago=1))
    assert merged_with(state, [event("sku-2", minutes_ago=1)]) is state


def test_another_action_or_time_is_another_event() -> None:
    state = stored(a_behavior("sku-2", minutes_ago=1))
    events = [event("sku-2", minutes_ago=1, action=Action.CART), event("sku-2", minutes_ago=2)]
    assert len(merged_with(state, events).behaviors) == 3


def test_the_same_event_twice_in_one_request_counts_once() -> None:
    assert len(merged_with(stored(), [event("sku-2"), event("sku-2")]).behaviors) == 1


def test_an_event_of_a_clock_that_runs_ahead_happened_just_before_now() -> None:
    merged = merged_with(stored(), [event("sku-2", minutes_ago=-1)])
    assert merged.behaviors.at_ms.tolist() == [NOON_MS - 1]


def test_without_events_the_history_stays_as_it_is() -> None:
    state = stored(a_behavior("sku-2"))
    assert merged_with(state, []) is state
