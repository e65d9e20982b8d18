"""A generation: its bundle's queries, asked of the index built with it. Beside exact search: what ANN loses."""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import Encoder
from multigrain.errors import NotFound
from multigrain.index.item_index import ItemIndex
from multigrain.types import Int64s
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.systems.system import NOTHING, Answers, Stage, Tell, require_no_pools
from trainer.evaluation.trial import Trial

INDEX = "index"
QUERIES_AT_ONCE = 64
SEARCH_SECONDS = 60.0
IDS_AT_ONCE = 5_000


class IndexedSystem:
    """Exact search with the generation's towers, then the same queries through its index."""

    def __init__(self, name: str, encoder: Encoder, index: ItemIndex, catalogue: SqlCatalogue) -> None:
        self.name, self.bundle_id = name, encoder.bundle_id
        self.exact, self._index, self._catalogue = ExactSystem(encoder, name), index, catalogue

    def stages(self, trial: Trial, k: int, tell: Tell) -> Sequence[Stage]:
        """Raises InvalidConfig for a trial with pools: an index ranks all items."""
        require_no_pools(trial, self.name)
        exact = self.exact.stages(trial, k, lambda done, of: None)
        queries = self.exact.queries(trial)
        rows = _rows_of(self._catalogue, trial)
        found = np.full((len(trial), k), NOTHING, np.int64)
        for start in range(0, len(trial), QUERIES_AT_ONCE):
            part = slice(start, start + QUERIES_AT_ONCE)
            answer = self._index.search(queries[part], k, timeout_seconds=SEARCH_SECONDS)
            found[part, : answer.item_nos.shape[1]] = rows[np.minimum(answer.item_nos, len(rows) - 1)]
            tell(min(start + QUERIES_AT_ONCE, len(trial)), len(trial))
        return [*exact, Stage(INDEX, "the same vectors, through the generation's index", Answers(rows=found))]

    def why(self, trial: Trial, search: int, row: int) -> str:
        return self.exact.why(trial, search, row)


def _rows_of(catalogue: SqlCatalogue, trial: Trial) -> Int64s:
    """By item_no, and last for ABSENT and whatever the trial does not know: NOTHING. Raises NotFound when nothing of
    the trial is in the catalogue."""
    numbers: dict[int, int] = {}
    for start in range(0, len(trial.items), IDS_AT_ONCE):
        stored = catalogue.get([item.item_id for item in trial.items[start : start + IDS_AT_ONCE]])
        numbers |= {known.item_no: trial.row_of[item_id] for item_id, known in stored.items()}
    if not numbers:
        raise NotFound("the store's catalogue holds none of the items of the logs: these logs are of another shop")
    rows = np.full(max(numbers) + 2, NOTHING, np.int64)
    rows[list(numbers)] = list(numbers.values())
    return rows
