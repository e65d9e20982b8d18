"""The shop's old search engine: what stood on the page. Knows categories well, brands and attributes fairly, tastes a
little; mistakes one category for its neighbour now and then. It reads the words and the user, never the need.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.features.windows import DAY_MS
from multigrain.types import Bools, Float32s, Int64s
from trainer.data.market.items import MarketItems
from trainer.data.market.needs import Kind, Needs
from trainer.data.market.numbers import NONE, Ints, Rng
from trainer.data.market.taste import lasting_liking
from trainer.data.market.users import MarketUsers
from trainer.data.market.world import World

PAGE = 20
CANDIDATES = 96
OF_BRAND = 28
"""Candidates from the brand that was read in the query."""
STRAY = 14
"""Candidates from the neighbourhood: where its mistakes come from."""
TOP_HEAVY = 1.8
"""Candidates are drawn at rank n * u^power of a pool that the better items lead: popular ones are shown more often."""
NOISE = 0.9
KNOWS_TASTE = 0.15
READS_BRAND, READS_ATTRIBUTE, READS_TYPO = 0.9, 0.7, 0.4
"""How often it understands a brand, a colour or feature; and how much rarer that is in a misspelt query."""
MISREADS, MISREADS_TYPO = 0.06, 0.3
"""How often it takes the category for another one of the same top, and how often when the query is misspelt."""
NAMING_A_LEAF = (Kind.LEAF, Kind.BRAND_AND_LEAF, Kind.ATTRIBUTE)
FOR_NEW = 0.4
NEW_DAYS = 3
SEEN_BEFORE = 1.0

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Pool:
    """Items of each group, the better ones first: group g is at rows[starts[g] : starts[g] + sizes[g]]."""

    rows: Ints
    starts: Int64s
    sizes: Int64s

    @classmethod
    def by(cls, groups: Ints, appeal: Float32s, count: int) -> "Pool":
        sizes = np.bincount(groups, minlength=count)
        return cls(np.lexsort((-appeal, groups)).astype(np.int32), np.cumsum(sizes) - sizes, sizes)

    def draw(self, groups: Ints, count: int, rng: Rng) -> Rows:
        """[n, count]: items of each group, NONE where it is empty. A small group is given whole, with repeats."""
        size = self.sizes[groups][:, None]
        places = (size * rng.random((len(groups), count), dtype=np.float32) ** TOP_HEAVY).astype(np.int64)
        places = np.where(size <= count, np.arange(count) % np.maximum(size, 1), np.minimum(places, size - 1))
        found = self.rows[np.minimum(self.starts[groups][:, None] + places, len(self.rows) - 1)]
        return np.where(size > 0, found, NONE).astype(np.int32)


class Engine:
    """Pages for searches. Ready once the items are known."""

    def __init__(self, items: MarketItems, world: World) -> None:
        self._items, self._world = items, world
        self.by_leaf = Pool.by(items.leaf, items.appeal, len(world.leaves))
        self._by_middle = Pool.by(items.middle, items.appeal, len(world.middles))
        self._by_top = Pool.by(items.top, items.appeal, len(world.tops))
        self._by_brand = Pool.by(items.brand, items.appeal, len(world.brands))
        self._by_both = Pool.by(
            items.brand * np.int32(len(world.leaves)) + items.leaf, items.appeal, len(world.brands) * len(world.leaves)
        )

    def pages(
        self, needs: Needs, mistyped: Bools, users: MarketUsers, user: Ints, last_seen: Ints, at_ms: Int64s, rng: Rng
    ) -> Rows:
        """[n, PAGE]: rows of items, best first; NONE at the end of a page that could not be filled.

        `last_seen` [n] is the item that the user looked at last, NONE for nobody.
        """
        reads = np.where(mistyped, READS_TYPO, 1.0)
        leaf = self._read_leaf(needs, mistyped, rng)
        brand = np.where(rng.random(len(needs)) < READS_BRAND * reads, needs.brand, NONE).astype(np.int32)
        understood = rng.random(len(needs)) < READS_ATTRIBUTE * reads
        rows = np.concatenate([self._candidates(needs, leaf, brand, rng), last_seen[:, None]], axis=1)
        rows = np.sort(rows, axis=1)
        valid = rows != NONE
        valid[:, 1:] &= rows[:, 1:] != rows[:, :-1]
        valid &= self._items.listed_ms[rows] <= at_ms[:, None]
        score = self._score(needs, leaf, brand, understood, users, user, rows, at_ms, rng)
        # Somebody who comes back is shown what was looked at last, if it stands near what the query seems to ask for.
        back = (rows == last_seen[:, None]) & (self._items.top[rows] == self._world.top_of_leaf[leaf][:, None])
        score = np.where(valid & (back | (rows != last_seen[:, None])), score + SEEN_BEFORE * back, -np.inf)
        return _best(rows, score)

    def _read_leaf(self, needs: Needs, mistyped: Bools, rng: Rng) -> Ints:
        """The category that it takes each query for."""
        misread = rng.random(len(needs)) < np.where(mistyped, MISREADS_TYPO, MISREADS)
        tops = self._world.top_of_leaf
        order = np.argsort(tops, kind="stable").astype(np.int32)
        sizes = np.bincount(tops)
        top = tops[needs.leaf]
        other = order[(np.cumsum(sizes) - sizes)[top] + (rng.random(len(needs)) * sizes[top]).astype(np.int64)]
        return np.where(misread, other, needs.leaf)

    def _candidates(self, needs: Needs, leaf: Ints, brand: Ints, rng: Rng) -> Rows:
        leaves = np.int32(len(self._world.leaves))
        middle, top = self._world.middle_of_leaf[leaf], self._world.top_of_leaf[leaf]
        main = self.by_leaf.draw(leaf, CANDIDATES, rng)
        for kind, pool, groups in (
            (Kind.MIDDLE, self._by_middle, middle),
            (Kind.VAGUE, self._by_top, top),
            (Kind.BRAND, self._by_brand, needs.brand),
        ):
            those = np.flatnonzero(needs.kind == kind)
            main[those] = pool.draw(groups[those], CANDIDATES, rng)
        named = np.flatnonzero((brand != NONE) & (needs.kind != Kind.BRAND))
        main[named, :OF_BRAND] = self._by_both.draw(brand[named] * leaves + leaf[named], OF_BRAND, rng)
        # Where a leaf is named, half of what strays in is from the shelf beside, half from anywhere under the same top.
        precise = np.flatnonzero(np.isin(needs.kind, NAMING_A_LEAF))
        main[precise, -STRAY : -STRAY // 2] = self._by_middle.draw(middle[precise], STRAY - STRAY // 2, rng)
        main[precise, -STRAY // 2 :] = self._by_top.draw(top[precise], STRAY // 2, rng)
        return main

    def _score(
        self,
        needs: Needs,
        leaf: Ints,
        brand: Ints,
        understood: Bools,
        users: MarketUsers,
        user: Ints,
        rows: Rows,
        at_ms: Int64s,
        rng: Rng,
    ) -> Float32s:
        items = self._items
        score = rng.standard_normal(rows.shape, dtype=np.float32) * np.float32(NOISE)
        score += 0.5 * items.appeal[rows] + KNOWS_TASTE * lasting_liking(users, items, user, rows)
        precise = np.isin(needs.kind, NAMING_A_LEAF)[:, None]
        score -= np.float32(0.6) * (precise & (items.leaf[rows] != leaf[:, None]))
        score += np.float32(2.0) * (items.brand[rows] == brand[:, None])
        for asked, there in ((needs.colour, items.colour), (needs.feature, items.feature)):
            score += np.float32(1.5) * (understood[:, None] & (there[rows] == asked[:, None]))
        score += np.float32(FOR_NEW) * (items.listed_ms[rows] > at_ms[:, None] - NEW_DAYS * DAY_MS)
        return score


def _best(rows: Rows, score: Float32s) -> Rows:
    """[n, PAGE]: the rows of the best scores, best first; NONE for what is not there."""
    width = min(PAGE, rows.shape[1])
    top = np.argpartition(-score, width - 1, axis=1)[:, :width]
    best = np.take_along_axis(score, top, axis=1)
    order = np.argsort(-best, axis=1, kind="stable")
    top, best = np.take_along_axis(top, order, axis=1), np.take_along_axis(best, order, axis=1)
    return np.where(np.isneginf(best), NONE, np.take_along_axis(rows, top, axis=1)).astype(np.int32)
