"""Fills the stores of a scene. Quick and only for an empty shop: the stream's own ways are measured elsewhere."""

from collections.abc import Callable

import sqlalchemy as sa

from benchmarks.serving.shop import Shop, edition_vectors
from multigrain.catalog import rows
from multigrain.catalog.change import StoredItem
from multigrain.catalog.tables import catalogue_revision
from multigrain.index.item_index import ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.types import Float32s

AT_ONCE = 10_000


def fill_catalogue_and_index(
    engine: sa.Engine, index: ItemIndex, shop: Shop, vectors: Float32s, count: int, say: Callable[[str], None]
) -> None:
    """Items 0 to `count` as numbers 1 to `count`, each of the revision of its number. `vectors`: of the models."""
    index.release()
    for first in range(0, count, AT_ONCE):
        say(f"writing items, {first:,} of {count:,}")
        numbers = range(first, min(first + AT_ONCE, count))
        stored = [StoredItem(number + 1, shop.item(number), number + 1) for number in numbers]
        with engine.begin() as connection:
            rows.insert(connection, rows.whole(stored))
            counter = {"revision": stored[-1].revision, "last_item_no": stored[-1].item_no}
            connection.execute(sa.update(catalogue_revision).values(counter))
        index.fill(item_rows(stored, edition_vectors(vectors, first, len(numbers))))
    index.finish(lambda done, total: say(f"index built, {done:,} of {total:,}"))
