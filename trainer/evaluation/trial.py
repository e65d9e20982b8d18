"""What every system is asked in an evaluation: the same searches, over the same catalogue, wanting the same items."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from multigrain.errors import NotFound
from multigrain.types import Int64s, Item, ItemId
from trainer.data.example import Example
from trainer.data.example_rows import read_examples
from trainer.data.examples import read_manifest
from trainer.data.logs import Logs, items_of
from trainer.evaluation.before import Before, read_before

SEED = 0


@dataclass(frozen=True)
class Pools:
    """Which items each search is ranked among, where that is not the whole catalogue."""

    members: tuple[Int64s, ...]
    """Of each pool, the rows of its items."""
    of: Int64s
    """[B], the pool of each search."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Test searches, of which each wants an item that the catalogue holds. Rows are places in `items`."""

    examples: tuple[Example, ...]
    items: tuple[Item, ...]
    clicks: Int64s
    """[M]: on each item, before the test part."""
    asked: Counter[str]
    """How often each query was asked before the test part; by `folded`."""
    pools: Pools | None = None
    """None: every search is ranked among all items."""

    @cached_property
    def row_of(self) -> dict[ItemId, int]:
        return {item.item_id: row for row, item in enumerate(self.items)}

    @cached_property
    def wanted(self) -> list[list[int]]:
        """Of each search, the rows of what was clicked."""
        return [self._rows(example.clicked) for example in self.examples]

    @cached_property
    def ordered(self) -> list[list[int]]:
        return [self._rows(example.ordered) for example in self.examples]

    @cached_property
    def unclicked(self) -> list[list[int]]:
        """Of each search, the rows of what was seen and left alone."""
        return [self._rows(example.unclicked) for example in self.examples]

    @cached_property
    def trial_id(self) -> str:
        """Trials with equal ids ask the same, of users with the same histories, and may find the same."""
        digest = hashlib.sha256()
        for example in self.examples:
            history = example.history
            words = (example.search_id, example.query, *example.clicked, "", *history.queries, "")
            digest.update("\0".join(words).encode("utf-8", "surrogatepass"))
            for part in history.parts:
                digest.update("\0".join(part.item_ids).encode("utf-8", "surrogatepass"))
                digest.update(part.actions.tobytes() + part.at_ms.tobytes())
        digest.update(self.catalogue_id.encode())
        if self.pools is not None:
            digest.update(self.pools.of.tobytes())
        return digest.hexdigest()[:12]

    @cached_property
    def catalogue_id(self) -> str:
        """Of what its items are made: catalogues with equal ids have equal vectors."""
        digest = hashlib.sha256()
        for item in self.items:
            words = (item.item_id, item.title, item.brand, *item.category_path, item.shop, "")
            digest.update("\0".join(words).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:12]

    def __len__(self) -> int:
        return len(self.examples)

    def _rows(self, item_ids: Sequence[ItemId]) -> list[int]:
        return [self.row_of[item_id] for item_id in item_ids if item_id in self.row_of]


def make_trial(examples: Sequence[Example], items: Sequence[Item], before: Before) -> Trial:
    """Of those examples that want an item of the catalogue."""
    known = {item.item_id for item in items}
    usable = tuple(example for example in examples if not known.isdisjoint(example.clicked))
    clicks = np.array([before.clicks[item.item_id] for item in items], np.int64)
    return Trial(examples=usable, items=tuple(items), clicks=clicks, asked=before.asked)


def read_trial(logs: Logs, examples: Path) -> Trial:
    """The test part of a folder of examples, over the catalogue of the logs they were made from.

    Raises NotFound where no search of the test part wants an item of the catalogue.
    """
    before = read_before(logs, read_manifest(examples).test_from_ms)
    return trial_of(examples, list(items_of(logs)), before)


def trial_of(examples: Path, items: Sequence[Item], before: Before) -> Trial:
    """The same over another catalogue. Raises as `read_trial` does."""
    trial = make_trial(list(read_examples(examples, "test")), items, before)
    if not trial.examples:
        raise NotFound(f"{examples}: no search of its test part clicked an item of the catalogue: other logs?")
    return trial


def chosen(trial: Trial, places: Sequence[int]) -> Trial:
    """Those searches alone, over the same items."""
    few = tuple(trial.examples[place] for place in places)
    pools = None if trial.pools is None else replace(trial.pools, of=trial.pools.of[list(places)])
    return replace(trial, examples=few, pools=pools)


def sampled(trial: Trial, queries: int) -> Trial:
    """`queries` of the searches, always the same ones; all when they are fewer. Never of the items."""
    places = np.random.default_rng(SEED).permutation(len(trial))[:queries]
    return chosen(trial, sorted(places.tolist()))


def each_click(trial: Trial) -> Trial:
    """The same searches, once for each item of the catalogue that was clicked: that one alone is wanted then."""
    alone = [
        replace(example, search_id=f"{example.search_id}/{item_id}", clicked=(item_id,), ordered=ordered)
        for example in trial.examples
        for item_id in example.clicked
        if item_id in trial.row_of
        for ordered in [tuple(bought for bought in example.ordered if bought == item_id)]
    ]
    return replace(trial, examples=tuple(alone))


def within_category(trial: Trial) -> Trial:
    """The same searches, each ranked among the items that have the very categories of what it wants first."""
    members: dict[tuple[str, ...], list[int]] = {}
    for row, item in enumerate(trial.items):
        members.setdefault(item.category_path, []).append(row)
    numbers = {path: number for number, path in enumerate(members)}
    of = np.array([numbers[trial.items[rows[0]].category_path] for rows in trial.wanted], np.int64)
    return replace(trial, pools=Pools(tuple(np.array(rows, np.int64) for rows in members.values()), of))
