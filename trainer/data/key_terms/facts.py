"""What the items of a catalogue say of themselves, as columns of numbers: brand, category by level, attributes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.key_terms import TermKind
from multigrain.types import Bools, Int64s, Item
from trainer.data.key_terms.attributes import demandable

NONE = -1
"""In a column: the item says nothing of the kind."""

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One column."""

    kind: TermKind
    name: str
    """Of an attribute; empty for the other kinds."""
    level: int
    """Of a category, from 1 at the top; 0 for the other kinds."""
    values: tuple[tuple[str, ...], ...]
    """By code, as terms have them. Several where one name stands under several paths."""
    code_of: Mapping[tuple[str, ...], int]
    codes: Codes
    """[items]"""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """All columns of a catalogue: brand, categories from the top down, attributes by name."""

    columns: tuple[Fact, ...]
    names: tuple[Fact, ...]
    """Of each level the category names that stand under several paths, as columns of their own: 鞋子 may mean the shoes
    of women, of men and of children, and no single one of them.
    """

    def having(self, kind: TermKind, name: str, values: Iterable[str], rows: Int64s | None = None) -> Bools:
        """[rows]: which of these items have any of the values. None: of all items."""
        wanted = [(value,) for value in values]
        found = np.zeros(len(self.columns[0].codes) if rows is None else len(rows), bool)
        for fact in self.columns:
            if (fact.kind, fact.name) == (kind, name):
                codes = [fact.code_of[value] for value in wanted if value in fact.code_of]
                found |= np.isin(fact.codes if rows is None else fact.codes[rows], codes)
        return found


def facts_of(items: Sequence[Item]) -> Facts:
    paths = [item.category_path for item in items]
    levels = range(1, max(map(len, paths), default=0) + 1)
    brand = _column(TermKind.BRAND, (((item.brand,) if item.brand else None) for item in items))
    categories = [_column(TermKind.CATEGORY, (_at(path, level) for path in paths), level=level) for level in levels]
    attributes = [
        _column(
            TermKind.ATTRIBUTE,
            ((value,) if (value := item.attributes.get(name)) in values else None for item in items),
            name=name,
        )
        for name, values in demandable(items).items()
    ]
    names = [_named_alike(paths, column) for column in categories]
    return Facts((brand, *categories, *attributes), tuple(names))


def _at(path: Sequence[str], level: int) -> tuple[str] | None:
    return ("/".join(path[:level]),) if len(path) >= level else None


def _named_alike(paths: Sequence[Sequence[str]], column: Fact) -> Fact:
    """The column by the last name of the path, where that stands under several paths."""
    under: dict[str, dict[str, None]] = {}
    for path in paths:
        if len(path) >= column.level:
            under.setdefault(path[column.level - 1], {})["/".join(path[: column.level])] = None
    several: Mapping[str, tuple[str, ...]] = {
        name: tuple(sorted(found)) for name, found in under.items() if len(found) > 1
    }
    named = (several.get(path[column.level - 1]) if len(path) >= column.level else None for path in paths)
    return _column(TermKind.CATEGORY, named, level=column.level)


def _column(kind: TermKind, said: Iterable[tuple[str, ...] | None], *, name: str = "", level: int = 0) -> Fact:
    """Codes in the order in which the values first appear."""
    numbers: dict[tuple[str, ...], int] = {}
    codes = [NONE if value is None else numbers.setdefault(value, len(numbers)) for value in said]
    return Fact(kind, name, level, tuple(numbers), numbers, np.array(codes, np.int32))
