"""A bundle and a catalogue -> a generation that is ready: every item encoded, indexed, checked, and handed over.

Until the hand-over its builder is the only writer of the index. The catalogue's revision is noted before the first item
is read, so whatever changes meanwhile is caught up with; the last of it while the catalogue is held still, in the
transaction that makes the generation ready. From there the stream writes (docs/adr/0009).

A build that fails leaves no index behind, and says why. One that is killed leaves a lease that runs out (tidy.py).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from multigrain.bundle import Bundle
from multigrain.catalog.catalog import SqlCatalogue, StoredItem
from multigrain.encoder import Encoder, check_golden
from multigrain.errors import NotFound, WrongState
from multigrain.features.windows import Windows
from multigrain.index.item_index import IndexStore, ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.index.specs import IndexSpec, to_dict
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.registry import Registry
from multigrain.registry.tidy import collection_of
from multigrain.settings import GenerationSettings
from multigrain.types import GenerationId, ItemStatus
from trainer.progress import Clock, Meter, Reporter
from trainer.publish.canary import check_count, check_recall, sample
from trainer.publish.lease import Lease, leased
from trainer.publish.spool import Spool, open_spool
from trainer.publish.widening import Searched, widened_until_enough

ITEMS_AT_ONCE = 2000
SEARCH_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The real things that a build writes to and reads from."""

    catalogue: SqlCatalogue
    registry: Registry
    indexes: IndexStore


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
    meter = partial(Meter, reporter=reporter, clock=clock)
    try:
        index = stores.indexes.create(generation.collection, dims=encoder.dims, spec=spec)
        with open_spool(encoder.dims) as spool:
            with leased(stores.registry, generation_id) as lease:
                writer = Writer(index, encoder, spool, lease)
                fill(writer, stores.catalogue, meter("encode", stores.catalogue.count()))
                finish(index, lease, meter("index", len(spool)))
                # Filling and building took minutes: what changed meanwhile is written now, and is few.
                revision = catch_up(writer, stores.catalogue, since=revision)
                opened = partial(_opened, stores.indexes, generation.collection)
                searched = _check(index, bundle, encoder, spool, queries, settings, spec, opened)
                known = replace(evaluated, scores={**evaluated.scores, "canary_recall": searched.recall})
                revision = catch_up(writer, stores.catalogue, since=revision)
            # The lease lasts for longer than this takes, and renewing it would wait for the same lock.
            hand_over(writer, stores, generation_id, known, searched.spec, since=revision)
    except BaseException as error:
        # Ctrl-C too: nobody builds it any more.
        _give_up(generation_id, index, stores, error)
        raise
    return stores.registry.get(generation_id)


class Writer:
    """Writes items into an index that is being built, and notes what it should then hold."""

    def __init__(self, index: ItemIndex, encoder: Encoder, spool: Spool, lease: Lease) -> None:
        self.index = index
        self._encoder, self._spool, self._lease = encoder, spool, lease

    def add(self, items: Sequence[StoredItem]) -> None:
        """Items that the index does not hold yet."""
        rows = item_rows(items, self._encoder.encode_items([stored.item for stored in items]))
        self.index.fill(rows)
        self._spool.put(rows.item_nos, rows.vectors)
        self._lease.check()

    def change(self, items: Sequence[StoredItem]) -> None:
        """Items as they are now, removed ones too."""
        gone = [stored.item_no for stored in items if stored.item.status is ItemStatus.REMOVED]
        kept = [stored for stored in items if stored.item.status is not ItemStatus.REMOVED]
        if gone:
            self.index.delete(np.array(gone, np.int64))
            self._spool.remove(gone)
        if kept:
            rows = item_rows(kept, self._encoder.encode_items([stored.item for stored in kept]))
            self.index.upsert(rows)
            self._spool.put(rows.item_nos, rows.vectors)
        self._lease.check()


def fill(writer: Writer, catalogue: SqlCatalogue, meter: Meter) -> None:
    """Writes every item of the catalogue. Until it is finished nobody searches the index, so it needs no memory."""
    writer.index.release()
    done = 0
    for batch in catalogue.scan(ITEMS_AT_ONCE):
        writer.add(batch)
        done += len(batch)
        meter.report(done)


def finish(index: ItemIndex, lease: Lease, meter: Meter) -> None:
    """Builds what makes searches quick, and waits for it."""

    def built(done: int, total: int) -> None:
        lease.check()
        meter.report(min(done, total))

    index.finish(built)


def catch_up(writer: Writer, catalogue: SqlCatalogue, *, since: int) -> int:
    """Writes what changed after revision `since`; returns the newest revision written.

    It ends with the first batch that is not full. A stream that never stops is not chased for ever; and while the
    catalogue is held, nothing can be left behind such a batch.
    """
    while changed := catalogue.changed_since(since, ITEMS_AT_ONCE):
        writer.change(changed)
        since = changed[-1].revision
        if len(changed) < ITEMS_AT_ONCE:
            break
    return since


def hand_over(
    writer: Writer,
    stores: Stores,
    generation_id: GenerationId,
    evaluated: Evaluated,
    searched: IndexSpec,
    *,
    since: int,
) -> None:
    """Makes it ready, with every change in it that there is: the stream's next batch finds it among those it feeds.

    Raises GateRefused when the index does not hold exactly the catalogue's items, WrongState when it was given up.
    """
    with stores.catalogue.held() as connection:
        catalogue = SqlCatalogue(connection)
        catch_up(writer, catalogue, since=since)
        check_count(writer.index, catalogue.count())
        registry = stores.registry.within(connection)
        registry.mark_ready(generation_id, evaluated)
        registry.keep_index_spec(generation_id, to_dict(searched))


def _check(
    index: ItemIndex,
    bundle: Bundle,
    encoder: Encoder,
    spool: Spool,
    queries: Sequence[tuple[str, Windows]],
    settings: GenerationSettings,
    spec: IndexSpec,
    opened: Callable[[IndexSpec], ItemIndex],
) -> Searched:
    """How the index must be searched to find enough. Raises GateRefused when it cannot, or does not hold every item."""
    check_golden(bundle, encoder)
    check_count(index, len(spool))
    item_nos, vectors = spool.columns()

    def recall_with(tried: IndexSpec) -> float:
        return check_recall(
            index if tried == spec else opened(tried),
            encoder,
            sample(queries, settings.canary_queries),
            item_nos,
            vectors,
            k=settings.canary_k,
            floor=settings.canary_recall_floor,
            timeout_seconds=SEARCH_SECONDS,
            rounds=tried.rounds,
        )

    return widened_until_enough(spec, settings.canary_k, recall_with)


def _opened(indexes: IndexStore, collection: str, spec: IndexSpec) -> ItemIndex:
    return indexes.open(collection, spec=spec)


def _give_up(generation_id: GenerationId, index: ItemIndex | None, stores: Stores, error: BaseException) -> None:
    """Best effort, in this order: the registry first, so that nobody waits for it or takes it for whole."""
    reason = str(error) or type(error).__name__
    try:
        with suppress(WrongState):  # somebody else gave it up before
            stores.registry.fail(generation_id, reason)
    finally:
        if index is not None:
            with suppress(NotFound):  # and its index is dropped
                index.drop()
