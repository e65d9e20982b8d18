"""Estimates of an index: they give back what they were drawn from, and grow with what they should grow with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.index.estimates import Estimate, estimate
from multigrain.index.specs import KINDS, Flat, GpuCagra, Hnsw, IndexSpec, IvfFlat, IvfSq8, MemoryScan

MILLION = 1_000_000


def of(spec: IndexSpec, items: int, k: int, *, dims: int = 128, cores: int = 2, lite: bool = False) -> Estimate:
    return estimate(spec, items, dims, k, cores=cores, lite=lite)


@pytest.mark.parametrize(
    ("spec", "k", "measured_ms"),
    [
        (Flat(), 10, 29),
        (Flat(), 1_000, 33),
        (Flat(), 9_600, 57),
        (IvfFlat(nlist=1024, nprobe=32), 10, 4.7),
        (IvfFlat(nlist=1024, nprobe=32), 1_000, 8.2),
        (IvfFlat(nlist=1024, nprobe=32), 9_600, 34),
        (Hnsw(ef=64), 10, 4.6),
        (Hnsw(ef=64), 1_000, 10),
        (Hnsw(ef=64), 9_600, 63),
        (MemoryScan(bits=32), 9_600, 28),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_a_million_vectors_on_two_cores_take_about_what_was_measured(
    spec: IndexSpec, k: int, measured_ms: float
) -> None:
    assert of(spec, MILLION, k).search_ms == pytest.approx(measured_ms, rel=0.2)


@pytest.mark.parametrize(("k", "measured_ms"), [(10, 49), (1_000, 94), (9_600, 527)])
def test_milvus_lite_takes_about_what_was_measured(k: int, measured_ms: float) -> None:
    assert of(Flat(), 100_000, k, lite=True).search_ms == pytest.approx(measured_ms, rel=0.2)


def test_cagra_of_ten_million_vectors_needs_what_milvus_says() -> None:
    assert of(GpuCagra(), 10 * MILLION, 100).gpu_bytes == pytest.approx(9.2e9, rel=0.01)


@given(items=st.integers(1, 10**8), k=st.integers(1, 1_000), kind=st.sampled_from(KINDS))
def test_more_items_and_a_larger_k_never_cost_less(items: int, k: int, kind: type[IndexSpec]) -> None:
    spec = kind()
    one, more, deeper = of(spec, items, k), of(spec, 2 * items, k), of(spec, items, k + 10)
    assert more.search_ms >= one.search_ms
    assert deeper.search_ms >= one.search_ms
    assert more.server_bytes + more.gpu_bytes > one.server_bytes + one.gpu_bytes
    assert 0 < one.recall <= 1
    assert more.recall <= one.recall


@given(nprobe=st.integers(1, 1023))
def test_looking_into_more_cells_never_finds_less(nprobe: int) -> None:
    few, more = IvfFlat(nprobe=nprobe), IvfFlat(nprobe=nprobe + 1)
    assert of(few, MILLION, 100).recall <= of(more, MILLION, 100).recall <= 1
    assert of(IvfSq8(nprobe=nprobe), MILLION, 100).recall < of(few, MILLION, 100).recall


@given(ef=st.integers(1, 5000))
def test_a_wider_walk_never_finds_less(ef: int) -> None:
    assert of(Hnsw(ef=ef), MILLION, 1).recall <= of(Hnsw(ef=ef + 1), MILLION, 1).recall
