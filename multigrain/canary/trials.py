"""Which of the drawn items must be in which answers, and which of them are not."""

from dataclasses import dataclass, replace

import numpy as np

from multigrain.canary.probe import Drawn, Probe
from multigrain.index.item_index import Found
from multigrain.types import Bools, Float32s, Int64s


@dataclass(frozen=True, slots=True)
class Trials:
    """Pairs of a query, by its row, and an item that must be in its answer; and whether it was missed."""

    queries: Int64s
    item_nos: Int64s
    missed: Bools


def find_trials(vectors: Float32s, answers: Found, drawn: Drawn, *, edge: float) -> Trials:
    """Every drawn item whose true score lies clearly above the last one of an answer must be in it."""
    scores = vectors @ drawn.vectors.T
    due = scores > _edges(answers, scores, drawn)[:, None] + edge * _lengths(vectors, drawn.vectors)
    queries, places = np.nonzero(due)
    item_nos = drawn.item_nos[places]
    return Trials(queries, item_nos, ~_holds(answers, queries, item_nos))


def still_missed(trials: Trials, vectors: Float32s, probe: Probe) -> Trials:
    """The same trials, those that were missed asked again: with the items as they are now and answers of now."""
    suspects = np.flatnonzero(trials.missed)
    rows, again = np.unique(trials.queries[suspects], return_inverse=True)
    answers = probe.search(vectors[rows])
    known, fresh = probe.vectors_of(np.unique(trials.item_nos[suspects]))
    missed = ~_holds(answers, again, trials.item_nos[suspects])
    for at, (answer, item_no) in enumerate(zip(again, trials.item_nos[suspects], strict=True)):
        now = fresh[known == item_no]
        is_short = distinct(answers.item_nos[answer]) < probe.k
        room = probe.edge * _lengths(vectors[rows[answer]][None], now)
        # Gone since, or changed so that it belongs there no longer. A short answer has room for all.
        if not len(now) or not (is_short or (now @ vectors[rows[answer]] > answers.scores[answer].min() + room).all()):
            missed[at] = False
    result = trials.missed.copy()
    result[suspects] = missed
    return replace(trials, missed=result)


def distinct(item_nos: Int64s) -> int:
    """How many items one answer holds; what fills it up is below zero."""
    return len(np.unique(item_nos[item_nos >= 0]))


def _edges(answers: Found, scores: Float32s, drawn: Drawn) -> Float32s:
    """The score above which an item must be in the answer, for each query.

    An answer that is short, or repeats itself, has no k-th score. Then the sample is its own measure: of M drawn from
    N, the best k M / N belong there. Of a catalogue with fewer than k items that is every one.
    """
    k = answers.item_nos.shape[1]
    edges = np.array([row.min(initial=np.inf) for row in answers.scores], np.float32)
    for query, answer in enumerate(answers.item_nos):
        if distinct(answer) < k:
            due = min(len(drawn.item_nos), k * len(drawn.item_nos) // max(drawn.of, 1))
            below = np.sort(scores[query])[::-1][due:]
            edges[query] = below.max(initial=-np.inf) if due else np.inf
    return edges


def _lengths(vectors: Float32s, items: Float32s) -> Float32s:
    """Products of the lengths, [Q, M]: what an inner product can be at most, and what its rounding grows with."""
    lengths: Float32s = np.outer(np.linalg.norm(vectors, axis=1), np.linalg.norm(items, axis=1))
    return lengths


def _holds(answers: Found, queries: Int64s, item_nos: Int64s) -> Bools:
    """Whether the answer to that query holds that item, for each pair."""
    held = np.zeros(len(queries), np.bool_)
    for query in np.unique(queries):
        pairs = queries == query
        held[pairs] = np.isin(item_nos[pairs], answers.item_nos[query])
    return held
