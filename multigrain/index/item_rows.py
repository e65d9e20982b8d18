"""Stored items and their vectors -> the rows of an index. The one place: a bulk load and the stream write alike."""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.change import StoredItem
from multigrain.index.hard_filter import CATEGORY_BYTES, NAME_BYTES, shortened
from multigrain.index.item_index import IndexRows
from multigrain.types import Float32s

TITLE_BYTES = 2048
"""As in milvus_wire.py, which is not imported here because it loads pymilvus; a test compares the two."""

Filed = tuple[str, str, str, str]
"""Title, brand, category and shop, as an index files them: long text is cut."""


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


def rows_without_vectors(stored: Sequence[StoredItem]) -> IndexRows:
    """Rows of these items to compare with, where their vectors are not known."""
    return item_rows(stored, np.zeros((len(stored), 0), np.float32))


def filed(rows: IndexRows) -> list[Filed]:
    """Of each row what the item tower reads. Two rows of an item that agree in it have the same vector."""
    return [
        (
            shortened(title, TITLE_BYTES),
            shortened(brand, NAME_BYTES),
            shortened(category, CATEGORY_BYTES),
            shortened(shop, NAME_BYTES),
        )
        for title, brand, category, shop in zip(rows.titles, rows.brands, rows.categories, rows.shops, strict=True)
    ]
