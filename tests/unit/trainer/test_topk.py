"""The exact top k: by blocks in NumPy and in TensorFlow, against sorting."""

import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.types import Float32s, Int64s
from trainer.evaluation import topk, topk_blocks, topk_threads
from trainer.evaluation.topk import exact_top_k
from trainer.evaluation.topk_blocks import Blocks, top_k_in_blocks
from trainer.evaluation.topk_candidates import Candidates
from trainer.evaluation.topk_tensorflow import top_k_in_tensorflow
from trainer.evaluation.topk_threads import one_thread_a_product

TINY = Blocks(queries=3, items=64)
"""Many blocks, and from 32 items a place in the sample on a floor that is guessed."""
WAYS = [top_k_in_blocks, top_k_in_tensorflow]
TopK = Callable[[Float32s, Float32s, int, Blocks], Int64s]


def by_sorting(queries: Float32s, items: Float32s, k: int) -> Int64s:
    """A stable sort of all scores, in double precision."""
    return np.argsort(-(queries.astype(np.float64) @ items.T.astype(np.float64)), axis=1, kind="stable")[:, :k]


def whole_vectors(rng: np.random.Generator, rows: int, *, below: int) -> Float32s:
    """Small whole numbers: their products are exact in every order, so equal scores are equal in every way."""
    return rng.integers(-below, below, (rows, 4)).astype(np.float32)


@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 3_000),
    k=st.integers(1, 120),
    below=st.sampled_from([1, 2, 1_000]),
    order=st.sampled_from(["as they come", "worst first", "best first"]),
)
@settings(max_examples=150, deadline=None)
def test_top_k_in_blocks_equals_sorting_with_equal_scores_in_order_of_the_row(
    seed: int, rows: int, k: int, below: int, order: str
) -> None:
    rng = np.random.default_rng(seed)
    queries, items = whole_vectors(rng, 7, below=below), whole_vectors(rng, rows, below=below)
    if order != "as they come":
        towards_first = np.argsort(items @ queries[0])
        items = items[towards_first if order == "worst first" else towards_first[::-1]]
    k = min(k, rows)
    np.testing.assert_array_equal(top_k_in_blocks(queries, items, k, TINY), by_sorting(queries, items, k))


@pytest.mark.parametrize("rows", [1, 50, 200])
@pytest.mark.parametrize("below", [1, 1_000])
def test_tensorflow_finds_what_numpy_finds(rows: int, below: int) -> None:
    rng = np.random.default_rng(rows)
    queries, items = whole_vectors(rng, 7, below=below), whole_vectors(rng, rows, below=below)
    k = min(rows, 70)
    found = top_k_in_tensorflow(queries, items, k, TINY)
    np.testing.assert_array_equal(found, top_k_in_blocks(queries, items, k, TINY))


def test_tensorflow_keeps_its_precision_for_others() -> None:
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    top_k_in_tensorflow(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), 1)
    assert tf.config.experimental.tensor_float_32_execution_enabled() == before


@pytest.mark.parametrize("top_k", WAYS)
def test_an_item_that_is_no_number_is_nobodys_best_and_a_query_that_is_none_is_refused(top_k: TopK) -> None:
    items = np.eye(4, dtype=np.float32)
    items[1] = np.nan
    asked = np.ones((1, 4), np.float32)
    assert top_k(asked, items, 3, TINY).tolist() == [[0, 2, 3]]
    with pytest.raises(ValueError, match="no number"):
        top_k(asked * np.nan, items, 1, TINY)
    with pytest.raises(ValueError, match="no number"):
        top_k(asked, items, 4, TINY)


def test_items_that_are_no_number_do_not_raise_the_floor_above_those_that_are() -> None:
    rng = np.random.default_rng(0)
    queries, items = whole_vectors(rng, 7, below=1_000), whole_vectors(rng, 3_000, below=1_000)
    items[rng.random(3_000) < 0.5] = np.nan
    numbers = np.flatnonzero(~np.isnan(items[:, 0]))
    found = top_k_in_blocks(queries, items, 20, TINY)
    np.testing.assert_array_equal(found, numbers[by_sorting(queries, items[numbers], 20)])


