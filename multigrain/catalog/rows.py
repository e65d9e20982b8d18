"""Stored items as rows of SQL: found by their ids, and written many in one statement.

On PostgreSQL a statement a row would be most of a batch's time. There the columns travel as arrays, and the server
makes rows of them; SQLite, which is called and not asked over a wire, takes them one by one.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from multigrain.catalog.change import StoredItem, tower_hash
from multigrain.catalog.item_page import ItemPage
from multigrain.catalog.tables import items
from multigrain.types import Item, ItemId, ItemStatus

IDS_AT_ONCE = 1_000
"""In one SELECT of SQLite, which has a limit on parameters."""

_STOCK_MAX = np.iinfo(np.int32).max

Columns = Mapping[str, Sequence[Any]]  # Any: of each column's type
"""Values by the name of their column, all of one length."""


def whole(stored: Sequence[StoredItem]) -> Columns:
    """Every column of these items."""
    of = [one.item for one in stored]
    return {
        **patched(stored),
        "item_id": [item.item_id for item in of],
        "title": [item.title for item in of],
        "brand": [item.brand for item in of],
        "category_path": [list(item.category_path) for item in of],
        "shop": [item.shop for item in of],
        "attributes": [dict(item.attributes) for item in of],
        "tower_hash": [tower_hash(item) for item in of],
    }


def patched(stored: Sequence[StoredItem]) -> Columns:
    """Their numbers, and all that a patch can change."""
    of = [one.item for one in stored]
    return {
        "item_no": [one.item_no for one in stored],
        "price": [item.price for item in of],
        "stock": [item.stock for item in of],
        "status": [int(item.status) for item in of],
        "source_version": [item.source_version for item in of],
        "revision": [one.revision for one in stored],
    }


def insert(connection: sa.Connection, columns: Columns) -> None:
    """Adds items."""
    if connection.dialect.name == "postgresql":
        connection.execute(_insert_arrays(tuple(columns)), _arrays(columns))
    else:
        connection.execute(sa.insert(items), list(_each(columns)))


def update(connection: sa.Connection, columns: Columns) -> None:
    """Writes these columns of the items with these numbers."""
    if connection.dialect.name == "postgresql":
        connection.execute(_update_from_arrays(tuple(columns)), _arrays(columns))
    else:
        connection.execute(_update_one(tuple(columns)), [_given(row) for row in _each(columns)])


def with_ids(connection: sa.Connection, item_ids: Collection[ItemId]) -> dict[ItemId, tuple[StoredItem, bytes]]:
    """Those that there are, each with its tower hash."""
    return {
        ItemId(row.item_id): (stored(row), row.tower_hash) for row in _selected(connection, sa.select(items), item_ids)
    }


def known_ids(connection: sa.Connection, item_ids: Collection[ItemId]) -> set[ItemId]:
    """Those of these ids that have a row."""
    return {ItemId(row.item_id) for row in _selected(connection, sa.select(items.c.item_id), item_ids)}


def stored(row: sa.Row[Any]) -> StoredItem:  # Any: a row of mixed columns
    """A whole row as an item."""
    item = Item(
        item_id=ItemId(row.item_id),
        title=row.title,
        brand=row.brand,
        category_path=tuple(row.category_path),
        shop=row.shop,
        price=row.price,
        stock=row.stock,
        status=ItemStatus(row.status),
        attributes=row.attributes,
        source_version=row.source_version,
    )
    return StoredItem(row.item_no, item, row.revision)


def page_since(connection: sa.Connection, revision: int, limit: int) -> ItemPage | None:
    """What changed after `revision`, in its order, `limit` at most; None: nothing did."""
    found = connection.execute(_CHANGED, {"since": revision, "at_most": limit}).all()
    if not found:
        return None
    item_nos, ids, titles, brands, paths, shops, attributes, prices, stocks, statuses, revisions = zip(
        *found, strict=True
    )
    return ItemPage(
        item_nos=np.array(item_nos, np.int64),
        item_ids=ids,
        titles=titles,
        brands=brands,
        category_paths=_paths(paths),
        shops=shops,
        attributes=_attributes(attributes),
        price=np.array(prices, np.float32),
        stock=np.minimum(np.array(stocks, np.int64), _STOCK_MAX).astype(np.int32),
        status=np.array(statuses, np.uint8),
        revision=revisions[-1],
    )


_CHANGED = (
    sa.select(
        items.c.item_no,
        items.c.item_id,
        items.c.title,
        items.c.brand,
        # As text: there are few paths, and each is made a tuple once a page. So with attributes.
        sa.cast(items.c.category_path, sa.Text),
        items.c.shop,
        sa.cast(items.c.attributes, sa.Text),
        items.c.price,
        items.c.stock,
        items.c.status,
        items.c.revision,
    )
    .where(items.c.revision > sa.bindparam("since"))
    .order_by(items.c.revision)
    .limit(sa.bindparam("at_most"))
)


def _paths(texts: Sequence[str]) -> list[tuple[str, ...]]:
    path_of = {text: tuple(json.loads(text)) for text in set(texts)}
    return [path_of[text] for text in texts]


def _attributes(texts: Sequence[str]) -> list[Mapping[str, str]]:
    # At once: to call it for each would take longer than what it does.
    whole: list[Mapping[str, str]] = json.loads(f"[{','.join(texts)}]")
    return whole


def _selected(
    connection: sa.Connection,
    select: sa.Select[Any],  # Any: of these columns or those
    item_ids: Collection[ItemId],
) -> Iterator[sa.Row[Any]]:
    wanted = list(item_ids)
    if connection.dialect.name == "postgresql":
        yield from connection.execute(select.where(items.c.item_id == sa.any_(_IDS)), {"ids": wanted})
        return
    for start in range(0, len(wanted), IDS_AT_ONCE):
        yield from connection.execute(select.where(items.c.item_id.in_(wanted[start : start + IDS_AT_ONCE])))


_IDS = sa.bindparam("ids", type_=postgresql.ARRAY(sa.Text))


@cache
def _insert_arrays(names: tuple[str, ...]) -> sa.TextClause:
    into = f"INSERT INTO items ({', '.join(names)})"
    return sa.text(f"{into} SELECT * FROM {_unnested(names)}")  # noqa: S608  # of our own table's names


@cache
def _update_from_arrays(names: tuple[str, ...]) -> sa.TextClause:
    written = ", ".join(f"{name} = given.{name}" for name in names if name != "item_no")
    update = f"UPDATE items SET {written} FROM {_unnested(names)}"  # noqa: S608  # of our own table's names
    return sa.text(f"{update} WHERE items.item_no = given.item_no")


def _unnested(names: Sequence[str]) -> str:
    """The arrays as rows. Names and types are those of our own table."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
    arrays = (f"CAST(:{name} AS {items.c[name].type.compile(dialect)}[])" for name in names)
    return f"unnest({', '.join(arrays)}) AS given ({', '.join(names)})"


def _arrays(columns: Columns) -> dict[str, list[Any]]:  # Any: of each column's type
    return {
        name: [json.dumps(value) for value in values] if isinstance(items.c[name].type, sa.JSON) else list(values)
        for name, values in columns.items()
    }


@cache
def _update_one(names: tuple[str, ...]) -> sa.Update:
    values = {name: sa.bindparam(f"given_{name}", type_=items.c[name].type) for name in names if name != "item_no"}
    return sa.update(items).where(items.c.item_no == sa.bindparam("given_item_no")).values(values)


def _each(columns: Columns) -> Iterator[dict[str, Any]]:  # Any: of each column's type
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


def _given(row: Mapping[str, Any]) -> dict[str, Any]:  # Any: of each column's type
    return {f"given_{name}": value for name, value in row.items()}
