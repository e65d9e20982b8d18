"""Titles as sellers write them: stacked keywords without grammar, in English or Chinese. Built column by column."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Bools
from trainer.data.market.items import MarketItems
from trainer.data.market.numbers import Ints, Rng
from trainer.data.market.words import COLOURS, FEATURES, FEATURES_EACH, GENDER_OF_TOP, SELLING_WORDS, STYLES, Named
from trainer.data.market.world import World

MODEL_LETTERS = "abcdefghkmnprstx"
MODEL_NUMBERS = 900


def make_titles(items: MarketItems, world: World, rng: Rng) -> pa.Array:
    """One title an item: brand, its other name, style, feature, colour, category, and what sellers add."""
    count, chinese = len(items), items.chinese
    leaves = [leaf.name for leaf in world.leaves]
    features = [feature for top in world.tops for feature in FEATURES[top.en]]
    style = [word for words in STYLES for word in words]
    first = rng.integers(3, size=count, dtype=np.int32)
    # The second style word is another one of the three, or missing.
    second = (first + rng.integers(1, 3, size=count, dtype=np.int32)) % 3

    def chance(share: float) -> Bools:
        return rng.random(count) < share

    feature = _said(features, items.top * FEATURES_EACH + items.feature, chinese)
    colour = _said(COLOURS, items.colour, chinese)
    leaf = _said(leaves, items.leaf, chinese)
    columns = [
        pa.array([brand.name for brand in world.brands]).take(pa.array(items.brand)),
        _only(chance(0.4), _other_name(items.brand, world, rng)),
        _said(style, items.style * 3 + first, chinese),
        _only(chance(0.5), _said(style, items.style * 3 + second, chinese)),
        # Half of the sellers say what it is before they say what it is like.
        *_either(chance(0.5), (feature, colour, leaf), (leaf, colour, feature)),
        _gender(items, world),
        _only(chinese & chance(0.5), _said(leaves, items.leaf, np.zeros(count, bool))),
        _only(chance(0.5), _said(SELLING_WORDS, rng.integers(len(SELLING_WORDS), size=count, dtype=np.int32), chinese)),
        _model(count, rng),
    ]
    return pc.binary_join_element_wise(*columns, " ", null_handling="skip")


def shop_names(items: MarketItems, world: World) -> pa.Array:
    """The shop of each item: the brand's own, or one of the others that sell it."""
    brand = pa.array([brand.name for brand in world.brands]).take(pa.array(items.brand))
    suffix = pa.array(["flagship store", "shop 1", "shop 2"]).take(pa.array(items.shop))
    return pc.binary_join_element_wise(brand, suffix, " ")


def _said(words: Sequence[Named], numbers: Ints, chinese: Bools) -> pa.Array:
    """The word of each number, in the language of its title."""
    both = pa.array([word.en for word in words] + [word.zh for word in words])
    return both.take(pa.array(numbers + len(words) * chinese))


def _only(where: Bools, column: pa.Array) -> pa.Array:
    """The column, null where it is not said."""
    return pc.if_else(pa.array(where), column, pa.scalar(None, pa.string()))


def _either(where: Bools, first: Sequence[pa.Array], second: Sequence[pa.Array]) -> list[pa.Array]:
    return [pc.if_else(pa.array(where), one, other) for one, other in zip(first, second, strict=True)]


def _other_name(brand: Ints, world: World, rng: Rng) -> pa.Array:
    """One of the brand's synonyms; null where it has none."""
    names = [name for entry in world.brands for name in entry.synonyms]
    counts = np.array([len(entry.synonyms) for entry in world.brands])
    starts = np.cumsum(counts) - counts
    chosen = starts[brand] + (rng.random(len(brand)) * counts[brand]).astype(np.int64)
    return pa.array([*names, None]).take(pa.array(np.where(counts[brand] > 0, chosen, len(names))))


def _gender(items: MarketItems, world: World) -> pa.Array:
    """Whom it is for, where the top category says that; null elsewhere."""
    known = np.array([top.en in GENDER_OF_TOP for top in world.tops])
    return _only(known[items.top], _said(world.tops, items.top, items.chinese))


def _model(count: int, rng: Rng) -> pa.Array:
    models = [f"{letter}{number}" for letter in MODEL_LETTERS for number in range(100, 100 + MODEL_NUMBERS)]
    return pa.array(models).take(pa.array(rng.integers(len(models), size=count)))
