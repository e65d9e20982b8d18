"""What every Scan promises, and a search through it: 32 bits exactly, 8 bits nearly."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from benchmarks.vectors import clustered
from multigrain.errors import Missing
from multigrain.index.scans.fp32 import Fp32Scan
from multigrain.index.scans.int8 import Int8Scan, codes_of
from multigrain.index.scans.nearest import SAMPLED, nearest
from multigrain.index.scans.scan import Hits, Scan, View
from multigrain.types import Bools, Float32s, Int64s

DIMS = 32
Float64s = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """A scan, and how far from the truth it may be."""

    make: Callable[[int, int], Scan]
    error: Callable[[Float32s, Float32s], Float64s]
    """The most by which a score may be off, of queries and vectors: [B, n]."""
    usual_error: float
    """Of a score of vectors such as models make, in parts of the product of both lengths."""
    recall: float


def of_rounding(queries: Float32s, vectors: Float32s) -> Float64s:
    return 1e-6 * np.outer(lengths(queries), lengths(vectors)) + 1e-12


def of_two_bytes(queries: Float32s, vectors: Float32s) -> Float64s:
    """A component is off by 1 / 64,516 of its peak at most; so much of both peaks is what fine with fine would add."""
    step, dims = 1 / (254 * 254), queries.shape[1]
    peaks, sums = np.abs(vectors).max(axis=1), np.abs(vectors).sum(axis=1)
    asked_peaks, asked_sums = np.abs(queries).max(axis=1), np.abs(queries).sum(axis=1)
    steps = np.outer(asked_sums, peaks) + np.outer(asked_peaks, sums) + dims * np.outer(asked_peaks, peaks)
    return step * steps.astype(np.float64) + of_rounding(queries, vectors)


KINDS = {"fp32": Kind(Fp32Scan, of_rounding, 1e-6, 1.0), "int8": Kind(Int8Scan, of_two_bytes, 5e-5, 0.99)}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def view_of(kind: Kind, vectors: Float32s) -> View:
    scan = kind.make(vectors.shape[1], len(vectors))
    scan.put(np.arange(len(vectors)), vectors)
    return scan.view(len(vectors))


def best(hits: Hits, k: int) -> Int64s:
    order: Int64s = np.argsort(-hits.scores, kind="stable")[:k]
    return hits.places[order]


def recall(found: Int64s, scores: Float32s) -> float:
    truth = np.argsort(-scores)[: len(found)]
    return len(np.intersect1d(found, truth)) / len(found)


def lengths(vectors: Float32s) -> Float32s:
    return np.linalg.norm(vectors, axis=-1)


components = st.floats(-1e6, 1e6, width=32)
few_vectors = st.integers(1, 20).flatmap(lambda n: arrays(np.float32, (n, 5), elements=components))


@given(few_vectors)
def test_a_component_comes_back_to_a_64000th_of_the_largest(vectors: Float32s) -> None:
    """127 x 254 steps to the largest component, and at most half a step from the next: 1 / 64,516."""
    peaks = np.abs(vectors).max(axis=1)

    back = codes_of(vectors).vectors()

    assert (np.abs(back - vectors) <= peaks[:, None] * 1.6e-5).all()
    at_peak = np.abs(vectors) == peaks[:, None]
    np.testing.assert_array_equal(back[at_peak], vectors[at_peak])


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=50, deadline=None)
@given(few_vectors, arrays(np.float32, (3, 5), elements=components))
def test_scores_are_inner_products(name: str, vectors: Float32s, queries: Float32s) -> None:
    kind = KINDS[name]

    scores = view_of(kind, vectors).scores(queries, np.arange(len(vectors)))

    true = queries.astype(np.float64) @ vectors.T.astype(np.float64)
    assert (np.abs(scores - true) <= kind.error(queries, vectors)).all()


def test_scores_of_spread_vectors_are_nearer_still(kind: Kind) -> None:
    vectors, queries = clustered(2_000, DIMS, seed=1), clustered(20, DIMS, seed=2)

    scores = view_of(kind, vectors).scores(queries, np.arange(2_000))

    true = queries.astype(np.float64) @ vectors.T.astype(np.float64)
    assert (np.abs(scores - true) <= kind.usual_error * np.outer(lengths(queries), lengths(vectors))).all()


@pytest.mark.parametrize("k", [1, 100, 5_000])
def test_the_nearest_of_many_are_found_one_by_one_and_together(kind: Kind, k: int) -> None:
    vectors, queries = clustered(60_000, DIMS, seed=1), clustered(20, DIMS, seed=2)
    view = view_of(kind, vectors)

    together = nearest(view, queries, k, None)

    for query, hits in zip(queries, together, strict=True):
        alone = nearest(view, query[None], k, None)[0]
        assert recall(best(hits, k), vectors @ query) >= kind.recall
        assert recall(best(alone, k), vectors @ query) >= kind.recall
        np.testing.assert_allclose(-np.sort(-alone.scores)[:k], -np.sort(-hits.scores)[:k], atol=1e-6)


def test_more_queries_than_are_asked_at_a_time_are_all_answered(kind: Kind) -> None:
    vectors, queries = clustered(500, DIMS, seed=1), clustered(150, DIMS, seed=2)

    found = nearest(view_of(kind, vectors), queries, 1, None)

    assert [best(hits, 1)[0] for hits in found] == np.argmax(queries @ vectors.T, axis=1).tolist()


@pytest.mark.parametrize("passing", [0, 1, 300, 30_000, 59_999])
def test_only_what_passes_is_found_and_of_that_the_nearest(kind: Kind, passing: int) -> None:
    vectors, queries = clustered(60_000, DIMS, seed=1), clustered(2, DIMS, seed=2)
    chosen: Bools = np.zeros(60_000, np.bool_)
    chosen[np.random.default_rng(3).permutation(60_000)[:passing]] = True

    found = nearest(view_of(kind, vectors), queries, 200, chosen)

    for query, hits in zip(queries, found, strict=True):
        assert len(hits.places) >= min(200, passing)
        assert chosen[hits.places].all()
        if passing:
            scores = np.where(chosen, vectors @ query, -np.inf)
            assert recall(best(hits, 200), scores) >= kind.recall


def test_a_sample_that_misleads_costs_time_and_no_hits(kind: Kind) -> None:
    """The sampled vectors are the only long ones: they say that the floor is far above what the k-th best reaches."""
    vectors = np.full((100_000, DIMS), 0.01, np.float32)
    vectors[np.random.default_rng(0).integers(100_000, size=SAMPLED)] = 1.0

    for hits in nearest(view_of(kind, vectors), np.ones((2, DIMS), np.float32), 20_000, None):
        assert len(hits.places) >= 20_000
        assert np.count_nonzero(hits.scores > 1) == len(np.flatnonzero(vectors[:, 0] == 1.0))


def test_vectors_that_all_point_away_are_ordered_too(kind: Kind) -> None:
    vectors = -np.abs(clustered(50_000, DIMS, seed=1)) * np.linspace(1, 5, 50_000, dtype=np.float32)[:, None]
    query = np.ones((1, DIMS), np.float32)

    hits = nearest(view_of(kind, vectors), query, 100, None)[0]

    assert recall(best(hits, 100), vectors @ query[0]) >= kind.recall


def test_a_long_vector_takes_no_precision_from_the_others(kind: Kind) -> None:
    vectors, query = clustered(40_000, DIMS, seed=1), clustered(1, DIMS, seed=2)
    vectors[5] *= 1_000

    hits = nearest(view_of(kind, vectors), query, 1_000, None)[0]

    assert recall(best(hits, 1_000), vectors @ query[0]) >= kind.recall


def test_room_that_nothing_fills_yet_is_not_searched(kind: Kind) -> None:
    vectors, query = 100 * clustered(40_000, DIMS, seed=1), 100 * clustered(1, DIMS, seed=2)
    scan = kind.make(DIMS, 200_000)
    scan.put(np.arange(40_000), vectors)

    hits = nearest(scan.view(40_000), query, 100, None)[0]

    assert recall(best(hits, 100), vectors @ query[0]) >= kind.recall


def test_nothing_and_zeros_have_scores_of_zero(kind: Kind) -> None:
    vectors = np.stack([np.zeros(DIMS, np.float32), np.ones(DIMS, np.float32)])
    view = view_of(kind, vectors)

    assert nearest(view, np.zeros((1, DIMS), np.float32), 2, None)[0].scores.tolist() == [0, 0]
    assert nearest(view, np.ones((1, DIMS), np.float32), 2, None)[0].scores.tolist() == [0, DIMS]
    assert len(nearest(kind.make(DIMS, 4).view(0), np.ones((1, DIMS), np.float32), 2, None)[0].places) == 0
    assert nearest(view, np.zeros((0, DIMS), np.float32), 2, None) == []


def test_a_vector_of_a_length_that_no_register_divides_is_compared_whole(kind: Kind) -> None:
    vectors, query = clustered(300, 13, seed=1), clustered(1, 13, seed=2)

    hits = nearest(view_of(kind, vectors), query, 10, None)[0]

    assert best(hits, 10).tolist() == np.argsort(-(vectors @ query[0]))[:10].tolist()


def test_what_was_seen_before_growing_stays_as_it_was(kind: Kind) -> None:
    scan = kind.make(DIMS, 2)
    scan.put(np.arange(2), np.ones((2, DIMS), np.float32))
    before = scan.view(2)

    scan.grow(50_000)
    scan.put(np.arange(1, 50_000), np.full((49_999, DIMS), 2, np.float32))

    assert before.scores(np.ones((1, DIMS), np.float32), np.arange(2)).tolist() == [[DIMS, DIMS]]
    after = nearest(scan.view(50_000), np.ones((1, DIMS), np.float32), 1, None)[0]
    assert set(after.scores.tolist()) == {2 * DIMS}
    np.testing.assert_array_equal(scan.vectors(np.array([0, 1])), [[1] * DIMS, [2] * DIMS])


def test_without_its_library_8_bits_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)

    with pytest.raises(Missing, match="pip install"):
        Int8Scan(DIMS, 1)
