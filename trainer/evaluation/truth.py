"""The truth behind simulated logs: the grade of any query-item pair, the utility of any user-item pair.

The only reader of a truth/ folder. What trains, streams or serves must never import it; an import contract keeps that.
"""

import json
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from multigrain.errors import NotFound
from multigrain.features.windows import DAY_MS
from multigrain.types import Bools, Float32s, Int64s
from trainer.data.market import truth
from trainer.data.market.items import MarketItems
from trainer.data.market.moods import Intent
from trainer.data.market.needs import Kind
from trainer.data.market.numbers import NONE, Ints
from trainer.data.market.taste import lasting_liking, passing_liking
from trainer.data.market.users import LOVED_IN_EACH_TOP, MarketUsers

EXACT, SUBSTITUTE, RELATED, IRRELEVANT = 3, 2, 1, 0
"""All that was asked for; an attribute is another; the brand is another, or it stands on the shelf beside; else."""

Grades = NDArray[np.uint8]
Columns = TypeVar("Columns", MarketItems, MarketUsers, truth.DayMoods)


@dataclass(frozen=True)
class Truth:
    """An opened truth/ folder. Ids and queries that it does not know are refused by name."""

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Truth":
        """Raises NotFound where there is none: real logs have no known truth."""
        if not (folder / truth.WORLD).is_file():
            raise NotFound(f"{folder}: holds no truth; only simulated logs have one (multigrain synth)")
        return cls(folder)

    def grades(self, queries: pa.Array, item_ids: pa.Array) -> Grades:
        """[n]: how well each item fits the words of the query beside it."""
        query, row = self._places(queries, self._queries["query"], "query"), self._item_rows(item_ids)
        items, asked = self._items, self._queries
        leaf, brand = items.leaf[row], asked["brand"].to_numpy()[query]
        fits = self._meant[query, leaf]
        beside = self._meant_middle[query, items.middle[row]] & (asked["kind"].to_numpy()[query] != Kind.BRAND)
        right_brand = (brand == NONE) | (brand == items.brand[row])
        attributes = [
            (asked[name].to_numpy()[query], there[row])
            for name, there in (("colour", items.colour), ("feature", items.feature))
        ]
        exact = np.logical_and.reduce([(wanted == NONE) | (wanted == there) for wanted, there in attributes])
        grades = np.select(
            [fits & right_brand & exact, fits & right_brand, fits | beside], [EXACT, SUBSTITUTE, RELATED], IRRELEVANT
        )
        # Who names nothing but a brand has no use for another one.
        return np.where((asked["kind"].to_numpy()[query] == Kind.BRAND) & ~right_brand, IRRELEVANT, grades).astype(
            np.uint8
        )

    def utilities(self, user_ids: pa.Array, item_ids: pa.Array, at_ms: Int64s | None = None) -> Float32s:
        """[n]: how much each user likes the item beside, relevance aside, as the logit of a click.

        `at_ms` None: over the years; else as of the days that these moments are in.
        """
        user, rows = self._user_rows(user_ids), self._item_rows(item_ids)[:, None]
        liking = lasting_liking(self._users, self._items, user, rows)
        if at_ms is None:
            return liking[:, 0]
        day = (at_ms - self._world["first_day_ms"]) // DAY_MS
        for number in np.unique(day):
            those, moods = np.flatnonzero(day == number), self._moods(int(number))
            intent = Intent(leaf=moods.intent_leaf, brand=moods.intent_brand, colour=moods.intent_colour)
            liking[those] += passing_liking(moods.interest_brand, intent, self._items, user[those], rows[those])
        return liking[:, 0]

    def robots(self) -> pa.Array:
        """The users that are none."""
        return self._user_table["user_id"].filter(self._user_table["robot"])

    def kinds(self, queries: pa.Array) -> pa.Table:
        """For each query its `kind` (a number of Kind), and whether it is `chinese` and `mistyped`."""
        places = self._places(queries, self._queries["query"], "query")
        return self._queries.select(["kind", "chinese", "mistyped"]).take(pa.array(places))

    @cached_property
    def _world(self) -> dict[str, int]:
        world: dict[str, int] = json.loads((self.folder / truth.WORLD).read_text(encoding="utf-8"))
        return world

    @cached_property
    def _queries(self) -> pa.Table:
        return pq.read_table(self.folder / truth.QUERIES)

    @cached_property
    def _item_table(self) -> pa.Table:
        return pq.read_table(self.folder / truth.ITEMS)

    @cached_property
    def _user_table(self) -> pa.Table:
        return pq.read_table(self.folder / truth.USERS)

    @cached_property
    def _items(self) -> MarketItems:
        return _columns(MarketItems, self._item_table)

    @cached_property
    def _users(self) -> MarketUsers:
        users = _columns(MarketUsers, self._user_table)
        # Written as one list a user: [tops x loved].
        loved = users.loved.reshape(len(users), -1, LOVED_IN_EACH_TOP)
        return MarketUsers(
            **{entry.name: getattr(users, entry.name) for entry in fields(users) if entry.name != "loved"}, loved=loved
        )

    @cached_property
    def _meant(self) -> Bools:
        """[queries, leaves]: the categories that the words allow."""
        return _marked(self._queries["leaves"], int(self._items.leaf.max()) + 1)

    @cached_property
    def _meant_middle(self) -> Bools:
        """[queries, middles]: the shelves that they stand on."""
        middle_of_leaf = np.zeros(self._meant.shape[1], np.int64)
        middle_of_leaf[self._items.leaf] = self._items.middle
        shelves = np.zeros((len(self._meant), int(self._items.middle.max()) + 1), bool)
        query, leaf = np.nonzero(self._meant)
        shelves[query, middle_of_leaf[leaf]] = True
        return shelves

    def _moods(self, day: int) -> truth.DayMoods:
        return _columns(truth.DayMoods, pq.ParquetFile(self.folder / truth.MOODS).read_row_group(day))

    def _item_rows(self, item_ids: pa.Array) -> Ints:
        return self._places(item_ids, self._item_table["item_id"], "item")

    def _user_rows(self, user_ids: pa.Array) -> Ints:
        return self._places(user_ids, self._user_table["user_id"], "user")

    def _places(self, names: pa.Array, known: pa.ChunkedArray, what: str) -> Ints:
        places = pc.index_in(names, value_set=known.combine_chunks())
        if places.null_count:
            unknown = names.filter(places.is_null())[0].as_py()
            raise NotFound(f"{self.folder}: the simulation knows no {what} {unknown!r}")
        return np.asarray(places.to_numpy(zero_copy_only=False), np.int32)


def _columns(kind: type[Columns], table: pa.Table) -> Columns:
    """The dataclass whose arrays `table` holds; lists become a second axis."""
    arrays = {}
    for entry in fields(kind):
        column = table[entry.name].combine_chunks()
        lists = pa.types.is_fixed_size_list(column.type)
        flat = (column.flatten() if lists else column).to_numpy(zero_copy_only=False)
        arrays[entry.name] = flat.reshape(len(column), -1) if lists else flat
    return kind(**arrays)


def _marked(lists: pa.ChunkedArray, width: int) -> Bools:
    """[n, width]: true where the list of the row names the column."""
    rows = lists.combine_chunks()
    marked = np.zeros((len(rows), width), bool)
    numbers, row = rows.flatten().to_numpy(), pc.list_parent_indices(rows).to_numpy()
    inside = numbers < width
    marked[row[inside], numbers[inside]] = True
    return marked
