"""Writes down what only the simulation knows: truth/. Nothing but evaluation may open that folder.

How grades and utilities follow from it is told in trainer/evaluation/truth.py.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from trainer.data.market.catalogue import item_names
from trainer.data.market.items import MarketItems
from trainer.data.market.marketplace import Day, Marketplace
from trainer.data.market.numbers import Ints
from trainer.data.market.queries import Phrasebook, meant_leaves
from trainer.data.market.tables import user_names
from trainer.data.market.users import MarketUsers

FOLDER = "truth"
ITEMS, USERS, MOODS, QUERIES, SEARCHES = (
    f"{name}.parquet" for name in ("items", "users", "moods", "queries", "searches")
)
WORLD = "world.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMoods:
    """What was on everybody's mind on one day; all [users]. Written one after another."""

    interest_leaf: Ints
    interest_brand: Ints
    intent_leaf: Ints
    intent_brand: Ints
    intent_colour: Ints


def write_standing_truth(folder: Path, market: Marketplace) -> None:
    """What is true from the start to the end: items, users, the names behind the numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    everyone = np.arange(len(market.users), dtype=np.int32)
    everything = np.arange(len(market.items), dtype=np.int32)
    pq.write_table(columns_table(market.items, item_id=item_names(everything)), folder / ITEMS, compression="zstd")
    pq.write_table(columns_table(market.users, user_id=user_names(everyone)), folder / USERS, compression="zstd")
    names = {
        "seed": market.plan.seed,
        "first_day_ms": market.plan.first_day_ms,
        "days": market.plan.days,
        "leaves": [leaf.path for leaf in market.world.leaves],
        "tops": [top.en for top in market.world.tops],
        "middles": [middle.en for middle in market.world.middles],
        "brands": [brand.name for brand in market.world.brands],
    }
    (folder / WORLD).write_text(json.dumps(names, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def moods_of(market: Marketplace, day: Day) -> pa.Table:
    """One row a user."""
    if day.intent is None:
        raise ValueError(f"day {day.number} is before the first")
    interest = market.interest_on(day.number)
    moods = DayMoods(
        interest_leaf=interest.leaf,
        interest_brand=interest.brand,
        intent_leaf=day.intent.leaf,
        intent_brand=day.intent.brand,
        intent_colour=day.intent.colour,
    )
    return columns_table(moods)


def wanted_of(day: Day) -> pa.Table:
    """The leaf category that each search was really after."""
    return pa.table({"search_id": day.searches["search_id"], "wanted_leaf": pa.array(day.wanted_leaf)})


def queries_table(book: Phrasebook) -> pa.Table:
    """What the words of each query mean. A text that two phrases share means the same in both."""
    first = dict(zip(reversed(book.texts), reversed(book.phrases), strict=True))
    leaves = [meant_leaves(phrase, book.world) for phrase in first.values()]
    return pa.table(
        {
            "query": pa.array(first, pa.string()),
            "kind": pa.array([phrase.kind.value for phrase in first.values()], pa.int32()),
            "leaves": pa.array(leaves, pa.list_(pa.int32())),
            "brand": pa.array([phrase.brand for phrase in first.values()], pa.int32()),
            "colour": pa.array([phrase.colour for phrase in first.values()], pa.int32()),
            "feature": pa.array([phrase.feature for phrase in first.values()], pa.int32()),
            "chinese": pa.array([phrase.chinese for phrase in first.values()], pa.bool_()),
            "mistyped": pa.array([phrase.typo > 0 and text.isascii() for text, phrase in first.items()], pa.bool_()),
        }
    )


def columns_table(columns: MarketItems | MarketUsers | DayMoods, **more: pa.Array) -> pa.Table:
    """The arrays of a dataclass as a table; what has more than one axis becomes lists of a fixed size."""
    arrays = {entry.name: getattr(columns, entry.name) for entry in fields(columns)}
    return pa.table({**more, **{name: _column(array) for name, array in arrays.items()}})


def _column(array: NDArray[np.generic]) -> pa.Array:
    if array.ndim == 1:
        return pa.array(array)
    flat = np.ascontiguousarray(array).reshape(len(array), -1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), flat.shape[1])
