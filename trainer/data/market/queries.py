"""The words of each need, in two languages, sometimes misspelt. A query may say less than is wanted: that is what
history is for.
"""

from dataclasses import dataclass, field
from random import Random

import numpy as np
import pyarrow as pa

from multigrain.types import Bools
from trainer.data.market.needs import Kind, Needs
from trainer.data.market.numbers import NONE, Ints, Rng
from trainer.data.market.words import COLOURS, FEATURES, VAGUE_QUERIES, Named
from trainer.data.market.world import World

TYPO_SHARE = 0.06
TYPOS = 3
"""People make the same few mistakes: so many misspellings of a query are typed."""
SYNONYM_SHARE = 0.4
SYNONYMS_MAX = 2


@dataclass(frozen=True, slots=True)
class Phrase:
    """Everything that decides the text of a query. `said` is the leaf, middle or top category that is named."""

    kind: Kind
    said: int
    brand: int
    spelling: int
    """0: as the catalogue spells the brand; else the number of a synonym."""
    colour: int
    feature: int
    vague: int
    chinese: bool
    typo: int
    """0: none."""


@dataclass(slots=True)
class Phrasebook:
    """Every query typed so far, by number."""

    world: World
    phrases: list[Phrase] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _numbers: dict[tuple[int, ...], int] = field(default_factory=dict)

    def put(self, needs: Needs, rng: Rng) -> tuple[Ints, Bools]:
        """The number of the query of each need, and whether it was meant to be misspelt."""
        typed = _keys(needs, self.world, rng)
        keys, where = np.unique(typed, axis=0, return_inverse=True)
        numbers = np.array([self._number(tuple(key)) for key in keys.tolist()], np.int32)
        return numbers[where.ravel()], typed[:, -1] > 0

    def texts_of(self, numbers: Ints) -> pa.Array:
        return pa.array(self.texts, pa.string()).take(pa.array(numbers))

    def _number(self, key: tuple[int, ...]) -> int:
        number = self._numbers.setdefault(key, len(self.texts))
        if number == len(self.texts):
            kind, said, brand, spelling, colour, feature, vague, chinese, typo = key
            phrase = Phrase(Kind(kind), said, brand, spelling, colour, feature, vague, bool(chinese), typo)
            text = say(phrase, self.world)
            if typo and text.isascii():
                text = misspell(text, Random(f"{text} {typo}"))
            self.phrases.append(phrase)
            self.texts.append(text)
        return number


def say(phrase: Phrase, world: World) -> str:
    """The text of a phrase, as one who does not mistype writes it."""

    def word(named: Named) -> str:
        return named.zh if phrase.chinese else named.en

    leaf = world.leaves[phrase.said]
    words: list[str] = []
    if phrase.brand != NONE:
        brand = world.brands[phrase.brand]
        words.append((brand.name, *brand.synonyms)[phrase.spelling])
    if phrase.colour != NONE:
        words.append(word(COLOURS[phrase.colour]))
    if phrase.feature != NONE:
        words.append(word(FEATURES[leaf.top.en][phrase.feature]))
    if phrase.kind is Kind.MIDDLE:
        words.append(word(world.middles[phrase.said]))
    elif phrase.kind is Kind.VAGUE:
        words += [word(world.tops[phrase.said]), word(VAGUE_QUERIES[phrase.vague])]
    elif phrase.kind is not Kind.BRAND:
        words.append(word(leaf.name))
    # Chinese is typed without spaces, but for what stands beside a Latin word.
    return ("" if all(not part.isascii() for part in words) else " ").join(words)


def misspell(text: str, random: Random) -> str:
    """Two neighbouring letters swapped, one lost or one doubled."""
    if len(text) < 3:
        return text
    at = random.randrange(1, len(text) - 1)
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return random.choice((swapped, text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:]))


def _keys(needs: Needs, world: World, rng: Rng) -> Ints:
    """[searches, 9]: the fields of Phrase, in their order."""
    count = len(needs)
    synonyms = np.array([min(len(brand.synonyms), SYNONYMS_MAX) for brand in world.brands])
    asked = needs.brand != NONE
    other = asked & (synonyms[needs.brand] > 0) & (rng.random(count) < SYNONYM_SHARE)
    spelling = np.where(other, 1 + (rng.random(count) * synonyms[needs.brand]).astype(np.int32), 0)
    said = np.select(
        [needs.kind == Kind.MIDDLE, needs.kind == Kind.VAGUE, needs.kind == Kind.BRAND],
        [world.middle_of_leaf[needs.leaf], world.top_of_leaf[needs.leaf], 0],
        needs.leaf,
    )
    vague = np.where(needs.kind == Kind.VAGUE, rng.integers(len(VAGUE_QUERIES), size=count), 0)
    typo = np.where(rng.random(count) < TYPO_SHARE, 1 + rng.integers(TYPOS, size=count), 0)
    columns = (
        needs.kind, said, needs.brand, spelling, needs.colour, needs.feature, vague, needs.chinese, typo,
    )  # fmt: skip
    return np.stack([np.asarray(column, np.int32) for column in columns], axis=1)


def meant_leaves(phrase: Phrase, world: World) -> tuple[int, ...]:
    """The leaf categories that the words allow: a name may stand in several places of the tree."""
    leaves = range(len(world.leaves))
    if phrase.kind is Kind.MIDDLE:
        return tuple(leaf for leaf in leaves if world.middle_of_leaf[leaf] == phrase.said)
    if phrase.kind is Kind.VAGUE:
        return tuple(leaf for leaf in leaves if world.top_of_leaf[leaf] == phrase.said)
    if phrase.kind is Kind.BRAND:
        return tuple(leaf for leaf in leaves if world.sells[world.top_of_leaf[leaf], phrase.brand])
    name = world.leaves[phrase.said].name
    same = [(entry.name.zh == name.zh) if phrase.chinese else (entry.name.en == name.en) for entry in world.leaves]
    return tuple(leaf for leaf in leaves if same[leaf])
