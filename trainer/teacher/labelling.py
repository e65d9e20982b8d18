"""Logs with what a teacher knows added as examples: so towers are taught what raters would say where nobody clicked.

For each query of the logs a model's own best items are judged, and those of which the teacher is sure become clicks.
The searches they belong to are made by users of their own, one a query, at the time of the query's first search: so
nobody's history holds what they did not do, no one asks often enough to be a robot, and a split by time keeps them
where the query was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from multigrain.encoder import Encoder
from multigrain.features.windows import Windows
from multigrain.types import Action, Float32s, Int64s, Item
from trainer.data.logs import EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs, items_of
from trainer.evaluation.topk import exact_top_k
from trainer.teacher.teacher import Teacher

TAUGHT = "taught"
"""Begins the ids of the searches, events and users that are added."""
AT_MOST = 8
"""Items for a query: a training example knows no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Logs, and what was added to them."""

    logs: Logs
    judged: int
    """Pairs that the teacher was asked about."""
    queries: int
    """That something was added for, each as one search."""
    clicks: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query of the logs."""

    query: str
    at_ms: int


def label_logs(
    logs: Logs, teacher: Teacher, encoder: Encoder, *, before_ms: int, candidates: int, above: float
) -> Labelled:
    """Adds to the queries first asked before `before_ms` those of their best `candidates` items by `encoder` that the
    teacher gives `above` or more, the surest first, and at most AT_MOST.

    What is asked later stays as it is: a test part that holds a model's opinion tests nothing.
    """
    items, asked = list(items_of(logs)), _queries(logs, before_ms)
    found = exact_top_k(
        encoder.encode_queries([(one.query, Windows()) for one in asked]), encoder.encode_items(items), candidates
    )
    chances = _chances(teacher, asked, items, found)
    searches: list[dict[str, object]] = []
    events: list[dict[str, object]] = []
    for number, one in enumerate(asked):
        best = np.argsort(-chances[number], kind="stable")[:AT_MOST]
        sure = [items[found[number, place]] for place in best if chances[number, place] >= above]
        if sure:
            searches.append(_search(number, one))
            events += [_click(number, one, item) for item in sure]
    return Labelled(
        logs=Logs(
            catalog=logs.catalog,
            searches=pa.concat_tables([logs.searches, pa.Table.from_pylist(searches, SEARCHES_SCHEMA)]),
            events=pa.concat_tables([logs.events, pa.Table.from_pylist(events, EVENTS_SCHEMA)]),
            judgments=logs.judgments,
        ),
        judged=found.size,
        queries=len(searches),
        clicks=len(events),
    )


def _queries(logs: Logs, before_ms: int) -> list[_Asked]:
    """Each query once, at its first time, in the order of the logs."""
    first: dict[str, int] = {}
    for row in logs.searches.select(["query", "at_ms"]).to_pylist():
        first[row["query"]] = min(row["at_ms"], first.get(row["query"], row["at_ms"]))
    return [_Asked(query, at_ms) for query, at_ms in first.items() if at_ms < before_ms]


def _chances(teacher: Teacher, asked: Sequence[_Asked], items: Sequence[Item], found: Int64s) -> Float32s:
    """Of each query and its items found. [queries, candidates]"""
    queries = [one.query for one in asked for _ in range(found.shape[1])]
    return teacher.probabilities(queries, [items[row] for row in found.ravel().tolist()]).reshape(found.shape)


def _search(number: int, asked: _Asked) -> dict[str, object]:
    return {
        "search_id": f"{TAUGHT}-{number}",
        "user_id": f"{TAUGHT}-{number}",
        "at_ms": asked.at_ms,
        "query": asked.query,
        "exposed_item_ids": [],
    }


def _click(number: int, asked: _Asked, item: Item) -> dict[str, object]:
    return {
        "event_id": f"{TAUGHT}-{number}-{item.item_id}",
        "user_id": f"{TAUGHT}-{number}",
        "item_id": item.item_id,
        "action": Action.CLICK.name.lower(),
        "at_ms": asked.at_ms,
        "search_id": f"{TAUGHT}-{number}",
    }
