"""A user's state with further events in it. Pure: every store records through here, so all of them trim alike."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from multigrain.features.feature_store import BEHAVIORS_KEPT, QUERIES_KEPT
from multigrain.types import Behavior, BehaviorColumns, Int64s, UserQuery, UserState


def recorded(state: UserState, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> UserState:
    """`state` one version on, each event in its place by time, the oldest beyond the limits gone.

    Events of equal times keep the order in which they were recorded.
    """
    rows = _joined(state.behaviors, BehaviorColumns.of(behaviors))
    asked_ms = np.append(state.query_at_ms, np.array([query.at_ms for query in queries], np.int64))
    texts = (*state.queries, *(query.text for query in queries))
    kept = _newest(asked_ms, QUERIES_KEPT)
    return UserState(
        user_id=state.user_id,
        behaviors=rows.take(_newest(rows.at_ms, BEHAVIORS_KEPT)),
        queries=tuple(texts[i] for i in kept.tolist()),
        query_at_ms=asked_ms[kept],
        version=state.version + 1,
    )


def _joined(first: BehaviorColumns, second: BehaviorColumns) -> BehaviorColumns:
    columns: dict[str, Any] = {}  # Any: texts and arrays
    for entry in fields(BehaviorColumns):
        one, other = getattr(first, entry.name), getattr(second, entry.name)
        columns[entry.name] = one + other if isinstance(one, tuple) else np.append(one, other)
    return BehaviorColumns(**columns)


def _newest(at_ms: Int64s, length: int) -> Int64s:
    """Positions of the newest `length`, oldest first."""
    return np.argsort(at_ms, kind="stable")[max(0, len(at_ms) - length) :]
