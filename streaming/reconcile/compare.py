"""Items and rows of the same numbers, compared. Pure: where they come from is another matter.

A row may be of an older version than the item: a new price is a new version of an item and no news to an index. So
whether a row is stale is told by what stands in it, and not by its revision alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from multigrain.catalog.catalog import StoredItem
from multigrain.index.item_index import IndexRows
from multigrain.index.item_rows import filed, rows_without_vectors
from multigrain.index.rows import vectors_by_item
from multigrain.types import Float32s, ItemStatus
from streaming.reconcile.difference import Difference, Kind

COSINE_AT_LEAST = 0.999
"""Of a stored vector and a computed one: far below what a machine or a batch size rounds otherwise."""
SHOWN = 40
"""Letters of a text in an example."""


def compare_fields(items: Sequence[StoredItem], rows: IndexRows) -> list[Difference]:
    """Everything that is wrong but vectors, by item number.

    `items`: all that the catalogue has of some numbers, `rows`: all that the index has of the same ones.
    """
    held = {entry.item_no: entry for entry in _entries(rows)}
    found = []
    for stored, meant in zip(items, _entries(rows_without_vectors(items)), strict=True):
        row = held.pop(stored.item_no, None)
        wrong = _missing(meant) if row is None else _wrong(row, meant)
        if wrong is not None:
            kind, detail = wrong
            found.append(Difference(kind=kind, item_no=stored.item_no, item_id=stored.item.item_id, detail=detail))
    found += [_surplus(entry) for entry in held.values()]
    return sorted(found, key=lambda difference: difference.item_no)


def compare_vectors(items: Sequence[StoredItem], vectors: Float32s, rows: IndexRows) -> list[Difference]:
    """Those of these items whose row has another vector than theirs, `vectors` [n, dims]. Without a row: none."""
    held, found = vectors_by_item(rows), []
    for stored, vector in zip(items, vectors, strict=True):
        kept = held.get(stored.item_no)
        if kept is None:
            continue
        cosine = _cosine(kept, vector)
        if not cosine >= COSINE_AT_LEAST:  # no number is not near enough either
            detail = f"cosine to the item tower's is {cosine:.4f}"
            found.append(
                Difference(kind=Kind.WRONG_VECTOR, item_no=stored.item_no, item_id=stored.item.item_id, detail=detail)
            )
    return found


class _Entry(NamedTuple):
    """A row without its vector."""

    item_no: int
    revision: int
    status: int
    title: str
    brand: str
    category: str
    shop: str


def _entries(rows: IndexRows) -> list[_Entry]:
    numbers = zip(rows.item_nos.tolist(), rows.revisions.tolist(), rows.statuses, strict=True)
    return [_Entry(*three, *texts) for three, texts in zip(numbers, filed(rows), strict=True)]


def _missing(meant: _Entry) -> tuple[Kind, str]:
    return Kind.MISSING, f"no row of {_shown(meant.title)}"


def _surplus(row: _Entry) -> Difference:
    detail = f"a row of {_shown(row.title)}, version {row.revision}"
    return Difference(kind=Kind.SURPLUS, item_no=row.item_no, detail=detail)


def _wrong(row: _Entry, meant: _Entry) -> tuple[Kind, str] | None:
    if row.revision > meant.revision:
        return Kind.AHEAD, f"version {row.revision}, the catalogue has {meant.revision}"
    field = next((name for name in _COMPARED if getattr(row, name) != getattr(meant, name)), None)
    if field is None:
        return None
    said = f"{field} is {_value(row, field)}, not {_value(meant, field)}"
    if row.revision < meant.revision:
        return Kind.STALE, f"version {row.revision} of {meant.revision}: {said}"
    return Kind.WRONG_FIELD, said


_COMPARED = ("status", "category", "brand", "shop", "title")


def _value(entry: _Entry, field: str) -> str:
    if field == "status":
        known = entry.status in ItemStatus.__members__.values()
        return ItemStatus(entry.status).name if known else str(entry.status)
    return _shown(getattr(entry, field))


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def _cosine(one: Float32s, other: Float32s) -> float:
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    # Two vectors of nothing are the same; one of nothing and one of something are not.
    return float(one @ other) / lengths if lengths else float(np.array_equal(one, other))