def test_a_sample_that_promises_too_much_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    queries, items = whole_vectors(rng, 7, below=1_000), whole_vectors(rng, 3_000, below=1_000)
    best_of_all = items[by_sorting(queries[:1], items, 5)[0]].repeat(10, axis=0)
    monkeypatch.setattr(topk_blocks, "_sample", lambda items, count: best_of_all)
    np.testing.assert_array_equal(top_k_in_blocks(queries, items, 20, TINY), by_sorting(queries, items, 20))


def test_minus_zero_equals_zero() -> None:
    candidates = Candidates(np.full((1, 1), -np.inf, np.float32), 3, at_once=4)
    scores = np.array([[0.0, -0.0, -1.0, 0.0]], np.float32)
    candidates.take(scores, 0, np.empty((1, 4), np.bool_))
    assert candidates.best().tolist() == [[0, 1, 3]]


def test_there_are_no_more_than_all_items_and_nobody_asks_for_nothing() -> None:
    items = np.eye(3, dtype=np.float32)
    assert exact_top_k(items[2:], items, 10).tolist() == [[2, 0, 1]]
    assert exact_top_k(items[:0], items, 2).shape == (0, 2)
    assert exact_top_k(items, items[:0], 2).shape == (3, 0)


@pytest.mark.parametrize("rows", [50_000, 400_000])
@pytest.mark.parametrize("k", [1, 100])
def test_memory_is_bounded_by_the_blocks_however_many_items_there_are(rows: int, k: int) -> None:
    with one_thread_a_product() as threads:
        pass
    scores_and_marks, keys = 32 * 512 * (4 + 1), 32 * (k + 512) * 8
    sample, answer = 512 * 8 * 4, 128 * k * 8
    # Twice, for the keys of a block are made from arrays as large as they are. All scores would be 200 MB.
    bound = 2 * threads * (scores_and_marks + keys) + sample + answer
    assert peak_bytes(rows, k, Blocks(queries=32, items=512)) < bound


def peak_bytes(rows: int, k: int, blocks: Blocks) -> int:
    rng = np.random.default_rng(0)
    queries, items = rng.random((128, 8), np.float32), rng.random((rows, 8), np.float32)
    tracemalloc.start()
    try:
        top_k_in_blocks(queries, items, k, blocks)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_products_have_their_threads_again_afterwards_also_where_the_search_fails() -> None:
    with one_thread_a_product() as before:
        pass
    with pytest.raises(ValueError, match="no number"):
        exact_top_k(np.full((1, 2), np.nan, np.float32), np.eye(2, dtype=np.float32), 1)
    with one_thread_a_product() as after:
        pass
    assert after == before


def test_a_numpy_without_its_own_openblas_is_asked_from_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topk_threads, "_openblas", lambda: None)
    with one_thread_a_product() as threads:
        assert threads == 1
    items = np.eye(3, dtype=np.float32)
    assert exact_top_k(items, items, 1).tolist() == [[0], [1], [2]]


def test_searches_from_several_threads_at_a_time_find_what_one_finds() -> None:
    rng = np.random.default_rng(0)
    queries, items = whole_vectors(rng, 40, below=1_000), whole_vectors(rng, 3_000, below=1_000)
    found: list[Int64s] = []
    askers = [threading.Thread(target=lambda: found.append(exact_top_k(queries, items, 9))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(found) == 4
    for rows in found:
        np.testing.assert_array_equal(rows, by_sorting(queries, items, 9))


def test_where_a_gpu_is_seen_tensorflow_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    # No GPU runs here: TensorFlow is told of one, and computes on the CPU.
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    monkeypatch.setattr(topk, "top_k_in_blocks", None)
    items = np.eye(3, dtype=np.float32)
    assert exact_top_k(items, items, 1).tolist() == [[0], [1], [2]]


def test_numpy_alone_answers_without_loading_tensorflow() -> None:
    program = (
        "import sys, numpy as np\nfrom trainer.evaluation.topk import exact_top_k\n"
        "print(exact_top_k(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), 1).tolist())\n"
        "print('tensorflow' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.split("\n")[:2] == ["[[0], [1]]", "False"]
