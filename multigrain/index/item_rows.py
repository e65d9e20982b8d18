"""Stored items and their vectors -> the rows of an index. The one place: a bulk load and the stream write alike."""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.change import StoredItem
from multigrain.index.item_index import IndexRows
from multigrain.types import Float32s


def item_rows(stored: Sequence[StoredItem], vectors: Float32s) -> IndexRows:
    """Rows of these items. `vectors` [n, dims]; the revision is the item's source version, the same in every replay."""
    items = [one.item for one in stored]
    return IndexRows(
        item_nos=np.array([one.item_no for one in stored], np.int64),
        vectors=vectors,
        revisions=np.array([item.source_version for item in items], np.int64),
        brands=[item.brand for item in items],
        categories=["/".join(item.category_path) for item in items],
        shops=[item.shop for item in items],
        statuses=[int(item.status) for item in items],
        titles=[item.title for item in items],
    )
