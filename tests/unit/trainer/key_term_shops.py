"""Shops and clicks by hand, for tests of the key-term dictionary."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multigrain.key_terms import KeyTerm
from multigrain.types import Item
from tests.builders import an_item
from trainer.data.key_terms.clicked import Clicked


def many(titles: str, count: int, *, first: int, **facts: Any) -> list[Item]:  # Any: whatever field the test is about
    """`count` items from number `first` on, whose titles differ in a number alone; `titles` has {} for it."""
    return [an_item(number, title=titles.format(number), **facts) for number in range(first, first + count)]


def clicks_of(items: Sequence[Item], chosen: Mapping[str, Mapping[int, int]], *, people: int = 50) -> Clicked:
    """By query, how many people chose the items of these numbers; of each query `people` did."""
    row_of = {item.item_id: row for row, item in enumerate(items)}
    queries = sorted(chosen)
    rows = [
        (place, row_of[an_item(number).item_id], clicks)
        for place, query in enumerate(queries)
        for number, clicks in sorted(chosen[query].items())
    ]
    columns = np.array(rows, np.int64).reshape(-1, 3)
    return Clicked(tuple(queries), np.full(len(queries), people, np.int64), columns[:, 0], columns[:, 1], columns[:, 2])


def said(terms: Sequence[KeyTerm], words: str) -> set[tuple[str, str, str]]:
    """(kind, name, value) of what these words, with spaces between the units, stand for."""
    return {(term.kind.value, term.name, term.value) for term in terms if " ".join(term.words) == words}


def confidence(terms: Sequence[KeyTerm], words: str) -> float:
    (found,) = {term.confidence for term in terms if " ".join(term.words) == words}
    return found
