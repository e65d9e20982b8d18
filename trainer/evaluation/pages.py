"""What stood on the pages of some logs, place by place, and what of it was clicked."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Bools, Int64s
from trainer.data.logs import Logs

SAMPLED = 50_000
"""Pages that are looked at: evenly through the logs where there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """One row a shown item; all [exposures]."""

    search: Int64s
    """The row of the search."""
    rank: Int64s
    """From 0 on."""
    item_ids: pa.Array
    clicked: Bools


def pages_of(logs: Logs) -> Pages:
    """The recorded pages; none where nobody wrote down what was shown."""
    step = max(1, len(logs.searches) // SAMPLED)
    rows = np.arange(0, len(logs.searches), step)
    shown = logs.searches["exposed_item_ids"].combine_chunks().take(pa.array(rows))
    parents = np.asarray(pc.list_parent_indices(shown).to_numpy(), np.int64)
    items = shown.flatten()
    sizes = np.asarray(pc.list_value_length(shown).to_numpy(), np.int64)
    rank = np.arange(len(items)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    search = rows[parents]
    return Pages(search=search, rank=rank, item_ids=items, clicked=_clicked(logs, search, items))


def _clicked(logs: Logs, search: Int64s, items: pa.Array) -> Bools:
    """Whether the item of each place was acted on from its page."""
    events = logs.events.filter(pc.is_valid(logs.events["search_id"]))
    names = pc.binary_join_element_wise(events["search_id"], events["item_id"], "\n")
    places = pc.binary_join_element_wise(logs.searches["search_id"].take(pa.array(search)), items, "\n")
    return np.asarray(pc.is_in(places, value_set=names.combine_chunks()).to_numpy(), bool)
