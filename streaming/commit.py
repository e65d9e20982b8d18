"""How far each partition has been taken into the stores, in SQL: written in the transaction of a batch's effects.

A batch is recorded only if SQL still stands where the batch began. A consumer that was thought dead, and comes back
with a batch in its hands after another took over, is refused: its whole transaction rolls back.
"""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from multigrain.catalog.tables import stream_positions as table
from multigrain.database import reading
from multigrain.errors import Refused, WrongState
from streaming.source import Partition, Positions, Record


class PositionMoved(Refused):
    """Somebody else has taken records of this partition: the batch must be abandoned, not repeated."""


class StreamPositions:
    """The positions in SQL, and what this consumer believes they are."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._believed: dict[Partition, int] = {}

    def take_up(self, partitions: Collection[Partition]) -> Positions:
        """A `Start`: the stored positions of these partitions, which are the ones held from now on."""
        with reading(self._engine) as connection:
            self._believed = stored_positions(connection, partitions)
        return dict(self._believed)

    def record(self, connection: sa.Connection, records: Sequence[Record], now_ms: int) -> Positions:
        """Writes the positions behind these records; call `committed` with what it returns once that is true.

        From here to the end of the transaction this consumer alone may take records of these partitions.
        """
        reached: dict[Partition, int] = {}
        for partition, batch in _by_partition(records).items():
            reached[partition] = batch[-1].position + 1
            self._advance(connection, partition, batch[0].position, reached[partition], now_ms)
        return reached

    def committed(self, reached: Positions) -> None:
        self._believed.update(reached)

    def _advance(self, connection: sa.Connection, partition: Partition, first: int, then: int, now_ms: int) -> None:
        believed = self._believed.get(partition)
        if believed is None:
            _insert(connection, partition, then, now_ms)
        elif first < believed:
            raise WrongState(
                f"{partition.topic}[{partition.number}] gave record {first}, and all before {believed} are recorded as "
                f"taken: if the topic was made anew, delete its rows from stream_positions"
            )
        else:
            _update(connection, partition, believed, then, now_ms)


def stored_positions(connection: sa.Connection, partitions: Collection[Partition]) -> dict[Partition, int]:
    """What SQL holds for these; a partition never read is left out."""
    topics = {partition.topic for partition in partitions}
    rows = connection.execute(
        sa.select(table.c.topic, table.c.partition, table.c.next_offset).where(table.c.topic.in_(topics))
    )
    known = {Partition(row.topic, row.partition): int(row.next_offset) for row in rows}
    return {partition: known[partition] for partition in partitions if partition in known}


def _insert(connection: sa.Connection, partition: Partition, then: int, now_ms: int) -> None:
    row = {"topic": partition.topic, "partition": partition.number, "next_offset": then, "committed_ms": now_ms}
    try:
        connection.execute(sa.insert(table).values(row))
    except sa.exc.IntegrityError:
        raise _moved(partition, 0) from None


def _update(connection: sa.Connection, partition: Partition, believed: int, then: int, now_ms: int) -> None:
    done = connection.execute(
        sa.update(table)
        .where(
            table.c.topic == partition.topic,
            table.c.partition == partition.number,
            table.c.next_offset == believed,
        )
        .values(next_offset=then, committed_ms=now_ms)
    )
    if done.rowcount != 1:
        raise _moved(partition, believed)


def _moved(partition: Partition, believed: int) -> PositionMoved:
    return PositionMoved(
        f"{partition.topic}[{partition.number}] no longer stands at {believed}: another consumer has taken it over; "
        f"this batch is abandoned"
    )


def _by_partition(records: Sequence[Record]) -> Mapping[Partition, list[Record]]:
    batches: dict[Partition, list[Record]] = {}
    for record in records:
        batches.setdefault(record.partition, []).append(record)
    return batches
