"""History -> the three disjoint windows of the paper: real-time, short-term, long-term. Pure.

Verified in the paper: clicks only in real-time and short-term; short-term reaches back 10 days, long-term one month;
caps 50, 100 and 100; windows never overlap. Inferred: real-time reaches back 24 hours (the paper says "just before"),
and clicks beyond its cap fall into short-term instead of being lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from multigrain.types import Action, BehaviorColumns, Int64s, UserState

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FOREVER_MS = 2**62

LONG_TERM_ACTIONS = (Action.CLICK, Action.ORDER, Action.COLLECT)
"""Click, buy, collect: the three actions of the paper's long-term sequences, in the order of the arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowConfig:
    """How far back the windows reach and how many behaviours each holds. Part of every bundle."""

    realtime_hours: float = 24.0
    short_days: float = 10.0
    long_days: float = 30.0
    realtime_length: int = 50
    short_length: int = 100
    long_length: int = 100
    """For each of the three actions."""
    queries_length: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """One user's history as of one moment; every window oldest first."""

    realtime: BehaviorColumns = field(default_factory=BehaviorColumns)
    short: BehaviorColumns = field(default_factory=BehaviorColumns)
    long: Mapping[Action, BehaviorColumns] = field(
        default_factory=lambda: {action: BehaviorColumns() for action in LONG_TERM_ACTIONS}
    )
    queries: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[BehaviorColumns, ...]:
        """Every window of behaviours."""
        return (self.realtime, self.short, *self.long.values())

    @property
    def behaviors(self) -> int:
        """How many there are in all windows."""
        return sum(len(part.at_ms) for part in self.parts)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of the user."""
        return not self.behaviors and not self.queries


def split(state: UserState, now_ms: int, config: WindowConfig) -> Windows:
    """The windows of `state` as of `now_ms`. Nothing at or after `now_ms` is used: no model may see the future."""
    rows, at_ms = state.behaviors, state.behaviors.at_ms
    is_click = rows.actions == Action.CLICK
    past = at_ms < now_ms
    recent = np.flatnonzero(past & is_click & (at_ms >= now_ms - config.realtime_hours * HOUR_MS))
    realtime = _newest(recent, config.realtime_length)
    within_short = np.flatnonzero(past & is_click & (at_ms >= now_ms - config.short_days * DAY_MS))
    short = _newest(np.setdiff1d(within_short, realtime, assume_unique=True), config.short_length)
    within_long = past & (at_ms >= now_ms - config.long_days * DAY_MS) & (at_ms < now_ms - config.short_days * DAY_MS)
    long = {
        action: rows.take(_newest(np.flatnonzero(within_long & (rows.actions == action)), config.long_length))
        for action in LONG_TERM_ACTIONS
    }
    asked = [text for text, at in zip(state.queries, state.query_at_ms, strict=True) if at < now_ms]
    return Windows(
        realtime=rows.take(realtime),
        short=rows.take(short),
        long=long,
        queries=tuple(asked[-config.queries_length :]),
    )


def same_until(state: UserState, now_ms: int, config: WindowConfig) -> int:
    """A moment up to which `split` gives what it gives now: the last but one before an event changes its window.

    Whether an event is in the past, and whether it is further back than one of three times, is all that `split` asks
    of the time. The last but one, because it reckons with fractions of milliseconds.
    """
    at_ms = state.behaviors.at_ms
    reach = np.array(
        [[0.0], [config.realtime_hours * HOUR_MS], [config.short_days * DAY_MS], [config.long_days * DAY_MS]]
    )
    turns = np.concatenate([np.floor(at_ms + reach).ravel(), state.query_at_ms])
    ahead = turns[turns >= now_ms]
    return max(now_ms, int(ahead.min()) - 1) if ahead.size else FOREVER_MS


def _newest(positions: Int64s, length: int) -> Int64s:
    return positions[max(0, len(positions) - length) :]
