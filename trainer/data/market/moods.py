"""What is on a user's mind: an interest that drifts over days, and an intent that lasts one day.

Three signals on three time scales, so that each window of history tells what the others do not: the lasting taste
(users.py) needs a month of behaviour, the interest shows in the last days, the intent only in the same day's clicks.
"""

from dataclasses import dataclass

import numpy as np

from trainer.data.market.numbers import NONE, Ints, Rng
from trainer.data.market.users import LOVED_IN_EACH_TOP, MarketUsers
from trainer.data.market.words import COLOURS
from trainer.data.market.world import World

INTEREST_LASTS_DAYS = 4.0
INTENT_IS_INTEREST = 0.6
"""How often today's intent is the interest of these days; else it comes from the lasting taste."""
LOVED_SHARE = 0.5
"""How often an interest begins with a brand that was loved before, and not with one that is met for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What users look for these days. Both [users], or [days, users] for all days."""

    leaf: Ints
    brand: Ints
    """One that is considered in that leaf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What every user wants today. All [users]."""

    leaf: Ints
    brand: Ints
    colour: Ints
    """NONE: any."""


def drift(users: MarketUsers, world: World, days: int, rng: Rng) -> Interest:
    """The interests of `days` days: each stays for some days, then another one comes."""
    everyone = np.arange(len(users), dtype=np.int32)
    leaf = np.empty((days, len(users)), np.int32)
    brand = np.empty((days, len(users)), np.int32)
    for day in range(days):
        moved = everyone if day == 0 else np.flatnonzero(rng.random(len(users)) < 1 / INTEREST_LASTS_DAYS)
        moved = moved.astype(np.int32)
        leaf[day], brand[day] = leaf[day - 1], brand[day - 1]
        leaf[day, moved] = users.lasting_leaf(moved, rng)
        brand[day, moved] = considered_brand(users, world, moved, leaf[day, moved], rng)
    return Interest(leaf=leaf, brand=brand)


def todays_intent(users: MarketUsers, world: World, interest: Interest, rng: Rng) -> Intent:
    """Mostly the interest of these days, made precise: one brand, perhaps one colour."""
    everyone = np.arange(len(users), dtype=np.int32)
    continues = rng.random(len(users)) < INTENT_IS_INTEREST
    leaf = np.where(continues, interest.leaf, users.lasting_leaf(everyone, rng))
    fresh = considered_brand(users, world, everyone, leaf, rng)
    same_brand = continues & (rng.random(len(users)) < 0.5)
    colour = rng.integers(len(COLOURS), size=len(users), dtype=np.int32)
    return Intent(
        leaf=leaf,
        brand=np.where(same_brand, interest.brand, fresh),
        colour=np.where(rng.random(len(users)) < 0.5, colour, NONE).astype(np.int32),
    )


def considered_brand(users: MarketUsers, world: World, rows: Ints, leaf: Ints, rng: Rng) -> Ints:
    """For each user of `rows` a brand to look at in `leaf`: a loved one, or any popular one."""
    top = world.top_of_leaf[leaf]
    loved = users.loved[rows, top, rng.integers(LOVED_IN_EACH_TOP, size=len(rows))]
    return np.where(rng.random(len(rows)) < LOVED_SHARE, loved, world.brands_in(top, rng)).astype(np.int32)
