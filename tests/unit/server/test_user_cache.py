"""A kept user never answers for another history, and what is kept stays within its bytes."""

import asyncio
import gc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from multigrain.catalog.columns import CatalogueColumns
from multigrain.features.memory import MemoryFeatureStore
from multigrain.features.windows import HOUR_MS, WindowConfig, Windows, split
from multigrain.types import Action, Behavior, BehaviorColumns, ItemId, UserId, UserQuery, UserState
from multigrain.user_states import UserStates
from server.encoding.history_key import NO_HISTORY, HistoryKey, Origin, history_key, origin
from server.encoding.query import encode_alone
from server.encoding.query_encodings import QueryEncodings
from server.encoding.user_state_cache import UserStateCache
from server.request import SessionEvent
from server.session import brought, joined
from tests.builders import NOON_MS, a_behavior, an_item
from tests.unit.server.halved import HalvedWordEncoder
from tests.unit.server.shelf import columns_of

WINDOWS = WindowConfig(
    realtime_hours=2, short_days=0.5, long_days=1, realtime_length=2, short_length=3, long_length=2, queries_length=2
)
"""So short that events move on and fall out within a few steps."""
SHELVES = [columns_of(*(an_item(n, brand=brand) for n in range(1, 5))) for brand in ("nike", "adidas")]
USERS = [UserId("user-1"), UserId("user-2")]

hours = st.integers(1, 26).map(lambda hour: hour * HOUR_MS)
"""Whole ones, so that many events happen at the same moment."""
items = st.integers(1, 4).map(lambda n: ItemId(f"sku-{n}"))
actions = st.sampled_from(Action)
users = st.sampled_from(USERS)
clicks = st.tuples(st.just("click"), users, st.lists(st.tuples(items, actions, hours), min_size=1, max_size=6))
searches = st.tuples(st.just("search"), users, st.lists(st.tuples(st.sampled_from("abc"), hours), min_size=1))
forgotten = st.tuples(st.just("forget"), users, st.none())
waits = st.tuples(st.just("wait"), users, st.integers(1, 6).map(lambda hour: hour * HOUR_MS))
asks = st.tuples(st.just("ask"), users, st.lists(st.tuples(items, actions, hours), max_size=2))
steps = st.lists(st.one_of(clicks, waits, asks, searches, forgotten), min_size=10, max_size=20)


class Shopping:
    """A store, a clock and a catalogue that move between requests."""

    def __init__(self, encodings: QueryEncodings) -> None:
        self.encodings = encodings
        self.encoder = HalvedWordEncoder(WINDOWS)
        self.stores = {user: MemoryFeatureStore() for user in USERS}
        self.now_ms = NOON_MS
        self.events = 0

    async def take(self, kind: str, user: UserId, what: object) -> None:
        self.events += 1
        if kind == "click":
            self.stores[user].record([self._behavior(user, n, *event) for n, event in enumerate(what)], [])
        elif kind == "search":
            self.stores[user].record([], [self._query(user, n, *query) for n, query in enumerate(what)])
        elif kind == "forget":  # a person asked for it; their next event begins at version 1 again
            self.stores[user] = MemoryFeatureStore()
        elif kind == "wait":
            self.now_ms += what
        else:
            await self._ask(user, [SessionEvent(item, action, self.now_ms - ago) for item, action, ago in what])
        await self._ask(user, [])

    async def _ask(self, user: UserId, events: list[SessionEvent]) -> None:
        stored = self.stores[user].get(user) or UserState(user_id=user)
        session = brought(stored, events, SHELVES[self.events % 2], self.now_ms)
        windows = split(joined(stored, session), self.now_ms, WINDOWS)
        key = history_key(origin(stored, session), windows)
        found = await self.encodings.ask(self.encoder, "red dress", windows, key, seconds=10)
        np.testing.assert_array_equal(found, encode_alone(self.encoder, "red dress", windows))

    def _behavior(self, user: UserId, n: int, item: ItemId, action: Action, ago: int) -> Behavior:
        return Behavior(
            event_id=f"{self.events}-{n}", user_id=user, item_id=item, action=action, at_ms=self.now_ms - ago
        )

    def _query(self, user: UserId, n: int, text: str, ago: int) -> UserQuery:
        return UserQuery(event_id=f"{self.events}-{n}", user_id=user, text=text, at_ms=self.now_ms - ago)


@settings(max_examples=40, deadline=None)
@given(steps=steps)
def test_a_kept_user_gives_the_bits_that_a_new_encoding_gives(steps: list) -> None:
    async def run() -> None:
        encodings = QueryEncodings(cache_bytes=1 << 20)
        shopping = Shopping(encodings)
        for step in steps:
            await shopping.take(*step)
        encodings.close()

    asyncio.run(run())


def lookups(outcome: str) -> float:
    return REGISTRY.get_sample_value("multigrain_user_cache_lookups_total", {"outcome": outcome}) or 0.0


def key_of(state: UserState, *, hours_later: float = 0) -> HistoryKey | None:
    now_ms = NOON_MS + int(hours_later * HOUR_MS)
    return history_key(origin(state, ()), split(state, now_ms, WindowConfig()))


