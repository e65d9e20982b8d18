"""Training searches -> which items they wanted and which not.

Where people judged pairs, their word: items of a good enough grade against the others that were judged. Else what was
clicked, against items drawn from the catalogue that nobody clicked for that query. Of those some are good all the same,
so a probability says how likely an item is among so many random ones, and not how good it is. [inferred]
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Bools, Int64s, ItemId
from trainer.configs.config import CutOffConfig
from trainer.data.example import Example
from trainer.data.logs import Logs
from trainer.data.title_spans import NOBODY
from trainer.evaluation.before import folded

Rows = dict[ItemId, int]
"""Item -> its row in the catalogue."""
Drawn = tuple[Example, list[int], list[int]]
"""A search, and the rows of what it wanted and of what it did not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """n pairs, not scored yet."""

    searches: tuple[Example, ...]
    search: Int64s
    """[n]: the search of each pair."""
    row: Int64s
    """[n]: its item, a row of the catalogue."""
    good: Bools
    """[n]"""


def sample(logs: Logs, searches: Sequence[Example], rows: Rows, config: CutOffConfig, *, before_ms: int) -> Sample:
    """Pairs of these searches of the training part, each of which `can_be_drawn`; always the same."""
    if logs.judgments is not None:
        return _sample(_judged(logs.judgments, searches, rows, config.good_grade))
    return _sample(_clicked(logs, searches, rows, config, before_ms))


def can_be_drawn(logs: Logs) -> Callable[[Example], bool]:
    """Whether a search says what it wanted: not one cut from a title, and where people judged, one they judged for."""
    judged = None if logs.judgments is None else set(logs.judgments["query"].to_pylist())
    return lambda example: example.user_id != NOBODY and (judged is None or example.query in judged)


def _judged(judgments: pa.Table, searches: Sequence[Example], rows: Rows, good_grade: float) -> Iterator[Drawn]:
    grades: dict[str, list[tuple[int, float]]] = {}
    for judged in judgments.to_pylist():
        if judged["item_id"] in rows:
            grades.setdefault(judged["query"], []).append((rows[judged["item_id"]], judged["grade"]))
    for example in searches:
        its = grades.get(example.query, [])
        wanted = [row for row, grade in its if grade >= good_grade]
        yield example, wanted, [row for row, grade in its if grade < good_grade]


def _clicked(
    logs: Logs, searches: Sequence[Example], rows: Rows, config: CutOffConfig, before_ms: int
) -> Iterator[Drawn]:
    clicked = _clicked_for(logs, {folded(example.query) for example in searches}, rows, before_ms)
    rng = np.random.default_rng(config.seed)
    for example in searches:
        anybody = clicked.get(folded(example.query), set())
        drawn = rng.integers(len(rows), size=config.negatives).tolist()
        wanted = [rows[item] for item in example.clicked if item in rows]
        yield example, wanted, [row for row in drawn if row not in anybody]


def _clicked_for(logs: Logs, queries: set[str], rows: Rows, before_ms: int) -> dict[str, set[int]]:
    """By query, as `folded` has it: what anybody clicked for it before then."""
    written = [query for query in pc.unique(logs.searches["query"]).to_pylist() if folded(query) in queries]
    searches = logs.searches.select(["search_id", "query"])
    searches = searches.filter(pc.is_in(searches["query"], value_set=pc.cast(written, searches["query"].type)))
    events = logs.events.filter(pc.less(logs.events["at_ms"], before_ms)).select(["search_id", "item_id"])
    found: dict[str, set[int]] = {}
    for event in events.join(searches, "search_id", join_type="inner").to_pylist():
        if event["item_id"] in rows:
            found.setdefault(folded(event["query"]), set()).add(rows[event["item_id"]])
    return found


def _sample(drawn: Iterator[Drawn]) -> Sample:
    searches: list[Example] = []
    search, row, good = list[int](), list[int](), list[bool]()
    for number, (example, wanted, others) in enumerate(drawn):
        searches.append(example)
        search += [number] * (len(wanted) + len(others))
        row += [*wanted, *others]
        good += [True] * len(wanted) + [False] * len(others)
    return Sample(
        searches=tuple(searches),
        search=np.array(search, np.int64),
        row=np.array(row, np.int64),
        good=np.array(good, np.bool_),
    )
