"""A bundle and a catalogue -> a generation that is ready: every item encoded, indexed and checked.

The order matters: the catalogue's revision is noted before the first item is read, so that whatever changes while the
index is being filled is caught up with afterwards. A build that fails leaves no index behind, and says why.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from multigrain.bundle import Bundle
from multigrain.catalog.catalog import SqlCatalogue, StoredItem
from multigrain.encoder import Encoder, check_golden
from multigrain.features.windows import Windows
from multigrain.index.item_index import IndexStore, ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.index.specs import IndexSpec, to_dict
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.registry import Registry
from multigrain.settings import GenerationSettings
from multigrain.types import Float32s, GenerationId, Int64s, ItemStatus
from trainer.progress import Clock, Meter, Reporter
from trainer.publish.canary import check_count, check_recall, sample

ITEMS_AT_ONCE = 1000
SEARCH_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The real things that a build writes to and reads from."""

    catalogue: SqlCatalogue
    registry: Registry
    indexes: IndexStore


@dataclass(slots=True)
class Written:
    """Vectors as the index should hold them, for the canary's exact search."""

    vectors: dict[int, Float32s] = field(default_factory=dict)

    def columns(self) -> tuple[Int64s, Float32s]:
        return np.array(list(self.vectors), np.int64), np.array(list(self.vectors.values()), np.float32)


def build_generation(
    generation_id: GenerationId,
    bundle: Bundle,
    encoder: Encoder,
    stores: Stores,
    *,
    spec: IndexSpec,
    queries: Sequence[tuple[str, Windows]],
    evaluated: Evaluated,
    settings: GenerationSettings,
    clock_ms: Callable[[], int],
    clock: Clock,
    reporter: Reporter,
) -> Generation:
    """Builds, checks and marks a generation as ready; returns it.

    `queries` are real ones, for the canary; `evaluated`: what is known of the bundle so far. Raises GateRefused when a
    check fails, and whatever a store raises; the generation is then failed with that reason and its index dropped.
    """
    revision, now_ms = stores.catalogue.revision(), clock_ms()
    generation = Generation(
        generation_id=generation_id,
        state=GenerationState.BUILDING,
        bundle_id=bundle.bundle_id,
        bundle_path=str(bundle.path),
        collection=collection_of(generation_id),
        index_spec=to_dict(spec),
        dims=encoder.dims,
        catalogue_revision=revision,
        created_ms=now_ms,
        changed_ms=now_ms,
    )
    stores.registry.create(generation)
    index: ItemIndex | None = None
    try:
        index = stores.indexes.create(generation.collection, dims=encoder.dims, spec=spec)
        meter = Meter("encode", stores.catalogue.count(), reporter=reporter, clock=clock)
        written = fill(index, encoder, stores.catalogue, meter)
        revision = catch_up(index, encoder, stores.catalogue, written, since=revision)
        index.finish()
        index.load()
        # Building an index takes minutes on a large catalogue: what changed meanwhile is few, and written now.
        catch_up(index, encoder, stores.catalogue, written, since=revision)
        check_count(index, stores.catalogue.count())
        recall = _check(index, bundle, encoder, written, queries, settings)
        scores = {**evaluated.scores, "canary_recall": recall}
        stores.registry.mark_ready(generation_id, replace(evaluated, scores=scores))
    except BaseException as error:
        # Ctrl-C too: a generation that nobody builds any more must not stay 'building', for the stream feeds it.
        _give_up(generation_id, index, stores, error)
        raise
    return stores.registry.get(generation_id)


def fill(index: ItemIndex, encoder: Encoder, catalogue: SqlCatalogue, meter: Meter) -> Written:
    """Writes every item of the catalogue."""
    written = Written()
    done = 0
    for batch in catalogue.scan(ITEMS_AT_ONCE):
        _write(index, encoder, batch, written)
        done += len(batch)
        meter.report(done)
    return written


def catch_up(index: ItemIndex, encoder: Encoder, catalogue: SqlCatalogue, written: Written, *, since: int) -> int:
    """Writes what changed after revision `since` until nothing is newer; returns the newest revision written."""
    while changed := catalogue.changed_since(since, ITEMS_AT_ONCE):
        _write(index, encoder, changed, written)
        since = changed[-1].revision
    return since


def collection_of(generation_id: GenerationId) -> str:
    """Name of the collection: what Milvus allows in a name."""
    return "items_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in generation_id)


def _write(index: ItemIndex, encoder: Encoder, batch: Iterable[StoredItem], written: Written) -> None:
    rows = list(batch)
    gone = [stored.item_no for stored in rows if stored.item.status is ItemStatus.REMOVED]
    kept = [stored for stored in rows if stored.item.status is not ItemStatus.REMOVED]
    if gone:
        index.delete(np.array(gone, np.int64))
        for item_no in gone:
            written.vectors.pop(item_no, None)
    if kept:
        vectors = encoder.encode_items([stored.item for stored in kept])
        index.upsert(item_rows(kept, vectors))
        written.vectors.update((stored.item_no, vector) for stored, vector in zip(kept, vectors, strict=True))


def _check(
    index: ItemIndex,
    bundle: Bundle,
    encoder: Encoder,
    written: Written,
    queries: Sequence[tuple[str, Windows]],
    settings: GenerationSettings,
) -> float:
    check_golden(bundle, encoder)
    item_nos, vectors = written.columns()
    return check_recall(
        index,
        encoder,
        sample(queries, settings.canary_queries),
        item_nos,
        vectors,
        k=settings.canary_k,
        floor=settings.canary_recall_floor,
        timeout_seconds=SEARCH_SECONDS,
    )


def _give_up(generation_id: GenerationId, index: ItemIndex | None, stores: Stores, error: BaseException) -> None:
    """Best effort, in this order: the registry first, so that the stream stops writing before the index goes."""
    reason = str(error) or type(error).__name__
    try:
        stores.registry.fail(generation_id, reason)
    finally:
        if index is not None:
            index.drop()
