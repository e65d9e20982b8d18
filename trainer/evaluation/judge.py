"""Who says which items are good for a query: the truth of a simulation, people's judgments, or a teacher."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from multigrain.types import Bools, Item
from trainer.evaluation.systems.system import NOTHING, Answers
from trainer.evaluation.trial import Trial


class Judge(Protocol):
    """Judges pairs. May take a while."""

    @property
    def name(self) -> str: ...

    def good(self, queries: Sequence[str], items: Sequence[Item]) -> Bools:
        """[n]: whether items[i] is good for queries[i]."""
        ...


class Opinions:
    """A judge's words on one trial, each pair asked for once: stages mostly answer the same items."""

    def __init__(self, judge: Judge, trial: Trial) -> None:
        self._judge, self._trial = judge, trial
        texts = [example.query for example in trial.examples]
        self._texts = list(dict.fromkeys(texts))
        places = {text: place for place, text in enumerate(self._texts)}
        self._query_of = np.array([places[text] for text in texts], np.int64)
        self._pairs, self._good = np.zeros(0, np.int64), np.zeros(0, bool)
        """Known pairs, ascending, each as query * items + row."""

    def good(self, answers: Answers, depth: int) -> Bools:
        """[B, depth] of the answers. No item there is not good."""
        rows, items = answers.rows[:, :depth], len(self._trial.items)
        pairs = self._query_of[:, None] * items + rows
        there = rows != NOTHING
        wanted = np.setdiff1d(pairs[there], self._pairs)
        self._learn(wanted)
        found = np.zeros(rows.shape, bool)
        found[there] = self._good[np.searchsorted(self._pairs, pairs[there])]
        return np.pad(found, ((0, 0), (0, depth - rows.shape[1])))

    def _learn(self, pairs: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        query, row = np.divmod(pairs, len(self._trial.items))
        asked = [self._texts[place] for place in query.tolist()]
        good = self._judge.good(asked, [self._trial.items[place] for place in row.tolist()])
        both, words = np.concatenate([self._pairs, pairs]), np.concatenate([self._good, good])
        order = np.argsort(both)
        self._pairs, self._good = both[order], words[order]
