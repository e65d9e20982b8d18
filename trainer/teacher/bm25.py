"""BM25 of given pairs over the words of the lexical channel: what a teacher must be better than."""

from collections import Counter
from functools import cache

import numpy as np
from numpy.typing import NDArray

from multigrain.text.findable import findable
from trainer.teacher.judged import Judged

K1, B = 1.2, 0.75


def bm25_scores(judged: Judged) -> NDArray[np.float64]:
    """[n]: of each judged pair, with the word counts of the whole catalogue."""
    titles = [findable(item.title) for item in judged.items]
    held_by = Counter(word for title in titles for word in title)
    usual = sum(map(len, titles)) / max(1, len(titles))

    @cache
    def idf(word: str) -> float:
        return float(np.log1p((len(titles) - held_by[word] + 0.5) / (held_by[word] + 0.5)))

    @cache
    def asked(query: int) -> frozenset[str]:
        return frozenset(findable(judged.queries[query]))

    def score(query: int, item: int) -> float:
        # `findable` gives each word once: how often a title says it is not counted.
        soft = K1 * (1 - B + B * len(titles[item]) / max(usual, 1e-9))
        return sum(idf(word) * (K1 + 1) / (1 + soft) for word in titles[item] if word in asked(query))

    return np.array([score(int(query), int(item)) for query, item in zip(judged.query, judged.item, strict=True)])
