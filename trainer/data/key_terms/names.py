"""Key terms that are names: every spelling of every brand, the name of every category, the values of attributes."""

from collections.abc import Iterable, Sequence

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from multigrain.text.terms import terms_of
from multigrain.types import Item
from trainer.data.key_terms.attributes import demandable
from trainer.data.logs import BRAND_SYNONYMS

BRAND_CONFIDENCE = 1.0
CATEGORY_CONFIDENCE = 1.0
AMBIGUOUS_CONFIDENCE = 0.9
"""Of a category name under several paths: still a demand, but for any of them."""
ATTRIBUTE_CONFIDENCE = 0.8
"""A colour is wished for more often than it is insisted on: a rule until clicks say otherwise, and the first to go."""


def name_terms(items: Sequence[Item]) -> list[KeyTerm]:
    """One term for each spelling of each value. Spellings without a letter or digit make none."""
    return [*_brand_terms(items), *_category_terms(items), *_attribute_terms(items)]


def _brand_terms(items: Iterable[Item]) -> list[KeyTerm]:
    sources: dict[tuple[str, tuple[str, ...]], TermSource] = {}
    for item in items:
        if item.brand:
            sources[(item.brand, terms_of(item.brand))] = TermSource.CATALOGUE
            for spelling in item.attributes.get(BRAND_SYNONYMS, "").split("|"):
                sources.setdefault((item.brand, terms_of(spelling)), TermSource.SYNONYM)
    return [
        KeyTerm(kind=TermKind.BRAND, value=brand, words=words, confidence=BRAND_CONFIDENCE, source=source)
        for (brand, words), source in sources.items()
        if words
    ]


def _category_terms(items: Iterable[Item]) -> list[KeyTerm]:
    paths_of: dict[tuple[str, ...], set[str]] = {}
    for path in dict.fromkeys(item.category_path for item in items):
        for depth, name in enumerate(path, start=1):
            paths_of.setdefault(terms_of(name), set()).add("/".join(path[:depth]))
    return [
        KeyTerm(
            kind=TermKind.CATEGORY,
            value=path,
            words=words,
            confidence=CATEGORY_CONFIDENCE if len(paths) == 1 else AMBIGUOUS_CONFIDENCE,
        )
        for words, paths in paths_of.items()
        if words
        for path in sorted(paths)
    ]


def _attribute_terms(items: Iterable[Item]) -> list[KeyTerm]:
    return [
        KeyTerm(kind=TermKind.ATTRIBUTE, name=name, value=value, words=words, confidence=ATTRIBUTE_CONFIDENCE)
        for name, values in demandable(items).items()
        for value in sorted(values)
        if (words := terms_of(value))
    ]
