"""What the planner fits is taken by a real server, and finds what was estimated."""

import numpy as np
import pytest

from benchmarks.vectors import clustered, index_rows
from multigrain.index.milvus import MilvusStore
from multigrain.index.planner import plan

pytestmark = pytest.mark.slow

ITEMS, DIMS, K = 6_000, 32, 200


@pytest.mark.parametrize("kind", ["IVF_SQ8", "IVF_PQ", "SCANN"])
def test_a_fitted_kind_is_built_and_finds_what_was_estimated(kind: str, milvus_uri: str, milvus_prefix: str) -> None:
    chosen = plan(ITEMS, DIMS, K, lite=False, kind=kind)
    vectors, queries = clustered(ITEMS, DIMS, seed=1), clustered(30, DIMS, seed=2)
    index = MilvusStore(milvus_uri).create(f"{milvus_prefix}fitted", dims=DIMS, spec=chosen.spec)
    index.fill(index_rows(vectors))
    index.finish()
    # For ten seconds and more after a build a server of 2.3 goes on comparing each row, which finds everything.
    index.release()
    index.load()

    found = index.search(queries, K, timeout_seconds=30).item_nos

    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :K] + 1
    recall = float(np.mean([len(np.intersect1d(*rows)) / K for rows in zip(found, truth, strict=True)]))
    assert recall >= chosen.expected_recall - 0.03
