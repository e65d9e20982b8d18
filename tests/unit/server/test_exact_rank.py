"""The exact rank of one item, against a plain sort."""

import time

import numpy as np
import pytest

from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import IndexRows
from multigrain.types import Float32s
from server.explaining.exact_rank import exact_rank

DIMS = 4


def an_index(vectors: Float32s) -> ExactIndex:
    """Item n has the n-th vector, from 1 on."""
    count = len(vectors)
    index = ExactIndex("ranked", dims=DIMS)
    index.fill(
        IndexRows(
            item_nos=np.arange(1, count + 1),
            vectors=vectors,
            revisions=np.ones(count, np.int64),
            brands=[""] * count,
            categories=[""] * count,
            shops=[""] * count,
            statuses=[1] * count,
            titles=[""] * count,
        )
    )
    return index


def soon() -> float:
    return time.monotonic() + 60


def test_every_item_stands_where_a_plain_sort_puts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.explaining.exact_rank.PAGE", 7)
    # Whole numbers, so that equal scores are equal whichever way they are added up; some are.
    rng = np.random.default_rng(0)
    vectors = rng.integers(-3, 4, (40, DIMS)).astype(np.float32)
    query = rng.integers(-3, 4, (1, DIMS)).astype(np.float32)
    scores = vectors @ query[0]
    expected = sorted(range(1, 41), key=lambda n: (-scores[n - 1], n))
    index = an_index(vectors)
    assert [exact_rank(index, query, item_no, ends_at=soon()) for item_no in expected] == list(range(1, 41))
    assert len(set(scores.tolist())) < 40


def test_what_the_index_does_not_hold_has_no_rank() -> None:
    assert exact_rank(an_index(np.eye(DIMS, dtype=np.float32)), np.ones((1, DIMS), np.float32), 99, ends_at=soon()) == 0


def test_too_many_items_and_too_little_time_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    index, query = an_index(np.eye(DIMS, dtype=np.float32)), np.ones((1, DIMS), np.float32)
    assert exact_rank(index, query, 3, ends_at=time.monotonic()) == 0
    monkeypatch.setattr("server.explaining.exact_rank.ITEMS_MAX", 3)
    assert exact_rank(index, query, 3, ends_at=soon()) == 0
