"""A generation becomes ready only when its index holds every item and answers as exact search would."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain.catalog.catalog import SqlCatalogue, StoredItem
from multigrain.encoder import BundleEncoder
from multigrain.errors import GateRefused, IndexUnavailable
from multigrain.events import ItemRemoved
from multigrain.features.windows import Windows
from multigrain.index.exact import ExactIndex, ExactIndexStore
from multigrain.index.item_index import Found, HardFilter, IndexRows, IndexStore
from multigrain.index.milvus import MilvusStore
from multigrain.index.rows import vectors_by_item
from multigrain.index.specs import Flat, IndexSpec, IvfFlat, from_dict
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.memory import MemoryRegistry
from multigrain.registry.tidy import collection_of
from multigrain.settings import GenerationSettings
from multigrain.types import Float32s, GenerationId, Int64s, Item, ItemId
from tests.builders import NOON_MS, an_item, an_upsert
from tests.unit.trainer.conftest import SmallRun
from trainer.progress import Progress, silent
from trainer.publish.canary import check_answers, check_count, sample
from trainer.publish.index_build import Stores, build_generation

G1 = GenerationId("g-1")
EXACT = Flat()
QUERIES = [("running shoes", Windows()), ("adidas", Windows())]


def stores_of(catalogue: SqlCatalogue, indexes: IndexStore | None = None) -> Stores:
    return Stores(
        catalogue=catalogue, registry=MemoryRegistry(clock=lambda: NOON_MS), indexes=indexes or ExactIndexStore()
    )


def build(
    small_run: SmallRun,
    encoder: BundleEncoder,
    stores: Stores,
    *,
    queries: Sequence[tuple[str, Windows]] = QUERIES,
    reports: list[Progress] | None = None,
    spec: IndexSpec = EXACT,
) -> Generation:
    return build_generation(
        G1,
        small_run.bundle,
        encoder,
        stores,
        spec=spec,
        queries=queries,
        evaluated=Evaluated(scores=small_run.candidate.report.scores),
        settings=GenerationSettings(canary_k=10),  # type: ignore[call-arg]  # pydantic fills defaults
        clock_ms=lambda: NOON_MS,
        clock=lambda: 0.0,
        reporter=silent if reports is None else reports.append,
    )


def removed(item_id: str) -> ItemRemoved:
    return ItemRemoved(event_id=f"rm-{item_id}", at_ms=NOON_MS, item_id=ItemId(item_id), source_version=2)


def test_a_built_generation_is_ready_with_every_item_and_its_scores(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue
) -> None:
    stores = stores_of(catalogue)
    reports: list[Progress] = []
    generation = build(small_run, encoder, stores, reports=reports)
    index = stores.indexes.open("items_g_1")
    assert (generation.state, generation.collection, index.count()) == (GenerationState.READY, "items_g_1", 40)
    assert generation.catalogue_revision == catalogue.revision()
    assert (generation.bundle_id, generation.dims) == (small_run.bundle.bundle_id, 16)
    assert generation.scores["canary_recall"] == 1.0
    assert generation.scores["recall@100"] == small_run.candidate.report.scores["recall@100"]
    stored = catalogue.get([ItemId("sku-7")])[ItemId("sku-7")]
    held = vectors_by_item(index.rows_of(np.array([stored.item_no])))[stored.item_no]
    np.testing.assert_allclose(held, encoder.encode_items([stored.item])[0], atol=1e-6)
    assert (reports[-1].done, reports[-1].total) == (40, 40)


def test_removed_items_are_not_indexed(small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue) -> None:
    catalogue.apply([removed("sku-3")])
    stores = stores_of(catalogue)
    build(small_run, encoder, stores)
    assert stores.indexes.open("items_g_1").count() == 39


class ChangesWhileScanned(SqlCatalogue):
    """A catalogue in which an item is added, one retitled and one removed while the bulk load reads it."""

    def scan(self, batch_size: int) -> Iterator[list[StoredItem]]:
        before = list(super().scan(batch_size))
        self.apply([an_upsert(an_item(99, title="late arrival")), removed("sku-5")])
        self.apply([an_upsert(an_item(2, title="another title", source_version=2))])
        yield from before


def test_what_changes_during_the_load_is_caught_up(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue
) -> None:
    noted = catalogue.revision()
    stores = stores_of(ChangesWhileScanned(catalogue._bind))
    generation = build(small_run, encoder, stores)
    assert generation.catalogue_revision == noted, "the revision is noted before the first item is read"
    known = catalogue.get([ItemId("sku-99"), ItemId("sku-2"), ItemId("sku-5")])
    numbers = {item_id: stored.item_no for item_id, stored in known.items()}
    held = vectors_by_item(stores.indexes.open("items_g_1").rows_of(np.array(list(numbers.values()))))
    assert set(held) == {numbers[ItemId("sku-99")], numbers[ItemId("sku-2")]}
    retitled = encoder.encode_items([known[ItemId("sku-2")].item])[0]
    np.testing.assert_allclose(held[numbers[ItemId("sku-2")]], retitled, atol=1e-6)


class BrokenIndex(ExactIndex):
    """Loses every tenth item, answers with the furthest in place of the nearest, or with scores of its own."""

    loses = False
    reverses = False
    invents_scores = False

    def upsert(self, rows: IndexRows) -> int:
        written = super().upsert(rows)
        if self.loses:
            self.delete(rows.item_nos[::10])
        return written

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        found = super().search(-vectors if self.reverses else vectors, k, only=only, timeout_seconds=timeout_seconds)
        if self.reverses:
            found.scores[:] = -found.scores
        if self.invents_scores:
            # The right items in the right order: only who computes the scores again sees it.
            found.scores[:] = np.linspace(0.9, 0.1, k)
        return found


class BrokenStore(ExactIndexStore):
    def __init__(self, **faults: bool) -> None:
        super().__init__()
        self._faults = faults

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> ExactIndex:
        super().create(name, dims=dims, spec=spec)
        broken = BrokenIndex(name, dims=dims)
        for fault, on in self._faults.items():
            setattr(broken, fault, on)
        self._indexes[name] = broken
        return broken


def refused(
    small_run: SmallRun, encoder: BundleEncoder, stores: Stores, error: type[BaseException], match: str
) -> None:
    """The build raises `error`; its generation is failed with the same words, and no index is left."""
    with pytest.raises(error, match=match) as raised:
        build(small_run, encoder, stores)
    generation = stores.registry.get(G1)
    assert generation.state is GenerationState.FAILED
    assert generation.note == (str(raised.value) or error.__name__)
    assert stores.indexes.names() == []


def test_an_index_that_lost_items_is_refused_with_both_counts(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue
) -> None:
    stores = stores_of(catalogue, BrokenStore(loses=True))
    refused(small_run, encoder, stores, GateRefused, "the index holds 36 items, the catalogue 40")


def test_an_index_that_finds_the_wrong_items_is_refused_with_its_recall(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue
) -> None:
    stores = stores_of(catalogue, BrokenStore(reverses=True))
    message = r"the index finds 0\.\d+ of the exact 10 nearest over 2 queries, 0\.9800 is the floor"
    refused(small_run, encoder, stores, GateRefused, message)


def test_an_index_with_invented_scores_is_refused_although_it_finds_the_right_items(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue
) -> None:
    stores = stores_of(catalogue, BrokenStore(invents_scores=True))
    message = r"of what the index returns, \d+\.\d+% have scores that their vectors do not give"
    refused(small_run, encoder, stores, GateRefused, message)


def test_an_index_that_finds_too_little_as_planned_is_searched_more_widely(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue, tmp_path: Path
) -> None:
    stores = stores_of(catalogue, MilvusStore(str(tmp_path / "milvus.db"), strong=True))
    generation = build(small_run, encoder, stores, spec=IvfFlat(nlist=16, nprobe=1))

    spec = from_dict(generation.index_spec)
    assert isinstance(spec, IvfFlat)
    assert spec.nprobe in (2, 4, 8, 16)
    assert generation.scores["canary_recall"] >= 0.98
    # What was found with half as much was too little.
    narrower = stores.indexes.open("items_g_1", spec=replace(spec, nprobe=spec.nprobe // 2))
    stored = catalogue.get([ItemId(f"sku-{number}") for number in range(1, 41)])
    numbers = np.array([one.item_no for one in stored.values()])
    vectors = encoder.encode_items([one.item for one in stored.values()])
    queries = encoder.encode_queries(QUERIES)
    assert check_answers(narrower, queries, numbers, vectors, k=10, timeout_seconds=10).recall < 0.98


class TiredEncoder:
    """Fails on the first item; a person's Ctrl-C, or a store that went away."""

    def __init__(self, encoder: BundleEncoder, error: BaseException) -> None:
        self.bundle_id, self.dims, self.windows = encoder.bundle_id, encoder.dims, encoder.windows
        self.encode_queries = encoder.encode_queries
        self._error = error

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        raise self._error


