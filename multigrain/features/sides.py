"""Side features of items, as the catalogue has them now: what is kept beside the item's id in a behaviour."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from multigrain.catalog.tables import items
from multigrain.types import ItemId

AT_ONCE = 1_000
"""In one statement on SQLite, which may have 32,766 parameters."""


class Sides(NamedTuple):
    """Of one item. All empty: the catalogue does not know it."""

    leaf_category: str = ""
    top_category: str = ""
    brand: str = ""
    shop: str = ""


UNKNOWN = Sides()


def sides_of(connection: sa.Connection, item_ids: Sequence[ItemId]) -> dict[ItemId, Sides]:
    """Of those items that the catalogue knows. Of a whole row, these columns are all that is read."""
    return {
        ItemId(item_id): Sides(leaf, top, brand, shop)
        for select in _selects(connection, item_ids)
        for item_id, leaf, top, brand, shop in connection.execute(select).all()
    }


def _selects(connection: sa.Connection, item_ids: Sequence[ItemId]) -> Iterator[sa.Select[str, str, str, str, str]]:
    if connection.dialect.name == "postgresql":
        # One array whatever the count: so it is one statement, which is planned once.
        yield _SIDES.where(items.c.item_id == sa.any_(sa.literal(list(item_ids), ARRAY(sa.Text))))
        return
    for start in range(0, len(item_ids), AT_ONCE):
        yield _SIDES_SQLITE.where(items.c.item_id.in_(item_ids[start : start + AT_ONCE]))


def _sides(leaf: sa.ColumnElement[str]) -> sa.Select[str, str, str, str, str]:
    top = items.c.category_path[0].as_string()
    return sa.select(items.c.item_id, leaf, top, items.c.brand, items.c.shop)


_SIDES = _sides(items.c.category_path[-1].as_string())
_SIDES_SQLITE = _sides(sa.func.json_extract(items.c.category_path, "$[#-1]", type_=sa.Text))
"""Its paths count from the end in another way."""
