"""The board: what is written is read, by others too, and what is old or torn is not believed."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.processes.board import Board, Entry

texts = st.text(max_size=128)
entries = st.builds(
    Entry,
    number=st.integers(1, 3),
    restarts=st.integers(0, 2**31),
    started_ms=st.integers(0, 2**53),
    listening=st.booleans(),
    serving=st.booleans(),
    generation_id=texts,
    catalogue_revision=st.integers(0, 2**62),
    problem=st.text(max_size=1000),
    written_at=st.floats(0, 1e9),
)


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    board = Board.create(3)
    yield board
    board.close()


@given(entries)
def test_what_is_written_is_read_through_another_descriptor(board: Board, entry: Entry) -> None:
    board.write(entry)
    descriptor = os.dup(board.descriptor)
    read = Board(descriptor, 3).read(entry.number)
    os.close(descriptor)
    assert read.problem == entry.problem[:300]
    assert (read.generation_id, read.written_at, read.serving) == (
        entry.generation_id,
        entry.written_at,
        entry.serving,
    )


def test_each_number_has_a_place_of_its_own(board: Board) -> None:
    for number in (3, 1, 2):
        board.write(Entry(number=number, restarts=10 * number))
    assert [(entry.number, entry.restarts) for entry in board.all(0.0)] == [(1, 10), (2, 20), (3, 30)]


def test_who_has_not_written_for_a_while_is_not_serving(board: Board) -> None:
    board.write(Entry(number=1, serving=True, written_at=100.0))
    assert [board.all(now)[0].serving for now in (100.0, 104.9, 105.1)] == [True, True, False]


def test_half_an_entry_counts_as_none(board: Board) -> None:
    board.write(Entry(number=2, restarts=7, serving=True))
    os.pwrite(board.descriptor, b"????", 2 * 2048 + 30)
    assert board.read(2) == Entry(number=2)
