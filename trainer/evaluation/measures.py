"""Every metric of one stage, a value for each search. The formulas are in metrics/; here they get their names."""

from collections.abc import Mapping

import numpy as np

from multigrain.features.windows import Windows
from multigrain.types import Bools
from trainer.evaluation.metrics.coverage import coverage
from trainer.evaluation.metrics.exclusive import exclusive
from trainer.evaluation.metrics.freshness import is_fresh, lag_ms
from trainer.evaluation.metrics.good import good_share
from trainer.evaluation.metrics.hit_rate import hit_rate
from trainer.evaluation.metrics.hits import Hits, Values, hits_of
from trainer.evaluation.metrics.mrr import reciprocal_rank
from trainer.evaluation.metrics.ndcg import ndcg
from trainer.evaluation.metrics.recall import recall
from trainer.evaluation.metrics.survivors import good_share_of_survivors, survivors
from trainer.evaluation.systems.system import NOTHING, Answers
from trainer.evaluation.trial import Trial

DEPTHS = (10, 50, 100, 300, 1000)
"""Of recall."""
DEPTH = 100
"""Of whatever needs one depth only."""
CHANNELS = {"vector": 1 << 1, "lexical": 1 << 2, "neighbours": 1 << 3}
"""Bits of the service's channel column."""


def measures(trial: Trial, answers: Answers, good: Bools | None) -> Mapping[str, Values]:
    """Metric -> [B]. `good` [B, >= DEPTH]: which items of the answers are; None: nobody says."""
    k = answers.rows.shape[1]
    hits = hits_of(answers.rows, trial.wanted)
    values = {f"recall@{depth}": recall(hits, depth) for depth in DEPTHS if depth <= k}
    values |= {
        "ndcg@10": ndcg(hits, 10),
        "mrr": reciprocal_rank(hits, k),
        "hit@5": hit_rate(hits, 5),
        "hit@10": hit_rate(hits, 10),
        f"order_recall@{DEPTH}": recall(hits_of(answers.rows[:, :DEPTH], trial.ordered), DEPTH),
    }
    return values | _relevance(answers, good) | _channels(answers, hits) | _freshness(trial, answers)


def coverages(trial: Trial, answers: Answers) -> Mapping[str, float]:
    """Of all searches together: there is no value for one."""
    return {f"coverage@{DEPTH}": coverage(answers.rows, DEPTH, items=len(trial.items))}


def _relevance(answers: Answers, good: Bools | None) -> dict[str, Values]:
    found: dict[str, Values] = {}
    if good is not None:
        found[f"good@{DEPTH}"] = good_share(good, DEPTH)
    if answers.passed is not None:
        found[f"survivors@{DEPTH}"] = survivors(answers.passed, DEPTH)
        if good is not None:
            found[f"f_good@{DEPTH}"] = good_share_of_survivors(good, answers.passed, DEPTH)
    return found


def _channels(answers: Answers, hits: Hits) -> dict[str, Values]:
    if answers.channels is None:
        return {}
    return {
        f"exclusive_{name}@{DEPTH}": exclusive(hits, answers.channels, bit, DEPTH) for name, bit in CHANNELS.items()
    }


def _freshness(trial: Trial, answers: Answers) -> dict[str, Values]:
    if answers.newest_used_ms is None:
        return {}
    newest = np.array([_newest_ms(example.history) for example in trial.examples], np.int64)
    used = answers.newest_used_ms
    return {
        "fresh": is_fresh(newest, used, absent=NOTHING),
        "freshness_lag_ms": lag_ms(newest, used, absent=NOTHING),
    }


def _newest_ms(history: Windows) -> int:
    return max((int(part.at_ms[-1]) for part in history.parts if len(part.at_ms)), default=NOTHING)
