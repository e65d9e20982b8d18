"""What the users of the simulated marketplace type: category, brand and category, attribute, vague, in two languages,
sometimes misspelt. A query may say less than is wanted: that is what history is for.
"""

from dataclasses import dataclass

import numpy as np

from trainer.data.market_items import Rng
from trainer.data.market_users import MarketUsers
from trainer.data.market_words import BRANDS, COLOURS, LEAVES, VAGUE_QUERIES, Named

TYPO_SHARE = 0.06
KINDS = ("leaf", "middle", "brand", "colour", "vague")
KIND_SHARES = (0.26, 0.20, 0.20, 0.16, 0.18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What is wanted, and how much of it the query says."""

    text: str
    leaf: int
    brand: int | None
    """None: any brand."""
    colour: int | None
    """None: any colour."""
    kind: str


def make_need(users: MarketUsers, user: int, leaf: int, rng: Rng) -> Need:
    """A need in category `leaf`, and the words for it."""
    kind = str(rng.choice(KINDS, p=KIND_SHARES))
    chinese = bool(users.chinese[user])
    category = LEAVES[leaf]
    brand = _wanted_brand(users, user, leaf, rng) if kind == "brand" else None
    colour = int(rng.integers(len(COLOURS))) if kind == "colour" else None

    def say(word: Named) -> str:
        return word.zh if chinese else word.en

    words = {
        "leaf": [say(category.name)],
        "middle": [say(category.middle)],
        "brand": [_brand_spelling(brand, rng), say(category.name)] if brand is not None else [],
        "colour": [say(COLOURS[colour]), say(category.name)] if colour is not None else [],
        "vague": [say(VAGUE_QUERIES[rng.integers(len(VAGUE_QUERIES))])],
    }[kind]
    text = ("" if chinese and kind != "brand" else " ").join(words)
    if kind == "vague":
        text = f"{say(category.top)}{'' if chinese else ' '}{text}"
    if text.isascii() and rng.random() < TYPO_SHARE:
        text = misspell(text, rng)
    return Need(text=text, leaf=leaf, brand=brand, colour=colour, kind=kind)


def misspell(text: str, rng: Rng) -> str:
    """Two neighbouring letters swapped, one lost or one doubled."""
    at = int(rng.integers(1, len(text) - 1))
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return (swapped, text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:])[rng.integers(3)]


def _wanted_brand(users: MarketUsers, user: int, leaf: int, rng: Rng) -> int:
    sells = np.array([LEAVES[leaf].top.en in brand.tops for brand in BRANDS])
    chances = np.where(sells, np.exp(1.5 * users.brand_taste[user]), 0).astype(np.float64)
    return int(rng.choice(len(BRANDS), p=chances / chances.sum()))


def _brand_spelling(number: int, rng: Rng) -> str:
    brand = BRANDS[number]
    if brand.synonyms and rng.random() < 0.4:
        return str(rng.choice(brand.synonyms))
    return brand.name
