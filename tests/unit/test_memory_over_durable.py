"""Searches from memory over an index that others write to as well."""

import logging
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from multigrain.errors import NotFound, WrongState
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import HardFilter, IndexRows
from multigrain.index.rows import gathered, vectors_by_item
from multigrain.index.served_from_memory import ServedFromMemory
from multigrain.index.specs import Flat
from tests.contract.test_item_index import DIMS, SOON, axis, ints, rows, search


class ChangedWhileRead(ExactIndex):
    """An index that something happens to behind the last page of a scan, before the reader has done with it."""

    def __init__(self) -> None:
        super().__init__("durable", dims=DIMS)
        self.happens: Callable[[], object] = lambda: None

    def scan(self, rows_at_once: int) -> Iterator[IndexRows]:
        yield from super().scan(rows_at_once)
        self.happens()


@pytest.fixture
def durable() -> ChangedWhileRead:
    index = ChangedWhileRead()
    index.upsert(rows([1, 2, 3]))
    return index


@pytest.fixture(params=[32, 8])
def served(request: pytest.FixtureRequest, durable: ChangedWhileRead) -> ServedFromMemory:
    return ServedFromMemory(durable, bits=request.param)


def test_it_is_searched_only_when_it_is_loaded(served: ServedFromMemory) -> None:
    with pytest.raises(WrongState, match="load it"):
        search(served)
    served.load()
    assert search(served) == [3, 2, 1]
    served.release()
    with pytest.raises(WrongState, match="load it"):
        search(served)


def test_what_others_wrote_is_found_when_it_is_followed(served: ServedFromMemory, durable: ExactIndex) -> None:
    served.load()
    durable.upsert(rows([2], revisions=[2], vectors=axis(0, 9.0)[None], brands=["puma"]))
    durable.upsert(rows([4]))
    durable.delete(ints(3))
    assert search(served) == [3, 2, 1]

    served.follow(ints(2, 3, 4, 77))

    assert search(served) == [2, 4, 1]
    assert search(served, only=HardFilter(brands=("puma",))) == [2]
    assert served.count() == 3


def test_to_follow_again_changes_nothing(served: ServedFromMemory, durable: ExactIndex) -> None:
    served.load()
    durable.delete(ints(3))

    for _ in range(2):
        served.follow(ints(1, 3))
        assert search(served) == [2, 1]
    served.follow(ints())
    assert search(served) == [2, 1]


def test_what_is_followed_before_it_is_loaded_is_read_with_the_rest(
    served: ServedFromMemory, durable: ExactIndex
) -> None:
    durable.delete(ints(3))
    served.follow(ints(3))
    served.load()

    assert search(served) == [2, 1]


@pytest.mark.parametrize("by", ["follow", "delete", "upsert"])
def test_what_changes_while_it_is_read_is_as_it_became(
    served: ServedFromMemory, durable: ChangedWhileRead, by: str
) -> None:
    def change() -> None:
        if by == "follow":
            durable.delete(ints(3))
            served.follow(ints(3))
        elif by == "delete":
            served.delete(ints(3))
        else:
            served.upsert(rows([3], revisions=[2], vectors=axis(1)[None]))

    durable.happens = change
    served.load()

    assert search(served)[:2] == [2, 1]
    assert (3 in search(served)) == (by == "upsert")


def test_what_it_writes_is_in_both(served: ServedFromMemory, durable: ExactIndex) -> None:
    served.load()

    assert served.upsert(rows([3, 4], revisions=[2, 1], vectors=np.stack([axis(0, 0.5), axis(0, 8.0)]))) == 2
    served.fill(rows([10]))
    served.delete(ints(1))

    assert search(served) == search(durable) == [10, 4, 2, 3]


def test_a_row_older_than_what_others_wrote_is_not_searched(served: ServedFromMemory, durable: ExactIndex) -> None:
    served.load()
    durable.upsert(rows([2], revisions=[5], vectors=axis(0, 9.0)[None]))

    assert served.upsert(rows([2], revisions=[4], vectors=axis(0, 0.1)[None])) == 0

    assert search(served) == [2, 3, 1]


def test_its_rows_are_those_of_the_durable_index(served: ServedFromMemory, durable: ExactIndex) -> None:
    vector = np.random.default_rng(1).normal(size=(1, DIMS)).astype(np.float32)
    served.load()
    served.upsert(rows([9], vectors=vector))

    np.testing.assert_array_equal(vectors_by_item(served.rows_of(ints(9)))[9], vector[0])
    assert sorted(number for page in served.scan(2) for number in page.item_nos.tolist()) == [1, 2, 3, 9]


def test_a_load_that_failed_can_be_tried_again(served: ServedFromMemory, durable: ChangedWhileRead) -> None:
    def fails() -> None:
        raise ConnectionError("gone")

    durable.happens = fails
    with pytest.raises(ConnectionError):
        served.load()
    durable.happens = lambda: None
    served.load()

    assert search(served) == [3, 2, 1]


def test_dropped_it_is_gone_from_both(served: ServedFromMemory, durable: ExactIndex) -> None:
    served.load()
    served.drop()

    with pytest.raises(NotFound):
        search(served)
    assert durable.dropped


def test_loading_says_how_far_it_is(served: ServedFromMemory, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        served.load()

    assert [(record.message, record.fields) for record in caplog.records] == [  # type: ignore[attr-defined]
        ("items are read into memory", {"items": 3, "of": 3})
    ]


def test_pages_are_gathered_into_larger_ones_and_nothing_is_lost() -> None:
    pages = [rows([1, 2]), rows([3, 4]), rows([5, 6]), rows([7])]

    gathered_pages = list(gathered(pages, 4))

    assert [page.item_nos.tolist() for page in gathered_pages] == [[1, 2, 3, 4], [5, 6, 7]]
    assert gathered_pages[1].titles == ["item 5", "item 6", "item 7"]
    assert gathered_pages[0].vectors[:, 0].tolist() == [1, 2, 3, 4]
    assert list(gathered([], 4)) == []


@pytest.mark.slow
def test_over_milvus_another_writers_rows_are_found_when_they_are_followed(milvus_uri: str, milvus_prefix: str) -> None:
    from multigrain.index.milvus import MilvusStore

    name = f"{milvus_prefix}1"
    other = MilvusStore(milvus_uri, strong=True).create(name, dims=DIMS, spec=Flat())
    other.fill(rows(range(1, 2_001)))
    other.finish()
    served = ServedFromMemory(MilvusStore(milvus_uri).open(name), bits=8)
    served.load()
    assert search(served, 3) == [2_000, 1_999, 1_998]

    other.upsert(rows([7], revisions=[2], vectors=axis(0, 3_000.0)[None], brands=["puma"]))
    other.upsert(rows([2_001]))
    other.delete(ints(2_000, 1_999))
    served.follow(ints(7, 2_001, 2_000, 1_999))

    assert search(served, 3) == [7, 2_001, 1_998]
    assert search(served, 3, only=HardFilter(brands=("puma",))) == [7]
    found = served.search(axis(0, 0.5)[None], 1, timeout_seconds=SOON)
    np.testing.assert_allclose(found.scores, [[1_500.0]], rtol=1e-5)
