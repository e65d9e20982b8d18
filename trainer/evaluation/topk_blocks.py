"""The exact top k in NumPy: blocks of scores, compared with a floor while they are still in the cache.

READ FIRST: `_Search.best`. A sample of the items says about where the k-th best score will be. What is above that is
kept, a little more than k items a query, and chosen from once. The sample only saves work: whoever ends with fewer than
k is searched again without a floor, so no answer rests on luck.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from multigrain.types import Float32s, Int64s
from trainer.evaluation.topk_candidates import Candidates
from trainer.evaluation.topk_threads import one_thread_a_product

SAMPLED_OF = 32
"""At most one item of so many is looked at to guess a floor: a better guess would cost more than it saves."""
DEVIATIONS = 4
"""How far below its likely place the floor is put, in standard deviations: hardly a query is searched twice."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What is held at a time, by each thread: the scores of `queries` x `items`, and k + `items` keys of each query."""

    queries: int = 256
    items: int = 4_096
    """Few enough that scores (4 MiB) are compared in the cache that the product left them in."""


def top_k_in_blocks(queries: Float32s, items: Float32s, k: int, blocks: Blocks) -> Int64s:
    """Rows [B, k] of `items`, as `exact_top_k` says. 0 < k <= items."""
    found = np.empty((len(queries), k), np.int64)
    sample = _sample(items, min(blocks.items, len(items) // SAMPLED_OF))
    with one_thread_a_product() as threads:
        starts = _starts(len(queries), blocks.queries, threads)

        def work(thread: int) -> None:
            search = _Search(items, sample, k, blocks)
            for first, end in starts[thread::threads]:
                found[first:end] = search.best(queries[first:end])

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(min(threads, len(starts)))))  # and raise here what one of them raised
    return found


class _Search:
    """A thread's work on one pool, and its memory."""

    def __init__(self, items: Float32s, sample: Float32s, k: int, blocks: Blocks) -> None:
        self._items, self._sample, self._k = items, sample, k
        self._at_once = min(blocks.items, len(items))
        # The same memory again and again: fresh pages would cost as much as the product.
        self._scores = np.empty(blocks.queries * self._at_once, np.float32)
        self._above = np.empty(len(self._scores), np.bool_)

    def best(self, asked: Float32s) -> Int64s:
        """Rows [B, k], best first."""
        above = self._above_floor(asked, self._likely_floor(asked))
        short = above.short()
        found = above.best()
        if len(short):
            floorless = self._above_floor(asked[short], np.full((len(short), 1), -np.inf, np.float32))
            if len(floorless.short()):
                raise ValueError("a score is no number: a vector of a query, or too many of the items', holds NaN")
            found[short] = floorless.best()
        return found

    def _likely_floor(self, asked: Float32s) -> Float32s:
        """A score that very likely at least k items exceed, and not many more. [B, 1]; -inf: there is no telling."""
        sampled = len(self._sample)
        expected = self._k * sampled / len(self._items)
        rank = ceil(expected + DEVIATIONS * (sqrt(expected) + 1))
        if rank > sampled:
            return np.full((len(asked), 1), -np.inf, np.float32)
        scores = self._multiply(asked, self._sample)
        # NumPy sorts NaN behind the highest number: it would become the floor.
        np.fmax(scores, -np.inf, out=scores)
        scores.partition(sampled - rank, axis=1)
        # Below the score itself, which many items may share.
        floor: Float32s = np.nextafter(scores[:, sampled - rank, None], np.float32(-np.inf))
        return floor

    def _above_floor(self, asked: Float32s, floor: Float32s) -> Candidates:
        candidates = Candidates(floor, self._k, at_once=self._at_once)
        for start in range(0, len(self._items), self._at_once):
            scores = self._multiply(asked, self._items[start : start + self._at_once])
            candidates.take(scores, start, self._above[: scores.size].reshape(scores.shape))
        return candidates

    def _multiply(self, asked: Float32s, block: Float32s) -> Float32s:
        """Scores [B, n], until the next call."""
        shape = (len(asked), len(block))
        return np.matmul(asked, block.T, out=self._scores[: shape[0] * shape[1]].reshape(shape))


def _starts(queries: int, at_once: int, threads: int) -> Sequence[tuple[int, int]]:
    """Blocks of queries, alike in size and as many for each thread as for the others: the last is not waited for."""
    size = ceil(queries / (threads * ceil(queries / (threads * at_once))))
    return [(first, min(first + size, queries)) for first in range(0, queries, size)]


def _sample(items: Float32s, count: int) -> Float32s:
    """Some of the items, by chance with a fixed seed: steps of one length could fall in with an order of the rows."""
    return items[np.random.default_rng(0).integers(len(items), size=count)]
