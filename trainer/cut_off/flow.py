"""READ FIRST: training searches -> scored pairs -> curves -> a cut-off, and what it is worth.

Curves are fitted to searches that the towers have learnt from. They are chosen, cut and measured on the newest ones,
which training held out: what was clicked in a search that was learnt scores higher than what will be clicked tomorrow,
and a cut-off by such scores would lose more than it was told to. Of those, a query is in one half with all its
searches: by one half it is chosen and cut, on the other measured.
"""

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np

from multigrain import cut_off
from multigrain.errors import Refused
from trainer.configs.config import TrainingConfig
from trainer.cut_off.choosing import choose, least_for
from trainer.cut_off.pairs import Pairs
from trainer.cut_off.reliability import reliability_of
from trainer.cut_off.sampling import can_be_drawn, sample
from trainer.cut_off.scoring import score
from trainer.data.example import Example
from trainer.data.example_rows import read_examples
from trainer.data.examples import read_manifest
from trainer.data.held_out import held_out, held_out_from_ms
from trainer.data.logs import Logs, items_of
from trainer.progress import Clock, Meter, Reporter
from trainer.teacher.judged import Part, part_of
from trainer.training.towers import Towers

REPORT = "cut_off.json"
KEPT_BELOW = (0.98, 0.95, 0.9)
"""Shares of wanted items of which the report tells the least, too: for who thinks of dropping more."""
SEARCHES_MIN = 100
"""Fewer tell nothing of how queries differ."""


def fit_cut_off(logs: Logs, examples: Path, towers: Towers, folder: Path, *, reporter: Reporter, clock: Clock) -> None:
    """Fills `folder` with a cut-off and a report. The caller marks it as complete.

    Raises Refused where there are too few searches, or where the towers do not tell clicked items from random ones.
    """
    config, items = towers.config.cut_off, list(items_of(logs))
    rows = {item.item_id: row for row, item in enumerate(items)}
    learnt, unseen = _searches(logs, examples, towers.config)
    both = [*learnt, *unseen]
    drawn = sample(logs, both, rows, config, before_ms=read_manifest(examples).test_from_ms)
    pairs = score(drawn, items, towers, Meter("cut_off", len(both), reporter=reporter, clock=clock))

    fitted_on = pairs.of(np.arange(len(both)) < len(learnt))
    halves = [part_of(example.query, train=0.0, development=0.5) for example in unseen]
    chosen_by, measured = (
        pairs.of(np.array([False] * len(learnt) + [half is one for half in halves], np.bool_))
        for one in (Part.DEVELOPMENT, Part.HELD_OUT)
    )
    choice = choose(fitted_on, chosen_by, config.keep)

    cut_off.save(choice.cut_off, folder)
    report: dict[str, object] = {
        "penalty": choice.penalty,
        "least": choice.cut_off.least,
        "least_for": {
            str(keep): least_for(choice.cut_off, chosen_by, keep) for keep in KEPT_BELOW if keep < config.keep
        },
        "fitted_on": _counts(fitted_on),
        "chosen_by": _counts(chosen_by),
        "measured_on": _counts(measured),
    }
    if measured.good.any() and not measured.good.all():
        for name, curves in (("chosen", choice.cut_off), ("one_curve", choice.one_curve)):
            report[name] = asdict(reliability_of(curves, measured))
    (folder / REPORT).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _searches(logs: Logs, examples: Path, config: TrainingConfig) -> tuple[list[Example], list[Example]]:
    """Those to fit to, and those that training held out."""
    usable, from_ms = can_be_drawn(logs), held_out_from_ms(examples, config.run.held_out)
    unseen = [one for one in held_out(examples, from_ms) if usable(one)]
    # People judged a query once for all of its searches: a curve that has fitted it would be chosen by what it knows.
    known = set() if logs.judgments is None else {one.query for one in unseen}
    asked = (one for one in read_examples(examples, "train") if one.at_ms < from_ms and usable(one))
    # Shards are in the order of a hash, so the first are as good as any.
    learnt = list(islice((one for one in asked if one.query not in known), config.cut_off.searches))
    if len(learnt) < SEARCHES_MIN:
        judged = "" if logs.judgments is None else " that somebody judged items for"
        raise Refused(
            f"a cut-off needs {SEARCHES_MIN} training searches{judged}, {len(learnt)} found: "
            "raise cut_off.searches, bring more logs, or set it to 0"
        )
    return learnt, unseen


def _counts(part: Pairs) -> dict[str, int]:
    return {"searches": len(part.vectors), "pairs": len(part.scores), "wanted": int(part.good.sum())}
