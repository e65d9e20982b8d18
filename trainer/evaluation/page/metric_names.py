"""The metrics by name: what each is called, what it says, and how its numbers are written.

It imports nothing heavy: a command that says them may be asked for --help only.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.evaluation.bootstrap import Difference
    from trainer.evaluation.report import Cell


class Unit(Enum):
    """What a metric counts in."""

    SHARE = "share"
    COUNT = "count"
    MILLISECONDS = "milliseconds"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reader has to know of one metric."""

    says: str
    """One sentence with the formula in words. K is the depth that stands behind the @."""
    unit: Unit = Unit.SHARE
    less_is_better: bool = False


MEANINGS = {
    "recall": Meaning("Recall: of the items that the searcher clicked, the share that stands among the first K."),
    "order_recall": Meaning(
        "Order recall: of the items that the searcher ordered, the share that stands among the first K."
    ),
    "new_recall": Meaning("Recall of clicked items that nobody had clicked before the test part."),
    "ndcg": Meaning(
        "NDCG: each wanted item among the first K counts 1 / log2(rank + 1); their sum, over the sum of an answer with "
        "every wanted item in front. Clicks have no grades: a wanted item counts 1."
    ),
    "mrr": Meaning("MRR: 1 over the rank of the first wanted item, 0 where there is none; the mean over the searches."),
    "hit": Meaning("Hit rate: the share of searches with at least one wanted item among the first K."),
    "good": Meaning("P_good: of the first K, the share that the judge calls good for the query, clicked or not."),
    "f_good": Meaning(
        "P_f_good: P_good after the filter; of those of the first K that pass relevance control, the share that is "
        "good. [inferred: the paper gives this column's name and values, not its formula]"
    ),
    "survivors": Meaning(
        "Num_prank: how many of the first K reach pre-ranking; here that is how many pass relevance control.",
        Unit.COUNT,
    ),
    "exclusive_vector": Meaning(
        "Exclusive to the vector channel: of the wanted items, the share that it alone brought into the first K."
    ),
    "exclusive_lexical": Meaning(
        "Exclusive to the lexical channel: of the wanted items, the share that it alone brought into the first K."
    ),
    "exclusive_neighbours": Meaning(
        "Exclusive to the neighbours channel: of the wanted items, the share that it alone brought into the first K."
    ),
    "coverage": Meaning("Coverage: the share of the catalogue that stands among the first K of any search."),
    "fresh": Meaning("Fresh: the share of answers that knew the newest thing that their user had done."),
    "freshness_lag_ms": Meaning(
        "Freshness lag: how much older the newest behaviour that the answer used is than the user's newest.",
        Unit.MILLISECONDS,
        less_is_better=True,
    ),
}

MAIN = ("recall@100", "recall@10", "ndcg@10", "mrr", "good@100", "f_good@100", "survivors@100")
"""What is shown first, where it was measured."""


def base_of(metric: str) -> str:
    """`recall` of `recall@100`."""
    return metric.partition("@")[0]


def depth_of(metric: str) -> int | None:
    """100 of `recall@100`; None: no depth is named."""
    depth = metric.partition("@")[2]
    return int(depth) if depth.isascii() and depth.isdigit() else None


def meaning_of(metric: str) -> Meaning | None:
    """None: nobody has said what it means."""
    return MEANINGS.get(base_of(metric))


def less_is_better(metric: str) -> bool:
    meaning = meaning_of(metric)
    return meaning is not None and meaning.less_is_better


def unit_of(metric: str) -> Unit:
    meaning = meaning_of(metric)
    return Unit.SHARE if meaning is None else meaning.unit


def in_order(metrics: Iterable[str]) -> tuple[str, ...]:
    """The main ones first, the others as they come."""
    found = tuple(dict.fromkeys(metrics))
    return tuple(name for name in MAIN if name in found) + tuple(name for name in found if name not in MAIN)


def value(metric: str, number: float) -> str:
    """0.412 · 87.3 · 1,250 ms. What is not a number is a dash."""
    if not math.isfinite(number):
        return "–"
    match unit_of(metric):
        case Unit.SHARE:
            return f"{number:.3f}".replace("-", "−")
        case Unit.COUNT:
            return f"{number:,.1f}".replace("-", "−")
        case Unit.MILLISECONDS:
            return f"{number:,.0f} ms".replace("-", "−")


def change(metric: str, number: float) -> str:
    """The same with its sign: +0.012. A change too small to be written has none."""
    written = value(metric, abs(number))
    if not math.isfinite(number) or not any(digit in written for digit in "123456789"):
        return written
    return ("+" if number > 0 else "−") + written


def interval_words(metric: str, cell: "Cell") -> str:
    """0.401 … 0.423"""
    return f"{value(metric, cell.low)} … {value(metric, cell.high)}"


def direction(metric: str, difference: "Difference") -> tuple[str, str]:
    """A class for the style sheet and a sign to read: (`better`, ` ▲`)."""
    if not difference.sure:
        return "", ""
    rose = difference.mean > 0
    return "worse" if rose == less_is_better(metric) else "better", " ▲" if rose else " ▼"
