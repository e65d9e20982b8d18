"""Records that a log no longer has."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from multigrain import database
from streaming.commit import StreamPositions, stored_positions
from streaming.lost_records import RecordsLost, Skip, find_lost, stop
from streaming.source import Partition
from tests.builders import NOON_MS
from tests.unit.streaming.records import ITEMS, a_record

ONE, TWO = Partition("multigrain.items", 1), Partition("multigrain.items", 2)
offsets = st.integers(0, 50)


@given(offsets, offsets, offsets)
def test_lost_is_what_lies_outside_of_the_log(stood: int, first: int, more: int) -> None:
    lost = find_lost(ITEMS, stood, first=first, end=first + more)
    if stood < first:
        assert lost is not None
        assert lost.count == len(range(stood, first))
    elif stood > first + more:
        assert lost is not None
        assert lost.count is None
    else:
        assert lost is None


def test_a_partition_that_was_never_read_has_lost_nothing() -> None:
    assert find_lost(ITEMS, None, first=100, end=200) is None


def test_what_was_deleted_is_said_with_every_number() -> None:
    lost = find_lost(ONE, 1_200, first=2_000, end=5_000)
    assert lost is not None
    with pytest.raises(RecordsLost) as said:
        stop(lost)
    assert str(said.value) == (
        "multigrain.items[1] stands at 1,200, and the log has 2,000 to 5,000: 800 records were deleted before they "
        "were read: bring in what is missing from where it came from, then set kafka.on_lost_records to "
        '"skip" to go on at 2,000'
    )


def test_a_topic_made_anew_is_told_from_one_that_was_cut() -> None:
    lost = find_lost(ONE, 5_000, first=0, end=120)
    assert lost is not None
    assert "stands at 5,000, and the log has 0 to 120: the topic was made anew" in str(lost)


def test_to_skip_a_cut_log_moves_no_position_back(tmp_path: Path) -> None:
    engine = _with_positions(tmp_path, {ONE: 10, TWO: 10})
    lost = find_lost(ONE, 10, first=20, end=30)
    assert lost is not None
    Skip(engine)(lost)
    assert _stored(engine) == {ONE: 10, TWO: 10}


def test_to_skip_a_topic_made_anew_forgets_the_position_of_that_partition_alone(tmp_path: Path) -> None:
    engine = _with_positions(tmp_path, {ONE: 10, TWO: 10})
    lost = find_lost(ONE, 10, first=0, end=3)
    assert lost is not None
    Skip(engine)(lost)
    assert _stored(engine) == {TWO: 10}


def _with_positions(folder: Path, positions: dict[Partition, int]) -> sa.Engine:
    engine = database.open_database(f"sqlite:///{folder / 'positions.db'}")
    database.upgrade(engine)
    stream = StreamPositions(engine)
    stream.take_up(list(positions))
    with database.writing(engine) as connection:
        stream.record(
            connection, [a_record(b"x", partition=p, position=at - 1) for p, at in positions.items()], NOON_MS
        )
    return engine


def _stored(engine: sa.Engine) -> dict[Partition, int]:
    with database.reading(engine) as connection:
        return dict(stored_positions(connection, [ONE, TWO]))
