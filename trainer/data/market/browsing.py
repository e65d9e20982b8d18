"""What users do without searching: a recommendation clicked, a shop visited. Also all that is known of the month before
the first day, whose searches nobody kept.
"""

from dataclasses import dataclass

import numpy as np

from multigrain.features.windows import HOUR_MS
from multigrain.types import Int64s
from trainer.data.market.choice import Deeds, with_what_follows
from trainer.data.market.engine import Pool
from trainer.data.market.items import MarketItems
from trainer.data.market.moods import Interest
from trainer.data.market.numbers import NONE, Ints, Rng
from trainer.data.market.taste import INTEREST_WEIGHT, lasting_liking
from trainer.data.market.users import MarketUsers

ON_INTEREST_SHARE = 0.5
LOOKED_AT = 12
KEEN = 0.5
SPREAD_HOURS = 2.0
LAST_HOUR = 23.5


@dataclass(frozen=True, slots=True)
class Browsed:
    """Deeds outside of any search: `deeds.page` indexes `user` and `at_ms`, which are in order of time."""

    user: Ints
    at_ms: Int64s
    deeds: Deeds


def browse(
    users: MarketUsers,
    items: MarketItems,
    by_leaf: Pool,
    interest: Interest,
    *,
    clicks_a_day: float,
    starts_ms: int,
    rng: Rng,
) -> Browsed:
    """One day of it. Of a dozen items of a category, the one that pleases most is clicked; some are bought.

    An active user clicks `clicks_a_day` times in the mean.
    """
    user = np.repeat(np.arange(len(users), dtype=np.int32), rng.poisson(clicks_a_day * users.active * ~users.robot))
    hour = np.clip(users.hour[user] + rng.normal(0, SPREAD_HOURS, len(user)), 0, LAST_HOUR)
    order = np.argsort(hour, kind="stable")
    user, at_ms = user[order], starts_ms + (hour[order] * HOUR_MS).astype(np.int64)
    leaf = np.where(rng.random(len(user)) < ON_INTEREST_SHARE, interest.leaf[user], users.lasting_leaf(user, rng))
    rows = by_leaf.draw(leaf, LOOKED_AT, rng)
    liking = lasting_liking(users, items, user, rows) + rng.gumbel(size=rows.shape)
    liking += INTEREST_WEIGHT * (items.brand[rows] == interest.brand[user][:, None])
    there = (rows != NONE) & (items.listed_ms[rows] <= at_ms[:, None])
    best = np.argmax(np.where(there, liking, -np.inf), axis=1)
    page = np.flatnonzero(there.any(axis=1))
    keen = np.full(len(page), KEEN, np.float32)
    return Browsed(user, at_ms, with_what_follows(page, rows[page, best[page]], np.zeros(len(page), int), keen, rng))
