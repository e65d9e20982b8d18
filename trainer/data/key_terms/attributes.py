"""Which attributes of a catalogue have values that people ask for by name: 'red' is one, a serial number is none."""

from collections import Counter
from collections.abc import Iterable, Mapping

from multigrain.types import Item
from trainer.data.logs import BRAND_SYNONYMS

VALUE_BYTES_MAX = 64
"""Longer values are sentences: nobody types them, and a query that holds a piece of one asks for something else."""
UNIQUE_SHARE_MAX = 0.5
"""Of an attribute's items, how many different values: above it they are serial numbers or free text."""
WRONG_SHARE_MAX = 0.5
"""Of an attribute's items, how many hold a value that is too long or has no letter: above it the rest is no better."""
ITEMS_OF_A_VALUE_MIN = 5
"""A value of fewer items is more often a slip of the seller's than something to ask for."""
_NOTHING = "yes no true false none other others n/a na unknown multi various any default 是 否 有 无 其他 其它 未知"
SAYING_NOTHING = frozenset(_NOTHING.split())
"""Values that need their attribute's name beside them. As folded text."""


def demandable(items: Iterable[Item]) -> Mapping[str, frozenset[str]]:
    """The attributes that make terms, in order of their names, each with its values that do."""
    seen: dict[str, Counter[str]] = {}
    for item in items:
        for name, value in item.attributes.items():
            if name != BRAND_SYNONYMS:
                seen.setdefault(name, Counter())[value] += 1
    found = {name: _values_of(seen[name]) for name in sorted(seen)}
    return {name: values for name, values in found.items() if values}


def _values_of(counts: Counter[str]) -> frozenset[str]:
    items = counts.total()
    sayable = {value: count for value, count in counts.items() if _is_sayable(value)}
    if items - sum(sayable.values()) > WRONG_SHARE_MAX * items or len(counts) > UNIQUE_SHARE_MAX * items:
        return frozenset()
    return frozenset(
        value
        for value, count in sayable.items()
        if count >= ITEMS_OF_A_VALUE_MIN and value.strip().casefold() not in SAYING_NOTHING
    )


def _is_sayable(value: str) -> bool:
    """Short, and more than a number."""
    return len(value.encode("utf-8")) <= VALUE_BYTES_MAX and any(character.isalpha() for character in value)
