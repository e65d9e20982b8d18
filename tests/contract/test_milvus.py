"""What MilvusStore promises beyond every IndexStore, on Milvus Lite and on a server."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymilvus import DataType, Function, FunctionType, MilvusClient
from pymilvus.exceptions import MilvusException

from multigrain.errors import IndexUnavailable, InvalidConfig, InvalidSpec, WrongState
from multigrain.index.hard_filter import is_under
from multigrain.index.item_index import ABSENT, HardFilter, ItemIndex
from multigrain.index.milvus import LITE_CHANNEL, MilvusStore
from multigrain.index.specs import AutoIndex, Flat, Hnsw, IndexSpec, IvfFlat
from multigrain.types import Float32s
from tests.contract.test_item_index import DIMS, SOON, axis, ints, rows, search


@pytest.fixture(params=["lite", "server"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "lite":
        return str(tmp_path / "milvus.db")
    return str(request.getfixturevalue("milvus_uri"))


@pytest.fixture
def name(milvus_prefix: str) -> str:
    return f"{milvus_prefix}1"


def test_a_search_as_it_serves_sees_what_was_written_before_finish(uri: str, name: str) -> None:
    index = MilvusStore(uri).create(name, dims=DIMS, spec=Flat())

    for newest in (100, 200, 300):
        index.upsert(rows(range(newest - 99, newest + 1)))
        index.delete(ints(newest - 1))
        index.finish()
        assert search(index, 3) == [newest, newest - 2, newest - 3]


@pytest.mark.parametrize("written", [0, 50, 200], ids=["nothing", "some of its head", "some of its vectors"])
def test_a_load_waits_for_an_index_file_that_lite_is_still_writing(tmp_path: Path, name: str, written: int) -> None:
    index = MilvusStore(str(tmp_path / "milvus.db")).create(name, dims=DIMS, spec=Flat())
    index.upsert(rows(range(1, 101)))
    index.finish()
    index.release()
    (file,) = tmp_path.rglob("*.idx")
    whole = file.read_bytes()
    file.write_bytes(whole[:written])
    writer = threading.Timer(0.3, file.write_bytes, [whole])

    writer.start()
    index.load()

    writer.join()
    assert search(index, 3) == [100, 99, 98]


@pytest.mark.slow
def test_after_finish_a_search_goes_to_the_index_that_was_built(uri: str, name: str) -> None:
    """A server first answers from memory, by a rough index of its own: that found 1,738 of these 5,000 nearest."""
    vectors = np.random.default_rng(6).normal(size=(40_000, 32)).astype(np.float32)
    index = MilvusStore(uri).create(name, dims=32, spec=IvfFlat(nlist=64, nprobe=64))
    brands = [f"brand {number % 100}" for number in range(40_000)]
    index.upsert(rows(range(1, 40_001), vectors=vectors, brands=brands))

    index.finish()

    found = index.search(vectors[:1], 5000, timeout_seconds=SOON).item_nos[0]
    of_a_brand = index.search(vectors[:1], 5000, only=HardFilter(brands=("brand 7",)), timeout_seconds=SOON)
    truth = np.argsort(-(vectors @ vectors[0]))[:5000] + 1
    assert len(np.intersect1d(found, truth)) >= 4995
    assert np.count_nonzero(of_a_brand.item_nos != ABSENT) == 400


@pytest.mark.parametrize(
    "spec",
    [Flat(), IvfFlat(nlist=8, nprobe=8), Hnsw(m=32, ef_construction=200, ef=16), AutoIndex()],
    ids=lambda spec: spec.kind,
)
def test_each_kind_builds_answers_a_k_beyond_its_default_and_is_opened_again(
    uri: str, name: str, spec: IndexSpec
) -> None:
    vectors = np.random.default_rng(5).normal(size=(2000, DIMS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store = MilvusStore(uri)
    made = store.create(name, dims=DIMS, spec=spec)
    made.release()
    made.fill(rows(range(1, 2001), vectors=vectors))
    made.finish()

    opened = store.open(name)
    opened.load()
    found = opened.search(axis(0)[None], 1000, timeout_seconds=SOON).item_nos[0]

    truth = np.argsort(-vectors[:, 0])[:1000] + 1
    assert len(np.intersect1d(found, truth)) >= 950
    assert opened.count() == 2000
    assert opened.spec == spec


def around(number: int, count: int) -> Float32s:
    """Unit vectors close to one of 16 axes."""
    vectors = 0.05 * np.random.default_rng(number).normal(size=(count, 16)).astype(np.float32)
    vectors[:, number] += 1
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_a_graph_finds_everything_that_a_filter_takes_however_far_it_lies(uri: str, name: str) -> None:
    """Walking the graph alone it found none of these: all that lies near the query is hidden by the filter."""
    index = MilvusStore(uri).create(name, dims=16, spec=AutoIndex())
    vectors = np.concatenate([around(0, 4000), around(1, 600)])
    index.release()
    index.fill(rows(range(1, 4601), vectors=vectors, brands=["near"] * 4000 + ["far"] * 600))
    index.finish()
    query = around(0, 1)

    found = index.search(query, 100, only=HardFilter(brands=("far",)), timeout_seconds=SOON).item_nos[0]
    more = index.search(query, 700, only=HardFilter(brands=("far",)), timeout_seconds=SOON).item_nos[0]

    truth = 4001 + np.argsort(-(vectors[4000:] @ query[0]))[:100]
    assert len(np.intersect1d(found, truth)) >= 95
    assert np.count_nonzero(more != ABSENT) == 600


def test_more_than_a_kind_can_return_is_refused_before_it_is_asked(uri: str, name: str) -> None:
    index = MilvusStore(uri).create(name, dims=DIMS, spec=Flat())

    with pytest.raises(InvalidSpec, match="FLAT cannot return 16,385: ask for 1 to 16,384"):
        search(index, 16_385)
    assert search(index, 16_384) == []


def test_what_is_not_loaded_says_so_until_it_is(uri: str, name: str) -> None:
    index = MilvusStore(uri, strong=True).create(name, dims=DIMS, spec=Flat())
    index.upsert(rows([1]))
    MilvusClient(uri, grpc_options=LITE_CHANNEL).release_collection(name)

    with pytest.raises(WrongState, match="load it first"):
        search(index)
    index.load()
    assert search(index) == [1]


def test_an_index_is_not_opened_as_what_it_was_not_built_as(uri: str, name: str) -> None:
    store = MilvusStore(uri)
    store.create(name, dims=DIMS, spec=Flat(partitions=2))

    for other in (Flat(), Flat(partitions=3), IvfFlat(partitions=2)):
        with pytest.raises(WrongState, match="build it again"):
            store.open(name, spec=other)
    assert store.open(name).spec == Flat(partitions=2)


def test_what_the_table_says_of_int8_vectors_and_bm25_is_so(uri: str, name: str) -> None:
    can = MilvusStore(uri).capabilities
    client = MilvusClient(uri, grpc_options=LITE_CHANNEL)

    assert made(client, f"{name}_int8", DataType.INT8_VECTOR) == can.int8_vectors
    # 2.3 takes these without promising them.
    assert made(client, f"{name}_half", DataType.FLOAT16_VECTOR) or not can.float16_vectors
    assert made(client, f"{name}_sparse", DataType.SPARSE_FLOAT_VECTOR) == can.sparse_vectors
    assert made_for_words(client, f"{name}_words") == can.bm25


def made(client: MilvusClient, name: str, kind: DataType) -> bool:
    """Whether a collection of such vectors can be made and filled."""
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", kind, **({} if kind == DataType.SPARSE_FLOAT_VECTOR else {"dim": 4}))
    values: dict[DataType, object] = {
        DataType.INT8_VECTOR: np.ones(4, np.int8),
        DataType.FLOAT16_VECTOR: np.ones(4, np.float16),
        DataType.SPARSE_FLOAT_VECTOR: {1: 0.5},
    }
    try:
        client.create_collection(name, schema=schema)
        client.insert(name, [{"id": 1, "v": values[kind]}])
    except MilvusException:
        return False
    return True


def made_for_words(client: MilvusClient, name: str) -> bool:
    """Whether a server makes sparse vectors of text by itself."""
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("words", DataType.VARCHAR, max_length=100, enable_analyzer=True)
    schema.add_field("v", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, ["words"], ["v"]))
    try:
        client.create_collection(name, schema=schema)
        client.insert(name, [{"id": 1, "words": "red shoes"}])
    except MilvusException:
        return False
    return True


def test_a_collection_of_somebody_else_is_refused(uri: str, name: str) -> None:
    client = MilvusClient(uri, grpc_options=LITE_CHANNEL)
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=4)
    client.create_collection(name, schema=schema)

    with pytest.raises(WrongState, match="was not made by multigrain"):
        MilvusStore(uri).open(name)


def test_a_search_without_time_enough_is_unavailable(uri: str, name: str) -> None:
    # Strong, so that a server waits for its next tick: a search that nothing has reached yet is answered before any
    # deadline is noticed.
    index = MilvusStore(uri, strong=True).create(name, dims=DIMS, spec=Flat())
    index.upsert(rows(range(1, 2001)))
    many = np.tile(axis(0), (512, 1))

    # Whichever notices first: our side of the call, or the server.
    with pytest.raises(IndexUnavailable, match=rf"{name}: (DEADLINE_EXCEEDED|.*context)"):
        index.search(many, 1000, timeout_seconds=1e-6)
    with pytest.raises(IndexUnavailable, match=rf"{name}: no time left"):
        index.search(axis(0)[None], 1, timeout_seconds=0.0)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(IndexUnavailable, match=r"Milvus at http://127.0.0.1:1"):
        MilvusStore("http://127.0.0.1:1", timeout_seconds=2)


@pytest.mark.parametrize("uri", ["milvus", "data/milvus.sqlite"])
def test_a_file_that_milvus_lite_would_not_take_is_refused(uri: str) -> None:
    with pytest.raises(InvalidConfig, match=r"name a file that ends in \.db") as raised:
        MilvusStore(uri)
    assert raised.value.field == "milvus.uri"


def test_a_second_process_is_told_that_the_file_is_taken(tmp_path: Path) -> None:
    uri = str(tmp_path / "milvus.db")
    MilvusStore(uri)

    code = f"from multigrain.index.milvus import MilvusStore; MilvusStore({uri!r})"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert other.returncode == 1
    assert "IndexUnavailable" in other.stderr
    assert "one process at a time" in other.stderr


def test_a_store_says_for_people_where_it_is(uri: str) -> None:
    said = MilvusStore(uri).describe()

    assert said.startswith("Milvus Lite 3." if uri.endswith(".db") else "Milvus 2.")
    assert uri.split("://")[-1] in said


ALPHABET = "ab/\\\"'%_ \n\t\r\x00\x01\x1f0{}[]()$é商𠮷"
"""What quotes, escapes, patterns and paths are made of, and little else: so that values meet one another."""

texts = st.text(ALPHABET, max_size=5)
places = st.lists(st.tuples(texts, texts, texts, st.integers(1, 3)), min_size=1, max_size=6)
filters = st.builds(
    HardFilter,
    brands=st.lists(texts, max_size=2).map(tuple),
    categories=st.lists(texts, max_size=2).map(tuple),
    shops=st.lists(texts, max_size=2).map(tuple),
    statuses=st.lists(st.integers(1, 3), max_size=2).map(tuple),
)


def test_no_text_makes_a_filter_mean_anything_else(uri: str, name: str) -> None:
    index = MilvusStore(uri, strong=True).create(name, dims=DIMS, spec=Flat())

    @settings(
        max_examples=60 if uri.endswith(".db") else 25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(places=places, only=filters)
    def agrees(places: list[tuple[str, str, str, int]], only: HardFilter) -> None:
        _fill(index, places)
        kept = [
            number
            for number, (brand, category, shop, status) in enumerate(places, start=1)
            if (not only.brands or brand in only.brands)
            and (not only.categories or any(is_under(category, path) for path in only.categories))
            and (not only.shops or shop in only.shops)
            and (not only.statuses or status in only.statuses)
        ]
        assert sorted(search(index, 10, only=only)) == kept

    agrees()


def _fill(index: ItemIndex, places: list[tuple[str, str, str, int]]) -> None:
    """Items 1.. with these brands, categories, shops and statuses, and no others."""
    brands, categories, shops, statuses = zip(*places, strict=True)
    numbers = range(1, len(places) + 1)
    index.delete(np.arange(len(places) + 1, 10))
    index.upsert(rows(numbers, brands=brands, categories=categories, shops=shops, statuses=statuses))
