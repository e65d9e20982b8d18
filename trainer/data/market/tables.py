"""Days of the simulation as tables of the log layout: numbers become public ids, rows stand in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from multigrain.types import Action, Bools, Int64s
from trainer.data.logs import EVENTS_SCHEMA, SEARCHES_SCHEMA
from trainer.data.market.catalogue import numbered
from trainer.data.market.choice import Deeds
from trainer.data.market.numbers import NONE, Ints

_ACTIONS = [action.name.lower() for action in sorted(Action)]


@dataclass(frozen=True, slots=True)
class Happened:
    """Deeds with whom and when they belong to: `deeds.page` indexes the other arrays."""

    user: Ints
    at_ms: Int64s
    search: Int64s
    """The number of the search, NONE for none."""
    deeds: Deeds


def searches_table(
    first: int, user: Ints, at_ms: Int64s, query: pa.Array, pages: NDArray[np.int32], item_ids: pa.Array
) -> pa.Table:
    """Searches in order of time, numbered from `first` on."""
    shown = pages != NONE
    offsets = np.concatenate([[0], np.cumsum(shown.sum(axis=1))]).astype(np.int32)
    columns = [
        search_names(first + np.arange(len(user))),
        user_names(user),
        pa.array(at_ms),
        query,
        pa.ListArray.from_arrays(pa.array(offsets), item_ids.take(pa.array(pages[shown]))),
    ]
    return pa.table(columns, schema=SEARCHES_SCHEMA)


def events_table(first: int, happened: Sequence[Happened], item_ids: pa.Array) -> pa.Table:
    """All that happened, put in order of time, numbered from `first` on."""
    user = np.concatenate([part.user[part.deeds.page] for part in happened])
    at_ms = np.concatenate([part.at_ms[part.deeds.page] + part.deeds.after_ms for part in happened])
    search = np.concatenate([part.search[part.deeds.page] for part in happened])
    action = np.concatenate([part.deeds.action for part in happened])
    row = np.concatenate([part.deeds.row for part in happened])
    order = np.lexsort((action, user, at_ms))
    named = search[order] != NONE
    columns = [
        numbered("event-", first + np.arange(len(order)), 8),
        user_names(user[order]),
        item_ids.take(pa.array(row[order])),
        pa.array(_ACTIONS).take(pa.array(action[order] - min(Action))),
        pa.array(at_ms[order]),
        _null_where(~named, search_names(np.where(named, search[order], 0))),
    ]
    return pa.table(columns, schema=EVENTS_SCHEMA)


def user_names(users: Ints) -> pa.Array:
    """The public ids of users by row."""
    return numbered("user-", users, 5)


def search_names(numbers: Int64s) -> pa.Array:
    return numbered("search-", numbers, 8)


def _null_where(missing: Bools, column: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), column)
