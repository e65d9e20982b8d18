"""The users of the simulated marketplace: a lasting taste, an interest that drifts over days, an intent of today."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools, Float32s, Int64s
from trainer.data.market_items import MarketItems, Rng, zipf
from trainer.data.market_words import BRANDS, LEAVES, STYLES

BRANDS_LOVED = 8
"""Of about forty: roughly one in each top category."""
INTEREST_LASTS_DAYS = 4.0

# How strongly each part of a taste moves a choice, in units of the logit of a click.
BRAND_WEIGHT = 2.2
STYLE_WEIGHT = 1.6
PRICE_WEIGHT = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketUsers:
    """All users as rows."""

    brand_taste: Float32s
    """[users, brands]"""
    style_taste: Float32s
    """[users, styles]"""
    price_level: Float32s
    """[users]: the price level within a category, 0 to 1, that suits them."""
    leaf_taste: NDArray[np.float64]
    """[users, leaves], rows sum to 1: what they buy over the years."""
    chinese: Bools
    """[users]: they type Chinese."""
    activity: NDArray[np.float64]
    """[users]: mean searches a day."""

    def __len__(self) -> int:
        return len(self.price_level)


def make_users(count: int, rng: Rng, *, searches_a_day: float = 1.7) -> MarketUsers:
    brand_taste = np.full((count, len(BRANDS)), -0.5, np.float32)
    for row in brand_taste:
        row[rng.choice(len(BRANDS), BRANDS_LOVED, replace=False)] = 1.0
    style_taste = np.full((count, len(STYLES)), -0.5, np.float32)
    style_taste[np.arange(count), rng.integers(len(STYLES), size=count)] = 1.0
    activity = rng.gamma(2.0, searches_a_day / 2.0, count)
    return MarketUsers(
        brand_taste=brand_taste,
        style_taste=style_taste,
        price_level=rng.beta(1.5, 1.5, count).astype(np.float32),
        leaf_taste=rng.dirichlet(zipf(len(LEAVES), 0.5, rng) * 8.0, count),
        chinese=rng.random(count) < 0.35,
        activity=activity,
    )


def taste_for(items: MarketItems, users: MarketUsers, user: int, rows: Int64s) -> Float32s:
    """How much `user` likes each item of `rows`, relevance aside, as a logit."""
    brand = users.brand_taste[user, items.brand[rows]]
    style = users.style_taste[user, items.style[rows]]
    price = -np.abs(items.price_level[rows] - users.price_level[user])
    liked: Float32s = BRAND_WEIGHT * brand + STYLE_WEIGHT * style + PRICE_WEIGHT * price + 0.4 * items.appeal[rows]
    return liked


def drifting_interest(users: MarketUsers, days: int, rng: Rng) -> Int64s:
    """[users, days]: the leaf category that is on a user's mind; it stays for some days, then moves on."""
    interest = np.zeros((len(users), days), np.int64)
    for user in range(len(users)):
        for day in range(days):
            stays = day > 0 and rng.random() < 1 - 1 / INTEREST_LASTS_DAYS
            leaf = interest[user, day - 1] if stays else rng.choice(len(LEAVES), p=users.leaf_taste[user])
            interest[user, day] = leaf
    return interest


def todays_leaf(users: MarketUsers, interest: Int64s, user: int, day: int, rng: Rng) -> int:
    """What one search is after: mostly the drifting interest, else the lasting taste."""
    if rng.random() < 0.6:
        return int(interest[user, day])
    return int(rng.choice(len(LEAVES), p=users.leaf_taste[user]))
