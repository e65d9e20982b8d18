"""What there is to sell: the leaf categories and brands of a shop of some size, and how popular each is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from multigrain.types import Bools
from trainer.data.market.brands import invented_brands
from trainer.data.market.numbers import Floats, Ints, Rng, draw, zipf
from trainer.data.market.words import KNOWN_BRANDS, LEAVES, SMALL_LEAVES, Brand, Leaf, Named

ITEMS_FOR_EACH_LEAF = 160
ITEMS_FOR_EACH_BRAND = 400
INVENTED_MAX = 2000
BRANDS_OF_A_TOP_MIN = 5
LEAF_POWER = 0.5
BRAND_POWER = 0.6
"""Popularity falls like 1 / rank^power."""


@dataclass(frozen=True)
class World:
    """Leaves and brands by number. Numbers, not names, stand in every array of the simulation."""

    leaves: tuple[Leaf, ...]
    brands: tuple[Brand, ...]
    leaf_share: Floats
    """[leaves], sums to 1: how much is sold and asked for."""
    brand_share: Floats
    """[brands], sums to 1."""

    @cached_property
    def tops(self) -> tuple[Named, ...]:
        return tuple(dict.fromkeys(leaf.top for leaf in self.leaves))

    @cached_property
    def middles(self) -> tuple[Named, ...]:
        """By name: "shoes" is one of them, under several tops."""
        return tuple(dict.fromkeys(leaf.middle for leaf in self.leaves))

    @cached_property
    def top_of_leaf(self) -> Ints:
        return np.array([self.tops.index(leaf.top) for leaf in self.leaves], np.int32)

    @cached_property
    def middle_of_leaf(self) -> Ints:
        return np.array([self.middles.index(leaf.middle) for leaf in self.leaves], np.int32)

    @cached_property
    def level_of_brand(self) -> Ints:
        return np.array([brand.level for brand in self.brands], np.int32)

    @cached_property
    def sells(self) -> Bools:
        """[tops, brands]: whether the brand sells there."""
        return np.array([[top.en in brand.tops for brand in self.brands] for top in self.tops])

    def brands_of_top(self, top: int, count: int, rng: Rng) -> Ints:
        """`count` brands that sell in `top`, drawn by popularity."""
        there = np.flatnonzero(self.sells[top])
        shares = self.brand_share[there] / self.brand_share[there].sum()
        return there[draw(shares, rng.random(count))].astype(np.int32)

    def brands_in(self, tops: Ints, rng: Rng) -> Ints:
        """For each of `tops` one brand that sells there, drawn by popularity."""
        brands = np.empty(len(tops), np.int32)
        for top in range(len(self.tops)):
            rows = np.flatnonzero(tops == top)
            brands[rows] = self.brands_of_top(top, len(rows), rng)
        return brands


def make_world(items: int, rng: Rng) -> World:
    """A small shop has the categories and brands that people know; a large one has more of both."""
    leaves = LEAVES[: min(len(LEAVES), max(len(SMALL_LEAVES), items // ITEMS_FOR_EACH_LEAF))]
    tops = tuple(dict.fromkeys(leaf.top.en for leaf in leaves))
    known = [brand for brand in KNOWN_BRANDS if any(top in brand.tops for top in tops)]
    missing = [top for top in tops for _ in range(BRANDS_OF_A_TOP_MIN - sum(top in brand.tops for brand in known))]
    more = min(INVENTED_MAX, items // ITEMS_FOR_EACH_BRAND)
    wanted = (*missing, *(tops[i] for i in rng.integers(len(tops), size=more)))
    taken = frozenset(name for brand in known for name in (brand.name, *brand.synonyms))
    brands = (*known, *invented_brands(wanted, rng, taken=taken))
    return World(
        leaves=leaves,
        brands=brands,
        leaf_share=zipf(len(leaves), LEAF_POWER, rng),
        brand_share=zipf(len(brands), BRAND_POWER, rng),
    )
