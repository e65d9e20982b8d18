"""Which index kind suits a catalogue."""

import pytest

from multigrain.errors import InvalidSpec
from multigrain.index.planner import plan
from multigrain.index.specs import Flat, Hnsw, IvfFlat

MILLION = 1_000_000


@pytest.mark.parametrize(("items", "lite"), [(0, True), (1000, True), (MILLION, True), (0, False), (50_000, False)])
def test_exact_search_is_chosen_where_it_is_quick_or_alone_right(items: int, lite: bool) -> None:
    chosen = plan(items, 64, 1000, lite=lite)

    assert chosen.spec == Flat()
    assert chosen.expected_recall == 1.0


def test_a_large_catalogue_on_milvus_lite_is_told_to_move() -> None:
    assert "use a Milvus server" in plan(50_001, 64, 1000, lite=True).reason


def test_a_large_catalogue_on_a_server_gets_cells() -> None:
    chosen = plan(MILLION, 64, 1000, lite=False)

    assert chosen.spec == IvfFlat(nlist=2000, nprobe=500)
    assert "1,000,000 items" in chosen.reason


def test_enough_cells_are_searched_to_fill_a_large_k() -> None:
    spec = plan(200_000, 64, 10_000, lite=False).spec

    assert isinstance(spec, IvfFlat)
    assert spec.nprobe * (200_000 / spec.nlist) >= 12 * 10_000


def test_memory_counts_vectors_links_and_what_comes_with_them() -> None:
    flat = plan(MILLION, 64, 100, lite=False, kind="FLAT").memory_bytes
    graph = plan(MILLION, 64, 100, lite=False, kind="HNSW").memory_bytes

    assert flat == MILLION * (64 * 4 + 256)
    assert graph == flat + MILLION * 2 * 16 * 4


def test_a_kind_asked_for_is_taken() -> None:
    assert plan(1000, 64, 100, lite=False, kind="HNSW").spec == Hnsw()
    assert plan(100, 64, 100, lite=False, kind="IVF_FLAT").spec == IvfFlat(nlist=20, nprobe=20)


@pytest.mark.parametrize("lite", [True, False])
def test_more_than_milvus_returns_is_refused(lite: bool) -> None:
    with pytest.raises(InvalidSpec, match="FLAT cannot return 16,385: ask for 1 to 16,384"):
        plan(1000, 64, 16_385, lite=lite)


@pytest.mark.parametrize("kind", ["HNSW", "AUTOINDEX"])
def test_a_graph_on_milvus_lite_is_refused_because_filters_lose_its_rows(kind: str) -> None:
    with pytest.raises(InvalidSpec, match=f"{kind} on Milvus Lite .*use FLAT, or a Milvus server") as raised:
        plan(1000, 64, 100, lite=True, kind=kind)
    assert raised.value.field == "kind"


def test_what_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="unknown index kind 'FASTEST'"):
        plan(1000, 64, 100, lite=False, kind="FASTEST")


@pytest.mark.parametrize(("items", "dims", "field"), [(-1, 64, "items"), (10, 0, "dims"), (10, 32_769, "dims")])
def test_sizes_that_cannot_be_are_refused(items: int, dims: int, field: str) -> None:
    with pytest.raises(InvalidSpec) as raised:
        plan(items, dims, 100, lite=False)
    assert raised.value.field == field
