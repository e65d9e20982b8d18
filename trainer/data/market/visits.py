"""When users search: some come on a day, and search a few times within minutes; robots search hundreds of times."""

from dataclasses import dataclass

import numpy as np

from multigrain.features.windows import HOUR_MS
from multigrain.types import Int64s
from trainer.data.market.numbers import Ints, Rng
from trainer.data.market.users import MarketUsers

MORE_SEARCHES = 2.1
"""Mean number of searches after the first one of a day."""
PAUSE_MS = 6 * 60_000
LAST_START_HOUR = 21.0
CLOSES_HOUR = 23.5
"""Nothing begins later, so that what follows a search still happens on its day."""

ROBOT_ACTIVE = 0.4
ROBOT_SEARCHES = 80
ROBOT_SPREAD = 0.8
"""Of the logarithm of their searches a day: some robots stay below any sensible threshold."""
ROBOT_SEARCHES_MAX = 400
ROBOT_PAUSE_MS = 12_000
ROBOT_LAST_HOUR = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """The searches of one day, in order of time. All [searches]."""

    user: Ints
    at_ms: Int64s
    """Since the day began."""

    def __len__(self) -> int:
        return len(self.user)


def make_visits(users: MarketUsers, rng: Rng) -> Visits:
    """Who searches when on one day."""
    active = np.where(users.robot, ROBOT_ACTIVE, users.active)
    count = 1 + rng.poisson(MORE_SEARCHES, len(users))
    robots = np.minimum(np.exp(rng.normal(np.log(ROBOT_SEARCHES), ROBOT_SPREAD, len(users))), ROBOT_SEARCHES_MAX)
    count = np.where(users.robot, robots.astype(np.int64), count)
    count = np.where(rng.random(len(users)) < active, count, 0)
    user = np.repeat(np.arange(len(users), dtype=np.int32), count)
    latest = np.where(users.robot, ROBOT_LAST_HOUR, LAST_START_HOUR)
    start = np.minimum(users.hour + rng.normal(0, 1.5, len(users)), latest)
    first = np.cumsum(count) - count
    pause = rng.exponential(np.where(users.robot, ROBOT_PAUSE_MS, PAUSE_MS)[user]).astype(np.int64) + 1000
    waited = np.cumsum(pause)
    waited -= np.repeat(waited[first[count > 0]], count[count > 0])
    number = np.arange(len(user)) - np.repeat(first, count)
    closing = int(CLOSES_HOUR * HOUR_MS) + number * 1000
    at_ms = np.minimum((start[user] * HOUR_MS).astype(np.int64) + waited, closing)
    order = np.argsort(at_ms, kind="stable")
    return Visits(user=user[order], at_ms=at_ms[order])
