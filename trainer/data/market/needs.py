"""What each search is after, and how much of it its words say: category, brand, attribute, or hardly anything."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from multigrain.types import Bools
from trainer.data.market.moods import Intent
from trainer.data.market.numbers import NONE, Ints, Rng
from trainer.data.market.users import LOVED_IN_EACH_TOP, MarketUsers
from trainer.data.market.words import COLOURS, FEATURES_EACH
from trainer.data.market.world import World

ON_INTENT_SHARE = 0.75
"""Searches that follow today's intent; the others look for something of the lasting taste."""
INTENT_BRAND_SHARE = 0.6
"""Brand queries that name the brand of today's intent; the others name a loved or a popular one."""


class Kind(IntEnum):
    """What the words of a query say. The numbers are written to truth/."""

    LEAF = 0
    MIDDLE = 1
    BRAND_AND_LEAF = 2
    BRAND = 3
    ATTRIBUTE = 4
    VAGUE = 5


KIND_SHARES = (0.25, 0.18, 0.19, 0.05, 0.17, 0.16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """One need a search; all [searches]."""

    kind: Ints
    leaf: Ints
    """What is really wanted, whether the words say so or not."""
    brand: Ints
    colour: Ints
    feature: Ints
    """NONE in brand, colour, feature: any."""
    chinese: Bools

    def __len__(self) -> int:
        return len(self.kind)


def make_needs(users: MarketUsers, world: World, intent: Intent, user: Ints, rng: Rng) -> Needs:
    """A need for each search of `user` [searches]."""
    count = len(user)
    on_intent = (rng.random(count) < ON_INTENT_SHARE) & ~users.robot[user]
    leaf = np.where(on_intent, intent.leaf[user], users.lasting_leaf(user, rng))
    top = world.top_of_leaf[leaf]
    kind = rng.choice(len(Kind), count, p=KIND_SHARES).astype(np.int32)
    loved = users.loved[user, top, rng.integers(LOVED_IN_EACH_TOP, size=count)]
    brand = np.where(rng.random(count) < 0.6, loved, world.brands_in(top, rng))
    brand = np.where(on_intent & (rng.random(count) < INTENT_BRAND_SHARE), intent.brand[user], brand)
    colour = rng.integers(len(COLOURS), size=count, dtype=np.int32)
    todays = intent.colour[user]
    colour = np.where(on_intent & (todays != NONE) & (rng.random(count) < 0.7), todays, colour)
    by_colour = rng.random(count) < 0.5
    feature = rng.integers(FEATURES_EACH, size=count, dtype=np.int32)

    def said(where: Bools, values: Ints) -> Ints:
        return np.where(where, values, NONE).astype(np.int32)

    return Needs(
        kind=kind,
        leaf=leaf.astype(np.int32),
        brand=said(np.isin(kind, (Kind.BRAND_AND_LEAF, Kind.BRAND)), brand),
        colour=said((kind == Kind.ATTRIBUTE) & by_colour, colour),
        feature=said((kind == Kind.ATTRIBUTE) & ~by_colour, feature),
        chinese=users.chinese[user],
    )
