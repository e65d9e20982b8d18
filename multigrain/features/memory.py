"""The feature store in memory: for tests and for programs that keep nothing."""

import threading
from collections import defaultdict
from collections.abc import Sequence

from multigrain.features.recorded import recorded
from multigrain.types import Behavior, UserId, UserQuery, UserState


class MemoryFeatureStore:
    """A FeatureStore that forgets everything with the process. Safe to call from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[UserId, UserState] = {}
        self._seen: set[str] = set()

    def get(self, user_id: UserId) -> UserState | None:
        return self._states.get(user_id)

    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> int:
        with self._lock:
            of_user: dict[UserId, tuple[list[Behavior], list[UserQuery]]] = defaultdict(lambda: ([], []))
            fresh: set[str] = set()
            events: list[Behavior | UserQuery] = [*behaviors, *queries]
            for event in events:
                if event.event_id in self._seen or event.event_id in fresh:
                    continue
                fresh.add(event.event_id)
                if isinstance(event, Behavior):
                    of_user[event.user_id][0].append(event)
                else:
                    of_user[event.user_id][1].append(event)
            changed = {
                user_id: recorded(self._states.get(user_id) or UserState(user_id=user_id), *news)
                for user_id, news in of_user.items()
            }
            self._states.update(changed)
            self._seen |= fresh
            return len(fresh)
