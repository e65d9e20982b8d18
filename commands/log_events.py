"""Logs -> the events that they are the record of, in order of time: what a shop would have published."""

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING

from multigrain.events import ACTION_OF, ActionEvent, Event, ItemUpserted, Searched
from multigrain.types import ItemId, UserId

if TYPE_CHECKING:
    import pyarrow as pa

    from trainer.data.logs import Logs


def catalogue_events(logs: "Logs") -> Iterator[ItemUpserted]:
    """One ItemUpserted for each row of the catalogue, in the order of the file.

    An item of which nobody knows when it was listed was there when the logs began.
    """
    from trainer.data.logs import items_of

    began_ms = min((int(table["at_ms"][0].as_py()) for table in _by_time(logs) if len(table)), default=0)
    for item, listed_ms in zip(items_of(logs), logs.catalog["listed_ms"].to_pylist(), strict=True):
        yield ItemUpserted(event_id=f"up-{item.item_id}-{item.source_version}", at_ms=listed_ms or began_ms, item=item)


def behavior_events(logs: "Logs") -> Iterator[Event]:
    """Searches and what users did, merged in order of time."""
    return heapq.merge(_searches(logs), _actions(logs), key=lambda event: event.at_ms)


def _by_time(logs: "Logs") -> "tuple[pa.Table, pa.Table]":
    return logs.searches.sort_by("at_ms"), logs.events.sort_by("at_ms")


def _searches(logs: "Logs") -> Iterator[Searched]:
    for row in logs.searches.sort_by("at_ms").to_pylist():
        yield Searched(
            event_id=f"se-{row['search_id']}",
            at_ms=row["at_ms"],
            user_id=UserId(row["user_id"]),
            search_id=row["search_id"],
            query=row["query"],
            exposed_item_ids=tuple(ItemId(item_id) for item_id in row["exposed_item_ids"]),
        )


def _actions(logs: "Logs") -> Iterator[ActionEvent]:
    kinds = {action.name.lower(): kind for kind, action in ACTION_OF.items()}
    for row in logs.events.sort_by("at_ms").to_pylist():
        yield kinds[row["action"]](
            event_id=row["event_id"],
            at_ms=row["at_ms"],
            user_id=UserId(row["user_id"]),
            item_id=ItemId(row["item_id"]),
            search_id=row["search_id"],
        )