@pytest.mark.parametrize("error", [IndexUnavailable("Milvus at 127.0.0.1:1 is gone"), KeyboardInterrupt()])
def test_a_build_that_breaks_leaves_no_index_and_says_why(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue, error: BaseException
) -> None:
    tired: BundleEncoder = TiredEncoder(encoder, error)  # type: ignore[assignment]  # the same protocol
    refused(small_run, tired, stores_of(catalogue), type(error), f"^{error}$")


def test_without_queries_nothing_becomes_ready(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue
) -> None:
    stores = stores_of(catalogue)
    with pytest.raises(GateRefused, match="no queries"):
        build(small_run, encoder, stores, queries=[])
    assert stores.registry.get(G1).state is GenerationState.FAILED


class Answers:
    """An index that gives fixed answers."""

    def __init__(self, item_nos: list[list[int]]) -> None:
        self._found = Found(np.array(item_nos), np.zeros((len(item_nos), len(item_nos[0])), np.float32))

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        return self._found


ITEM_NOS: Int64s = np.array([11, 12, 13, 14])
VECTORS = np.array([[4.0], [3.0], [3.0], [1.0]], np.float32)
QUERY = np.array([[1.0]], np.float32)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([11, 12], 1.0),
        ([11, 13], 1.0),  # ties with 12
        ([11, 14], 1 / 2),
        ([11, 11], 1 / 2),  # one item twice is one
        ([11, -1], 1 / 2),  # short
        ([77, 14], 0.0),  # unknown
    ],
)
def test_recall_of_an_index_counts_true_neighbours_once(answer: list[int], expected: float) -> None:
    index = Answers([answer])
    checked = check_answers(index, QUERY, ITEM_NOS, VECTORS, k=2, timeout_seconds=1)  # type: ignore[arg-type]  # only searches
    assert checked.recall == expected


def test_recall_beyond_the_catalogue_is_over_what_there_is() -> None:
    index = Answers([[11, 12, 13, 14]])
    assert check_answers(index, QUERY, ITEM_NOS, VECTORS, k=100, timeout_seconds=1).recall == 1.0  # type: ignore[arg-type]  # as above


def test_the_canary_always_takes_the_same_queries() -> None:
    queries = [(f"q{i}", Windows()) for i in range(50)]
    assert [text for text, _ in sample(queries, 5)] == [text for text, _ in sample(queries, 5)]
    assert len(sample(queries, 5)) == 5
    assert len(sample(queries, 500)) == 50


def test_counts_that_agree_pass() -> None:
    check_count(ExactIndex("empty", dims=2), 0)


def test_a_collection_name_is_one_that_milvus_takes() -> None:
    assert collection_of(GenerationId("g-2026.11/é")) == "items_g_2026_11__"
