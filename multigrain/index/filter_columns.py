"""What a HardFilter reads of the items in memory: brands, categories, shops and statuses, as columns of codes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from multigrain.index.hard_filter import CATEGORY_BYTES, NAME_BYTES, is_under, shortened
from multigrain.index.item_index import HardFilter, IndexRows
from multigrain.index.scans.growth import grown
from multigrain.types import Bools, Int64s

Places = slice | Int64s


class FilterColumns:
    """A row a place. One writer; readers may read meanwhile, and find of a row that is being written anything."""

    def __init__(self, size: int) -> None:
        self._statuses = np.zeros(size, np.int64)
        self._brands, self._shops = (_Words(size, NAME_BYTES) for _ in range(2))
        self._categories = _Words(size, CATEGORY_BYTES)

    def grow(self, size: int) -> None:
        self._statuses = grown(self._statuses, size)
        for words in (self._brands, self._categories, self._shops):
            words.grow(size)

    def put(self, places: Int64s, rows: IndexRows) -> None:
        self._statuses[places] = rows.statuses
        self._brands.put(places, rows.brands)
        self._categories.put(places, rows.categories)
        self._shops.put(places, rows.shops)

    def brands(self, places: Int64s) -> list[str]:
        return self._brands.at(places)

    def categories(self, places: Int64s) -> list[str]:
        return self._categories.at(places)

    def shops(self, places: Int64s) -> list[str]:
        return self._shops.at(places)

    def statuses(self, places: Int64s) -> list[int]:
        statuses: list[int] = self._statuses[places].tolist()
        return statuses

    def passing(self, only: HardFilter, places: Places) -> Sequence[Bools]:
        """Of each list of the filter that demands something, which of these places fulfil it."""
        demands: list[Bools] = []
        if only.brands:
            demands.append(self._brands.among(places, set(only.brands)))
        if only.categories:
            demands.append(self._categories.among(places, self._under(only.categories)))
        if only.shops:
            demands.append(self._shops.among(places, set(only.shops)))
        if only.statuses:
            demands.append(np.isin(self._statuses[places], only.statuses))
        return demands

    def _under(self, paths: Sequence[str]) -> set[str]:
        cut = [shortened(path, CATEGORY_BYTES) for path in paths]
        return {word for word in self._categories.known() if any(is_under(word, path) for path in cut)}


class _Words:
    """A column of strings, kept as codes. Longer ones are cut as Milvus cuts them: rows may come from there."""

    def __init__(self, size: int, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._code_of: dict[str, int] = {}
        self._codes: NDArray[np.int64] = np.zeros(size, np.int64)

    def grow(self, size: int) -> None:
        self._codes = grown(self._codes, size)

    def known(self) -> list[str]:
        """In the order of their codes. A copy, in one step: a writer may learn words meanwhile."""
        return list(self._code_of)

    def put(self, places: Int64s, words: Sequence[str]) -> None:
        self._codes[places] = [
            self._code_of.setdefault(shortened(word, self._bytes_max), len(self._code_of)) for word in words
        ]

    def at(self, places: Int64s) -> list[str]:
        words = self.known()
        return [words[code] for code in self._codes[places].tolist()]

    def among(self, places: Places, words: set[str]) -> Bools:
        cut = {shortened(word, self._bytes_max) for word in words}
        return np.isin(self._codes[places], [self._code_of[word] for word in cut if word in self._code_of])
