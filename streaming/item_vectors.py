"""The vectors of a batch's items, for all indexes of one encoder: what an index holds is not computed again."""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.catalog import StoredItem
from multigrain.encoder import Encoder
from multigrain.index.item_index import ItemIndex
from multigrain.index.item_rows import filed, rows_without_vectors
from multigrain.types import Float32s


def vectors_of(
    encoder: Encoder, indexes: Sequence[ItemIndex], *, changed: Sequence[StoredItem], refiled: Sequence[StoredItem]
) -> Float32s:
    """Vectors of `changed` and then of `refiled`, [n, dims], with one call of the encoder at most.

    `refiled`: items of which the tower reads the same as before. Theirs are taken from the first index that has them.
    """
    known: dict[int, Float32s] = {}
    for index in indexes:
        known |= _held(index, [stored for stored in refiled if stored.item_no not in known])
    asked = [*changed, *(stored for stored in refiled if stored.item_no not in known)]
    if asked:
        encoded = encoder.encode_items([stored.item for stored in asked])
        known |= {stored.item_no: vector for stored, vector in zip(asked, encoded, strict=True)}
    rows = [known[stored.item_no] for stored in (*changed, *refiled)]
    return np.array(rows, np.float32).reshape(len(rows), encoder.dims)


def _held(index: ItemIndex, items: Sequence[StoredItem]) -> dict[int, Float32s]:
    """Those that the index holds, made of what the tower would read now. Others it may have missed an update of."""
    if not items:
        return {}
    meant = rows_without_vectors(items)
    inputs = dict(zip(meant.item_nos.tolist(), filed(meant), strict=True))
    held = index.rows_of(meant.item_nos)
    rows = zip(held.item_nos.tolist(), filed(held), held.vectors, strict=True)
    return {item_no: vector for item_no, texts, vector in rows if inputs[item_no] == texts}
