"""The store of user behaviour. The stream writes it, the server reads one row of it a request."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from multigrain.types import Behavior, UserId, UserQuery, UserState

BEHAVIORS_KEPT = 600
"""Behaviours in a state, newest first to stay: enough for the paper's windows (50 + 100 + 3 x 100) and noise."""
QUERIES_KEPT = 20


class FeatureStore(Protocol):
    """One contract suite, tests/contract/test_feature_store.py, runs over every implementation.

    Every method may block on the store and may raise StoreUnavailable.
    """

    def get(self, user_id: UserId) -> UserState | None:
        """The user's state; None for a user never seen. One read by primary key."""
        ...

    def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        """The states of those who have one, at the price of little more than one `get`."""
        ...

    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> frozenset[str]:
        """Adds what is new and returns the ids of those events; one seen before, by its id and time, changes nothing.

        Order does not matter: a late event lands in its place by time. All or nothing. An implementation that was
        given an open transaction writes inside it and leaves the commit to its owner.
        """
        ...
