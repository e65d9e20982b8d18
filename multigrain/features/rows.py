"""What the feature store asks of a database: three statements, each for a whole batch."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from multigrain.features.news import EventKey, UserEvent
from multigrain.types import UserId


class StateRow(NamedTuple):
    """A row of user_states."""

    user_id: UserId
    state: bytes
    version: int
    newest_ms: int | None


class Rows(Protocol):
    """One implementation a database. Every method works inside the transaction that is open on `connection`."""

    def insert_events(self, connection: sa.Connection, events: Sequence[UserEvent]) -> set[EventKey]:
        """Writes those that are not there, and returns their keys. `events` are in order of key."""
        ...

    def states(self, connection: sa.Connection, users: Collection[UserId]) -> Mapping[UserId, StateRow]:
        """The rows of those who have one."""
        ...

    def write_states(self, connection: sa.Connection, rows: Sequence[StateRow]) -> set[UserId]:
        """Writes each row whose version follows the stored one (0: there is none); returns whose those are.

        Every row is locked to the end of the transaction, in the order given, those that are not written, too.
        """
        ...
