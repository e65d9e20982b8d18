"""The clicks of some logs as columns of numbers, in order of user, then time."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Bools, Int64s
from trainer.data.logs import Logs


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """All [clicks]. Clicks on items that the catalogue does not know are left out."""

    user: Int64s
    at_ms: Int64s
    item: Int64s
    """The row of the catalogue."""
    leaf: Int64s
    top: Int64s
    brand: Int64s
    search: Int64s
    """The row of the search; -1: none."""
    searched_ms: Int64s
    """When that search was; for a click without one, its own time."""

    @property
    def from_search(self) -> Bools:
        return self.search >= 0


def clicks_of(logs: Logs, *, without: pa.Array) -> Clicks:
    """The clicks of `logs`, but those of the users `without`: robots have no taste."""
    events = logs.events.filter(pc.equal(logs.events["action"], "click"))
    events = events.filter(pc.invert(pc.is_in(events["user_id"], value_set=without)))
    row = _rows(events["item_id"], logs.catalog["item_id"])
    events, row = events.filter(pa.array(row >= 0)), row[row >= 0]
    search = _rows(events["search_id"], logs.searches["search_id"])
    user = _codes(events["user_id"])
    at_ms = events["at_ms"].to_numpy()
    searched_ms = (
        np.where(search >= 0, logs.searches["at_ms"].to_numpy()[search], at_ms) if len(logs.searches) else at_ms
    )
    order = np.lexsort((at_ms, user))
    leaf, top = _leaf_and_top(logs.catalog)
    brand = _codes(logs.catalog["brand"])
    return Clicks(
        user=user[order],
        at_ms=at_ms[order],
        item=row[order],
        leaf=leaf[row][order],
        top=top[row][order],
        brand=brand[row][order],
        search=search[order],
        searched_ms=searched_ms[order],
    )


def _leaf_and_top(catalog: pa.Table) -> tuple[Int64s, Int64s]:
    """The whole path names a leaf: "boots" under women and under men are two."""
    path = catalog["category_path"].combine_chunks()
    return _codes(pc.binary_join(path, "/")), _codes(pc.list_element(path, 0))


def _rows(names: pa.ChunkedArray, known: pa.ChunkedArray) -> Int64s:
    """The place of each name in `known`, -1 where it is not there."""
    places = pc.index_in(names, value_set=known.combine_chunks())
    missing = pc.is_null(names).to_numpy() | places.is_null().to_numpy()
    return np.where(missing, -1, pc.fill_null(places, 0).to_numpy()).astype(np.int64)


def _codes(names: pa.ChunkedArray | pa.Array) -> Int64s:
    column = pc.dictionary_encode(names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names)
    return np.asarray(column.indices.to_numpy(), np.int64)
