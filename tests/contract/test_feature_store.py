"""What every FeatureStore promises."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from multigrain.catalog.tables import user_events
from multigrain.errors import StoreUnavailable
from multigrain.features.feature_store import BEHAVIORS_KEPT, QUERIES_KEPT, FeatureStore
from multigrain.features.sql import SqlFeatureStore
from multigrain.types import Action, UserId, UserState
from tests.builders import MINUTE_MS, NOON_MS, a_behavior, a_user_query
from tests.contract.stores import rolled_back

USER = UserId("user-1")


def state_of(features: FeatureStore, user_id: UserId = USER) -> UserState:
    state = features.get(user_id)
    assert state is not None
    return state


def test_a_user_never_seen_has_no_state(features: FeatureStore) -> None:
    assert features.get(UserId("nobody")) is None


def test_nothing_recorded_is_nothing_new(features: FeatureStore) -> None:
    assert features.record([], []) == frozenset()
    assert features.get(USER) is None


def test_what_was_recorded_is_there_with_its_side_features_oldest_first(features: FeatureStore) -> None:
    recorded = features.record(
        [a_behavior("sku-2", minutes_ago=5, action=Action.ORDER), a_behavior("sku-1", minutes_ago=10, brand="puma")],
        [a_user_query("red dress", minutes_ago=7), a_user_query("blue dress", minutes_ago=20)],
    )

    assert len(recorded) == 4
    state = state_of(features)
    assert state.user_id == USER
    assert state.behaviors.item_ids == ("sku-1", "sku-2")
    assert state.behaviors.brands == ("puma", "adidas")
    assert state.behaviors.leaf_categories == ("running shoes", "running shoes")
    assert state.behaviors.top_categories == ("sports", "sports")
    assert state.behaviors.shops == ("shop-1", "shop-1")
    assert state.behaviors.actions.tolist() == [Action.CLICK, Action.ORDER]
    assert state.behaviors.at_ms.tolist() == [NOON_MS - 10 * MINUTE_MS, NOON_MS - 5 * MINUTE_MS]
    assert state.queries == ("blue dress", "red dress")
    assert state.query_at_ms.tolist() == [NOON_MS - 20 * MINUTE_MS, NOON_MS - 7 * MINUTE_MS]
    assert state.newest_ms == NOON_MS - 5 * MINUTE_MS


def test_an_event_id_seen_before_changes_nothing(features: FeatureStore) -> None:
    features.record([a_behavior("sku-1", event_id="e-1")], [])

    again = features.record([a_behavior("sku-2", event_id="e-1")], [])

    assert again == frozenset()
    assert state_of(features).behaviors.item_ids == ("sku-1",)
    assert state_of(features).version == 1


def test_the_same_id_at_another_time_is_another_event(features: FeatureStore) -> None:
    features.record([a_behavior("sku-1", event_id="e-1", minutes_ago=10)], [])

    assert features.record([a_behavior("sku-2", event_id="e-1", minutes_ago=5)], []) == {"e-1"}
    assert state_of(features).behaviors.item_ids == ("sku-1", "sku-2")


def test_the_ids_that_come_back_are_those_of_what_was_new(features: FeatureStore) -> None:
    clicked, asked = a_behavior("sku-1", event_id="e-1"), a_user_query("boots", user_id="user-2")

    assert features.record([clicked], [asked]) == {"e-1", asked.event_id}
    assert features.record([clicked, a_behavior("sku-2", event_id="e-2")], [asked]) == {"e-2"}


def test_of_an_event_id_twice_in_one_call_the_first_counts(features: FeatureStore) -> None:
    twice = [a_behavior("sku-1", event_id="e-1"), a_behavior("sku-2", event_id="e-1")]

    assert features.record(twice, []) == {"e-1"}
    assert state_of(features).behaviors.item_ids == ("sku-1",)


def test_a_replay_with_one_new_event_adds_that_one(features: FeatureStore) -> None:
    old, new = a_behavior("sku-1", minutes_ago=10), a_behavior("sku-2", minutes_ago=5, event_id="e-2")
    features.record([old], [])

    assert features.record([old, new], []) == {"e-2"}
    assert state_of(features).behaviors.item_ids == ("sku-1", "sku-2")


def test_a_late_event_lands_in_its_place(features: FeatureStore) -> None:
    features.record([a_behavior("sku-1", minutes_ago=30), a_behavior("sku-3", minutes_ago=10)], [])
    features.record([a_behavior("sku-2", minutes_ago=20)], [a_user_query("later", minutes_ago=1)])
    features.record([], [a_user_query("earlier", minutes_ago=2)])

    assert state_of(features).behaviors.item_ids == ("sku-1", "sku-2", "sku-3")
    assert state_of(features).queries == ("earlier", "later")


def test_the_newest_behaviors_are_kept(features: FeatureStore) -> None:
    features.record([a_behavior(f"sku-{n}", minutes_ago=1000 - n) for n in range(601)], [])

    kept = state_of(features).behaviors
    assert BEHAVIORS_KEPT == 600
    assert len(kept) == 600
    assert (kept.item_ids[0], kept.item_ids[-1]) == ("sku-1", "sku-600")


def test_an_event_older_than_a_full_state_is_counted_and_not_kept(features: FeatureStore) -> None:
    features.record([a_behavior(f"sku-{n}", minutes_ago=10) for n in range(600)], [])

    assert features.record([a_behavior("ancient", minutes_ago=9000, event_id="e-old")], []) == {"e-old"}
    assert "ancient" not in state_of(features).behaviors.item_ids


def test_the_newest_queries_are_kept(features: FeatureStore) -> None:
    features.record([], [a_user_query(f"query {n}", minutes_ago=100 - n) for n in range(25)])

    assert QUERIES_KEPT == 20
    assert state_of(features).queries == tuple(f"query {n}" for n in range(5, 25))


def test_a_user_who_only_searched_has_no_newest_behavior(features: FeatureStore) -> None:
    features.record([], [a_user_query("red dress")])

    assert state_of(features).newest_ms is None
    assert len(state_of(features).behaviors) == 0


def test_two_users_in_one_call_do_not_mix(features: FeatureStore) -> None:
    features.record(
        [a_behavior("sku-1", user_id="user-1"), a_behavior("sku-2", user_id="user-2")],
        [a_user_query("boots", user_id="user-2")],
    )

    assert state_of(features, UserId("user-1")).behaviors.item_ids == ("sku-1",)
    assert state_of(features, UserId("user-1")).queries == ()
    assert state_of(features, UserId("user-2")).behaviors.item_ids == ("sku-2",)
    assert state_of(features, UserId("user-2")).queries == ("boots",)


def test_the_version_grows_with_each_change_and_only_then(features: FeatureStore) -> None:
    versions = []
    for call in range(3):
        features.record([a_behavior(f"sku-{call}", minutes_ago=call + 1)], [])
        versions.append(state_of(features).version)
    features.record([a_behavior("sku-0", minutes_ago=1)], [])

    assert versions == [1, 2, 3]
    assert state_of(features).version == 3


def test_a_state_in_hand_does_not_change_with_the_store(features: FeatureStore) -> None:
    features.record([a_behavior("sku-1", minutes_ago=10)], [])
    held = state_of(features)

    features.record([a_behavior("sku-2", minutes_ago=5)], [])

    assert held.behaviors.item_ids == ("sku-1",)


def test_ids_and_texts_of_any_script_come_back_as_they_were(features: FeatureStore) -> None:
    user, item, text = UserId("用户-𠮷-👩‍👧"), "商品-𩸽", "ｒｅｄ 连衣裙 👗 'quoted' \\ \""
    features.record([a_behavior(item, user_id=user, brand="Citroën")], [a_user_query(text, user_id=user)])

    state = state_of(features, user)
    assert state.behaviors.item_ids == (item,)
    assert state.behaviors.brands == ("Citroën",)
    assert state.queries == (text,)


def test_threads_that_record_for_one_user_lose_nothing(features: FeatureStore) -> None:
    def record(thread: int) -> int:
        return sum(
            len(features.record([a_behavior(f"sku-{thread}-{n}", minutes_ago=thread * 10 + n + 1)], []))
            for n in range(5)
        )

    with ThreadPoolExecutor(8) as threads:
        recorded = sum(threads.map(record, range(8)))

    assert recorded == 8 * 5
    assert len(state_of(features).behaviors) == 8 * 5
    assert state_of(features).version == 8 * 5


def test_threads_that_replay_the_same_events_count_each_once(features: FeatureStore) -> None:
    events = [a_behavior(f"sku-{n}", user_id=f"user-{n % 3}", minutes_ago=n + 1) for n in range(30)]

    def replay(thread: int) -> int:
        return len(features.record(events if thread % 2 else events[::-1], []))

    with ThreadPoolExecutor(6) as threads:
        recorded = sum(threads.map(replay, range(6)))

    assert recorded == 30
    assert sum(len(state_of(features, UserId(f"user-{n}")).behaviors) for n in range(3)) == 30


def test_inside_a_transaction_of_its_owner_nothing_stays_when_that_is_rolled_back(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        inside = SqlFeatureStore(connection)
        assert len(inside.record([a_behavior("sku-1")], [])) == 1
        assert inside.get(USER) is not None

    assert SqlFeatureStore(engine).get(USER) is None
    assert len(SqlFeatureStore(engine).record([a_behavior("sku-1")], [])) == 1


def test_the_raw_rows_stay_beyond_what_a_state_keeps(engine: sa.Engine) -> None:
    features = SqlFeatureStore(engine)
    features.record(
        [a_behavior(f"sku-{n}", minutes_ago=n + 1) for n in range(700)], [a_user_query("red dress", minutes_ago=3)]
    )

    with engine.connect() as connection:
        rows = connection.execute(sa.select(user_events).order_by(user_events.c.at_ms)).all()
    assert len(rows) == 701
    assert [row.query for row in rows if row.action is None] == ["red dress"]
    assert (rows[0].item_id, rows[0].brand, rows[0].action) == ("sku-699", "adidas", 1)


def test_without_its_schema_a_store_says_how_to_get_it(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE user_states"))

    with pytest.raises(StoreUnavailable, match="multigrain db upgrade"):
        SqlFeatureStore(engine).get(USER)