def a_state(*behaviors: Behavior, version: int = 3, user_id: str = "user-1") -> UserState:
    return UserState(user_id=UserId(user_id), behaviors=BehaviorColumns.of(behaviors), version=version)


def test_time_that_moves_nothing_changes_no_key() -> None:
    state = a_state(a_behavior("sku-1", minutes_ago=60))
    assert key_of(state) == key_of(state, hours_later=22.9)


def test_an_event_that_moved_to_another_window_or_fell_out_changes_the_key() -> None:
    state = a_state(a_behavior("sku-1", minutes_ago=60))
    keys = [key_of(state, hours_later=hours) for hours in (0, 23.1, 10 * 24, 30 * 24)]
    assert len(set(keys)) == 4, "real-time, short, long, gone"
    assert keys[-1] is NO_HISTORY


def test_another_version_and_another_user_have_other_keys() -> None:
    click = a_behavior("sku-1")
    keys = {key_of(a_state(click)), key_of(a_state(click, version=4)), key_of(a_state(click, user_id="user-2"))}
    assert len(keys) == 3


def test_a_row_that_was_deleted_and_came_back_to_its_version_has_another_key() -> None:
    assert key_of(a_state(a_behavior("sku-1"))) != key_of(a_state(a_behavior("sku-2")))
    assert key_of(a_state(a_behavior("sku-1"))) != key_of(a_state(a_behavior("sku-1", brand="nike")))


def test_a_session_event_has_its_place_in_the_key_with_what_the_catalogue_says_of_it() -> None:
    stored, event = a_state(a_behavior("sku-9")), [SessionEvent(ItemId("sku-1"), Action.CLICK, NOON_MS - HOUR_MS)]

    def key(events: list[SessionEvent], shelf: CatalogueColumns) -> HistoryKey | None:
        session = brought(stored, events, shelf, NOON_MS)
        return history_key(origin(stored, session), split(joined(stored, session), NOON_MS, WindowConfig()))

    keys = {key([], SHELVES[0]), key(event, SHELVES[0]), key(event, SHELVES[1])}
    assert len(keys) == 3
    assert key(event, SHELVES[0]) == key(event, SHELVES[0])


def test_events_without_a_version_have_no_name_and_are_not_kept() -> None:
    assert key_of(a_state(a_behavior("sku-1"), version=0)) is None


def test_users_without_history_share_one_state_and_a_hit_spares_the_first_half() -> None:
    async def run() -> None:
        encodings, encoder = QueryEncodings(cache_bytes=1 << 20), HalvedWordEncoder()
        hits, misses = lookups("hit"), lookups("miss")
        for name in ("user-1", "user-2", "user-3"):
            key = key_of(UserState(user_id=UserId(name)))
            await encodings.ask(encoder, "red dress", Windows(), key, seconds=5)
        encodings.close()
        assert len(encoder.users) == 1
        assert (lookups("hit") - hits, lookups("miss") - misses) == (2, 1)

    asyncio.run(run())


def test_an_encoder_that_goes_takes_its_users_along_and_another_begins_without() -> None:
    async def run() -> None:
        encodings = QueryEncodings(cache_bytes=1 << 20)
        for _ in range(2):
            encoder = HalvedWordEncoder()
            await encodings.ask(encoder, "red dress", Windows(), NO_HISTORY, seconds=5)
            assert len(encoder.users) == 1, "what another generation made is not used"
            del encoder
            await asyncio.sleep(0)
            gc.collect()
            assert len(encodings._caches) == 0
        encodings.close()

    asyncio.run(run())


def numbered(number: int) -> HistoryKey:
    return HistoryKey(Origin(UserId(f"user-{number}"), 1, ()), (), (), 0)


def a_kept_state(value: float) -> UserStates:
    return UserStates("b-1", {"user": np.full((1, 1000), value, np.float32)})


def test_what_was_not_used_for_longest_makes_room() -> None:
    cost = 4000 + numbered(1).size_bytes
    cache = UserStateCache(3 * cost)
    for number in range(3):
        cache.put(numbered(number), a_kept_state(number))
    assert cache.get(numbered(0)) is not None
    cache.put(numbered(3), a_kept_state(3))
    assert [number for number in range(4) if numbered(number) in cache] == [0, 2, 3]
    assert (len(cache), cache.size_bytes) == (3, 3 * cost)


def test_a_state_that_is_put_again_is_counted_once() -> None:
    cache = UserStateCache(10_000)
    for value in (1, 2):
        cache.put(numbered(1), a_kept_state(value))
    state = cache.get(numbered(1))
    assert state is not None
    assert state.arrays["user"][0, 0] == 2
    assert cache.size_bytes == 4000 + numbered(1).size_bytes


def test_what_is_larger_than_all_the_room_is_not_kept_and_pushes_nothing_out() -> None:
    cache = UserStateCache(6000)
    cache.put(numbered(1), a_kept_state(1))
    cache.put(numbered(2), UserStates("b-1", {"user": np.zeros((1, 5000), np.float32)}))
    assert numbered(1) in cache
    assert numbered(2) not in cache
    off = UserStateCache(0)
    off.put(numbered(1), a_kept_state(1))
    assert len(off) == 0
