"""The catalogue: one row an item, its number, and a revision that grows with every change.

Whoever changes it holds the counter's row to the commit: so revisions become visible in their order, and a reader who
asks for what changed since R misses nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from multigrain.catalog import rows
from multigrain.catalog.change import CatalogueChange, StoredItem, after, hard_fields, item_id_of, strayed, tower_hash
from multigrain.catalog.item_page import ItemPage
from multigrain.catalog.tables import catalogue_revision, items
from multigrain.database import Bind, reading, writing
from multigrain.events import ItemEvent
from multigrain.types import ItemId, ItemStatus

__all__ = ["CatalogueChange", "SqlCatalogue", "StoredItem"]


class SqlCatalogue:
    """Over SQLite or PostgreSQL. With a Connection it works inside the transaction open there, and does not commit.

    Every method may block and may raise StoreUnavailable.
    """

    def __init__(self, bind: Bind) -> None:
        self._bind = bind

    def apply(self, events: Sequence[ItemEvent]) -> list[CatalogueChange]:
        """Applies the events and returns one change an item, in the order in which the items first appear.

        All or nothing. Events of one item are applied in their order and count as one change.
        """
        of_item: dict[ItemId, list[ItemEvent]] = {}
        for event in events:
            of_item.setdefault(item_id_of(event), []).append(event)
        with writing(self._bind) as connection:
            counter = _Counter(connection)
            before = rows.with_ids(connection, of_item)
            changes = [_changed(item_id, before.get(item_id), of_item[item_id], counter) for item_id in of_item]
            _write(connection, changes, before)
            counter.save()
        return changes

    @contextmanager
    def held(self) -> Iterator[sa.Connection]:
        """Holds the catalogue still: whoever changes it has finished, and the next one waits until the block ends.

        What is written through the connection is one transaction with the block.
        """
        with writing(self._bind) as connection:
            connection.execute(sa.select(catalogue_revision).with_for_update()).one()
            yield connection

    def get(self, item_ids: Iterable[ItemId]) -> dict[ItemId, StoredItem]:
        """Those that the catalogue knows, removed ones (status REMOVED) too."""
        with reading(self._bind) as connection:
            found = rows.with_ids(connection, dict.fromkeys(item_ids))
        return {item_id: stored for item_id, (stored, _) in found.items()}

    def known(self, item_ids: Iterable[ItemId]) -> set[ItemId]:
        """Those that the catalogue has given a number, removed ones too."""
        with reading(self._bind) as connection:
            return rows.known_ids(connection, dict.fromkeys(item_ids))

    def revision(self) -> int:
        """Of the newest change; 0: nothing was ever changed."""
        with reading(self._bind) as connection:
            return int(connection.execute(sa.select(catalogue_revision.c.revision)).scalar_one())

    def count(self) -> int:
        """Items that are not removed."""
        with reading(self._bind) as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(_IS_THERE)).scalar_one())

    def last_item_no(self) -> int:
        """The highest number that was given to an item; 0: none was."""
        with reading(self._bind) as connection:
            return int(connection.execute(sa.select(catalogue_revision.c.last_item_no)).scalar_one())

    def sample(self, item_nos: Sequence[int]) -> list[StoredItem]:
        """Those of these numbers that are items and not removed, in order of item_no; a thousand of them at most."""
        select = sa.select(items).where(_IS_THERE, items.c.item_no.in_(item_nos))
        return self._read(select.order_by(items.c.item_no))

    def numbered(self, first: int, behind: int) -> list[StoredItem]:
        """Those of the numbers from `first` to before `behind` that are items and not removed, in order of item_no."""
        select = sa.select(items).where(_IS_THERE, items.c.item_no >= first, items.c.item_no < behind)
        return self._read(select.order_by(items.c.item_no))

    def scan(self, batch_size: int) -> Iterator[list[StoredItem]]:
        """Every item that is not removed, in order of item_no. Each batch is read when it is asked for."""
        last = 0
        while True:
            select = sa.select(items).where(_IS_THERE, items.c.item_no > last).order_by(items.c.item_no)
            batch = self._read(select.limit(batch_size))
            if not batch:
                return
            yield batch
            last = batch[-1].item_no

    def changed_since(self, revision: int, limit: int) -> list[StoredItem]:
        """Items that changed after `revision`, removed ones too, in order of revision; `limit` of them at most.

        No two items share a revision, so the next call goes on from the last one's.
        """
        return self._read(sa.select(items).where(items.c.revision > revision).order_by(items.c.revision).limit(limit))

    def page_since(self, revision: int, limit: int) -> ItemPage | None:
        """The same as columns, many times faster; None: nothing changed."""
        with reading(self._bind) as connection:
            return rows.page_since(connection, revision, limit)

    def _read(self, select: sa.Select[Any]) -> list[StoredItem]:  # Any: whole rows
        with reading(self._bind) as connection:
            return [rows.stored(row) for row in connection.execute(select)]


_IS_THERE = items.c.status != int(ItemStatus.REMOVED)


class _Counter:
    """Hands out revisions and item numbers. Its row stays locked to the end of the transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        row = connection.execute(sa.select(catalogue_revision).with_for_update()).one()
        self._revision: int = row.revision
        self._last_item_no: int = row.last_item_no

    def next_revision(self) -> int:
        self._revision += 1
        return self._revision

    def next_item_no(self) -> int:
        self._last_item_no += 1
        return self._last_item_no

    def save(self) -> None:
        values = {"revision": self._revision, "last_item_no": self._last_item_no}
        self._connection.execute(sa.update(catalogue_revision).values(values))


def _changed(
    item_id: ItemId, before: tuple[StoredItem, bytes] | None, events: Sequence[ItemEvent], counter: _Counter
) -> CatalogueChange:
    was, was_hash = before or (None, b"")
    item, kind = after(was.item if was else None, events)
    if item is None or kind in ("stale", "unknown"):
        return CatalogueChange(
            item_id=item_id, stored=was, kind=kind, tower_inputs_changed=False, hard_fields_changed=False
        )
    return CatalogueChange(
        item_id=item_id,
        stored=StoredItem(was.item_no if was else counter.next_item_no(), item, counter.next_revision()),
        kind=kind,
        # One that was removed left the index, so coming back it is new there, too.
        tower_inputs_changed=kind == "new" or (kind == "changed" and tower_hash(item) != was_hash),
        hard_fields_changed=was is None or hard_fields(item) != hard_fields(was.item) or strayed(was.item, events),
    )


def _write(
    connection: sa.Connection, changes: Sequence[CatalogueChange], before: dict[ItemId, tuple[StoredItem, bytes]]
) -> None:
    """Three statements at most, whatever the batch."""
    added, patched, replaced = [], [], []
    for change in changes:
        if change.stored is None or change.kind in ("stale", "unknown"):
            continue
        if change.item_id not in before:
            added.append(change.stored)
        elif change.kind == "patched":
            patched.append(change.stored)
        else:
            replaced.append(change.stored)
    if added:
        rows.insert(connection, rows.whole(added))
    if patched:
        rows.update(connection, rows.patched(patched))
    if replaced:
        rows.update(connection, rows.whole(replaced))
