"""The runs of words that the titles of a catalogue hold, and what each title counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.types import Int64s, Item
from trainer.data.key_terms.runs import Runs, find_runs

TITLES_MIN = 20
"""That hold a run: of fewer, the bound that titles.py asks for cannot be reached."""


@dataclass(frozen=True, slots=True, eq=False)
class TitleRuns:
    """Of the items of a catalogue, in their order."""

    runs: Runs
    weights: Int64s
    """[items]: 1, or 0 for what says the same again: thirty sizes of a shoe are one witness."""


def title_runs_of(items: Sequence[Item]) -> TitleRuns:
    seen: set[tuple[object, ...]] = set()
    weights = np.ones(len(items), np.int64)
    for row, item in enumerate(items):
        facts = (item.title, item.brand, item.category_path, *sorted(item.attributes.items()))
        weights[row] = facts not in seen
        seen.add(facts)
    return TitleRuns(find_runs([item.title for item in items], weights, at_least=TITLES_MIN), weights)
