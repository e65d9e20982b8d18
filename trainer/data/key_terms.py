"""The key-term dictionary from the catalogue: every spelling of every brand, every name of every category.

A category name that stands under several paths gives one term a path; which of them a query means is for the server.
"""

from collections.abc import Iterable

from multigrain.key_terms import KeyTerm, TermKind
from multigrain.text.terms import terms_of
from multigrain.types import Item
from trainer.data.logs import BRAND_SYNONYMS

BRAND_CONFIDENCE = 1.0
CATEGORY_CONFIDENCE = 1.0
AMBIGUOUS_CONFIDENCE = 0.9
"""Of a category name under several paths: still a demand, but for any of them."""


def build_key_terms(items: Iterable[Item]) -> tuple[KeyTerm, ...]:
    """One term for each spelling of each value, in a stable order. Spellings without a letter or digit make none."""
    catalogue = list(items)
    terms = [*_brand_terms(catalogue), *_category_terms(catalogue)]
    return tuple(sorted(terms, key=lambda term: (term.kind, term.value, term.words)))


def _brand_terms(items: Iterable[Item]) -> list[KeyTerm]:
    spellings: dict[tuple[str, tuple[str, ...]], None] = {}
    for item in items:
        if item.brand:
            for spelling in (item.brand, *item.attributes.get(BRAND_SYNONYMS, "").split("|")):
                spellings[(item.brand, terms_of(spelling))] = None
    return [
        KeyTerm(kind=TermKind.BRAND, value=brand, words=words, confidence=BRAND_CONFIDENCE)
        for brand, words in spellings
        if words
    ]


def _category_terms(items: Iterable[Item]) -> list[KeyTerm]:
    paths_of: dict[tuple[str, ...], set[str]] = {}
    for item in items:
        for depth, name in enumerate(item.category_path, start=1):
            paths_of.setdefault(terms_of(name), set()).add("/".join(item.category_path[:depth]))
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
