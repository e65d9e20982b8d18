"""What is done about differences, inside the lock of the catalogue: nothing, or what the stream would have done."""

from collections.abc import Callable, Sequence

import numpy as np

from multigrain.catalog.catalog import StoredItem
from multigrain.index.item_rows import item_rows
from streaming.reconcile.difference import Difference, Kind
from streaming.targets import Target

Treat = Callable[[Target, Sequence[StoredItem], Sequence[Difference]], None]
"""Given the items as the catalogue has them, and what is wrong with theirs and other rows of the index."""


def leave(target: Target, items: Sequence[StoredItem], differences: Sequence[Difference]) -> None:
    """A report is all that was asked for."""


def repair(target: Target, items: Sequence[StoredItem], differences: Sequence[Difference]) -> None:
    """Deletes what is too much and writes what is missing or wrong. Its writes are fenced like any other."""
    # The fence would keep a row that is ahead of the catalogue, so it goes first.
    too_much = [one.item_no for one in differences if one.kind in (Kind.SURPLUS, Kind.AHEAD)]
    if too_much:
        target.index.delete(np.array(too_much, np.int64))
    wrong = {one.item_no for one in differences}
    written = [stored for stored in items if stored.item_no in wrong]
    if written:
        target.index.upsert(item_rows(written, target.encoder.encode_items([stored.item for stored in written])))
