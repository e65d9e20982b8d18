"""The items of the simulated marketplace, as columns. What is written about them is in titles.py."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.features.windows import DAY_MS
from multigrain.types import Bools, Float32s, Int64s
from trainer.data.market.numbers import Floats, Ints, Rng, draw
from trainer.data.market.words import COLOURS, FEATURES_EACH, STYLES
from trainer.data.market.world import World

SHOPS_FOR_EACH_BRAND = 3
CHINESE_TITLE_SHARE = 0.3
"""Of items whose brand has no Chinese name: some shops write Chinese all the same."""
NEW_ON_EACH_DAY = 0.006
"""Share of the catalogue that comes in on each simulated day: nobody can have clicked it before."""
OLDEST_DAYS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketItems:
    """All items as columns of equal length n; numbers index the lists of the world and of words.py."""

    leaf: Ints
    top: Ints
    middle: Ints
    brand: Ints
    colour: Ints
    feature: Ints
    """Of the features of its top category."""
    style: Ints
    shop: Ints
    """Among the shops of its brand; 0 is the brand's own."""
    chinese: Bools
    """The title is written in Chinese."""
    price: Floats
    price_level: Float32s
    """How dear it is among its leaf, 0 to 1."""
    appeal: Float32s
    """How good it is to everybody; about normal, mean 0."""
    listed_ms: Int64s

    def __len__(self) -> int:
        return len(self.leaf)


def make_items(count: int, days: int, world: World, rng: Rng, *, first_day_ms: int) -> MarketItems:
    """`count` items. Leaves and brands follow a Zipf law, so some are crowded and some are nearly empty."""
    leaf = draw(world.leaf_share, rng.random(count))
    top = world.top_of_leaf[leaf]
    brand = world.brands_in(top, rng)
    usual = np.array([entry.price for entry in world.leaves])[leaf]
    level = world.level_of_brand[brand]
    price = np.round(usual * 1.45 ** (level - 3) * np.exp(rng.normal(0, 0.3, count)), 2)
    speaks_chinese = np.array([not entry.name.isascii() for entry in world.brands])[brand]
    return MarketItems(
        leaf=leaf,
        top=top,
        middle=world.middle_of_leaf[leaf],
        brand=brand,
        colour=rng.integers(len(COLOURS), size=count, dtype=np.int32),
        feature=rng.integers(FEATURES_EACH, size=count, dtype=np.int32),
        style=rng.integers(len(STYLES), size=count, dtype=np.int32),
        shop=rng.integers(SHOPS_FOR_EACH_BRAND, size=count, dtype=np.int32),
        chinese=speaks_chinese | (rng.random(count) < CHINESE_TITLE_SHARE),
        price=price,
        price_level=_rank_in_group(price, leaf),
        appeal=rng.standard_normal(count, dtype=np.float32),
        listed_ms=_listed(count, days, rng, first_day_ms),
    )


def _listed(count: int, days: int, rng: Rng, first_day_ms: int) -> Int64s:
    """Most stood in the shop before the first day, by up to OLDEST_DAYS; some come in at some moment of each day."""
    old_ms = first_day_ms - rng.integers(1, OLDEST_DAYS, count) * DAY_MS
    new_ms = first_day_ms + rng.integers(0, days * DAY_MS, count)
    return np.where(rng.random(count) < NEW_ON_EACH_DAY * days, new_ms, old_ms)


def _rank_in_group(price: Floats, group: Ints) -> Float32s:
    """[n]: the rank of each price inside its group, from 0 to 1."""
    order = np.lexsort((price, group))
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    level: NDArray[np.float32] = np.empty(len(price), np.float32)
    level[order] = (np.arange(len(price)) - starts[group[order]] + 0.5) / sizes[group[order]]
    return level
