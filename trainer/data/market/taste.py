"""How much a user likes an item, and how well an item fits a need: the two formulas behind every choice.

Pure and columnar; the simulation clicks by them and the evaluation computes the truth with them.
"""

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s
from trainer.data.market.items import MarketItems
from trainer.data.market.moods import Intent
from trainer.data.market.needs import Needs
from trainer.data.market.numbers import NONE, Ints
from trainer.data.market.users import MarketUsers

# In units of the logit of a click.
BRAND_WEIGHT = 4.2
STYLE_WEIGHT = 3.0
PRICE_WEIGHT = 2.5
APPEAL_WEIGHT = 0.4
INTEREST_WEIGHT = 1.6
INTENT_WEIGHT = 1.6
COLOUR_WEIGHT = 1.0

WRONG_LEAF = 8.0
WRONG_BRAND = 4.0
WRONG_COLOUR = 2.5
WRONG_FEATURE = 2.0

Rows = NDArray[np.int32]
"""[searches, candidates]: rows of items."""


def lasting_liking(users: MarketUsers, items: MarketItems, user: Ints, rows: Rows) -> Float32s:
    """[n, m]: how much each of `user` [n] likes the items `rows` [n, m] over the years."""
    brand, top = items.brand[rows], items.top[rows]
    loved = (users.loved[user[:, None], top] == brand[:, :, None]).any(axis=2)
    liked = BRAND_WEIGHT * loved + STYLE_WEIGHT * (items.style[rows] == users.style[user][:, None])
    liked -= PRICE_WEIGHT * np.abs(items.price_level[rows] - users.price_level[user][:, None])
    return np.asarray(liked + APPEAL_WEIGHT * items.appeal[rows], np.float32)


def passing_liking(interest_brand: Ints, intent: Intent, items: MarketItems, user: Ints, rows: Rows) -> Float32s:
    """[n, m]: what is liked because of the days' interest and today's intent; `interest_brand` [users]."""
    brand = items.brand[rows]
    liked = INTEREST_WEIGHT * (brand == interest_brand[user][:, None])
    liked += INTENT_WEIGHT * (brand == intent.brand[user][:, None])
    same_leaf = items.leaf[rows] == intent.leaf[user][:, None]
    liked += COLOUR_WEIGHT * (same_leaf & (items.colour[rows] == intent.colour[user][:, None]))
    return np.asarray(liked, np.float32)


def misfit(needs: Needs, items: MarketItems, rows: Rows) -> Float32s:
    """[n, m]: how far the items are from what is wanted; 0 where nothing that was asked for is missing."""
    miss = WRONG_LEAF * (items.leaf[rows] != needs.leaf[:, None])
    for asked, there, cost in (
        (needs.brand, items.brand, WRONG_BRAND),
        (needs.colour, items.colour, WRONG_COLOUR),
        (needs.feature, items.feature, WRONG_FEATURE),
    ):
        miss = miss + cost * ((asked[:, None] != NONE) & (there[rows] != asked[:, None]))
    return np.asarray(miss, np.float32)
