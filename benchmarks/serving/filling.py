"""Fills the stores of a scene. Quick and only for an empty shop: the stream's own ways are measured elsewhere."""

import time
from collections.abc import Callable

import sqlalchemy as sa

from benchmarks.serving.shop import Shop, edition_vectors
from multigrain.bundle import Bundle
from multigrain.catalog import rows
from multigrain.catalog.change import StoredItem
from multigrain.catalog.tables import catalogue_revision
from multigrain.index import specs
from multigrain.index.item_index import ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.sql import SqlRegistry
from multigrain.types import Float32s, GenerationId

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


def make_live(
    engine: sa.Engine, bundle: Bundle, generation_id: GenerationId, collection: str, spec: specs.IndexSpec
) -> None:
    """Written last: whoever finds this generation live finds the whole scene."""
    registry, now_ms = SqlRegistry(engine), time.time_ns() // 1_000_000
    generation = Generation(
        generation_id=generation_id,
        state=GenerationState.BUILDING,
        bundle_id=bundle.bundle_id,
        bundle_path=str(bundle.path),
        collection=collection,
        index_spec=specs.to_dict(spec),
        dims=bundle.manifest.dims,
        catalogue_revision=0,
        created_ms=now_ms,
        changed_ms=now_ms,
    )
    registry.create(generation)
    registry.mark_ready(generation.generation_id, Evaluated())
    registry.promote(generation.generation_id, override="a bench evaluates nothing")
