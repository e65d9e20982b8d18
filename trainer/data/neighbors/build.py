"""Logs -> the table of neighbours, as a finished step leaves it: the table's files, and what it was counted from."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from multigrain import neighbors
from multigrain.neighbors import Neighbors, Scores
from trainer.configs.config import NeighborsConfig, RobotsConfig
from trainer.data.neighbors.choices import Choices, Numbers, read_choices
from trainer.data.neighbors.pairs import Pairs, pairs_of
from trainer.progress import Clock, Meter, Reporter

TABLE = "table"
"""Inside the step's folder."""
COUNTS = "counts.json"
SCRATCH = ".scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborCounts:
    """What a table was made from, and what came of it."""

    users: int
    choices: int
    """Of these users; each item of a user once."""
    pairs: int
    """Of different items, each from both ends."""
    items: int
    """That have neighbours."""
    entries: int
    """Of the table: the best of the pairs."""
    before_ms: int
    """Nothing at or after it was read."""


def write_neighbors(
    logs_folder: Path,
    folder: Path,
    config: NeighborsConfig,
    robots: RobotsConfig,
    *,
    before_ms: int,
    reporter: Reporter,
    clock: Clock,
) -> NeighborCounts:
    """Fills `folder` with the table and its counts. The caller marks it as complete."""
    choices = read_choices(logs_folder, folder / SCRATCH, config, robots, before_ms=before_ms)
    meter = Meter("choices", len(choices), reporter=reporter, clock=clock)
    table, pairs = build_table(choices, config, meter)
    neighbors.save(table, folder / TABLE)
    counts = NeighborCounts(
        users=len(np.unique(choices.users)),
        choices=len(choices),
        pairs=pairs,
        items=len(table),
        entries=len(table.neighbors),
        before_ms=before_ms,
    )
    (folder / COUNTS).write_text(json.dumps(asdict(counts), indent=1) + "\n", encoding="utf-8")
    return counts


def build_table(choices: Choices, config: NeighborsConfig, meter: Meter) -> tuple[Neighbors, int]:
    """The most alike items of each, and how many pairs they were chosen from."""
    kept, pairs = [], 0
    for piece in pairs_of(choices, within_hours=config.within_hours):
        pairs += len(piece.pairs)
        kept.append(_most_alike(piece.pairs, config.per_item))
        meter.report(piece.done)
    return _table(choices, _Entries.joined(kept)), pairs


@dataclass(frozen=True, slots=True)
class _Entries:
    """Pairs that are kept, as columns of equal length: ten bytes each, for there may be a hundred million."""

    items: Numbers
    others: Numbers
    scores: Scores

    @classmethod
    def joined(cls, pieces: Sequence["_Entries"]) -> "_Entries":
        return cls(
            np.concatenate([piece.items for piece in pieces]),
            np.concatenate([piece.others for piece in pieces]),
            np.concatenate([piece.scores for piece in pieces]),
        )


def _most_alike(pairs: Pairs, per_item: int) -> _Entries:
    """The first `per_item` of each item, the most alike first; equal ones in order of their id."""
    order = np.lexsort((pairs.others, -pairs.alike, pairs.items))
    items = pairs.items[order]
    places = np.arange(len(items)) - np.searchsorted(items, items, "left")
    scores = pairs.alike[order].astype(np.float16)
    # What half precision cannot tell from nothing says nothing.
    kept = np.flatnonzero((places < per_item) & (scores > 0))
    return _Entries(items[kept].astype(np.int32), pairs.others[order[kept]].astype(np.int32), scores[kept])


def _table(choices: Choices, entries: _Entries) -> Neighbors:
    """Items without a neighbour are left out, unless they are somebody else's."""
    counts = np.bincount(entries.items, minlength=len(choices.item_ids))
    there = counts > 0
    there[entries.others] = True
    row_of = (np.cumsum(there) - 1).astype(np.int32)
    return Neighbors(
        ids=choices.item_ids[there],
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[there])]),
        neighbors=row_of[entries.others],
        scores=entries.scores,
    )
