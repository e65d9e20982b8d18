"""A bundle by itself: raw text in, exact search over every item. What its vectors could find at best."""

from collections.abc import Sequence

import numpy as np

from multigrain.encoder import Encoder
from multigrain.features.windows import Windows
from multigrain.types import Float32s, Int64s
from trainer.evaluation.systems.system import NOTHING, Answers, Stage, Tell
from trainer.evaluation.topk import exact_top_k
from trainer.evaluation.trial import Pools, Trial

EXACT, HISTORY_WITHHELD = "exact", "history withheld"


class ExactSystem:
    """Exact search with the towers of one bundle. It keeps what it encoded last, for several stages ask for it."""

    def __init__(self, encoder: Encoder, name: str = "") -> None:
        self.encoder = encoder
        self.name = name or encoder.bundle_id
        self.bundle_id = encoder.bundle_id
        self._items: tuple[str, Float32s] | None = None
        """By the catalogue that they are of."""
        self._queries: tuple[str, Float32s] | None = None
        """By the trial that they are of."""

    def stages(self, trial: Trial, k: int, tell: Tell) -> Sequence[Stage]:
        """Exact search; and the same without anybody's history, where somebody has one.

        The model was trained with histories, so the second says what history is worth to it, not what a model trained
        without could do.
        """
        found = [self.exact(trial, k)]
        if not all(example.history.is_empty for example in trial.examples):
            nobody = [(example.query, Windows()) for example in trial.examples]
            says = "the same, with every user's history taken away"
            # A yardstick, so it stands before the stage that counts.
            found.insert(0, Stage(HISTORY_WITHHELD, says, self.search(trial, nobody, k)))
        tell(len(trial), len(trial))
        return found

    def exact(self, trial: Trial, k: int) -> Stage:
        """That stage alone."""
        rows = search_within(self.queries(trial), self.vectors(trial), k, trial.pools)
        return Stage(EXACT, "the bundle's vectors, exact search over every item", Answers(rows=rows))

    def why(self, trial: Trial, search: int, row: int) -> str:
        scores = self.vectors(trial) @ self.queries(trial)[search]
        rank = 1 + int((scores > scores[row]).sum())
        beside = f"score {scores[row]:.3f}, the best {scores.max():.3f}"
        return f"exact search ranks it {rank:,} of {len(scores):,} ({beside})"

    def search(self, trial: Trial, asked: Sequence[tuple[str, Windows]], k: int) -> Answers:
        """Exact answers to these (text, history) pairs, one for each search of the trial."""
        queries = self.encoder.encode_queries(asked)
        return Answers(rows=search_within(queries, self.vectors(trial), k, trial.pools))

    def queries(self, trial: Trial) -> Float32s:
        """Vectors of its searches."""
        if self._queries is None or self._queries[0] != trial.trial_id:
            asked = [(example.query, example.history) for example in trial.examples]
            self._queries = (trial.trial_id, self.encoder.encode_queries(asked))
        return self._queries[1]

    def vectors(self, trial: Trial) -> Float32s:
        """Vectors of its items."""
        if self._items is None or self._items[0] != trial.catalogue_id:
            self._items = (trial.catalogue_id, self.encoder.encode_items(trial.items))
        return self._items[1]


def search_within(queries: Float32s, items: Float32s, k: int, pools: Pools | None) -> Int64s:
    """The exact first k of each query, among all items or among those of its pool. [B, k], NOTHING where there are
    fewer."""
    if pools is None:
        return _filled(exact_top_k(queries, items, k), k)
    table = np.full((len(queries), k), NOTHING, np.int64)
    for pool in np.unique(pools.of):
        asking, members = np.flatnonzero(pools.of == pool), pools.members[pool]
        found = members[exact_top_k(queries[asking], items[members], k)]
        table[asking, : found.shape[1]] = found
    return table


def _filled(found: Int64s, k: int) -> Int64s:
    short = k - found.shape[1]
    return np.pad(found, ((0, 0), (0, short)), constant_values=NOTHING) if short else found
