"""What each window of history adds to recall@100, over the searches that only it could help.

Withholding that window must cost recall there; where it does not, the model does not read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from trainer.evaluation.bootstrap import Difference, paired_difference
from trainer.evaluation.measures import DEPTH
from trainer.evaluation.metrics.hits import hits_of, mean
from trainer.evaluation.metrics.recall import recall
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.trial import Trial, chosen
from trainer.evaluation.window_slices import slices_of, withhold


@dataclass(frozen=True, slots=True)
class HistoryGains:
    """By window."""

    scores: Mapping[str, float]
    """only_WINDOW_recall@100, and the same withheld: only_WINDOW_withheld_recall@100."""
    gains: Mapping[str, Difference]
    searches: Mapping[str, int]


EMPTY = HistoryGains({}, {}, {})


def history_gains(system: ExactSystem, trial: Trial) -> HistoryGains:
    """Nothing for a window that no search depends on."""
    scores: dict[str, float] = {}
    gains: dict[str, Difference] = {}
    searches: dict[str, int] = {}
    for part in slices_of(trial.examples, {item.item_id: item for item in trial.items}):
        if not part.rows:
            continue
        few = chosen(trial, part.rows)
        with_it = [(example.query, example.history) for example in few.examples]
        without = [(query, withhold(history, part.window)) for query, history in with_it]
        kept, withheld = (
            recall(hits_of(system.search(few, asked, DEPTH).rows, few.wanted), DEPTH) for asked in (with_it, without)
        )
        name = f"only_{part.window}"
        scores |= {f"{name}_recall@{DEPTH}": mean(kept), f"{name}_withheld_recall@{DEPTH}": mean(withheld)}
        gains[part.window] = paired_difference(withheld, kept)
        searches[part.window] = len(part.rows)
    return HistoryGains(scores, gains, searches)
