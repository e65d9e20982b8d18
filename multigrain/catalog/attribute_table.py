"""What items state of their attributes, as numbers: a code for each 'colour is red', and a few codes an item.

What is not judged on is left out, and an item that leaves an attribute out is known to nobody as missing it.
"""

import json
import sys
from collections.abc import Mapping, Sequence

import numpy as np

from multigrain.catalog.code_table import Codes, Table
from multigrain.catalog.text_log import TextLog

SLOTS = 8
"""Of an item. 8 marks of one byte are one number of 64 bits, so that an item is judged in one step. More would cost
every item 4 bytes each; what does not fit counts as unknown."""
VALUE_BYTES_MAX = 64
"""What is longer is a description, and nobody's demand."""
VALUES_MAX = 10_000
"""Of one attribute. What has more, a bar code say, tells items apart instead of saying what they are."""
CODES_MAX = 1 << 18
"""Of all attributes. Each process holds each of them, in some 260 bytes."""
BRAND_SYNONYMS = "brand_synonyms"
"""The attribute that holds a brand's other names; the same as in the logs. Of the brand there is a rule already."""

Attribute = tuple[str, str]
"""Name and value: ('colour', 'red')."""


class AttributeTable(Table[Attribute]):
    """Attributes and codes, found by the name, too. Code 0: nothing is stated."""

    def __init__(self, log: TextLog) -> None:
        self._of_name: dict[str, list[int]] = {}
        super().__init__(log, ("", ""))

    def slots_of(self, attributes: Sequence[Mapping[str, str]]) -> Codes:
        """[n, SLOTS]: the codes of each item, zeros behind them. A code more for those that have none, while there is
        room. By one writer."""
        stated = [attribute for one in attributes for attribute in one.items()]
        codes = self.put(stated)
        kept = np.flatnonzero(codes)
        codes = codes[kept]
        whose = np.repeat(np.arange(len(attributes)), [len(one) for one in attributes])[kept]
        places = np.arange(len(whose)) - np.searchsorted(whose, whose)
        fits = places < SLOTS
        if not fits.all():
            # By name, so that the same ones stay whatever order they came in.
            names = np.array([stated[number][0] for number in kept.tolist()])
            codes = codes[np.lexsort((names, whose))]
        slots = np.zeros((len(attributes), SLOTS), np.int32)
        slots[whose[fits], places[fits]] = codes[fits]
        return slots

    def codes_named(self, name: str) -> Codes:
        """Of every value of this attribute."""
        self._read_on()
        return np.array(self._of_name.get(name, []), np.int32)

    def _admitted(self, keys: Sequence[Attribute]) -> Sequence[Attribute]:
        admitted: list[Attribute] = []
        room: dict[str, int] = {}
        for key in keys:
            if len(self) + len(admitted) >= CODES_MAX:
                break
            left = room.setdefault(key[0], VALUES_MAX - len(self._of_name.get(key[0], ())))
            if left > 0 and _is_judged_on(*key):
                room[key[0]] = left - 1
                admitted.append(key)
        return admitted

    def _as_text(self, key: Attribute) -> str:
        return json.dumps(key)  # a name may hold any sign, so none is left to join them with

    def _of_text(self, text: str) -> Attribute:
        name, value = json.loads(text)
        return sys.intern(name), value  # a few names, each with thousands of values

    def _learn(self, key: Attribute) -> None:
        super()._learn(key)
        self._of_name.setdefault(key[0], []).append(len(self) - 1)


def _is_judged_on(name: str, value: str) -> bool:
    return 0 < len(value.encode("utf-8", "surrogatepass")) <= VALUE_BYTES_MAX and name != BRAND_SYNONYMS
