"""Encoded users of one encoder, the latest used ones, within so many bytes. Belongs to one thread."""

from collections import OrderedDict

from multigrain.user_states import UserStates
from server.encoding.history_key import HistoryKey


class UserStateCache:
    """A state by the history that it was made of."""

    def __init__(self, limit_bytes: int) -> None:
        """`limit_bytes`: 0 keeps nothing."""
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[HistoryKey, UserStates] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: HistoryKey | None) -> bool:
        return key is not None and key in self._kept

    def get(self, key: HistoryKey | None) -> UserStates | None:
        """The state, [1, ...] each, which counts as used now; None: it is not here."""
        if key is None or (state := self._kept.get(key)) is None:
            return None
        self._kept.move_to_end(key)
        return state

    def put(self, key: HistoryKey, state: UserStates) -> None:
        """Keeps it, and lets go of what was not used for longest. A state that fits in by no means is not kept."""
        cost = _cost(key, state)
        if cost > self._limit_bytes:
            return
        if (before := self._kept.pop(key, None)) is not None:
            self.size_bytes -= _cost(key, before)
        self._kept[key] = state
        self.size_bytes += cost
        while self.size_bytes > self._limit_bytes:
            self.size_bytes -= _cost(*self._kept.popitem(last=False))


def _cost(key: HistoryKey, state: UserStates) -> int:
    return key.size_bytes + state.size_bytes
