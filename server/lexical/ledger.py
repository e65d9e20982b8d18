"""What is known of each item: what its title was, and where the title stands. Arrays by item_no, which is dense."""

from collections.abc import Mapping, Sequence

import numpy as np

from multigrain.types import Int64s

ROOM = 1.25
"""Growing by a quarter: an item more does not copy the arrays each time."""


class Ledger:
    """16 bytes an item. One thread at a time."""

    def __init__(self) -> None:
        self._titles = np.zeros(0, np.int64)
        self._serials = np.zeros(0, np.int32)
        self._places = np.zeros(0, np.int32)

    def changed(self, titles: Mapping[int, str]) -> tuple[Int64s, Int64s]:
        """Those of these items whose title is not the one that stands, and a mark of each one's title."""
        item_nos = np.fromiter(titles, np.int64, len(titles))
        # One title in 2**63 passes for its predecessor. 0 is the mark of no title.
        marks = np.fromiter((hash(title) | 1 for title in titles.values()), np.int64, len(titles))
        self._grow(int(item_nos.max(initial=-1)) + 1)
        differ = np.flatnonzero(self._titles[item_nos] != marks)
        return item_nos[differ], marks[differ]

    def note(self, item_nos: Int64s, marks: Int64s) -> None:
        """These are the titles that stand now."""
        self._titles[item_nos] = marks

    def stand(self, item_nos: Int64s, places: Int64s, serial: int) -> None:
        """These titles stand at these places of the segment of this serial now."""
        self._serials[item_nos] = serial
        self._places[item_nos] = places

    def forget(self, item_nos: Int64s) -> None:
        """These have no title any more."""
        self._titles[item_nos] = 0
        self._serials[item_nos] = 0

    def known(self, item_nos: Int64s) -> Int64s:
        """Those of these, each once, that stand somewhere."""
        inside = np.unique(item_nos[(item_nos >= 0) & (item_nos < len(self._serials))])
        return inside[self._serials[inside] > 0]

    def standing(self, item_nos: Int64s) -> dict[int, Int64s]:
        """By serial: the places where these known items stand."""
        serials, places = self._serials[item_nos], self._places[item_nos]
        return {int(serial): places[serials == serial].astype(np.int64) for serial in np.unique(serials)}

    def still(self, item_nos: Int64s, serials: Sequence[int]) -> Int64s:
        """Positions of those of these items that stand in one of these segments."""
        return np.flatnonzero(np.isin(self._serials[item_nos], serials))

    def _grow(self, size: int) -> None:
        if size > len(self._titles):
            more = int(size * ROOM) - len(self._titles) + 1
            self._titles, self._serials, self._places = (
                np.concatenate((column, np.zeros(more, column.dtype)))
                for column in (self._titles, self._serials, self._places)
            )
