"""What every ItemIndex and IndexStore promises: exact, Milvus Lite, a Milvus server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from multigrain.errors import InvalidSpec, NotFound, WrongState
from multigrain.index.hard_filter import is_under
from multigrain.index.item_index import ABSENT, HardFilter, IndexRows, IndexStore, ItemIndex
from multigrain.index.milvus import MilvusStore
from multigrain.index.rows import vectors_by_item
from multigrain.index.specs import Flat, IvfFlat
from multigrain.types import Float32s, Int64s, ItemStatus
from tests.contract.made_ahead import MadeAhead
from tests.contract.stores import EXACT_STORES
from tests.services.service import Service

DIMS = 8
SOON = 30.0
"""Seconds: more than any search here takes on a busy machine."""


def ints(*numbers: int) -> Int64s:
    return np.array(numbers, np.int64)


def axis(number: int, length: float = 1.0) -> Float32s:
    """`length` along one axis; its inner product with axis(number) is `length`."""
    vector = np.zeros(DIMS, np.float32)
    vector[number] = length
    return vector


def rows(
    item_nos: Sequence[int],
    *,
    vectors: Float32s | None = None,
    revisions: Sequence[int] | None = None,
    brands: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    shops: Sequence[str] | None = None,
    statuses: Sequence[int] | None = None,
    titles: Sequence[str] | None = None,
) -> IndexRows:
    """Rows of these items; item n lies along axis 0 with length n, so the highest number is nearest to axis(0)."""
    count = len(item_nos)
    return IndexRows(
        item_nos=ints(*item_nos),
        vectors=np.stack([axis(0, float(number)) for number in item_nos]) if vectors is None else vectors,
        revisions=ints(*(revisions or [1] * count)),
        brands=brands or ["adidas"] * count,
        categories=categories or ["sports/shoes"] * count,
        shops=shops or ["shop-1"] * count,
        statuses=statuses or [ItemStatus.ACTIVE] * count,
        titles=titles or [f"item {number}" for number in item_nos],
    )


def search(index: ItemIndex, k: int = 5, *, only: HardFilter | None = None) -> list[int]:
    """Item numbers nearest to axis(0), without the padding."""
    found = index.search(axis(0)[None], k, only=only, timeout_seconds=SOON)
    assert found.item_nos.shape == found.scores.shape == (1, k)
    return [number for number in found.item_nos[0].tolist() if number != ABSENT]


@dataclass(frozen=True)
class Row:
    """One item of IndexRows, so that rows can be compared in any order."""

    vector: list[float]
    revision: int
    brand: str
    category: str
    shop: str
    status: int
    title: str


def by_item(found: IndexRows) -> dict[int, Row]:
    columns = zip(
        found.vectors.tolist(),
        found.revisions.tolist(),
        found.brands,
        found.categories,
        found.shops,
        found.statuses,
        found.titles,
        strict=True,
    )
    return {item_no: Row(*values) for item_no, values in zip(found.item_nos.tolist(), columns, strict=True)}


@pytest.fixture
def name(milvus_prefix: str) -> str:
    """Of an index that a test makes itself. Other tests may be at work on the same server."""
    return f"{milvus_prefix}1"


@pytest.fixture(scope="module")
def made_ahead(milvus_service: Service) -> Iterator[MadeAhead]:
    ahead = MadeAhead(milvus_service.address, DIMS)
    yield ahead
    ahead.close()


@pytest.fixture
def index(store: IndexStore, milvus_prefix: str, request: pytest.FixtureRequest) -> Iterator[ItemIndex]:
    if not isinstance(store, MilvusStore) or store.capabilities.lite:
        yield store.create(f"{milvus_prefix}0", dims=DIMS, spec=Flat())
        return
    ahead: MadeAhead = request.getfixturevalue("made_ahead")
    name = ahead.take()
    yield store.open(name)
    ahead.drop(name)


def test_the_nearest_come_first_with_their_inner_products(index: ItemIndex) -> None:
    index.upsert(rows([1, 3, 2]))

    found = index.search(axis(0, 0.5)[None], 2, timeout_seconds=SOON)

    assert found.item_nos.tolist() == [[3, 2]]
    assert found.scores.tolist() == [[1.5, 1.0]]
    assert found.item_nos.dtype == np.int64
    assert found.scores.dtype == np.float32


def test_an_empty_index_answers_with_nothing(index: ItemIndex) -> None:
    found = index.search(np.stack([axis(0), axis(1)]), 3, timeout_seconds=SOON)

    assert found.item_nos.tolist() == [[ABSENT] * 3] * 2
    assert found.scores.tolist() == [[-np.inf] * 3] * 2
    assert index.count() == 0


def test_a_k_beyond_its_size_is_filled_with_absent(index: ItemIndex) -> None:
    index.upsert(rows([1, 2]))

    found = index.search(axis(0)[None], 5, timeout_seconds=SOON)

    assert found.item_nos.tolist() == [[2, 1, ABSENT, ABSENT, ABSENT]]
    assert found.scores.tolist() == [[2.0, 1.0, -np.inf, -np.inf, -np.inf]]


def test_each_of_three_queries_gets_its_own_row(index: ItemIndex) -> None:
    index.upsert(rows([10, 20, 30], vectors=np.stack([axis(0), axis(1), axis(2)])))

    found = index.search(np.stack([axis(2), axis(0), axis(1)]), 1, timeout_seconds=SOON)

    assert found.item_nos.tolist() == [[30], [10], [20]]


@pytest.mark.parametrize("store", EXACT_STORES, indirect=True)
def test_it_agrees_with_numpy_at_a_large_k(index: ItemIndex) -> None:
    vectors = np.random.default_rng(7).normal(size=(3000, DIMS)).astype(np.float32)
    queries = np.random.default_rng(8).normal(size=(2, DIMS)).astype(np.float32)
    assert index.upsert(rows(range(1, 3001), vectors=vectors)) == 3000

    found = index.search(queries, 2500, timeout_seconds=SOON)

    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :2500] + 1
    assert found.item_nos.tolist() == truth.tolist()
    assert np.all(np.diff(found.scores, axis=1) <= 0)


def test_numbers_beyond_32_bits_survive(index: ItemIndex) -> None:
    huge = [2**40 + 1, 2**62 + 1]
    index.upsert(rows(huge, vectors=np.stack([axis(0, 1), axis(0, 2)]), revisions=[2**50, 2**60]))

    assert search(index) == [2**62 + 1, 2**40 + 1]
    assert set(vectors_by_item(index.rows_of(ints(*huge)))) == set(huge)
    assert index.upsert(rows([2**62 + 1], vectors=axis(1)[None], revisions=[2**60 - 1])) == 0
    index.delete(ints(2**62 + 1))
    assert search(index) == [2**40 + 1]


def test_a_written_item_is_replaced_and_not_doubled(index: ItemIndex) -> None:
    index.upsert(rows([1, 2]))

    index.upsert(rows([1], vectors=axis(0, 9.0)[None], revisions=[2]))

    assert search(index) == [1, 2]
    assert index.count() == 2


def test_an_older_row_does_not_overwrite_a_newer_one(index: ItemIndex) -> None:
    index.upsert(rows([1, 2], revisions=[5, 5], brands=["new", "new"]))

    written = index.upsert(rows([1, 2, 3], revisions=[4, 6, 1], brands=["late", "newest", "first"]))

    assert written == 2
    assert search(index, only=HardFilter(brands=("new",))) == [1]
    assert search(index, only=HardFilter(brands=("late",))) == []
    assert search(index, only=HardFilter(brands=("newest",))) == [2]
    assert search(index, only=HardFilter(brands=("first",))) == [3]


def test_an_equal_revision_is_written_again(index: ItemIndex) -> None:
    index.upsert(rows([1], revisions=[5]))

    assert index.upsert(rows([1], revisions=[5], vectors=axis(0, 3.0)[None])) == 1
    assert vectors_by_item(index.rows_of(ints(1)))[1].tolist() == axis(0, 3.0).tolist()


def test_of_one_item_twice_in_a_batch_the_newest_is_kept(index: ItemIndex) -> None:
    twice = rows(
        [1, 2, 1, 2],
        revisions=[7, 3, 6, 3],
        brands=["seven", "three", "six", "three again"],
    )

    assert index.upsert(twice) == 2
    assert index.count() == 2
    assert search(index, only=HardFilter(brands=("seven",))) == [1]
    assert search(index, only=HardFilter(brands=("three again",))) == [2]


def test_nothing_to_write_is_written(index: ItemIndex) -> None:
    assert index.upsert(rows([], vectors=np.zeros((0, DIMS), np.float32))) == 0


def test_a_deleted_item_is_gone_and_an_unknown_one_is_no_error(index: ItemIndex) -> None:
    index.upsert(rows([1, 2, 3]))

    index.delete(ints(2, 99))
    index.delete(ints())

    assert search(index) == [3, 1]
    assert index.count() == 2
    assert vectors_by_item(index.rows_of(ints(2))) == {}


def test_a_deleted_item_can_come_back(index: ItemIndex) -> None:
    index.upsert(rows([1, 2], revisions=[5, 5]))
    index.delete(ints(2))

    assert index.upsert(rows([2], revisions=[6])) == 1
    assert search(index) == [2, 1]


@pytest.mark.parametrize("store", EXACT_STORES, indirect=True)
def test_stored_vectors_come_back_and_unknown_ones_are_left_out(index: ItemIndex) -> None:
    vectors = np.random.default_rng(3).normal(size=(3, DIMS)).astype(np.float32)
    index.upsert(rows([1, 2, 3], vectors=vectors))

    found = vectors_by_item(index.rows_of(ints(3, 1, 42)))

    assert set(found) == {1, 3}
    assert found[3].dtype == np.float32
    np.testing.assert_array_equal(found[3], vectors[2])
    assert vectors_by_item(index.rows_of(ints())) == {}


def a_shop_window(index: ItemIndex) -> None:
    """Items 1 to 6, each of another brand, category, shop or status."""
    index.upsert(
        rows(
            [1, 2, 3, 4, 5, 6],
            brands=["adidas", "puma", "adidas", "", "puma", "Puma"],
            categories=["sports", "sports/shoes", "sports/shoes/running", "sportswear", "home/sports", "sports/shoe"],
            shops=["s-1", "s-1", "s-2", "s-2", "s-3", "s-3"],
            statuses=[1, 1, 2, 1, 1, 2],
        )
    )


FILTERS: tuple[tuple[HardFilter, list[int]], ...] = (
    (HardFilter(), [6, 5, 4, 3, 2, 1]),
    (HardFilter(brands=("puma",)), [5, 2]),
    (HardFilter(brands=("puma", "adidas")), [5, 3, 2, 1]),
    (HardFilter(brands=("",)), [4]),
    (HardFilter(brands=("nike",)), []),
    (HardFilter(categories=("sports",)), [6, 3, 2, 1]),
    (HardFilter(categories=("sports/shoes",)), [3, 2]),
    (HardFilter(categories=("sports/shoes", "home")), [5, 3, 2]),
    (HardFilter(categories=("sport",)), []),
    (HardFilter(shops=("s-1", "s-3")), [6, 5, 2, 1]),
    (HardFilter(statuses=(2,)), [6, 3]),
    (HardFilter(brands=("puma", "adidas"), categories=("sports",), statuses=(1,)), [2, 1]),
    (HardFilter(brands=("puma",), shops=("s-2",)), []),
    (HardFilter(item_nos=(5, 77, 2)), [5, 2]),
    (HardFilter(item_nos=(1, 3, 6), statuses=(2,)), [6, 3]),
    (HardFilter(item_nos=(77,)), []),
)


def test_a_filter_takes_any_of_each_list_and_all_lists_together(index: ItemIndex) -> None:
    a_shop_window(index)

    for only, kept in FILTERS:
        assert search(index, 6, only=only) == kept, only


HOSTILE = (
    'a" or status > 0 or brand == "a',
    "a' or '1' == '1",
    'a"] or item_no in [1',
    "\\",
    '\\"',
    "a\\",
    'a" --',
    "%",
    "_",
    "a%",
    "a_",
    "a\nb",
    "a\tb",
    "a\rb",
    "\x7f",
    "{brand}",
    "$meta",
    "ключ",
    "商品/𠮷",
    "👩‍👧",
    "a/b",
    "/",
    "a//b",
    " a",
    "a ",
    "A",
    "a",
    "caf\u00e9",
    "cafe\u0301",
)
"""Text that would leave its quotes, or match more than itself, if it were not escaped."""


def test_hostile_text_matches_itself_and_nothing_else(index: ItemIndex) -> None:
    everything = range(1, len(HOSTILE) + 1)
    index.upsert(rows(everything, brands=HOSTILE, categories=HOSTILE, shops=HOSTILE[::-1]))

    for number, text in zip(everything, HOSTILE, strict=True):
        assert search(index, 50, only=HardFilter(brands=(text,))) == [number], text
        assert search(index, 50, only=HardFilter(shops=(text,))) == [len(HOSTILE) + 1 - number], text
        under = [number for number, other in zip(everything, HOSTILE, strict=True) if is_under(other, text)]
        assert sorted(search(index, 50, only=HardFilter(categories=(text,)))) == under, text


def test_text_longer_than_a_field_is_still_found_by_its_filter(index: ItemIndex) -> None:
    long = "𠮷" * 1000
    index.upsert(rows([1, 2], brands=[long, "short"], categories=[long, "c"], shops=[long, "s"], titles=[long, "t"]))

    assert search(index, only=HardFilter(brands=(long,), categories=(long,), shops=(long,))) == [1]


def test_after_finish_everything_is_searchable(index: ItemIndex) -> None:
    index.upsert(rows(range(1, 1501)))
    index.finish()

    assert search(index, 3) == [1500, 1499, 1498]
    assert index.count() == 1500


def test_of_a_thousand_that_are_named_each_is_found_and_no_other(index: ItemIndex) -> None:
    index.upsert(rows(range(1, 3_001)))
    index.finish()
    named = tuple(range(2, 2_003, 2))

    found = search(index, 1_200, only=HardFilter(item_nos=(*named, 5_000)))

    assert sorted(found) == sorted(named)


def test_what_is_written_after_finish_is_found_too(index: ItemIndex) -> None:
    index.upsert(rows(range(1, 11)))
    index.finish()
    index.upsert(rows([11]))
    index.delete(ints(10))

    assert search(index, 3) == [11, 9, 8]


@pytest.mark.parametrize("store", EXACT_STORES, indirect=True)
def test_what_was_filled_in_comes_back_as_it_was(index: ItemIndex) -> None:
    vectors = np.random.default_rng(4).normal(size=(3, DIMS)).astype(np.float32)
    written = rows(
        [5, 2, 9],
        vectors=vectors,
        revisions=[2**50, 1, 7],
        brands=["Zoë & Sons", "", "商品"],
        categories=["sports/shoes", "", "home"],
        shops=["s-1", "s-2", ""],
        statuses=[1, 2, 3],
        titles=["two\nlines", "", 'a "quoted" 𠮷'],
    )
    index.fill(written)

    assert by_item(index.rows_of(ints(9, 2, 5, 77))) == by_item(written)


def test_rows_of_unknown_items_are_no_rows(index: ItemIndex) -> None:
    index.fill(rows([1]))

    for nothing in (index.rows_of(ints(2, 3)), index.rows_of(ints())):
        assert len(nothing) == 0
        assert nothing.vectors.shape == (0, DIMS)
        assert nothing.titles == []


def test_what_was_filled_in_is_fenced_like_every_other_row(index: ItemIndex) -> None:
    index.fill(rows([1, 2], revisions=[5, 5]))

    assert index.upsert(rows([1, 2, 3], revisions=[4, 6, 1])) == 2
    assert index.count() == 3
    assert by_item(index.rows_of(ints(1, 2, 3)))[1].revision == 5


def test_an_index_released_before_the_fill_serves_everything_after_finish(index: ItemIndex) -> None:
    index.release()
    index.fill(rows(range(1, 1001)))
    index.fill(rows(range(1001, 1501)))

    index.finish()

    assert search(index, 3) == [1500, 1499, 1498]
    assert index.count() == 1500


def test_a_released_index_keeps_what_it_holds(index: ItemIndex) -> None:
    index.fill(rows([1, 2, 3]))
    index.finish()

    index.release()
    index.release()
    index.load()
    index.load()

    assert search(index) == [3, 2, 1]
    assert index.upsert(rows([4])) == 1
    assert index.count() == 4


def test_a_scan_gives_each_row_once_however_many_pages(index: ItemIndex) -> None:
    index.release()
    index.fill(rows(range(1, 1201)))
    index.finish()
    index.upsert(rows(range(1201, 1301)))
    index.delete(ints(7, 700, 1250))
    index.upsert(rows([900], revisions=[2], brands=["puma"]))

    pages = list(index.scan(100))

    seen = [item_no for page in pages for item_no in page.item_nos.tolist()]
    assert sorted(seen) == [number for number in range(1, 1301) if number not in (7, 700, 1250)]
    assert max(len(page) for page in pages) <= 100
    changed = next(row for page in pages for item_no, row in by_item(page).items() if item_no == 900)
    assert (changed.revision, changed.brand) == (2, "puma")


def test_a_scan_of_an_empty_index_gives_nothing(index: ItemIndex) -> None:
    assert [len(page) for page in index.scan(100) if len(page)] == []


def test_finish_says_how_far_it_is_and_ends_with_everything(index: ItemIndex) -> None:
    told: list[tuple[int, int]] = []
    index.release()
    index.fill(rows(range(1, 2001)))

    index.finish(lambda done, total: told.append((done, total)))

    assert told == sorted(told)
    assert told[-1:] in ([], [(2000, 2000)])


def test_an_index_is_opened_with_another_way_to_search_it(store: IndexStore, name: str) -> None:
    store.create(name, dims=DIMS, spec=IvfFlat(nlist=8, nprobe=1)).upsert(rows([1, 2]))

    assert search(store.open(name, spec=IvfFlat(nlist=8, nprobe=8))) == [2, 1]


class FlatOfHundred(Flat):
    """A kind that gives 100 at most, so that a few thousand items show what a million would."""

    max_k: ClassVar[int] = 100


@pytest.fixture
def dealt(store: IndexStore, name: str) -> ItemIndex:
    """An index in four partitions."""
    return store.create(name, dims=DIMS, spec=FlatOfHundred(partitions=4))


@pytest.mark.parametrize("store", EXACT_STORES, indirect=True)
def test_partitions_together_give_more_than_one_search_may(dealt: ItemIndex) -> None:
    vectors = np.random.default_rng(7).normal(size=(3000, DIMS)).astype(np.float32)
    queries = np.random.default_rng(8).normal(size=(3, DIMS)).astype(np.float32)
    dealt.release()
    dealt.fill(rows(range(1, 3001), vectors=vectors))
    dealt.finish()

    found = dealt.search(queries, 250, timeout_seconds=SOON)

    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :250] + 1
    assert found.item_nos.tolist() == truth.tolist()
    np.testing.assert_allclose(found.scores[1], (queries[1] @ vectors.T)[truth[1] - 1], rtol=1e-5)


def test_the_nearest_that_all_lie_in_one_partition_are_found(dealt: ItemIndex) -> None:
    """Item n lies at n: of 4, 8, .. 400 and 1 .. 99 the nearest 75 are all multiples of four."""
    dealt.upsert(rows([*range(4, 401, 4), *(number for number in range(1, 100) if number % 4)]))

    assert search(dealt, 75) == list(range(400, 100, -4))


def test_ties_across_partitions_are_ordered_by_number(dealt: ItemIndex) -> None:
    dealt.upsert(rows([7, 2, 5, 4, 9, 12], vectors=np.stack([axis(0)] * 6)))

    assert search(dealt, 4) == [2, 4, 5, 7]


def test_partitions_filter_fence_scan_and_delete_like_one_index(dealt: ItemIndex) -> None:
    dealt.upsert(rows(range(1, 21), brands=["puma" if number % 5 == 0 else "adidas" for number in range(1, 21)]))
    assert dealt.upsert(rows([5, 6], revisions=[0, 2])) == 1
    dealt.delete(ints(10, 11))

    assert search(dealt, 10, only=HardFilter(brands=("puma",))) == [20, 15, 5]
    assert sorted(no for page in dealt.scan(7) for no in page.item_nos.tolist()) == [*range(1, 10), *range(12, 21)]
    assert dealt.count() == 18


def test_vectors_of_another_length_are_refused(index: ItemIndex) -> None:
    other = np.ones((1, DIMS // 2), np.float32)

    with pytest.raises(InvalidSpec, match="the index has 8 dims"):
        index.upsert(rows([1], vectors=other))
    with pytest.raises(InvalidSpec, match="the index has 8 dims"):
        index.search(other, 1, timeout_seconds=SOON)


def test_a_vector_that_is_no_number_is_refused(index: ItemIndex) -> None:
    with pytest.raises(InvalidSpec, match="NaN"):
        index.upsert(rows([1], vectors=np.full((1, DIMS), np.nan, np.float32)))
    assert index.count() == 0


def test_a_store_knows_its_indexes_by_name(store: IndexStore, name: str) -> None:
    store.create(f"{name}_b", dims=DIMS, spec=Flat()).upsert(rows([1]))
    store.create(f"{name}_a", dims=DIMS, spec=Flat())

    assert [known for known in store.names() if known.startswith(name)] == [f"{name}_a", f"{name}_b"]
    assert store.open(f"{name}_b").count() == 1
    assert search(store.open(f"{name}_b")) == [1]


def test_two_indexes_do_not_see_each_other(store: IndexStore, name: str) -> None:
    one, other = (store.create(f"{name}_{n}", dims=DIMS, spec=Flat()) for n in ("one", "other"))
    one.upsert(rows([1]))
    other.upsert(rows([2]))

    assert (search(one), search(other)) == ([1], [2])


def test_a_name_that_exists_is_refused_and_what_is_there_stays(store: IndexStore, name: str) -> None:
    store.create(name, dims=DIMS, spec=Flat()).upsert(rows([1]))

    with pytest.raises(WrongState, match=f"{name} exists"):
        store.create(name, dims=4, spec=Flat())
    assert store.open(name).count() == 1


def test_an_unknown_name_is_answered_with_those_that_exist(store: IndexStore, name: str) -> None:
    store.create(name, dims=DIMS, spec=Flat())

    with pytest.raises(NotFound, match=rf"{name}_lost.*{name}"):
        store.open(f"{name}_lost")


@pytest.mark.parametrize("impossible", ["", "items-1", "1items", "a b", "x" * 256, "items;drop"])
def test_a_name_that_milvus_would_not_take_is_refused(store: IndexStore, impossible: str) -> None:
    with pytest.raises(InvalidSpec, match="cannot name an index"):
        store.create(impossible, dims=DIMS, spec=Flat())


def test_a_dropped_index_is_gone_and_its_name_free(store: IndexStore, name: str) -> None:
    index = store.create(name, dims=DIMS, spec=Flat())
    index.upsert(rows([1]))

    index.drop()

    assert name not in store.names()
    with pytest.raises(NotFound):
        store.open(name)
    with pytest.raises(NotFound):
        search(index)
    assert store.create(name, dims=DIMS, spec=Flat()).count() == 0


def test_a_store_says_for_people_what_it_is(store: IndexStore) -> None:
    assert store.describe().split()[0] in ("exact", "Milvus")
