"""Which generations the stream feeds, and what it keeps of them."""

import itertools
from pathlib import Path

import pytest

from multigrain.encoder import Encoder
from multigrain.errors import NotFound
from multigrain.index.exact import ExactIndexStore
from multigrain.index.specs import Flat
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.memory import MemoryRegistry
from multigrain.types import GenerationId
from streaming.targets import FedGenerations
from tests.builders import NOON_MS, WordEncoder


class Street:
    """A registry, an index store, and the paths that encoders were loaded from."""

    def __init__(self) -> None:
        self.registry = MemoryRegistry(clock=itertools.count(NOON_MS).__next__)
        self.indexes = ExactIndexStore()
        self.loaded: list[str] = []
        self.targets = FedGenerations(self.registry, lambda: self.indexes, self._load)

    def add(self, name: str, *, bundle: str = "b-1", index: bool = True, ready: bool = True) -> None:
        if index:
            self.indexes.create(f"items_{name}", dims=32, spec=Flat())
        self.registry.create(
            Generation(
                generation_id=GenerationId(name),
                state=GenerationState.BUILDING,
                bundle_id=bundle,
                bundle_path=f"bundles/{bundle}",
                collection=f"items_{name}",
                index_spec={},
                dims=32,
                catalogue_revision=0,
                created_ms=NOON_MS,
                changed_ms=NOON_MS,
            )
        )
        if ready:
            self.registry.mark_ready(GenerationId(name), Evaluated())

    def names(self) -> set[str]:
        return {str(target.generation_id) for target in self.targets()}

    def _load(self, path: Path) -> Encoder:
        self.loaded.append(path.as_posix())
        return WordEncoder()


@pytest.fixture
def street() -> Street:
    return Street()


def test_what_was_handed_over_and_has_its_index_is_fed_and_nothing_else(street: Street) -> None:
    street.add("g0", ready=False)
    for name in ("g1", "g2", "g3", "g4"):
        street.add(name)
    for name in ("g1", "g2", "g3"):
        street.registry.promote(GenerationId(name), override="nothing is evaluated here")
    assert street.names() == {"g1", "g2", "g3", "g4"}
    street.registry.drop_retired(keep=1, rested_ms=0)
    street.registry.fail(GenerationId("g4"), "no recall")
    assert street.names() == {"g2", "g3"}


def test_an_encoder_is_loaded_once_while_anything_uses_it(street: Street) -> None:
    street.add("g1", bundle="b-1")
    street.add("g2", bundle="b-1")
    street.add("g3", bundle="b-2")
    first, second = street.targets(), street.targets()
    assert street.loaded == ["bundles/b-1", "bundles/b-2"]
    assert [target.index for target in first] == [target.index for target in second]
    for name in ("g1", "g2"):
        street.registry.fail(GenerationId(name), "gone")
    street.targets()
    street.add("g4", bundle="b-1")
    street.targets()
    assert street.loaded == ["bundles/b-1", "bundles/b-2", "bundles/b-1"]


def test_a_generation_that_lost_its_index_otherwise_stops_the_stream(street: Street) -> None:
    street.add("g1", index=False)
    with pytest.raises(NotFound, match="items_g1"):
        street.targets()


def test_without_generations_no_index_store_is_needed() -> None:
    def unreachable() -> ExactIndexStore:
        raise AssertionError

    def load(path: Path) -> Encoder:
        return WordEncoder()

    assert FedGenerations(MemoryRegistry(clock=lambda: NOON_MS), unreachable, load)() == []
