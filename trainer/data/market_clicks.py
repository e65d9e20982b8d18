"""One search of the simulated marketplace: an imperfect engine shows a page, the user looks down it and chooses."""

from dataclasses import dataclass

import numpy as np

from multigrain.types import Action, Float32s, Int64s
from trainer.data.market_items import MarketItems, Rng
from trainer.data.market_queries import Need
from trainer.data.market_users import MarketUsers, taste_for
from trainer.data.market_words import LEAVES

PAGE = 20
ENGINE_NOISE = 1.0
ENGINE_KNOWS_TASTE = 0.6
"""How much of a taste the old engine guesses; 0: everybody sees the same page."""
EXAMINATION_POWER = 0.35
"""A user looks at rank r with the chance 1 / r^power."""
CLICK_BIAS = -2.2
WRONG_CATEGORY = 8.0

# Of the clicked: what follows a click, and with what chance for an item that is liked a lot.
AFTER_A_CLICK = ((Action.COLLECT, 0.15), (Action.CART, 0.25), (Action.ORDER, 0.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was shown, best first, and what the user did with it."""

    shown: Int64s
    actions: tuple[tuple[int, Action, int], ...]
    """(item row, action, seconds after the search), in order of time."""


class Engine:
    """The shop's old search engine. Knows categories well, brands and colours fairly, tastes a little."""

    def __init__(self, items: MarketItems) -> None:
        self._items = items
        middles = [(leaf.top.en, leaf.middle.en) for leaf in LEAVES]
        self._rows_of_middle = {
            middle: np.flatnonzero(np.isin(items.leaf, [i for i, other in enumerate(middles) if other[1] == middle]))
            for _, middle in middles
        }
        self._rows_of_top = {
            top: np.flatnonzero(np.isin(items.leaf, [i for i, leaf in enumerate(LEAVES) if leaf.top.en == top]))
            for top, _ in middles
        }
        self._rows_of_leaf = [np.flatnonzero(items.leaf == i) for i in range(len(LEAVES))]

    def search(self, need: Need, users: MarketUsers, user: int, rng: Rng) -> Int64s:
        """Rows of one page. It reads the words only: a vague query gives all of a top category."""
        leaf = LEAVES[need.leaf]
        rows = {"vague": self._rows_of_top[leaf.top.en], "middle": self._rows_of_middle[leaf.middle.en]}.get(
            need.kind, self._rows_of_leaf[need.leaf]
        )
        score = 0.5 * self._items.appeal[rows] + ENGINE_KNOWS_TASTE * taste_for(self._items, users, user, rows)
        score += _asked_for(self._items, need, rows) * 0.8 + rng.normal(0, ENGINE_NOISE, len(rows))
        return rows[np.argsort(-score, kind="stable")[:PAGE]]


def choose(items: MarketItems, users: MarketUsers, user: int, need: Need, shown: Int64s, rng: Rng) -> Page:
    """Clicks by rank, by fit to the need, by taste and price; then wish list, cart and order of what is liked."""
    liked = taste_for(items, users, user, shown)
    logit = CLICK_BIAS + liked + _asked_for(items, need, shown) - WRONG_CATEGORY * (items.leaf[shown] != need.leaf)
    examined = rng.random(len(shown)) < 1 / np.arange(1, len(shown) + 1) ** EXAMINATION_POWER
    clicked = examined & (rng.random(len(shown)) < _chance(logit))
    actions: list[tuple[int, Action, int]] = []
    seconds = 0
    for position in np.flatnonzero(clicked):
        seconds += int(rng.integers(5, 60))
        actions.append((int(shown[position]), Action.CLICK, seconds))
        keen = float(_chance(logit[position : position + 1])[0])
        for action, chance in AFTER_A_CLICK:
            if rng.random() < chance * keen * keen:
                seconds += int(rng.integers(5, 90))
                actions.append((int(shown[position]), action, seconds))
            elif action is Action.CART:
                break
    return Page(shown=shown, actions=tuple(actions))


def _asked_for(items: MarketItems, need: Need, rows: Int64s) -> Float32s:
    """Brand and colour of the query: 0 where they fit or were not asked for."""
    miss = np.zeros(len(rows), np.float32)
    if need.brand is not None:
        miss -= 4.0 * (items.brand[rows] != need.brand)
    if need.colour is not None:
        miss -= 2.5 * (items.colour[rows] != need.colour)
    return miss


def _chance(logit: Float32s) -> Float32s:
    return (1 / (1 + np.exp(-logit))).astype(np.float32)
