"""Positions: recorded with the batch or not at all, and only by whoever holds the partition."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from multigrain import database
from multigrain.errors import WrongState
from streaming.commit import PositionMoved, StreamPositions, stored_positions
from streaming.source import Partition, Record
from tests.builders import NOON_MS
from tests.unit.streaming.records import a_record

ZERO, ONE = Partition("multigrain.items", 0), Partition("multigrain.items", 1)


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    engine = database.open_database(f"sqlite:///{tmp_path / 'positions.db'}")
    database.upgrade(engine)
    return engine


def records(partition: Partition, first: int, last: int) -> list[Record]:
    return [a_record(b"x", partition=partition, position=position) for position in range(first, last + 1)]


def take(engine: sa.Engine, positions: StreamPositions, batch: list[Record]) -> None:
    with database.writing(engine) as connection:
        reached = positions.record(connection, batch, NOON_MS)
    positions.committed(reached)


def stored(engine: sa.Engine) -> dict[Partition, int]:
    with database.reading(engine) as connection:
        return stored_positions(connection, [ZERO, ONE])


def test_the_position_behind_a_batch_is_recorded_for_each_partition(engine: sa.Engine) -> None:
    positions = StreamPositions(engine)
    assert positions.take_up([ZERO, ONE]) == {}
    take(engine, positions, [*records(ZERO, 0, 2), *records(ONE, 40, 41)])
    take(engine, positions, records(ZERO, 3, 3))
    assert stored(engine) == {ZERO: 4, ONE: 42}
    assert StreamPositions(engine).take_up([ONE]) == {ONE: 42}


def test_gaps_are_no_obstacle(engine: sa.Engine) -> None:
    # Compaction and transaction marks leave holes in Kafka's offsets.
    positions = StreamPositions(engine)
    positions.take_up([ZERO])
    take(engine, positions, records(ZERO, 5, 5))
    take(engine, positions, records(ZERO, 9, 9))
    assert stored(engine) == {ZERO: 10}


def test_a_rolled_back_batch_leaves_no_position(engine: sa.Engine) -> None:
    positions = StreamPositions(engine)
    positions.take_up([ZERO])

    def fail_after_recording() -> None:
        with database.writing(engine) as connection:
            positions.record(connection, records(ZERO, 0, 2), NOON_MS)
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_recording()
    assert stored(engine) == {}
    take(engine, positions, records(ZERO, 0, 2))
    assert stored(engine) == {ZERO: 3}


@pytest.mark.parametrize("before", [0, 3])
def test_whoever_was_overtaken_is_refused(engine: sa.Engine, before: int) -> None:
    if before:
        first = StreamPositions(engine)
        first.take_up([ZERO])
        take(engine, first, records(ZERO, 0, before - 1))
    late, owner = StreamPositions(engine), StreamPositions(engine)
    late.take_up([ZERO])
    owner.take_up([ZERO])
    take(engine, owner, records(ZERO, before, before + 4))
    with pytest.raises(PositionMoved, match=r"multigrain.items\[0\] no longer stands at"):
        take(engine, late, records(ZERO, before, before + 1))
    assert stored(engine) == {ZERO: before + 5}


def test_a_topic_that_begins_anew_is_said_and_not_skipped(engine: sa.Engine) -> None:
    positions = StreamPositions(engine)
    positions.take_up([ZERO])
    take(engine, positions, records(ZERO, 0, 9))
    with pytest.raises(WrongState, match="gave record 0, and all before 10 are recorded as taken"):
        take(engine, positions, records(ZERO, 0, 3))
