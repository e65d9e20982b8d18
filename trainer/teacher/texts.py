"""The texts of queries and items as the teacher reads them: words by field, cut where hardly a text is longer."""

import html
import re
from dataclasses import dataclass

from multigrain.text.analyzer import words_of
from multigrain.types import Item
from trainer.teacher.words import head

QUERY_WORDS, TITLE_WORDS, BRAND_WORDS, CATEGORY_WORDS, ATTRIBUTE_WORDS = 12, 32, 4, 12, 16

Words = tuple[str, ...]

# What follows is a size, a pack or a colour: "Cap Screw (2 per Bag)", "Grill Cover - Black".
_NAME_ENDS = re.compile(r"[(（\[,，;；:：]|\s[-–—|]\s")


@dataclass(frozen=True, slots=True)
class QueryWords:
    """One query."""

    text: Words
    head: int
    """Where in it the head stands."""


@dataclass(frozen=True, slots=True)
class ItemWords:
    """One item's texts."""

    title: Words
    head: int
    """Where in the title the head stands."""
    brand: Words
    category: Words
    """Leaf first: what is cut is the least telling."""
    attributes: Words

    @property
    def everything(self) -> Words:
        return self.title + self.brand + self.category + self.attributes


def read_query(query: str) -> QueryWords:
    words = words_of(query)[:QUERY_WORDS]
    return QueryWords(words, head(words))


def read_item(item: Item) -> ItemWords:
    # Shops that export their pages leave &amp; and &#39; in titles.
    title = html.unescape(item.title)
    return ItemWords(
        title=words_of(title)[:TITLE_WORDS],
        head=head(words_of(_NAME_ENDS.split(title, maxsplit=1)[0])[:TITLE_WORDS]),
        brand=words_of(item.brand)[:BRAND_WORDS],
        category=words_of(" ".join(reversed(item.category_path)))[:CATEGORY_WORDS],
        attributes=words_of(" ".join(item.attributes.values()))[:ATTRIBUTE_WORDS],
    )
