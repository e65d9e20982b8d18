"""READ FIRST: judgments -> a teacher that was measured on queries it never saw.

Three parts by the query's hash. The first one is learnt from; on the second one everything is chosen: which round of
each network is kept, and the threshold; the third one is scored once, at the end, and nothing follows from it.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigrain.errors import InvalidLog
from trainer.data.logs import JUDGMENTS, read_logs
from trainer.progress import Clock, Meter, Reporter
from trainer.teacher.bm25 import bm25_scores
from trainer.teacher.config import TeacherConfig
from trainer.teacher.features import PairReader
from trainer.teacher.fitting import Lesson, fit
from trainer.teacher.judged import Judged, Part, read_judged
from trainer.teacher.lexicon import Lexicon, make_lexicon
from trainer.teacher.measures import Estimate, estimate_area, estimate_ordering, estimate_ordering_gain
from trainer.teacher.scorer import Scorer, chances
from trainer.teacher.teacher import Measured, Teacher, TeacherFacts, save_teacher
from trainer.teacher.texts import read_item

Floats = NDArray[np.float64]


def train_teacher(logs: Path, out: Path, config: TeacherConfig, *, reporter: Reporter, clock: Clock) -> Teacher:
    """Trains on the judgments of `logs` and leaves a finished teacher in `out`."""
    judged = read_judged(read_logs(logs))
    parts = {part: _part(judged, part, config) for part in Part}
    train, development, held_out = parts.values()
    lexicon = make_lexicon([read_item(item) for item in judged.items], dims=config.dims, seed=config.seed)
    lessons = _lesson(lexicon, train), _lesson(lexicon, development)
    meter = Meter("teacher", config.seeds * config.rounds * config.round_steps, reporter=reporter, clock=clock)
    scorer = Scorer(
        lexicon,
        [
            fit(
                *lessons,
                config,
                seed=config.seed + number,
                meter=meter,
                done=number * config.rounds * config.round_steps,
            )
            for number in range(config.seeds)
        ],
    )
    threshold = _threshold(_log_odds(scorer, development), development)
    figures = _measure(_log_odds(scorer, held_out), held_out)
    facts = TeacherFacts(
        threshold=threshold,
        auc=figures[0].value,
        figures=figures,
        pairs={part.value: len(rows) for part, rows in parts.items()},
        queries={part.value: len(np.unique(rows.query)) for part, rows in parts.items()},
        labels_sha256=judged.labels_sha256,
        word_features=lessons[0].features.words.shape[2],
        pair_features=lessons[0].features.pair.shape[1],
        config=config,
    )
    return save_teacher(out, scorer, facts)


def _part(judged: Judged, part: Part, config: TeacherConfig) -> Judged:
    rows = judged.part(part, train=config.train_share, development=config.development_share)
    if not rows.good.any() or rows.good.all():
        kind = "no good pair" if len(rows) and not rows.good.any() else "nothing but good pairs"
        raise InvalidLog(
            JUDGMENTS,
            f"the {part.value} part has {kind if len(rows) else 'no judgment'}",
            cure="judge more queries, each with items that fit and items that do not",
        )
    return rows


def _lesson(lexicon: Lexicon, judged: Judged) -> Lesson:
    own = judged.compact()
    return Lesson(own, PairReader(lexicon, own.queries, own.items).all(own.query, own.item))


def _log_odds(scorer: Scorer, judged: Judged) -> Floats:
    own = judged.compact()
    return scorer.log_odds(own.queries, own.items, own.query, own.item).astype(np.float64)


def _threshold(log_odds: Floats, judged: Judged) -> float:
    """The P above which as many pairs are called good as people called good: shares of good items come out right."""
    return float(np.quantile(chances(log_odds.astype(np.float32)), 1 - judged.good.mean()))


def _measure(scores: Floats, judged: Judged) -> list[Measured]:
    bm25 = bm25_scores(judged)
    return [
        _measured("AUC", estimate_area(scores, judged)),
        _measured("AUC of BM25", estimate_area(bm25, judged)),
        _measured("ordering accuracy", estimate_ordering(scores, judged)),
        _measured("ordering accuracy of BM25", estimate_ordering(bm25, judged)),
        _measured("ordering accuracy above BM25", estimate_ordering_gain(scores, bm25, judged)),
    ]


def _measured(name: str, estimate: Estimate) -> Measured:
    return Measured(name=name, value=estimate.value, low=estimate.low, high=estimate.high)
