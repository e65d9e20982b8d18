"""What a request makes of a user's history: the session joined, split into windows, and the key of the two.

Of the latest users it is kept. The same row without a session gives the same windows until an event changes its own.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from multigrain.features.windows import WindowConfig, Windows, same_until, split
from multigrain.types import Behavior, UserId, UserState
from server.encoding.history_key import HistoryKey, history_key, origin
from server.session import joined

KEPT = 1_000
"""Users, at some 30 kB each where histories are long."""


class History(NamedTuple):
    """Of one user as of one moment."""

    user: UserState
    """With the session."""
    windows: Windows
    key: HistoryKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    stored: UserState
    config: WindowConfig
    since_ms: int
    until_ms: int
    history: History

    def fits(self, stored: UserState, now_ms: int, config: WindowConfig) -> bool:
        # The very object: a reader of states gives it again only when the row is the same.
        return self.stored is stored and self.since_ms <= now_ms <= self.until_ms and self.config == config


class Histories:
    """All of a server's. Belongs to one event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UserId, _Kept] = OrderedDict()

    def of(self, stored: UserState, session: tuple[Behavior, ...], now_ms: int, config: WindowConfig) -> History:
        """`session`: what the request brought and `stored` lacks."""
        if session:
            return _made(stored, session, now_ms, config)
        kept = self._kept.get(stored.user_id)
        if kept is None or not kept.fits(stored, now_ms, config):
            kept = _Kept(
                stored=stored,
                config=config,
                since_ms=now_ms,
                until_ms=same_until(stored, now_ms, config),
                history=_made(stored, (), now_ms, config),
            )
            self._kept[stored.user_id] = kept
        self._kept.move_to_end(stored.user_id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return kept.history


def _made(stored: UserState, session: tuple[Behavior, ...], now_ms: int, config: WindowConfig) -> History:
    user = joined(stored, session)
    windows = split(user, now_ms, config)
    return History(user, windows, history_key(origin(stored, session), windows))
