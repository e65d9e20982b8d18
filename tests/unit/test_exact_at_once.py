"""The index in memory while it is written and searched by several threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from multigrain.errors import InvalidSpec
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import ABSENT, HardFilter
from multigrain.types import Int64s
from tests.contract.test_item_index import DIMS, SOON, axis, rows, search

ITEMS = 1_500
HALF = 32
"""Dims of a half of each vector here."""


def numbers(first: int, count: int) -> Int64s:
    return np.arange(first, first + count, dtype=np.int64)


def write(index: ExactIndex, item_nos: Int64s, *, second: bool, revision: int) -> None:
    """Vectors of n in one half and zeros in the other: a mixture of two such would score neither n nor 2 n."""
    vectors = np.zeros((len(item_nos), 2 * HALF), np.float32)
    vectors[:, HALF if second else 0 :][:, :HALF] = (item_nos * (2 if second else 1))[:, None] / HALF
    brand = "second" if second else "first"
    index.upsert(
        rows(item_nos.tolist(), vectors=vectors, revisions=[revision] * len(item_nos), brands=[brand] * len(item_nos))
    )


def meanwhile(write_once: Callable[[int], None], look: Callable[[], None], looks: int) -> None:
    """Two threads look while a third writes on and on."""
    stop = Event()

    def writer() -> None:
        turn = 1
        while not stop.is_set():
            turn += 1
            write_once(turn)

    with ThreadPoolExecutor(3) as pool:
        writing = pool.submit(writer)
        try:
            for looked in [pool.submit(lambda: [look() for _ in range(looks)]) for _ in range(2)]:
                looked.result()
        finally:
            stop.set()
        writing.result()


@pytest.mark.parametrize("bits", [32, 8])
def test_a_search_sees_each_row_as_it_was_or_as_it_is_and_never_between(bits: int) -> None:
    index = ExactIndex("items", dims=2 * HALF, bits=bits)
    write(index, numbers(1, ITEMS), second=False, revision=1)
    query = np.ones((1, 2 * HALF), np.float32)

    def look() -> None:
        found = index.search(query, ITEMS, timeout_seconds=SOON)
        assert np.sort(found.item_nos[0]).tolist() == list(range(1, ITEMS + 1))
        faces = found.scores[0] / found.item_nos[0]
        assert (np.isclose(faces, 1, atol=1e-3) | np.isclose(faces, 2, atol=1e-3)).all()

    meanwhile(
        lambda turn: write(index, numbers(1 + turn % 7 * 200, 200), second=turn % 2 == 0, revision=turn), look, 40
    )


@pytest.mark.parametrize("bits", [32, 8])
def test_an_item_in_another_ones_place_is_not_taken_for_it(bits: int) -> None:
    """Every turn deletes items and puts others there; the index never holds but the one or the other hundred."""
    index = ExactIndex("items", dims=2 * HALF, bits=bits)
    write(index, numbers(1, ITEMS), second=False, revision=1)
    query = np.ones((1, 2 * HALF), np.float32)

    def replace(turn: int) -> None:
        came, went = (2_000, 3_000) if turn % 2 else (3_000, 2_000)
        index.delete(numbers(went, 100))
        write(index, numbers(came, 100), second=False, revision=turn)

    def look() -> None:
        for only in (None, HardFilter(brands=("first",))):
            found = index.search(query, 1_000, only=only, timeout_seconds=SOON)
            assert (found.item_nos[0] != ABSENT).all()
            assert len(np.unique(found.item_nos[0])) == 1_000
            np.testing.assert_allclose(found.scores[0], found.item_nos[0], rtol=1e-3)
            assert len({number // 1_000 for number in found.item_nos[0].tolist() if number >= 2_000}) <= 1

    meanwhile(replace, look, 20)


def test_a_search_is_not_held_up_by_one_that_has_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    from multigrain.index import exact

    index = ExactIndex("items", dims=DIMS)
    index.upsert(rows([1, 2, 3]))
    inside, go_on = Event(), Event()
    nearest = exact.nearest

    def waiting(*asked: object) -> object:
        inside.set()
        assert go_on.wait(SOON)
        return nearest(*asked)  # type: ignore[arg-type]  # as it was asked

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(exact, "nearest", waiting)
        first = pool.submit(search, index)
        assert inside.wait(SOON)
        monkeypatch.setattr(exact, "nearest", nearest)
        assert search(index) == [3, 2, 1]
        index.upsert(rows([4]))
        index.delete(np.array([3], np.int64))
        go_on.set()
        assert first.result() == [4, 2, 1]


def test_bits_of_another_number_are_refused() -> None:
    with pytest.raises(InvalidSpec, match="give 8 or 32"):
        ExactIndex("items", dims=DIMS, bits=16)


def test_equal_scores_are_ordered_by_number_also_at_the_edge() -> None:
    index = ExactIndex("items", dims=DIMS)
    index.upsert(rows([5, 1, 4, 2, 3, 9], vectors=np.stack([axis(0)] * 5 + [axis(0, 2.0)])))

    assert search(index, 4) == [9, 1, 2, 3]
