"""The catalogue of the simulated marketplace: items with brand, shop, price, style, and titles of keywords."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s, Int64s
from trainer.data.market_words import BRANDS, COLOURS, GENDER_OF_TOP, LEAVES, SELLING_WORDS, STYLES, Brand, Leaf, Named

Rng = np.random.Generator

SHOPS_FOR_EACH_BRAND = 3
CHINESE_TITLE_SHARE = 0.3
"""Of items whose brand has no Chinese name: some shops write Chinese all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketItems:
    """All items as columns of equal length n: numbers index the lists of market_words."""

    leaf: Int64s
    brand: Int64s
    colour: Int64s
    style: Int64s
    price: NDArray[np.float64]
    price_level: Float32s
    """How dear it is among its leaf, 0 to 1."""
    appeal: Float32s
    """How good it is to everybody; about normal, mean 0."""
    titles: tuple[str, ...]
    shops: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.leaf)


def make_items(count: int, rng: Rng) -> MarketItems:
    """`count` items. Leaves and brands follow a Zipf law, so some are crowded and some are nearly empty."""
    leaf = rng.choice(len(LEAVES), count, p=zipf(len(LEAVES), 0.5, rng))
    popularity = zipf(len(BRANDS), 0.4, rng)
    brand = np.array([_choose_brand(LEAVES[number], popularity, rng) for number in leaf])
    level = np.array([BRANDS[number].level for number in brand])
    colour = rng.integers(len(COLOURS), size=count)
    style = rng.integers(len(STYLES), size=count)
    usual = np.array([LEAVES[number].price for number in leaf])
    price = np.round(usual * 1.45 ** (level - 3) * np.exp(rng.normal(0, 0.3, count)), 2)
    return MarketItems(
        leaf=leaf,
        brand=brand,
        colour=colour,
        style=style,
        price=price,
        price_level=_rank_in_group(price, leaf),
        appeal=rng.normal(0, 1, count).astype(np.float32),
        titles=tuple(_title(LEAVES[leaf[i]], BRANDS[brand[i]], colour[i], style[i], rng) for i in range(count)),
        shops=tuple(_shop(BRANDS[number], rng) for number in brand),
    )


def zipf(count: int, power: float, rng: Rng) -> NDArray[np.float64]:
    """Shares that fall like 1 / rank^power, handed out in random order."""
    shares = 1.0 / np.arange(1, count + 1) ** power
    rng.shuffle(shares)
    chances: NDArray[np.float64] = shares / shares.sum()
    return chances


def _choose_brand(leaf: Leaf, popularity: NDArray[np.float64], rng: Rng) -> int:
    sells = np.array([leaf.top.en in brand.tops for brand in BRANDS])
    chances = np.where(sells, popularity, 0)
    return int(rng.choice(len(BRANDS), p=chances / chances.sum()))


def _rank_in_group(price: NDArray[np.float64], group: Int64s) -> Float32s:
    level = np.zeros(len(price), np.float32)
    for member in np.unique(group):
        rows = np.flatnonzero(group == member)
        level[rows[np.argsort(price[rows], kind="stable")]] = (np.arange(len(rows)) + 0.5) / len(rows)
    return level


def _shop(brand: Brand, rng: Rng) -> str:
    number = int(rng.integers(SHOPS_FOR_EACH_BRAND))
    return f"{brand.name} flagship store" if number == 0 else f"{brand.name} shop {number}"


def _title(leaf: Leaf, brand: Brand, colour: int, style: int, rng: Rng) -> str:
    """Keywords without grammar, as sellers write them; in Chinese for Chinese brands and some others."""
    chinese = not brand.name.isascii() or rng.random() < CHINESE_TITLE_SHARE

    def say(word: Named) -> str:
        return word.zh if chinese else word.en

    words = [brand.name]
    if brand.synonyms and rng.random() < 0.4:
        words.append(str(rng.choice(brand.synonyms)))
    words += [say(word) for word in rng.permutation(np.array(STYLES[style], object))[: rng.integers(1, 3)]]
    words += [say(COLOURS[colour]), say(leaf.name)]
    if leaf.top.en in GENDER_OF_TOP:
        words.append(say(leaf.top))
    if chinese and rng.random() < 0.5:
        words.append(leaf.name.en)
    if rng.random() < 0.5:
        words.append(say(SELLING_WORDS[rng.integers(len(SELLING_WORDS))]))
    words.append(f"{'abcdefghkmnprstx'[rng.integers(16)]}{rng.integers(100, 1000)}")
    return " ".join(words)
