"""The searches that were answered worst, the most asked first, and why: what a person looks at after the means."""

from collections.abc import Mapping, Sequence

import numpy as np

from multigrain.text.analyzer import words_of
from multigrain.types import Int64s
from trainer.evaluation.before import folded
from trainer.evaluation.measures import DEPTH
from trainer.evaluation.metrics.hits import Values
from trainer.evaluation.report import ALL, ShownItem, WorstQuery
from trainer.evaluation.systems.system import NOTHING, Answers, System
from trainer.evaluation.trial import Trial

WORST = 20
SHOWN = 5


def worst_queries(
    trial: Trial, system: System, answers: Answers, values: Mapping[str, Values], parts: Mapping[str, Int64s]
) -> tuple[WorstQuery, ...]:
    """At most WORST different queries of which not everything was found."""
    scores = values[f"recall@{DEPTH}"]
    asked = np.array([trial.asked[folded(example.query)] for example in trial.examples])
    found: dict[str, WorstQuery] = {}
    for search in np.lexsort((-asked, scores)).tolist():
        query = folded(trial.examples[search].query)
        if len(found) == WORST or not scores[search] < 1:
            break
        if query not in found:
            found[query] = _worst(trial, system, answers, search, float(scores[search]), names_of(search, parts))
    return tuple(found.values())


def names_of(search: int, parts: Mapping[str, Int64s]) -> tuple[str, ...]:
    """The slices that a search is in, but for the one of all."""
    return tuple(name for name, places in parts.items() if name != ALL and search in places)


def shown(trial: Trial, row: int, *, wanted: bool, note: str = "") -> ShownItem:
    """An item as a reader sees it. `row` NOTHING: one that the logs do not know."""
    if row == NOTHING:
        return ShownItem(item_id="?", title="an item that the logs do not know", brand="", wanted=False, note=note)
    item = trial.items[row]
    return ShownItem(item_id=item.item_id, title=item.title, brand=item.brand, wanted=wanted, note=note)


def _worst(
    trial: Trial, system: System, answers: Answers, search: int, score: float, parts: tuple[str, ...]
) -> WorstQuery:
    wanted, returned = trial.wanted[search], answers.rows[search].tolist()
    ranks = {row: place for place, row in enumerate(returned, 1)}
    missed = next(row for row in wanted if ranks.get(row, DEPTH + 1) > DEPTH)
    return WorstQuery(
        query=trial.examples[search].query,
        slices=parts,
        metric=f"recall@{DEPTH}",
        score=score,
        wanted=tuple(shown(trial, row, wanted=True, note=_place(ranks.get(row))) for row in wanted[:SHOWN]),
        returned=tuple(shown(trial, row, wanted=row in wanted) for row in _there(returned)[:SHOWN]),
        why="; ".join((_words_shared(trial, search, missed), _known(trial, missed), system.why(trial, search, missed))),
    )


def _there(returned: Sequence[int]) -> Sequence[int]:
    """Without the padding at the end; unknown items before it keep their place."""
    last = max((place for place, row in enumerate(returned) if row != NOTHING), default=-1)
    return returned[: last + 1]


def _place(rank: int | None) -> str:
    return "not returned" if rank is None else f"rank {rank:,}"


def _words_shared(trial: Trial, search: int, row: int) -> str:
    asked, there = set(words_of(trial.examples[search].query)), set(words_of(trial.items[row].title))
    shared = [word for word in words_of(trial.examples[search].query) if word in there]
    if not shared:
        return "its title has no word of the query"
    return f"its title has {len(set(shared))} of the query's {len(asked)} words ({', '.join(dict.fromkeys(shared))})"


def _known(trial: Trial, row: int) -> str:
    clicks = int(trial.clicks[row])
    return (
        "never clicked before" if not clicks else "clicked once before" if clicks == 1 else f"{clicks:,} clicks before"
    )
