"""A stored state with further events in it, without unpacking it: what `recorded` does, at a fifth of its price.

Most events of a stream are newer than what is stored of their user, so they go to the end of each column. The few that
are late, or come when the state is full of words that nothing uses any more, take the long way through `recorded`.
"""

from collections.abc import Sequence
from operator import attrgetter

from multigrain.features.feature_store import BEHAVIORS_KEPT, QUERIES_KEPT
from multigrain.features.news import News
from multigrain.features.recorded import recorded
from multigrain.features.stored_state import from_bytes, to_bytes
from multigrain.types import Behavior, UserId, UserQuery
from multigrain.v1.user_state_pb2 import StoredUserState

WORDS_KEPT = 6 * BEHAVIORS_KEPT
"""A behaviour has five words. The rest may be out of use: to find those out at every event would be the long way."""
WORDS_LOOKED_AT = 32
"""The last ones, for one that is there already: brands and categories recur soon. To look at all would be slower, and
shorten the state little more.
"""

_when = attrgetter("at_ms")


def appended(state: bytes, news: News) -> tuple[bytes, int | None]:
    """The bytes of `state` with these events, and when the newest of its behaviours happened; None: it has none."""
    stored = StoredUserState.FromString(state)
    behaviors, queries = sorted(news.behaviors, key=_when), sorted(news.queries, key=_when)
    if _overtaken(behaviors, stored.at_ms) or _overtaken(queries, stored.query_at_ms):
        return _recorded(state, news)
    if behaviors:
        _append_behaviors(stored, behaviors)
    if queries:
        _append_queries(stored, queries)
    if len(stored.words) > WORDS_KEPT:
        return _recorded(state, news)
    return stored.SerializeToString(), stored.at_ms[-1] if stored.at_ms else None


def _overtaken(events: Sequence[Behavior | UserQuery], stored_ms: Sequence[int]) -> bool:
    """Whether something stored is newer than the oldest of these."""
    return bool(events and stored_ms and events[0].at_ms < stored_ms[-1])


def _append_behaviors(stored: StoredUserState, behaviors: Sequence[Behavior]) -> None:
    columns = (stored.items, stored.leaf_categories, stored.top_categories, stored.brands, stored.shops)
    size = len(stored.words)
    first = max(0, size - WORDS_LOOKED_AT)
    places = dict(zip(stored.words[first:], range(first, size), strict=True))
    fresh: list[str] = []
    for one in behaviors:
        for column, word in zip(columns, _words_of(one), strict=True):
            place = places.get(word)
            if place is None:
                place = places[word] = size + len(fresh)
                fresh.append(word)
            column.append(place)
        stored.actions.append(one.action)
        stored.at_ms.append(one.at_ms)
    stored.words.extend(fresh)
    surplus = len(stored.at_ms) - BEHAVIORS_KEPT
    if surplus > 0:
        for column in (*columns, stored.actions, stored.at_ms):
            del column[:surplus]


def _words_of(behavior: Behavior) -> tuple[str, ...]:
    """In the order of the columns above."""
    return behavior.item_id, behavior.leaf_category, behavior.top_category, behavior.brand, behavior.shop


def _append_queries(stored: StoredUserState, queries: Sequence[UserQuery]) -> None:
    stored.queries.extend([one.text for one in queries])
    stored.query_at_ms.extend([one.at_ms for one in queries])
    surplus = len(stored.query_at_ms) - QUERIES_KEPT
    if surplus > 0:
        del stored.queries[:surplus]
        del stored.query_at_ms[:surplus]


def _recorded(state: bytes, news: News) -> tuple[bytes, int | None]:
    """The long way."""
    before = from_bytes(state, user_id=UserId(""), version=0)
    after = recorded(before, news.behaviors, news.queries)
    return to_bytes(after), after.newest_ms
