"""How good a bundle is on the test day, through the bundle itself: raw text in, exact search over every item.

Two yardsticks stand beside it: popularity, which reads nothing, and the same model with the history taken away. The
second was trained with histories, so it says what history is worth to this model, not what a model without it could do.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from multigrain.encoder import Encoder
from multigrain.features.windows import Windows
from multigrain.types import Int64s, Item
from trainer.data.example import Example
from trainer.evaluation.bootstrap import Difference, paired_difference
from trainer.evaluation.metrics.hits import hits_of, mean
from trainer.evaluation.metrics.recall import recall
from trainer.evaluation.popularity import most_clicked
from trainer.evaluation.recall import mean_recall, recall_at
from trainer.evaluation.topk import exact_top_k
from trainer.evaluation.window_slices import slices_of, withhold

DEPTHS = (10, 50, 100, 300)
SLICE_DEPTH = 100
REPORT = "report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured. Names of scores: recall@K, history_off_recall@K, popularity_recall@K; and for each window of
    history, over the searches that only it could help, only_WINDOW_recall@100 and only_WINDOW_withheld_recall@100; and
    new_recall@100, of clicked items that nobody had clicked before the test part.
    """

    bundle_id: str
    queries: int
    """Test searches whose clicked items are in the catalogue."""
    items: int
    scores: dict[str, float]
    gains: dict[str, Difference] = field(default_factory=dict)
    """What the history adds to recall@100, and what each window adds over the searches that only it could help."""
    slices: dict[str, int] = field(default_factory=dict)
    """How many searches the figures of each window, and of new items, are over."""


def evaluate(encoder: Encoder, examples: Sequence[Example], items: Sequence[Item], clicks: Int64s) -> Report:
    """Scores of the bundle behind `encoder`. `clicks` [M]: of each item, before the test part."""
    rows = {item.item_id: row for row, item in enumerate(items)}
    usable = [example for example in examples if any(item_id in rows for item_id in example.clicked)]
    wanted = [[rows[item_id] for item_id in example.clicked if item_id in rows] for example in usable]
    vectors = encoder.encode_items(items)
    deepest = max(DEPTHS)
    with_history = encoder.encode_queries([(example.query, example.history) for example in usable])
    without = encoder.encode_queries([(example.query, Windows()) for example in usable])
    found = {
        "": exact_top_k(with_history, vectors, deepest),
        "history_off_": exact_top_k(without, vectors, deepest),
        "popularity_": most_clicked(np.asarray(clicks), deepest, queries=len(usable)),
    }
    hits = {name: hits_of(top, wanted) for name, top in found.items()}
    scores = {f"{name}recall@{k}": mean_recall(at, k) for name, at in hits.items() for k in DEPTHS}
    fresh = [[row for row in targets if not clicks[row]] for targets in wanted]
    if any(fresh):
        scores[f"new_recall@{SLICE_DEPTH}"] = recall_at(found[""], fresh, SLICE_DEPTH)
    kept, withheld = (recall(hits[name], SLICE_DEPTH) for name in ("", "history_off_"))
    gains = {"history": paired_difference(withheld, kept)}
    slices = [part for part in slices_of(usable, {item.item_id: item for item in items}) if part.rows]
    for part in slices:
        places = list(part.rows)
        asked = [(usable[row].query, withhold(usable[row].history, part.window)) for row in places]
        less = exact_top_k(encoder.encode_queries(asked), vectors, SLICE_DEPTH)
        withheld = recall(hits_of(less, [wanted[row] for row in places]), SLICE_DEPTH)
        scores[f"only_{part.window}_recall@{SLICE_DEPTH}"] = mean(kept[places])
        scores[f"only_{part.window}_withheld_recall@{SLICE_DEPTH}"] = mean(withheld)
        gains[part.window] = paired_difference(withheld, kept[places])
    return Report(
        bundle_id=encoder.bundle_id,
        queries=len(usable),
        items=len(items),
        scores=scores,
        gains=gains,
        slices={part.window: len(part.rows) for part in slices} | {"new": sum(map(bool, fresh))},
    )


def save_report(report: Report, folder: Path) -> None:
    (folder / REPORT).write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")


def load_report(folder: Path) -> Report:
    written = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    gains = {name: Difference(**gain) for name, gain in written.pop("gains", {}).items()}
    return Report(**written, gains=gains)
