"""Logs without the behaviour that a teacher calls a mistake: clicks on what does not answer the query.

Only what came from a search can be judged: without a query there is nothing to be relevant to. Orders stay, whatever
the teacher says: somebody paid for that item after that query, which is better evidence than a model's opinion, and
there are few of them.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Action, Bools
from trainer.data.log_marks import row_in
from trainer.data.logs import Logs, items_of
from trainer.teacher.teacher import Teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """Logs, and what became of their events."""

    logs: Logs
    judged: int
    """Events from a search, on an item that the catalogue has."""
    dropped: tuple[tuple[str, int], ...]
    """By action."""
    orders_kept: int
    """Orders that the teacher would have dropped."""


def clean_logs(logs: Logs, teacher: Teacher, *, below: float) -> Cleaned:
    """Drops the events from searches to whose pair the teacher gives less than `below`, orders excepted."""
    events = logs.events
    poor, judged = _poor(logs, teacher, below)
    orders = pc.equal(events["action"], Action.ORDER.name.lower()).to_numpy()
    dropped = poor & ~orders
    kinds = [action.name.lower() for action in Action if action is not Action.ORDER]
    actions = events["action"].filter(pa.array(dropped))
    return Cleaned(
        logs=Logs(
            catalog=logs.catalog,
            searches=logs.searches,
            events=events.filter(pa.array(~dropped)),
            judgments=logs.judgments,
        ),
        judged=int(judged.sum()),
        dropped=tuple((kind, pc.sum(pc.equal(actions, kind)).as_py() or 0) for kind in kinds),
        orders_kept=int((poor & orders).sum()),
    )


def _poor(logs: Logs, teacher: Teacher, below: float) -> tuple[Bools, Bools]:
    """[events]: which the teacher calls irrelevant, and which it could judge."""
    search = row_in(logs.events["search_id"], logs.searches["search_id"])
    item = row_in(logs.events["item_id"], logs.catalog["item_id"])
    judged = (search >= 0) & (item >= 0)
    items = list(items_of(logs))
    queries = logs.searches["query"].take(pa.array(search[judged])).to_pylist()
    poor = np.zeros(len(judged), bool)
    poor[judged] = teacher.probabilities(queries, [items[row] for row in item[judged]]) < below
    return poor, judged
