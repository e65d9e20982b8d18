"""UserState <-> the bytes of one row of user_states, as protos/multigrain/v1/user_state.proto lays them out."""

import numpy as np

from multigrain.types import BehaviorColumns, UserId, UserState
from multigrain.v1.user_state_pb2 import StoredUserState

_TEXT_COLUMNS = {
    "items": "item_ids",
    "leaf_categories": "leaf_categories",
    "top_categories": "top_categories",
    "brands": "brands",
    "shops": "shops",
}
"""Field of the message -> column of BehaviorColumns."""


def to_bytes(state: UserState) -> bytes:
    """The state without its user id and version: those are columns of the row."""
    words: dict[str, int] = {}
    rows = state.behaviors
    stored = StoredUserState(
        actions=rows.actions.tolist(),
        at_ms=rows.at_ms.tolist(),
        queries=state.queries,
        query_at_ms=state.query_at_ms.tolist(),
    )
    for field, column in _TEXT_COLUMNS.items():
        getattr(stored, field).extend(words.setdefault(word, len(words)) for word in getattr(rows, column))
    stored.words.extend(words)
    return stored.SerializeToString()


def from_bytes(stored: bytes, *, user_id: UserId, version: int) -> UserState:
    """What `to_bytes` wrote."""
    message = StoredUserState.FromString(stored)
    word_at = list(message.words).__getitem__
    texts = {column: tuple(map(word_at, getattr(message, field))) for field, column in _TEXT_COLUMNS.items()}
    return UserState(
        user_id=user_id,
        behaviors=BehaviorColumns(
            **texts,
            actions=np.array(list(message.actions), np.uint8),
            at_ms=np.array(list(message.at_ms), np.int64),
        ),
        queries=tuple(message.queries),
        query_at_ms=np.array(list(message.query_at_ms), np.int64),
        version=version,
    )
