"""The feature store in memory: for tests and for programs that keep nothing."""

import threading
from collections.abc import Collection, Mapping, Sequence

from multigrain.features.news import EventKey, by_user, each_once
from multigrain.features.recorded import recorded
from multigrain.types import Behavior, UserId, UserQuery, UserState


class MemoryFeatureStore:
    """A FeatureStore that forgets everything with the process. Safe to call from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[UserId, UserState] = {}
        self._seen: set[EventKey] = set()

    def get(self, user_id: UserId) -> UserState | None:
        return self._states.get(user_id)

    def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        return {user_id: self._states[user_id] for user_id in user_ids if user_id in self._states}

    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> frozenset[str]:
        events = each_once(behaviors, queries)
        with self._lock:
            fresh = {key: event for key, event in events.items() if key not in self._seen}
            changed = {
                user_id: recorded(self._states.get(user_id) or UserState(user_id=user_id), news.behaviors, news.queries)
                for user_id, news in by_user(fresh.values()).items()
            }
            self._states.update(changed)
            self._seen |= fresh.keys()
        return frozenset(event.event_id for event in fresh.values())
