"""The users of the simulated marketplace and what they like over the years: their lasting taste."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools, Float32s
from trainer.data.market.numbers import Ints, Rng, draw_by_row
from trainer.data.market.words import STYLES
from trainer.data.market.world import World

LOVED_IN_EACH_TOP = 2
CHINESE_SHARE = 0.35
ROBOT_SHARE = 0.004
DAYS_ACTIVE_MEAN = 0.55
LEAF_FOCUS = 8.0
"""Of the Dirichlet that a lasting taste is drawn from: the lower, the fewer categories a user buys in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketUsers:
    """All users as rows."""

    loved: Ints
    """[users, tops, LOVED_IN_EACH_TOP]: the brands that are liked in each top category."""
    style: Ints
    price_level: Float32s
    """The price level within a category, 0 to 1, that suits them."""
    leaf_until: NDArray[np.float32]
    """[users, leaves]: running sums of what share of their purchases is in each leaf."""
    chinese: Bools
    """They type Chinese."""
    active: NDArray[np.float32]
    """The chance that they come on a day."""
    hour: NDArray[np.float32]
    """The clock hour at which they usually come."""
    robot: Bools

    def __len__(self) -> int:
        return len(self.style)

    def lasting_leaf(self, users: Ints, rng: Rng) -> Ints:
        """For each of `users` a leaf category drawn from the lasting taste."""
        return draw_by_row(self.leaf_until, users, rng.random(len(users)))


def make_users(count: int, world: World, rng: Rng) -> MarketUsers:
    loved = [world.brands_of_top(top, count * LOVED_IN_EACH_TOP, rng) for top in range(len(world.tops))]
    taste = rng.standard_gamma(world.leaf_share * LEAF_FOCUS, (count, len(world.leaves))).astype(np.float32)
    taste += 1e-9
    return MarketUsers(
        loved=np.stack(loved, axis=1).reshape(count, LOVED_IN_EACH_TOP, len(world.tops)).transpose(0, 2, 1),
        style=rng.integers(len(STYLES), size=count, dtype=np.int32),
        price_level=rng.beta(1.5, 1.5, count).astype(np.float32),
        leaf_until=np.cumsum(taste / taste.sum(axis=1, keepdims=True), axis=1),
        chinese=rng.random(count) < CHINESE_SHARE,
        active=rng.beta(2 * DAYS_ACTIVE_MEAN, 2 * (1 - DAYS_ACTIVE_MEAN), count).astype(np.float32),
        hour=(14 + 6 * rng.uniform(-1, 1, count)).astype(np.float32),
        robot=rng.random(count) < ROBOT_SHARE,
    )
